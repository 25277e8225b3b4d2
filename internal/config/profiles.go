// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"time"

	"holdfast/internal/lns"
)

// dynamicProfile is a dynamic profile with what it lays over the PPP settings of
// a client.
type dynamicProfile struct {
	*lns.DynamicProfile
	interfaceID string // dial-options l2tp-interface-id; empty: none
	over        func(*pppSettings)
}

func (b *builder) dynamicProfiles() {
	b.profiles = make(map[string]*dynamicProfile)
	for _, v := range b.root.sub("dynamic-profiles").entries("PROFILE") {
		b.profiles[v.key()] = b.dynamicProfile(v)
	}
}

func (b *builder) dynamicProfile(v view) *dynamicProfile {
	unit := v.sub("interfaces", "$junos-interface-ifd-name", "unit")
	inet, inet6 := unit.sub("family", "inet"), unit.sub("family", "inet6")
	d := &dynamicProfile{
		DynamicProfile: &lns.DynamicProfile{
			Name: v.key(), IPv4: inet.present(), IPv6: inet6.present(),
		},
		interfaceID: unit.sub("dial-options").text("l2tp-interface-id"),
	}
	var local netip.Addr
	if inet.present() {
		local = b.source(inet.sub("unnumbered-address"))
	}
	keepalives := unit.sub("keepalives")
	advertisement, dns := b.advertisement(v, d.IPv6)
	d.over = func(s *pppSettings) {
		b.optionsOver(s, layer{view: unit.sub("ppp-options")})
		if keepalives.present() {
			s.Link.EchoInterval = orNever(keepalives.seconds("interval"))
		}
		s.LocalIPv4, s.Advertisement, s.DNSIPv6 = local, advertisement, dns
		s.families(d.IPv4, d.IPv6)
	}
	return d
}

// advertisement reads protocols router-advertisement.
func (b *builder) advertisement(v view, ipv6 bool) (lns.RouterAdvertisement, []netip.Addr) {
	ra := v.sub("protocols", "router-advertisement")
	i := ra.sub("interface")
	if ra.present() && !ipv6 {
		b.errorf(ra.pos(), "router-advertisement needs family inet6 in the dynamic profile")
	}
	out := lns.RouterAdvertisement{
		IntervalMax:       i.seconds("max-advertisement-interval"),
		RouterLifetime:    i.seconds("default-lifetime"),
		ValidLifetime:     i.sub("prefix").seconds("valid-lifetime"),
		PreferredLifetime: i.sub("prefix").seconds("preferred-lifetime"),
		HopLimit:          uint8(i.int("current-hop-limit")),
		MTU:               i.int("link-mtu"),
	}
	// "MUST be either zero or between MaxRtrAdvInterval and 9000 seconds."
	// RFC 4861 §6.2.1 of AdvDefaultLifetime
	if out.RouterLifetime != 0 && out.RouterLifetime < out.IntervalMax {
		b.errorf(i.posOf("default-lifetime"),
			"default-lifetime %d is less than max-advertisement-interval %d: subscribers would be without a router between two advertisements",
			out.RouterLifetime/time.Second, out.IntervalMax/time.Second)
	}
	var dns []netip.Addr
	for n, server := range i.entries("dns-server-address") {
		dns = append(dns, parseAddr(server.key()))
		lifetime := server.seconds("lifetime")
		if n > 0 && lifetime != out.DNSLifetime {
			b.errorf(server.posOf("lifetime"), "lifetime: all DNS servers are in one option and have one lifetime, that of the first: %d",
				out.DNSLifetime/time.Second)
			continue
		}
		out.DNSLifetime = lifetime
	}
	return out, dns
}
