// SPDX-License-Identifier: Apache-2.0

// Package apitest is a daemon in memory for the tests of the API and of its
// clients: shards that are slices of rows, served in pages as an engine does.
package apitest

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"

	"holdfast/internal/api"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// Shard is what one shard would show.
type Shard struct {
	Summary      lns.Summary
	Destinations []lns.DestinationRow
	Tunnels      []lns.TunnelRow
	Sessions     []lns.SessionRow
	Subscribers  []lns.SubscriberRow
	Groups       []lns.GroupRow
	Clients      []lns.ClientRow
	Pools        []lns.PoolRow
	Admission    lns.AdmissionRow
	Calls        []lns.CallRow               // the newest first
	Data         map[uint32]forward.Counters // by element
	Broken       error                       // what every request fails with
	Stuck        bool                        // never done, never further
}

// Backend is an api.Backend over shards in memory.
type Backend struct {
	mu       sync.Mutex
	List     []*Shard
	Process  api.Facts
	Settings *lns.Config
	Exchange *AAA
	Books    *Accounting // nil: nobody is accounted
	Guard    *Police     // nil: there is none
	Computer *System
	RowsMax  int // the most rows that one request was answered with
	requests int
}

var _ api.Backend = (*Backend)(nil)

// Shards is how many shards there are.
func (b *Backend) Shards() int { return len(b.List) }

// Facts are those that the test has set.
func (b *Backend) Facts() api.Facts { return b.Process }

// Config is the one that the test has set.
func (b *Backend) Config() *lns.Config { return b.Settings }

// AAA is the exchange that the test has set.
func (b *Backend) AAA() api.AAA { return b.Exchange }

// Accounting is what the test has set.
func (b *Backend) Accounting() api.Accounting {
	if b.Books == nil {
		return nil
	}
	return b.Books
}

// Police is what the test has set.
func (b *Backend) Police() api.Police {
	if b.Guard == nil {
		return nil
	}
	return b.Guard
}

// System is what the test has set.
func (b *Backend) System() api.System { return b.Computer }

// Requests is how many requests have been served so far.
func (b *Backend) Requests() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests
}

// Read reads what the test has put into Data.
func (b *Backend) Read(shard int, elements []uint32, into []forward.Counters) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range elements {
		into[i] = b.List[shard].Data[e]
	}
}

// Do serves the request as a shard would.
func (b *Backend) Do(ctx context.Context, shard int, r *lns.Request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.List[shard]
	if err := errors.Join(ctx.Err(), s.Broken); err != nil {
		return err
	}
	b.requests++
	if s.Stuck {
		return nil
	}
	s.serve(r)
	b.RowsMax = max(b.RowsMax, len(r.Destinations), len(r.Tunnels), len(r.Sessions), len(r.Subscribers), len(r.Groups),
		len(r.Clients), len(r.Pools), len(r.Calls))
	return nil
}

func (s *Shard) serve(r *lns.Request) {
	f := &r.Filter
	switch r.Kind {
	case lns.ShowSummary:
		r.Summary, r.Done = s.Summary, true
	case lns.ShowDestinations:
		r.Destinations = page(r, s.Destinations, r.Destinations, func(d *lns.DestinationRow) bool { return matchPeer(f, d.Peer, d.Gateway) })
	case lns.ShowTunnels:
		r.Tunnels = page(r, s.Tunnels, r.Tunnels, func(t *lns.TunnelRow) bool { return s.matchTunnel(f, t) })
	case lns.ShowSessions:
		r.Sessions = page(r, s.Sessions, r.Sessions, func(t *lns.SessionRow) bool { return s.matchSession(f, t) })
	case lns.ShowSubscribers:
		r.Subscribers = page(r, s.Subscribers, r.Subscribers, func(t *lns.SubscriberRow) bool { return matchSubscriber(f, t) })
	case lns.ShowGroups:
		r.Groups = page(r, s.Groups, r.Groups, func(g *lns.GroupRow) bool { return f.Group == "" || f.Group == g.Name })
	case lns.ShowClients:
		r.Clients = page(r, s.Clients, r.Clients, func(c *lns.ClientRow) bool { return f.PeerName == "" || f.PeerName == c.Name })
	case lns.ShowPools:
		r.Pools = page(r, s.Pools, r.Pools, func(*lns.PoolRow) bool { return true })
	case lns.ShowAdmission:
		r.Admission, r.Done = append(r.Admission, s.Admission), true
	case lns.ShowCallHistory:
		r.Calls = page(r, s.Calls, r.Calls, func(c *lns.CallRow) bool { return matchCall(f, c) })
	case lns.ClearDestinations, lns.ClearTunnels, lns.ClearSessions:
		s.clear(r)
	}
}

// page appends the next rows to dst. The cursor is the index of the next row.
func page[R any](r *lns.Request, rows, dst []R, match func(*R) bool) []R {
	i := int(r.Cursor)
	for ; i < len(rows) && len(dst) < r.Limit; i++ {
		if match(&rows[i]) {
			dst = append(dst, rows[i])
		}
	}
	r.Cursor, r.Done = uint32(i), i >= len(rows)
	return dst
}

// clear closes up to Limit matching objects: what is closed is gone.
func (s *Shard) clear(r *lns.Request) {
	f := &r.Filter
	switch r.Kind {
	case lns.ClearSessions:
		s.Sessions, r.Done = remove(r, s.Sessions, func(t *lns.SessionRow) (lns.Cleared, bool) {
			return lns.Cleared{Tunnel: t.TunnelLocalID, Session: t.LocalID}, s.matchSession(f, t)
		})
	default: // a destination is cleared by clearing its tunnels
		s.Tunnels, r.Done = remove(r, s.Tunnels, func(t *lns.TunnelRow) (lns.Cleared, bool) {
			return lns.Cleared{Tunnel: t.LocalID}, s.matchTunnel(f, t)
		})
	}
}

func remove[R any](r *lns.Request, rows []R, match func(*R) (lns.Cleared, bool)) (rest []R, done bool) {
	done = true
	for i := range rows {
		c, ok := match(&rows[i])
		switch {
		case !ok:
			rest = append(rest, rows[i])
		case len(r.Cleared) < r.Limit:
			r.Cleared = append(r.Cleared, c)
		default:
			rest, done = append(rest, rows[i]), false
		}
	}
	return rest, done
}

func matchPeer(f *lns.Filter, peer, gateway netip.Addr) bool {
	return (!f.Peer.IsValid() || f.Peer == peer) && (!f.Gateway.IsValid() || f.Gateway == gateway)
}

func either[T comparable](want, got T) bool {
	var zero T
	return want == zero || want == got
}

func (s *Shard) matchTunnel(f *lns.Filter, t *lns.TunnelRow) bool {
	return (f.Interface == "" || slices.Contains(s.Groups[0].Interfaces, f.Interface)) &&
		matchPeer(f, t.Peer.Addr(), t.Local.Addr()) && either(f.LocalTunnel, t.LocalID) && either(f.Group, t.Group) &&
		either(f.PeerName, t.PeerName) && either(f.GatewayName, t.LocalName) && either(f.Instance, t.Instance)
}

func (s *Shard) matchSession(f *lns.Filter, t *lns.SessionRow) bool {
	return matchPeer(f, t.Peer.Addr(), t.Local.Addr()) && either(f.LocalTunnel, t.TunnelLocalID) && either(f.LocalSession, t.LocalID) &&
		either(f.PeerName, t.PeerName) && either(f.GatewayName, t.LocalName) && either(f.Interface, t.Interface) &&
		either(f.User, t.User) && either(f.Calling, t.CallingNumber) && s.matchOwner(f, t)
}

// matchOwner looks at what is known of the session's subscriber and tunnel only.
func (s *Shard) matchOwner(f *lns.Filter, t *lns.SessionRow) bool {
	rest := lns.Filter{
		CircuitID: f.CircuitID, RemoteID: f.RemoteID, Address: f.Address, Instance: f.Instance, Profile: f.Profile,
		State: f.State, HasState: f.HasState,
	}
	if rest == (lns.Filter{}) && f.Group == "" {
		return true
	}
	subscriber := slices.IndexFunc(s.Subscribers, func(r lns.SubscriberRow) bool {
		return r.TunnelLocalID == t.TunnelLocalID && r.SessionLocalID == t.LocalID
	})
	tunnel := slices.IndexFunc(s.Tunnels, func(r lns.TunnelRow) bool { return r.LocalID == t.TunnelLocalID })
	return subscriber >= 0 && matchSubscriber(&rest, &s.Subscribers[subscriber]) && tunnel >= 0 && either(f.Group, s.Tunnels[tunnel].Group)
}

func matchCall(f *lns.Filter, c *lns.CallRow) bool {
	return either(f.User, c.User) && either(f.Calling, c.Calling) && either(f.CircuitID, c.CircuitID) && either(f.Group, c.Group) &&
		either(f.LocalTunnel, c.Tunnel) && either(f.LocalSession, c.Session) &&
		(!f.Peer.IsValid() || f.Peer == c.Peer) && either(f.PeerName, c.PeerName)
}

func matchSubscriber(f *lns.Filter, t *lns.SubscriberRow) bool {
	return (!f.HasState || f.State == t.State) && either(f.LocalTunnel, t.TunnelLocalID) && either(f.LocalSession, t.SessionLocalID) &&
		either(f.Interface, t.Interface) && either(f.User, t.User) &&
		either(f.Calling, t.Calling) && either(f.CircuitID, t.CircuitID) && either(f.RemoteID, t.RemoteID) &&
		either(f.Instance, t.Instance) && either(f.Profile, t.Profile) &&
		(!f.Address.IsValid() || f.Address == t.IPv4 || t.IPv6.IsValid() && t.IPv6.Contains(f.Address)) &&
		matchPeer(f, t.Peer, t.Gateway) && either(f.PeerName, t.PeerName)
}
