// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"strings"

	"holdfast/internal/lns"
)

// loopback is one logical interface of lo0.
type loopback struct {
	addresses []netip.Addr // IPv4
	primary   netip.Addr   // marked so; invalid: none
}

// interfaces reads lo0 and the service interfaces.
func (b *builder) interfaces() {
	b.loopbacks = make(map[string]*loopback)
	for _, i := range b.root.sub("interfaces").entries("INTERFACE") {
		if i.key() == "lo0" {
			b.loopback(i)
			continue
		}
		b.result.LNS.Interfaces = append(b.result.LNS.Interfaces, lns.Interface{Name: i.key(), SessionMax: i.int("l2tp-maximum-session")})
		for _, u := range i.entries("unit") {
			for _, family := range []string{"inet", "inet6"} {
				for _, a := range u.sub("family", family).entries("address") {
					b.errorf(a.pos(), "service interface %s has no addresses of its own; sessions are unnumbered to lo0", i.key())
				}
			}
		}
	}
	b.servicePools()
}

func (b *builder) loopback(i view) {
	if s := i.given("l2tp-maximum-session"); s != nil {
		b.errorf(s.Pos, "lo0 is no service interface and carries no sessions")
	}
	for _, u := range i.entries("unit") {
		l := &loopback{}
		b.loopbacks["lo0."+u.key()] = l
		for _, a := range u.sub("family", "inet").entries("address") {
			p := b.loopbackAddress(a)
			l.addresses = append(l.addresses, p.Addr())
			if a.has("primary") {
				if l.primary.IsValid() {
					b.errorf(a.given("primary").Pos, "lo0 unit %s has a primary address already: %v", u.key(), l.primary)
				}
				l.primary = p.Addr()
			}
		}
		for _, a := range u.sub("family", "inet6").entries("address") {
			b.loopbackAddress(a)
		}
	}
}

func (b *builder) loopbackAddress(a view) netip.Prefix {
	p, _ := netip.ParsePrefix(a.key())
	if !p.IsSingleIP() {
		b.errorf(a.at.keyPos(), "an address of lo0 stands alone: did you mean %v/%d?", p.Addr(), p.Addr().BitLen())
	}
	b.result.Daemon.LoopbackAddresses = append(b.result.Daemon.LoopbackAddresses, p)
	return p
}

// servicePools reads the service device pools.
func (b *builder) servicePools() {
	b.devices = make(map[string][]string)
	for _, p := range b.root.sub("services", "service-device-pools").entries("pool") {
		b.devices[p.key()] = p.values("interface")
		for _, name := range p.values("interface") {
			b.serviceInterface(p, "interface", name)
		}
	}
}

// serviceInterface checks that a name that must be a service interface is none
// of lo0's.
func (b *builder) serviceInterface(v view, leaf, name string) {
	if !strings.HasPrefix(name, "si-") {
		b.errorf(v.posOf(leaf), "%s: %s is no service interface", leaf, name)
	}
}

// source is our IPCP address for an unnumbered-address statement.
func (b *builder) source(v view) netip.Addr {
	name := v.key()
	if name == "$junos-loopback-interface" {
		name = "lo0.0"
	}
	l := b.loopbacks[name]
	if l == nil || len(l.addresses) == 0 {
		b.errorf(v.pos(), "unnumbered-address: interfaces lo0 has no IPv4 address in unit %s", strings.TrimPrefix(name, "lo0."))
		return netip.Addr{}
	}
	if want := v.addr("preferred-source-address"); want.IsValid() {
		return b.preferred(v, name, l, want)
	}
	if l.primary.IsValid() {
		if b.gateways[l.primary] {
			b.errorf(v.pos(), "unnumbered-address: the primary address %v of %s is a tunnel's gateway; %s", l.primary, name, whyNoGateway)
		}
		return l.primary
	}
	for _, a := range l.addresses {
		if !b.gateways[a] {
			return a
		}
	}
	b.errorf(v.pos(), "unnumbered-address: every address of %s is a tunnel's gateway; give lo0 one more: %s", name, whyNoGateway)
	return netip.Addr{}
}

const whyNoGateway = "a subscriber's route to our address would lead into its own tunnel"

func (b *builder) preferred(v view, name string, l *loopback, want netip.Addr) netip.Addr {
	pos := v.posOf("preferred-source-address")
	if b.gateways[want] {
		b.errorf(pos, "preferred-source-address: %v is a tunnel's gateway; %s", want, whyNoGateway)
		return want
	}
	for _, a := range l.addresses {
		if a == want {
			return want
		}
	}
	b.errorf(pos, "preferred-source-address: %v is no address of %s", want, name)
	return want
}
