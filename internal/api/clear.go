// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
)

// clearFilter translates the selector of a clear. Nobody closes everything by
// leaving something out, or by a selector that says nothing about these objects.
func clearFilter(q *pb.ClearRequest, allowed []protoreflect.Name) (lns.Filter, error) {
	if !q.All && (q.Selector == nil || proto.Equal(q.Selector, &pb.Selector{})) {
		return lns.Filter{}, invalid("say what to clear, or all")
	}
	return filter(q.Selector, allowed)
}

// ClearTunnels closes tunnels with StopCCN.
func (s *Server) ClearTunnels(ctx context.Context, q *connect.Request[pb.ClearRequest], out *connect.ServerStream[pb.ClearedPage]) error {
	return s.clear(ctx, lns.ClearTunnels, selectsTunnels, q.Msg, out)
}

// ClearSessions terminates sessions.
func (s *Server) ClearSessions(ctx context.Context, q *connect.Request[pb.ClearRequest], out *connect.ServerStream[pb.ClearedPage]) error {
	return s.clear(ctx, lns.ClearSessions, selectsSessions, q.Msg, out)
}

func (s *Server) clear(ctx context.Context, kind lns.RequestKind, allowed []protoreflect.Name, q *pb.ClearRequest,
	out *connect.ServerStream[pb.ClearedPage],
) error {
	f, err := clearFilter(q, allowed)
	if err != nil {
		return err
	}
	return s.walk(ctx, kind, f, func(_ int, r *lns.Request) error {
		page := &pb.ClearedPage{}
		for _, c := range r.Cleared {
			page.Cleared = append(page.Cleared, &pb.Cleared{Tunnel: uint32(c.Tunnel), Session: uint32(c.Session)})
		}
		return send(out, page, len(page.Cleared))
	})
}

// ClearDestinations closes all tunnels of the LAC addresses. A destination lives
// in several shards and is reported once, when all have closed it.
func (s *Server) ClearDestinations(ctx context.Context, q *connect.Request[pb.ClearRequest], out *connect.ServerStream[pb.ClearedPage]) error {
	f, err := clearFilter(q.Msg, selectsDestinations)
	if err != nil {
		return err
	}
	rows, err := s.destinations(ctx, f)
	if err != nil {
		return err
	}
	if err := s.walk(ctx, lns.ClearDestinations, f, func(int, *lns.Request) error { return nil }); err != nil {
		return err
	}
	page := &pb.ClearedPage{}
	for i := range rows {
		page.Cleared = append(page.Cleared, &pb.Cleared{Destination: rows[i].LocalName})
	}
	return send(out, page, len(page.Cleared))
}

// ClearSubscribers terminates the sessions of subscribers.
func (s *Server) ClearSubscribers(ctx context.Context, q *connect.Request[pb.ClearRequest], out *connect.ServerStream[pb.ClearedPage]) error {
	if _, err := clearFilter(q.Msg, selectsSubscribers); err != nil {
		return err
	}
	// They are found first: who dials again while it goes on is not meant.
	type found struct {
		shard           int
		tunnel, session uint16
		id              uint64
	}
	var all []found
	err := s.subscribers(ctx, q.Msg.Selector, func(shard int, rows []lns.SubscriberRow) error {
		for i := range rows {
			if r := &rows[i]; r.State != lns.StateTerminated {
				all = append(all, found{shard, r.TunnelLocalID, r.SessionLocalID, r.ID})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	page := &pb.ClearedPage{}
	for _, one := range all {
		r := &lns.Request{Kind: lns.ClearSessions, Filter: lns.Filter{LocalTunnel: one.tunnel, LocalSession: one.session}, Limit: pageRows}
		if err := s.do(ctx, one.shard, r); err != nil {
			return err
		}
		for range r.Cleared {
			page.Cleared = append(page.Cleared, &pb.Cleared{Tunnel: uint32(one.tunnel), Session: uint32(one.session), Subscriber: one.id})
		}
	}
	return send(out, page, len(page.Cleared))
}
