// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/policy"
)

// vendorSpecific reads a Vendor-Specific attribute. The inside of one of a vendor
// that we know nothing of may be laid out in any way; it is left alone.
func (d *decoder) vendorSpecific(v []byte) {
	if len(v) < 4 {
		d.to.Malformed = "Vendor-Specific"
		return
	}
	vendor := binary.BigEndian.Uint32(v)
	read := d.vendorReader(vendor)
	if read == nil {
		d.ignored("vendor " + strconv.FormatUint(uint64(vendor), 10))
		return
	}
	for v = v[4:]; len(v) > 0 && d.to.Malformed == ""; v = v[v[1]:] {
		if len(v) < 2 || v[1] < 2 || int(v[1]) > len(v) {
			d.to.Malformed = fmt.Sprintf("Vendor-Specific of vendor %d", vendor)
			return
		}
		switch t := v[0]; {
		case d.vendorIgnored(vendor, t):
			d.ignored(vendorName(vendor, t))
		case !read(t, v[2:v[1]]):
			d.to.Malformed = vendorName(vendor, t)
		}
	}
}

// vendorReader is what reads the attributes of a vendor; nil: nothing does.
func (d *decoder) vendorReader(vendor uint32) func(t uint8, v []byte) bool {
	switch vendor {
	case vendorMicrosoft:
		return d.microsoft
	case vendorERX:
		return d.erx
	case vendorCisco:
		return d.cisco
	case vendorMikroTik:
		return d.mikrotik
	case vendorWISPr:
		return d.wispr
	}
	return nil
}

// vendorIgnored reports whether the profile does not want an attribute.
func (d *decoder) vendorIgnored(vendor uint32, t uint8) bool {
	if d.ignore == nil {
		return false
	}
	types, ok := d.ignore.Vendor[vendor]
	return ok && (len(types) == 0 || slices.Contains(types, t))
}

func vendorName(vendor uint32, t uint8) string { return fmt.Sprintf("attribute %d-%d", vendor, t) }

// microsoft reads attributes of RFC 2548. Keys for MPPE, which is not done, come
// with every MS-CHAPv2 and are passed over.
func (d *decoder) microsoft(t uint8, v []byte) bool {
	to := d.to
	switch t {
	case msCHAP2Success, msCHAPError:
		if len(v) < 1 {
			return false
		}
		to.MSCHAP = string(v[1:]) // after the Identifier
	case msPrimaryDNS:
		return address4(v, &to.DNS[0])
	case msSecondaryDNS:
		return address4(v, &to.DNS[1])
	case msPrimaryNBNS:
		return address4(v, &to.NBNS[0])
	case msSecondaryNBNS:
		return address4(v, &to.NBNS[1])
	case msMPPEPolicy, msMPPETypes, msMPPEKeys, msMPPESendKey, msMPPERecvKey, msCHAPDomain:
	default:
		d.ignored(vendorName(vendorMicrosoft, t))
	}
	return true
}

// erx reads attributes of Juniper's E series and Junos.
func (d *decoder) erx(t uint8, v []byte) bool {
	to := d.to
	switch t {
	case erxVirtualRouter:
		to.Instance = string(v)
	case erxAddressPool:
		to.Pool = string(v)
	case erxPrimaryDNS:
		return address4(v, &to.DNS[0])
	case erxSecondaryDNS:
		return address4(v, &to.DNS[1])
	case erxPrimaryWINS:
		return address4(v, &to.NBNS[0])
	case erxSecondaryWINS:
		return address4(v, &to.NBNS[1])
	case erxIngressPolicy, erxIngressPolicyIPv6, erxInputFilter:
		to.FiltersIn = append(to.FiltersIn, string(v))
	case erxEgressPolicy, erxEgressPolicyIPv6, erxOutputFilter:
		to.FiltersOut = append(to.FiltersOut, string(v))
	case erxPrimaryDNSIPv6, erxSecondaryDNSIPv6:
		var a netip.Addr
		ok := address6(v, &a)
		to.DNSIPv6 = append(to.DNSIPv6, a)
		return ok
	case erxServiceActivate:
		if len(v) > 0 && v[0] <= tagMax {
			v = v[1:]
		}
		to.Services = append(to.Services, string(v))
	case erxNdRaPrefix:
		return d.firstPrefix(&to.PrefixIPv6, "IPv6-NdRa-Prefix", v)
	case erxNdRaPool:
		to.PoolIPv6 = string(v)
	case erxDelegatedPool:
		to.PoolDelegated = string(v)
	case erxCoSParameter:
		return d.cosParameter(string(v))
	case erxCoSShapingRate:
		return parseRate(string(v), &to.Down.Bits)
	default:
		d.ignored(vendorName(vendorERX, t))
	}
	return true
}

// cosParameter reads CoS-Parameter-Type: "T02 100m" is the shaping rate towards
// the subscriber. The others are of schedulers, which there are none of.
func (d *decoder) cosParameter(s string) bool {
	kind, value, found := strings.Cut(strings.TrimSpace(s), " ")
	if !strings.EqualFold(kind, "T02") {
		d.ignored("CoS-Parameter-Type " + kind)
		return true
	}
	return found && parseRate(strings.TrimSpace(value), &d.to.Down.Bits)
}

// mikrotik reads attributes of MikroTik.
func (d *decoder) mikrotik(t uint8, v []byte) bool {
	switch t {
	case mikrotikRate:
		return mikrotikLimit(string(v), d.to)
	case mikrotikDlPool:
		d.to.PoolDelegated = string(v)
	default:
		d.ignored(vendorName(vendorMikroTik, t))
	}
	return true
}

// mikrotikLimit reads Mikrotik-Rate-Limit: "rx[/tx] [rx-burst[/tx-burst] ...]",
// of which the rates count. Reception is the router's: from the subscriber.
func mikrotikLimit(s string, to *policy.Attributes) bool {
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return false
	}
	up, down, both := strings.Cut(fields[0], "/")
	if !both {
		down = up
	}
	return parseRate(up, &to.Up.Bits) && parseRate(down, &to.Down.Bits)
}

// wispr reads attributes of WISPr.
func (d *decoder) wispr(t uint8, v []byte) bool {
	switch t {
	case wisprUp, wisprDown:
		n, ok := integer(v)
		if t == wisprUp {
			d.to.Up.Bits = uint64(n)
		} else {
			d.to.Down.Bits = uint64(n)
		}
		return ok
	}
	d.ignored(vendorName(vendorWISPr, t))
	return true
}

// rateMax is far above any interface, and far below where sums overflow.
const rateMax = 1e13

// parseRate reads bit/s: a number, perhaps with k, m or g.
func parseRate(s string, to *uint64) bool {
	unit := uint64(1)
	if n := len(s) - 1; n > 0 {
		switch s[n] {
		case 'k', 'K':
			unit, s = 1e3, s[:n]
		case 'm', 'M':
			unit, s = 1e6, s[:n]
		case 'g', 'G':
			unit, s = 1e9, s[:n]
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > rateMax/unit {
		return false
	}
	*to = n * unit
	return true
}
