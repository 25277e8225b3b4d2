// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"os"

	"holdfast/internal/api"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// Shards is how many shards there are.
func (d *daemon) Shards() int { return len(d.shards) }

// Do has a shard serve a request.
func (d *daemon) Do(ctx context.Context, shard int, r *lns.Request) error {
	return d.shards[shard].Do(ctx, r)
}

// Read reads data counters of a shard's sessions.
func (d *daemon) Read(shard int, elements []uint32, into []forward.Counters) {
	d.plane.Handle(shard).Read(elements, into)
}

// Facts are what the API tells of the daemon itself.
func (d *daemon) Facts() api.Facts {
	g := d.current.Load()
	name := g.LNS.HostName
	if name == "" {
		// The configuration demands a name; this is for the time when it does not.
		name, _ = os.Hostname()
	}
	return api.Facts{
		HostName: name, Version: d.opt.Version, Plane: g.Daemon.Plane.String(),
		Started: d.began, Configured: g.since,
	}
}
