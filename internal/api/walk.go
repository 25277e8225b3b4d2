// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"holdfast/internal/lns"
)

// pageRows is how many rows travel at once.
const pageRows = 256

var (
	errStuck    = errors.New("the shard makes no progress")
	errNoRADIUS = errors.New("the exchange with RADIUS does not run")
)

// walk sends the request to every shard in turn and shows each page, which is
// good until page returns.
func (s *Server) walk(ctx context.Context, kind lns.RequestKind, f lns.Filter, page func(shard int, r *lns.Request) error) error {
	for shard := range s.backend.Shards() {
		err := s.walkShard(ctx, shard, kind, f, func(r *lns.Request) error { return page(shard, r) })
		if err != nil {
			return err
		}
	}
	return nil
}

// walkShard sends the request to one shard until the shard is done with it.
func (s *Server) walkShard(ctx context.Context, shard int, kind lns.RequestKind, f lns.Filter, page func(r *lns.Request) error) error {
	r := &lns.Request{Kind: kind, Filter: f, Limit: pageRows}
	for !r.Done {
		at := r.Cursor
		if err := s.do(ctx, shard, r); err != nil {
			return err
		}
		if err := page(r); err != nil {
			return err
		}
		// A page may be empty, but it must lead on.
		if !r.Done && r.Cursor == at && len(r.Cleared) == 0 {
			return connect.NewError(connect.CodeInternal, fmt.Errorf("shard %d: %w", shard, errStuck))
		}
		empty(r)
	}
	return nil
}

// do has one shard serve the request once.
func (s *Server) do(ctx context.Context, shard int, r *lns.Request) error {
	if err := s.backend.Do(ctx, shard, r); err != nil {
		code := connect.CodeUnavailable
		if ctx.Err() != nil {
			code = connect.CodeCanceled
		}
		return connect.NewError(code, fmt.Errorf("shard %d: %w", shard, err))
	}
	return nil
}

// empty makes room for the next page in the same memory.
func empty(r *lns.Request) {
	r.Destinations, r.Tunnels, r.Sessions = r.Destinations[:0], r.Tunnels[:0], r.Sessions[:0]
	r.Subscribers, r.Groups, r.Clients = r.Subscribers[:0], r.Groups[:0], r.Clients[:0]
	r.Pools, r.Cleared, r.Calls = r.Pools[:0], r.Cleared[:0], r.Calls[:0]
}
