// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"net/netip"
	"strconv"
	"strings"

	"holdfast/internal/policy"
)

// framedRoute reads Framed-Route or Framed-IPv6-Route: a prefix, perhaps a next
// hop, perhaps metrics, of which the first counts.
func (d *decoder) framedRoute(text string, six bool) bool {
	r, ok := parseRoute(text)
	if !ok || r.Prefix.Addr().Is6() != six {
		return false
	}
	d.to.Routes = append(d.to.Routes, r)
	return true
}

// parseRoute reads "PREFIX [NEXT-HOP [METRIC ...]]". A mask may follow the
// address in place of a length, as Cisco writes it.
func parseRoute(text string) (r policy.Route, ok bool) {
	fields := strings.Fields(strings.TrimRight(text, "\x00"))
	if len(fields) == 0 {
		return r, false
	}
	if r.Prefix, ok = parsePrefix(fields[0]); !ok {
		return r, false
	}
	rest := fields[1:]
	if len(rest) > 0 && !strings.Contains(fields[0], "/") {
		if bits, isMask := maskBits(rest[0]); isMask && r.Prefix.Addr().Is4() && rest[0] != "0.0.0.0" {
			a, _ := netip.ParseAddr(fields[0])
			r.Prefix, rest = netip.PrefixFrom(a, bits).Masked(), rest[1:]
		}
	}
	if len(rest) > 0 {
		hop, err := netip.ParseAddr(rest[0])
		if err == nil {
			if hop.Is4() != r.Prefix.Addr().Is4() {
				return r, false
			}
			r.NextHop, rest = hop, rest[1:]
		}
	}
	if len(rest) > 0 {
		metric, err := strconv.ParseUint(rest[0], 10, 32)
		if err != nil {
			return r, false
		}
		r.Metric = uint32(metric)
	}
	return r, true
}

// parsePrefix reads a prefix.
//
// "The length specifier may be omitted, in which case it defaults to 8 bits for
// class A prefixes, 16 bits for class B prefixes, and 24 bits for class C
// prefixes." RFC 2865 §5.22
func parsePrefix(s string) (netip.Prefix, bool) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err == nil && !p.Addr().Is4In6()
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Is4In6() || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	bits := 128
	if a.Is4() {
		switch first := a.As4()[0]; {
		case first < 128:
			bits = 8
		case first < 192:
			bits = 16
		default:
			bits = 24
		}
	}
	return netip.PrefixFrom(a, bits).Masked(), true
}

// maskBits is the length of a prefix whose mask is written out.
func maskBits(s string) (int, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return 0, false
	}
	bits := 0
	m := a.As4()
	v := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	for v&0x80000000 != 0 {
		bits++
		v <<= 1
	}
	return bits, v == 0
}
