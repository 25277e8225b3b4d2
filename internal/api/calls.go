// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
)

// ListCallHistory shows the calls that ended last, the newest first: each shard
// has its own in that order, and they are merged as they come. A page of each
// shard is held at a time.
func (s *Server) ListCallHistory(ctx context.Context, q *connect.Request[pb.ListRequest], out *connect.ServerStream[pb.CallPage]) error {
	f, err := filter(q.Msg.Selector, selectsCalls)
	if err != nil {
		return err
	}
	readers := make([]callReader, s.backend.Shards())
	for i := range readers {
		readers[i] = callReader{shard: i, r: &lns.Request{Kind: lns.ShowCallHistory, Filter: f, Limit: pageRows}}
		if err := s.fill(ctx, &readers[i]); err != nil {
			return err
		}
	}
	page := &pb.CallPage{}
	for c := newest(readers); c != nil; c = newest(readers) {
		page.Calls = append(page.Calls, callRow(&c.rows[0], c.ended()))
		c.rows = c.rows[1:]
		if err := s.fill(ctx, c); err != nil {
			return err
		}
		if len(page.Calls) == pageRows {
			if err := out.Send(page); err != nil {
				return err
			}
			page = &pb.CallPage{}
		}
	}
	return send(out, page, len(page.Calls))
}

// callReader reads one shard's ended calls page by page.
type callReader struct {
	shard int
	r     *lns.Request
	rows  []lns.CallRow // of the page, not yet shown
	asked time.Time     // when the page was made
}

// ended is when the next call ended.
func (c *callReader) ended() time.Time { return c.asked.Add(-c.rows[0].At) }

// newest is the reader whose next call ended last; nil: there are no more.
func newest(readers []callReader) (best *callReader) {
	for i := range readers {
		if c := &readers[i]; len(c.rows) > 0 && (best == nil || c.ended().After(best.ended())) {
			best = c
		}
	}
	return best
}

// fill asks for the next page if the last one has been shown.
func (s *Server) fill(ctx context.Context, c *callReader) error {
	for len(c.rows) == 0 && !c.r.Done {
		at := c.r.Cursor
		empty(c.r)
		if err := s.do(ctx, c.shard, c.r); err != nil {
			return err
		}
		if !c.r.Done && c.r.Cursor == at {
			return connect.NewError(connect.CodeInternal, fmt.Errorf("shard %d: %w", c.shard, errStuck))
		}
		c.rows, c.asked = c.r.Calls, time.Now()
	}
	return nil
}

func callRow(r *lns.CallRow, ended time.Time) *pb.Call {
	return &pb.Call{
		EndedUnix: ended.Unix(), CallingNumber: clean(r.Calling), AgentCircuitId: clean(r.CircuitID), UserName: clean(r.User),
		Group: r.Group, PeerGateway: text(r.Peer), PeerName: clean(r.PeerName),
		TunnelLocalId: uint32(r.Tunnel), SessionLocalId: uint32(r.Session), Cause: r.Cause, WasUp: r.WasUp,
		ParkedMs: milliseconds(r.Waited), LastedMs: uint64(max(r.Lasted, 0) / time.Millisecond), Shard: count(r.Shard),
	}
}
