// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"holdfast/internal/directory"
	"holdfast/ppp"
)

// binding is what the tunnels of one LAC in one tunnel group run with: the
// configuration's Terms with what only an engine knows. Living tunnels keep
// theirs when the configuration changes.
type binding struct {
	*Terms
	group  *TunnelGroup
	link   ppp.Config // Terms.PPP.Link with our generator, role and name
	limits []*lease   // tokens a session needs, in the order they are taken

	groupUsage, clientUsage *usage
}

type clientKey struct{ profile, name string }

// usage counts what a tunnel group or a client holds in this shard.
type usage struct{ tunnels, sessions int }

// bind makes the binding of a LAC's terms in a group.
func (e *Engine) bind(g *TunnelGroup, t *Terms) *binding {
	if b := e.bindings[t]; b != nil {
		return b
	}
	b := &binding{
		Terms: t, group: g, link: t.PPP.Link,
		groupUsage:  named(e.groups, g.Name),
		clientUsage: named(e.clients, clientKey{g.Clients.Name, t.Client.Name}),
		limits:      e.limitsOf(g, t.Client),
	}
	b.link.Role, b.link.Rand, b.link.HostName = ppp.Authenticator, e.rand, e.cfg.HostName
	b.link.Counters = &e.counters.PPP
	e.bindings[t] = b
	return b
}

func named[K comparable](m map[K]*usage, k K) *usage {
	u := m[k]
	if u == nil {
		u = &usage{}
		m[k] = u
	}
	return u
}

// limitsOf are the leases a session of this client in this group draws on.
func (e *Engine) limitsOf(g *TunnelGroup, c *Client) (limits []*lease) {
	add := func(k directory.Key, limit int) {
		if limit > 0 {
			limits = append(limits, e.lease(k, limit))
		}
	}
	add(directory.Key{Kind: directory.ChassisSessions}, e.cfg.SessionMax)
	add(directory.Key{Kind: directory.GroupSessions, Name: g.Name}, g.SessionMax)
	add(directory.Key{Kind: directory.ClientSessions, Name: g.Clients.Name + "/" + c.Name}, c.SessionMax)
	if l := c.SessionLimitGroup; l != nil {
		add(directory.Key{Kind: directory.LimitGroup, Name: l.Name}, l.SessionMax)
	}
	return limits
}
