// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"net/netip"
	"strconv"
	"strings"

	"holdfast/internal/policy"
)

// cisco reads attributes of Cisco.
func (d *decoder) cisco(t uint8, v []byte) bool {
	switch t {
	case ciscoAVPair:
		return d.avPair(string(v))
	case ciscoPolicyUp:
		d.to.FiltersIn = append(d.to.FiltersIn, string(v))
	case ciscoPolicyDn:
		d.to.FiltersOut = append(d.to.FiltersOut, string(v))
	default:
		d.ignored(vendorName(vendorCisco, t))
	}
	return true
}

// avPair reads "protocol:name#number=value"; a star in place of = says that it is
// optional.
func (d *decoder) avPair(s string) bool {
	at := strings.IndexAny(s, "=*")
	if at < 0 {
		return false
	}
	name, value := strings.ToLower(strings.TrimSpace(s[:at])), strings.TrimSpace(s[at+1:])
	if i := strings.IndexByte(name, '#'); i >= 0 {
		name = name[:i]
	}
	to := d.to
	switch name {
	case "ip:addr-pool":
		to.Pool = value
	case "ip:route":
		return d.framedRoute(value, false)
	case "ipv6:route":
		return d.framedRoute(value, true)
	case "ip:dns-servers":
		return addresses4(value, &to.DNS)
	case "ip:wins-servers":
		return addresses4(value, &to.NBNS)
	case "ip:vrf-id":
		to.Instance = value
	case "ip:inacl", "ip:sub-qos-policy-in":
		to.FiltersIn = append(to.FiltersIn, value)
	case "ip:outacl", "ip:sub-qos-policy-out":
		to.FiltersOut = append(to.FiltersOut, value)
	case "lcp:interface-config":
		return d.interfaceConfig(value)
	default:
		d.ignored("Cisco-AVPair " + name)
	}
	return true
}

// interfaceConfig reads what would be typed at the subscriber's interface:
// "rate-limit {input|output} BIT/S NORMAL-BURST [MAXIMUM-BURST] conform-action ...".
// Input is what comes from the subscriber.
func (d *decoder) interfaceConfig(s string) bool {
	f := strings.Fields(s)
	if len(f) < 3 || f[0] != "rate-limit" {
		d.ignored("Cisco-AVPair lcp:interface-config " + first(f))
		return true
	}
	rate := policy.Rate{}
	if !parseRate(f[2], &rate.Bits) {
		return false
	}
	if len(f) > 3 {
		if burst, err := strconv.ParseUint(f[3], 10, 32); err == nil {
			rate.Burst = burst
		}
	}
	switch f[1] {
	case "input":
		d.to.Up = rate
	case "output":
		d.to.Down = rate
	default:
		return false
	}
	return true
}

func first(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// addresses4 reads up to two addresses.
func addresses4(s string, to *[2]netip.Addr) bool {
	for i, f := range strings.Fields(s) {
		a, err := netip.ParseAddr(f)
		if err != nil || !a.Is4() {
			return false
		}
		if i < len(to) {
			to[i] = a
		}
	}
	return true
}
