// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"time"
)

// identity is what makes a server the same one as before.
type identity struct {
	address, source            netip.Addr
	authentication, accounting uint16
	secret                     string
	secure                     bool
	tls                        TLS
}

func identityOf(s *Server) identity {
	i := identity{
		address: s.Address, source: s.Source, authentication: s.Authentication, accounting: s.Accounting, secret: s.Secret,
	}
	if s.TLS != nil {
		i.secure, i.tls = true, *s.TLS
	}
	return i
}

// Configure sets the servers that requests may go to, and the options. A server
// is the same as before when its address, ports, source, secret and TLS are: its
// requests in flight, its counters and its state stay, and all else of it takes
// effect at once. Requests to a server that is no longer there move on to the
// next one of their set.
func (c *Client) Configure(now time.Time, servers []*Server, o Options, fx *Effects) {
	c.at(now)
	c.options = o
	before := c.order
	known := make(map[identity]*server, len(servers))
	c.order = nil
	for _, cfg := range servers {
		id := identityOf(cfg)
		if known[id] != nil {
			continue
		}
		s := c.known[id]
		if s == nil {
			s = c.newServer()
		}
		known[id] = s
		c.order = append(c.order, s)
		c.reconfigure(s, cfg)
	}
	c.known, c.groups = known, map[*Set]*group{}
	for _, s := range before {
		s.removed = known[identityOf(s.cfg)] != s
	}
	for _, s := range before {
		if s.removed {
			c.remove(s, fx)
		}
	}
	c.settle(fx)
}

// newServer makes a server that nothing is known of.
func (c *Client) newServer() *server {
	s := &server{id: ServerID(len(c.servers))}
	for k := range s.services {
		s.services[k] = service{server: s, kind: Service(k), slots: newSlots(), since: c.now}
	}
	c.servers = append(c.servers, s)
	return s
}

// reconfigure gives a server the configuration it has from now on.
func (c *Client) reconfigure(s *server, cfg *Server) {
	s.cfg = cfg
	s.gate.setRate(c.options.RequestRate)
	s.interims.setRate(c.options.InterimRate)
	for k := range s.services {
		v := &s.services[k]
		v.window.setMax(v.outstandingMax())
		v.slots.setMax(v.outstandingMax())
	}
	c.touch(s)
}

// remove moves everything of a server on, and forgets it.
func (c *Client) remove(s *server, fx *Effects) {
	for k := range s.services {
		v := &s.services[k]
		for kind := range v.waiting {
			for r := v.waiting[kind].head; r != nil; r = v.waiting[kind].head {
				v.waiting[kind].remove(r)
				c.restart(r, fx)
			}
		}
		for i := range v.slots.all {
			if r := v.slots.all[i].request; v.slots.all[i].state == slotHeld {
				c.abandon(r)
				c.restart(r, fx)
			}
		}
	}
	c.servers[s.id] = nil
	c.setTimer(serverTimer(s.id), 0)
	fx.add(Effect{Kind: ServerRemoved, Slot: Slot{Server: s.id}})
}

// restart begins a request, which is nowhere, anew with what is left of its set.
func (c *Client) restart(r *request, fx *Effects) {
	m := r.group.choose(r.kind.Service(), c.now)
	if m < 0 {
		c.end(r, Effect{Outcome: NoServer}, fx)
		return
	}
	r.first = m
	c.enqueueAt(r, m)
}
