// SPDX-License-Identifier: Apache-2.0

package config

import (
	"holdfast/internal/lns"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// aaaProfiles reads how subscribers are authenticated, of every access profile.
func (b *builder) aaaProfiles() {
	b.aaa, b.needPool = make(map[string]*lns.AAAProfile), make(map[*lns.AAAProfile]bool)
	for _, v := range b.root.sub("access").entries("profile") {
		b.aaa[v.key()] = b.aaaProfile(v)
	}
}

func (b *builder) aaaProfile(v view) *lns.AAAProfile {
	options := v.sub("session-options")
	strip := options.sub("strip-user-name")
	a := &lns.AAAProfile{
		Name:                    v.key(),
		Subscribers:             make(map[string]*lns.LocalSubscriber),
		SessionLimitPerUserName: v.int("session-limit-per-username"),
		ClientSessionTimeout:    options.minutes("client-session-timeout"),
		ClientIdleTimeout:       options.minutes("client-idle-timeout"),
		StripUserName:           strip.present(),
		StripDelimiters:         strip.text("delimiter"),
		StripFromRight:          strip.present() && strip.text("parse-direction") == "right-to-left",
	}
	for _, word := range v.values("authentication-order") {
		a.Order = append(a.Order, map[string]lns.AuthSource{"password": lns.AuthPassword, "none": lns.AuthNone, "radius": lns.AuthRadius}[word])
	}
	b.profileRadius(a, v)
	for _, s := range v.entries("subscriber") {
		local := &lns.LocalSubscriber{
			Name: s.key(), Password: s.secret("password"),
			FramedIPv4: s.addr("framed-ip-address"), Pool: b.poolOf(s, "framed-pool", false),
		}
		if local.Pool == nil && !local.FramedIPv4.IsValid() {
			b.needPool[a] = true
		}
		a.Subscribers[local.Name] = local
	}
	return a
}

// accessProfile is an access profile as an l2tp-access-profile.
type accessProfile struct {
	*lns.AccessProfile
	clients []*accessClient // in the order of the text
}

// accessClient is a client with what only its Terms need.
type accessClient struct {
	*lns.Client
	at      *Statement
	id      string // interface-id; empty: any
	ppp     pppSettings
	tunnel  l2tp.TunnelConfig
	aaa     *lns.AAAProfile
	profile *dynamicProfile
}

func (b *builder) accessProfiles() {
	b.access = make(map[string]*accessProfile)
	for _, v := range b.root.sub("access").entries("profile") {
		p := &accessProfile{AccessProfile: &lns.AccessProfile{Name: v.key(), Clients: make(map[string]*lns.Client)}}
		for _, entry := range v.entries("client") {
			c := b.accessClient(entry)
			p.clients = append(p.clients, c)
			if c.Name == "default" {
				p.Default = c.Client
			} else {
				p.Clients[c.Name] = c.Client
			}
		}
		b.access[p.Name] = p
	}
}

func (b *builder) accessClient(v view) *accessClient {
	l := v.sub("l2tp")
	c := &accessClient{
		at: v.at, id: l.text("interface-id"), ppp: b.clientPPP(v),
		aaa: b.aaa[l.text("aaa-access-profile")], profile: b.profiles[l.text("dynamic-profile")],
	}
	c.tunnel = b.tunnelDefaults()
	c.tunnel.Secret = l.secret("shared-secret")
	c.tunnel.Authenticate = c.tunnel.Secret != ""
	if n := l.int("maximum-sessions-per-tunnel"); n > 0 {
		c.tunnel.SessionMax = min(n, c.tunnel.SessionMax)
	}
	c.Client = &lns.Client{
		Name:               v.key(),
		SessionMax:         l.int("maximum-sessions"),
		TunnelSessionMax:   l.int("maximum-sessions-per-tunnel"),
		LCPRenegotiation:   l.has("lcp-renegotiation"),
		LocalCHAP:          l.has("local-chap"),
		OverrideResultCode: l.has("override-result-code"),
		SessionLimitGroup:  b.limits[l.text("session-limit-group")],
	}
	return c
}

// clientPPP lays the client's attributes over those of its group profile, and
// these over the defaults.
func (b *builder) clientPPP(v view) pppSettings {
	s := b.pppDefaults()
	s.PoolIPv6 = b.poolOf(b.root.sub("access", "address-assignment"), "neighbor-discovery-router-advertisement", true)
	if word := v.sub("l2tp").text("ppp-authentication"); word != "" {
		s.Link.Auth = []ppp.AuthMethod{authMethod(word)}
	}
	if group := v.text("user-group-profile"); group != "" {
		s.Name = group
		for _, g := range b.root.sub("access").entries("group-profile") {
			if g.key() == group {
				b.attributesOver(&s, layer{view: g.sub("ppp")})
			}
		}
	}
	b.attributesOver(&s, layer{view: v.sub("ppp")})
	return s
}
