// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// ListTunnels shows tunnels.
func (s *Server) ListTunnels(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.TunnelPage]) error {
	f, err := filter(q.Msg.Selector, showsTunnels)
	if err != nil {
		return err
	}
	return s.walk(ctx, lns.ShowTunnels, f, func(shard int, r *lns.Request) error {
		page, now := &pb.TunnelPage{}, time.Now()
		for i := range r.Tunnels {
			row := tunnelRow(&r.Tunnels[i], now)
			if q.Msg.Counters {
				sum, err := s.tunnelData(ctx, shard, r.Tunnels[i].LocalID)
				if err != nil {
					return err
				}
				row.Data = dataCounters(sum)
			}
			page.Tunnels = append(page.Tunnels, row)
		}
		return send(out, page, len(page.Tunnels))
	})
}

// ListSessions shows L2TP sessions, tunnel by tunnel.
func (s *Server) ListSessions(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.SessionPage]) error {
	f, err := filter(q.Msg.Selector, selectsSessions)
	if err != nil {
		return err
	}
	var data reader
	page := &pb.SessionPage{}
	flush := func() error {
		full := page
		page = &pb.SessionPage{}
		return send(out, full, len(full.Sessions))
	}
	err = s.sessions(ctx, f, func(shard int, rows []lns.SessionRow) error {
		from, now := len(page.Sessions), time.Now()
		for i := range rows {
			page.Sessions = append(page.Sessions, sessionRow(&rows[i], now))
		}
		if q.Msg.Counters {
			for i, c := range data.sessions(s.backend, shard, rows) {
				page.Sessions[from+i].Data = dataCounters(c)
			}
		}
		if len(page.Sessions) < pageRows {
			return nil // many tunnels carry few sessions
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// sessions walks the sessions that the filter selects. A listing goes tunnel by
// tunnel; who looks for one subscriber is not made to wait for all tunnels.
func (s *Server) sessions(ctx context.Context, f lns.Filter, page func(shard int, rows []lns.SessionRow) error) error {
	if f.LocalTunnel != 0 || f.LocalSession != 0 || f.User != "" || f.Calling != "" || f.Address.IsValid() || f.CircuitID != "" || f.RemoteID != "" {
		return s.walk(ctx, lns.ShowSessions, f, func(shard int, r *lns.Request) error { return page(shard, r.Sessions) })
	}
	return s.walk(ctx, lns.ShowTunnels, f, func(shard int, r *lns.Request) error {
		of := f
		for i := range r.Tunnels {
			of.LocalTunnel = r.Tunnels[i].LocalID
			err := s.walkShard(ctx, shard, lns.ShowSessions, of, func(r *lns.Request) error { return page(shard, r.Sessions) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ListSubscribers shows subscribers.
func (s *Server) ListSubscribers(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.SubscriberPage]) error {
	var data reader
	return s.subscribers(ctx, q.Msg.Selector, func(shard int, rows []lns.SubscriberRow) error {
		page, now := &pb.SubscriberPage{}, time.Now()
		for i := range rows {
			page.Subscribers = append(page.Subscribers, subscriberRow(&rows[i], now))
		}
		if q.Msg.Counters {
			for i, c := range data.subscribers(s.backend, shard, rows) {
				if rows[i].State != lns.StateTerminated { // the element may be another's by now
					page.Subscribers[i].Data = dataCounters(c)
				}
			}
		}
		return send(out, page, len(page.Subscribers))
	})
}

// subscribers walks the subscribers that the selector picks.
func (s *Server) subscribers(ctx context.Context, sel *pb.Selector, page func(shard int, rows []lns.SubscriberRow) error) error {
	f, err := filter(sel, selectsSubscribers)
	if err != nil {
		return err
	}
	return s.walk(ctx, lns.ShowSubscribers, f, func(shard int, r *lns.Request) error {
		rows := r.Subscribers
		if id, unit := sel.GetId(), sel.GetUnit(); id != 0 || unit != 0 {
			// The engine's filter has neither: few ask for them.
			rows = slices.DeleteFunc(rows, func(row lns.SubscriberRow) bool {
				return id != 0 && row.ID != id || unit != 0 && row.Unit != unit
			})
		}
		return page(shard, rows)
	})
}

// send sends a page unless it is empty.
func send[Page any](out *connect.ServerStream[Page], page *Page, rows int) error {
	if rows == 0 {
		return nil
	}
	return out.Send(page)
}

// reader reads the data counters of rows; it keeps its slices from page to page.
type reader struct {
	elements []uint32
	counters []forward.Counters
}

func (d *reader) sessions(b Backend, shard int, rows []lns.SessionRow) []forward.Counters {
	d.elements = d.elements[:0]
	for i := range rows {
		d.elements = append(d.elements, rows[i].Element)
	}
	return d.read(b, shard)
}

func (d *reader) subscribers(b Backend, shard int, rows []lns.SubscriberRow) []forward.Counters {
	d.elements = d.elements[:0]
	for i := range rows {
		d.elements = append(d.elements, rows[i].Element)
	}
	return d.read(b, shard)
}

func (d *reader) read(b Backend, shard int) []forward.Counters {
	d.counters = append(d.counters[:0], make([]forward.Counters, len(d.elements))...)
	if len(d.elements) > 0 {
		b.Read(shard, d.elements, d.counters)
	}
	return d.counters
}

// tunnelData adds up the data counters of the sessions of one tunnel.
func (s *Server) tunnelData(ctx context.Context, shard int, tunnel uint16) (sum forward.Counters, err error) {
	var data reader
	err = s.walkShard(ctx, shard, lns.ShowSessions, lns.Filter{LocalTunnel: tunnel}, func(r *lns.Request) error {
		for _, c := range data.sessions(s.backend, shard, r.Sessions) {
			sum = add(sum, c)
		}
		return nil
	})
	return sum, err
}

func add(a, b forward.Counters) forward.Counters {
	a.UpPackets += b.UpPackets
	a.UpBytes += b.UpBytes
	a.DownPackets += b.DownPackets
	a.DownBytes += b.DownBytes
	a.Spoofed += b.Spoofed
	a.TooBig += b.TooBig
	a.Policed += b.Policed
	a.Dropped += b.Dropped
	return a
}
