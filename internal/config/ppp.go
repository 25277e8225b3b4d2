// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"time"

	"holdfast/internal/lns"
	"holdfast/ppp"
)

// pppSettings are what a link runs with, while layers are being laid over one
// another: defaults, group profile, client, dynamic profile.
type pppSettings struct {
	lns.PPPProfile
	initiate ncps
}

// ncps is what an initiate-ncp says.
type ncps struct{ given, ip, ipv6, passive bool }

// layer is one source of settings. Only what it says is laid over what was
// there before; the layer of defaults says everything.
type layer struct {
	view
	defaults bool
}

func (l layer) says(name string) bool     { return l.defaults || l.has(name) }
func (l layer) sub(names ...string) layer { return layer{l.view.sub(names...), l.defaults} }

// pppDefaults are the schema's.
func (b *builder) pppDefaults() pppSettings {
	var s pppSettings
	node := b.root.node.At("access", "group-profile", "ppp")
	b.attributesOver(&s, layer{view{node: node}, true})
	return s
}

// attributesOver lays the statements of a ppp container over s.
func (b *builder) attributesOver(s *pppSettings, l layer) {
	address := func(to *netip.Addr, name string) {
		if l.has(name) {
			*to = l.addr(name)
		}
	}
	address(&s.DNS[0], "primary-dns")
	address(&s.DNS[1], "secondary-dns")
	address(&s.NBNS[0], "primary-wins")
	address(&s.NBNS[1], "secondary-wins")
	// A pool and a fixed address exclude each other, over layers too.
	if l.has("framed-ip-address") {
		s.FramedIPv4, s.Pool = l.addr("framed-ip-address"), nil
	}
	if l.has("framed-pool") {
		s.FramedIPv4, s.Pool = netip.Addr{}, b.poolOf(l.view, "framed-pool", false)
	}
	if l.has("framed-ipv6-pool") {
		s.PoolIPv6 = b.poolOf(l.view, "framed-ipv6-pool", true)
	}
	if l.says("idle-timeout") {
		s.IdleTimeout = l.seconds("idle-timeout")
	}
	if l.says("keepalive") {
		s.Link.EchoInterval = orNever(l.seconds("keepalive"))
	}
	if l.says("keepalive-retries") {
		s.Link.EchoMax = l.int("keepalive-retries")
	}
	b.optionsOver(s, l.sub("ppp-options"))
}

// optionsOver lays the statements of ppp-options over s.
func (b *builder) optionsOver(s *pppSettings, l layer) {
	if methods := authentication(l.view); methods != nil {
		s.Link.Auth = methods
	}
	if c := l.sub("chap", "challenge-length"); c.says("minimum") {
		s.Link.ChallengeMin, s.Link.ChallengeMax = c.int("minimum"), c.int("maximum")
	}
	if l.says("mru") {
		s.Link.MRU = uint16(l.int("mru"))
	}
	if l.says("mtu") {
		s.MTU = l.int("mtu") // the word use-lower-layer is 0
	}
	if l.says("lcp-restart-timer") {
		s.Link.RestartInterval = l.seconds("lcp-restart-timer")
	}
	if l.says("lcp-max-conf-req") {
		s.Link.ConfigureMax = l.int("lcp-max-conf-req")
	}
	if i := l.sub("initiate-ncp"); i.present() {
		s.initiate = ncps{given: true, ip: i.has("ip"), ipv6: i.has("ipv6"), passive: i.has("dual-stack-passive")}
	}
	s.Link.SuggestDNS = s.Link.SuggestDNS || l.has("ipcp-suggest-dns-option")
	s.Link.PeerAddressOptional = s.Link.PeerAddressOptional || l.has("peer-ip-address-optional")
	s.Link.IgnoreMagic = s.Link.IgnoreMagic || l.has("ignore-magic-number-mismatch")
}

// authentication is what ppp-options offer, the most wanted first; nil: they
// say nothing.
func authentication(v view) []ppp.AuthMethod {
	words := v.values("authentication")
	if words == nil {
		for _, word := range []string{"ms-chap-v2", "chap", "pap"} {
			if v.has(word) {
				words = append(words, word)
			}
		}
	}
	var out []ppp.AuthMethod
	for _, word := range words {
		out = append(out, authMethod(word))
	}
	return out
}

func authMethod(word string) ppp.AuthMethod {
	return map[string]ppp.AuthMethod{"pap": ppp.PAP, "chap": ppp.CHAP, "ms-chap-v2": ppp.MSCHAPv2}[word]
}

// orNever makes of an interval of zero what the machines take for never.
func orNever(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// families settles which NCPs are begun by us: those of the families that a
// session has, unless initiate-ncp says otherwise.
func (s *pppSettings) families(ipv4, ipv6 bool) {
	s.Link.IPCP, s.Link.IPV6CP = ipv4, ipv6
	switch i := s.initiate; {
	case i.passive && ipv4 && ipv6:
		s.Link.IPCP, s.Link.IPV6CP = false, false
	case i.given && !i.passive:
		s.Link.IPCP, s.Link.IPV6CP = ipv4 && i.ip, ipv6 && i.ipv6
	}
}
