// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// A destination has tunnels in several shards and to several gateways; this is
// what they have in common.
type destinationKey struct {
	peer     netip.Addr
	instance string
}

// destination is a LAC address with all shards and gateways added up.
type destination struct {
	lns.DestinationRow
	gateways []netip.Addr // in order
}

func (d *destination) key() destinationKey { return destinationKey{d.Peer, d.Instance} }

// destinationNames gives destinations their local names: numbers, in the order
// in which they were first seen. A shard's own number means nothing to others.
type destinationNames struct {
	mu   sync.Mutex
	last int
	of   map[destinationKey]int
}

// name names the rows. With all rows at hand, names of what has gone are dropped.
func (n *destinationNames) name(rows []destination, all bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.of
	if all || old == nil {
		n.of = make(map[destinationKey]int, len(rows))
	}
	for i := range rows {
		k := rows[i].key()
		if old[k] == 0 {
			n.last++
			n.of[k] = n.last
		} else {
			n.of[k] = old[k]
		}
		rows[i].LocalName = strconv.Itoa(n.of[k])
	}
}

// destinations adds up the LAC addresses of all shards, in order of their names.
func (s *Server) destinations(ctx context.Context, f lns.Filter) ([]destination, error) {
	all := f == lns.Filter{}
	if !all {
		// Names are given to all at once, so that they do not depend on what was asked for first.
		if _, err := s.destinations(ctx, lns.Filter{}); err != nil {
			return nil, err
		}
	}
	m := merged[destinationKey, destination]{key: (*destination).key, add: addDestination}
	err := s.walk(ctx, lns.ShowDestinations, f, func(_ int, r *lns.Request) error {
		for _, row := range r.Destinations {
			m.take([]destination{{row, []netip.Addr{row.Gateway}}})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows := m.rows
	slices.SortFunc(rows, func(a, b destination) int {
		return cmp.Or(cmp.Compare(number(a.LocalName), number(b.LocalName)), a.Peer.Compare(b.Peer), cmp.Compare(a.Instance, b.Instance))
	})
	s.names.name(rows, all)
	slices.SortFunc(rows, func(a, b destination) int { return cmp.Compare(number(a.LocalName), number(b.LocalName)) })
	return rows, nil
}

// number is the number that a local name is; 0 if it is none.
func number(name string) int {
	n, err := strconv.Atoi(name)
	if err != nil {
		return 0
	}
	return n
}

// enabled is the state of a destination that takes new tunnels.
const enabled = "Enabled"

func addDestination(sum, r *destination) {
	if at, known := slices.BinarySearchFunc(sum.gateways, r.Gateway, netip.Addr.Compare); !known {
		sum.gateways = slices.Insert(sum.gateways, at, r.Gateway)
	}
	sum.Tunnels += r.Tunnels
	sum.Sessions += r.Sessions
	sum.TunnelsTotal += r.TunnelsTotal
	sum.TunnelsFailed += r.TunnelsFailed
	sum.SessionsTotal += r.SessionsTotal
	sum.SessionsFailed += r.SessionsFailed
	sum.ControlRx = addVolume(sum.ControlRx, r.ControlRx)
	sum.ControlTx = addVolume(sum.ControlTx, r.ControlTx)
	sum.ControlRxErrors += r.ControlRxErrors
	sum.ControlTxErrors += r.ControlTxErrors
	if sum.State == enabled {
		sum.State = r.State // anything else is worth showing
	}
}

func addVolume(a, b lns.Volume) lns.Volume {
	return lns.Volume{Packets: a.Packets + b.Packets, Bytes: a.Bytes + b.Bytes}
}

// ListDestinations shows the LAC addresses.
func (s *Server) ListDestinations(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.DestinationPage]) error {
	f, err := filter(q.Msg.Selector, selectsDestinations)
	if err != nil {
		return err
	}
	rows, err := s.destinations(ctx, f)
	if err != nil {
		return err
	}
	var data map[path]forward.Counters
	if q.Msg.Counters {
		if data, err = s.destinationData(ctx, f); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(rows, pageRows) {
		page := &pb.DestinationPage{}
		for i := range part {
			row := destinationRow(&part[i])
			if q.Msg.Counters {
				var sum forward.Counters
				for _, g := range part[i].gateways {
					sum = add(sum, data[path{part[i].Peer, g}])
				}
				row.Data = dataCounters(sum)
			}
			page.Destinations = append(page.Destinations, row)
		}
		if err := out.Send(page); err != nil {
			return err
		}
	}
	return nil
}

// path is a LAC address and the gateway that it dials. A session's row does not
// name the routing instance, but the gateway is in one only.
type path struct{ peer, gateway netip.Addr }

// destinationData adds up the data counters of all sessions of the destinations.
func (s *Server) destinationData(ctx context.Context, f lns.Filter) (map[path]forward.Counters, error) {
	sums := map[path]forward.Counters{}
	var data reader
	err := s.walk(ctx, lns.ShowSessions, f, func(shard int, r *lns.Request) error {
		for i, c := range data.sessions(s.backend, shard, r.Sessions) {
			k := path{r.Sessions[i].Peer.Addr(), r.Sessions[i].Local.Addr()}
			sums[k] = add(sums[k], c)
		}
		return nil
	})
	return sums, err
}

// merged collects rows of all shards under a key; add makes two rows one.
type merged[K comparable, R any] struct {
	rows []R
	at   map[K]int
	key  func(*R) K
	add  func(sum, r *R)
}

func (m *merged[K, R]) take(rows []R) {
	for i := range rows {
		k := m.key(&rows[i])
		if at, known := m.at[k]; known {
			m.add(&m.rows[at], &rows[i])
			continue
		}
		if m.at == nil {
			m.at = map[K]int{}
		}
		m.at[k] = len(m.rows)
		m.rows = append(m.rows, rows[i])
	}
}

// ListGroups shows the tunnel groups.
func (s *Server) ListGroups(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.GroupPage]) error {
	f, err := filter(q.Msg.Selector, selectsGroups)
	if err != nil {
		return err
	}
	m := merged[string, lns.GroupRow]{
		key: func(r *lns.GroupRow) string { return r.Name },
		add: func(sum, r *lns.GroupRow) { sum.Tunnels += r.Tunnels; sum.Sessions += r.Sessions },
	}
	if err := s.walk(ctx, lns.ShowGroups, f, func(_ int, r *lns.Request) error { m.take(r.Groups); return nil }); err != nil {
		return err
	}
	page := &pb.GroupPage{}
	for i := range m.rows {
		page.Groups = append(page.Groups, groupRow(&m.rows[i]))
	}
	return send(out, page, len(page.Groups))
}

// ListClients shows the clients of the L2TP access profiles.
func (s *Server) ListClients(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.ClientPage]) error {
	f, err := filter(q.Msg.Selector, selectsClients)
	if err != nil {
		return err
	}
	type key struct{ profile, name string }
	m := merged[key, lns.ClientRow]{
		key: func(r *lns.ClientRow) key { return key{r.Profile, r.Name} },
		add: func(sum, r *lns.ClientRow) { sum.Tunnels += r.Tunnels; sum.Sessions += r.Sessions },
	}
	if err := s.walk(ctx, lns.ShowClients, f, func(_ int, r *lns.Request) error { m.take(r.Clients); return nil }); err != nil {
		return err
	}
	for part := range slices.Chunk(m.rows, pageRows) {
		page := &pb.ClientPage{}
		for i := range part {
			page.Clients = append(page.Clients, clientRow(&part[i]))
		}
		if err := out.Send(page); err != nil {
			return err
		}
	}
	return nil
}

// ListPools shows the address pools.
func (s *Server) ListPools(ctx context.Context, q *connect.Request[pb.ListPoolsRequest], out *connect.ServerStream[pb.PoolPage]) error {
	m := merged[string, lns.PoolRow]{
		key: func(r *lns.PoolRow) string { return r.Name },
		add: func(sum, r *lns.PoolRow) {
			sum.Total = max(sum.Total, r.Total) // the pool's size is no shard's own
			sum.Used += r.Used
			sum.OutOfAddresses += r.OutOfAddresses
		},
	}
	if err := s.walk(ctx, lns.ShowPools, lns.Filter{}, func(_ int, r *lns.Request) error { m.take(r.Pools); return nil }); err != nil {
		return err
	}
	page := &pb.PoolPage{}
	for i := range m.rows {
		if q.Msg.Name == "" || q.Msg.Name == m.rows[i].Name {
			page.Pools = append(page.Pools, poolRow(&m.rows[i]))
		}
	}
	return send(out, page, len(page.Pools))
}
