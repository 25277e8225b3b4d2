// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"slices"

	"holdfast/internal/lns"
	"holdfast/ppp"
)

// groupTerms settles what each client of a group gets.
func (b *builder) groupTerms(v view, g *lns.TunnelGroup) {
	access := b.access[g.Clients.Name]
	if len(access.clients) == 0 {
		b.errorf(v.posOf("l2tp-access-profile"), "l2tp-access-profile: profile %s has no client, so that no LAC could open a tunnel", access.Name)
	}
	for _, c := range access.clients {
		t := b.clientTerms(v, g, c)
		if t == nil {
			continue
		}
		b.terms = append(b.terms, t)
		if c.Name == "default" {
			g.TermsDefault = t
		} else {
			g.TermsByHostName[c.Name] = t
		}
	}
}

func (b *builder) clientTerms(v view, g *lns.TunnelGroup, c *accessClient) *lns.Terms {
	aaa, profile := c.aaa, c.profile
	if aaa == nil {
		aaa = g.AAA
	}
	if profile == nil {
		profile = b.profiles[v.text("dynamic-profile")]
	}
	if aaa == nil {
		b.errorf(v.pos(), "aaa-access-profile is missing in %s, and client %s has none either", v.at.head(), quote(c.Name))
	}
	if profile == nil {
		b.errorf(v.pos(), "dynamic-profile is missing in %s, and client %s has none either", v.at.head(), quote(c.Name))
	}
	if aaa == nil || profile == nil {
		return nil
	}
	s := c.ppp
	s.Name = profile.Name
	s.IdleTimeout = cmp.Or(s.IdleTimeout, aaa.ClientIdleTimeout)
	s.SessionTimeout = aaa.ClientSessionTimeout
	profile.over(&s)
	tunnel := groupTunnel(c.tunnel, v, g.GatewayName)
	t := &lns.Terms{Client: c.Client, Tunnel: &tunnel, AAA: aaa, Profile: profile.DynamicProfile, PPP: &s.PPPProfile}
	if c.id != "" && c.id != profile.interfaceID {
		b.errorf(c.at.Pos, "client %s in %s: interface-id %s is not the l2tp-interface-id of dynamic profile %s",
			quote(c.Name), v.at.head(), c.id, profile.Name)
	}
	b.checkTerms(v, c, t)
	return t
}

// sources says whether a profile lets everybody in, and whether it has somebody to
// ask about a subscriber.
func sources(a *lns.AAAProfile) (open, known bool) {
	return slices.Contains(a.Order, lns.AuthNone), slices.Contains(a.Order, lns.AuthRadius) || len(a.Subscribers) > 0
}

// checkTerms finds terms with which no session could come up.
func (b *builder) checkTerms(v view, c *accessClient, t *lns.Terms) {
	who := "client " + quote(c.Name) + " in " + v.at.head()
	open, known := sources(t.AAA)
	if !open && !known {
		b.errorf(v.pos(), "%s: nobody could log in: profile %s has no subscriber, and neither none nor radius is in its authentication-order", who, t.AAA.Name)
	}
	if !open && len(t.PPP.Link.Auth) == 0 {
		b.errorf(v.pos(), "%s: nobody could log in: profile %s asks for a password and no ppp-options offer an authentication protocol", who, t.AAA.Name)
	}
	if !known && slices.Equal(t.PPP.Link.Auth, []ppp.AuthMethod{ppp.MSCHAPv2}) {
		// The authenticator proves that it knows the password too (RFC 2759 §5).
		b.errorf(v.pos(), "%s: nobody could log in: MS-CHAPv2 needs passwords, and profile %s has no subscriber", who, t.AAA.Name)
	}
	if t.Profile.IPv4 && t.PPP.Pool == nil && !t.PPP.FramedIPv4.IsValid() && (open || b.needPool[t.AAA]) {
		b.errorf(c.at.Pos, "%s: there is no IPv4 address for its subscribers: name a framed-pool in a ppp container", who)
	}
}
