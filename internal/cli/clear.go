// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// clearCall is one of the client's clear calls.
type clearCall func(context.Context, *connect.Request[pb.ClearRequest]) (*connect.ServerStreamForClient[pb.ClearedPage], error)

func clearDestinations(ctx context.Context, c *call) error {
	return c.clear(ctx, c.client.ClearDestinations)
}
func clearTunnels(ctx context.Context, c *call) error  { return c.clear(ctx, c.client.ClearTunnels) }
func clearSessions(ctx context.Context, c *call) error { return c.clear(ctx, c.client.ClearSessions) }
func clearSubscribers(ctx context.Context, c *call) error {
	return c.clear(ctx, c.client.ClearSubscribers)
}

// clear closes what the selectors pick and prints a line for each.
func (c *call) clear(ctx context.Context, do clearCall) error {
	stream, err := do(ctx, connect.NewRequest(&pb.ClearRequest{Selector: c.query.selector, All: c.query.all}))
	return show(c, "cleared", rows(stream, err, (*pb.ClearedPage).GetCleared), view[pb.Cleared]{row: func(w io.Writer, r *pb.Cleared) {
		switch {
		case r.Destination != "":
			fmt.Fprintf(w, "Destination %s closed\n", r.Destination)
		case r.Subscriber != 0:
			fmt.Fprintf(w, "Session %d closed\n", r.Subscriber)
		case r.Session != 0:
			fmt.Fprintf(w, "Session %d closed\n", r.Session)
		default:
			fmt.Fprintf(w, "Tunnel %d closed\n", r.Tunnel)
		}
	}})
}

// clearStatistics begins statistics anew.
func clearStatistics(which pb.AAAStatistics) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		_, err := c.client.ClearAAAStatistics(ctx, connect.NewRequest(&pb.ClearAAAStatisticsRequest{Statistics: which}))
		return err
	}
}
