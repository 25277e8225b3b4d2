// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"net/netip"

	"holdfast/internal/api"
	"holdfast/internal/forward"
	"holdfast/internal/kernel"
	"holdfast/internal/lns"
	"holdfast/internal/metrics"
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
	return api.Facts{
		HostName: g.LNS.HostName, Version: d.opt.Version, Plane: g.Daemon.Plane.String(),
		Started: d.began, Configured: g.since,
	}
}

// Config is the configuration in force.
func (d *daemon) Config() *lns.Config { return d.current.Load().LNS }

// AAA is the exchange with RADIUS.
func (d *daemon) AAA() api.AAA { return d.aaa }

// Accounting is accounting; nil: nobody is accounted.
func (d *daemon) Accounting() api.Accounting {
	if d.accounting == nil {
		return nil
	}
	return d.accounting
}

// System is the computer.
func (d *daemon) System() api.System { return d.system }

// Loop is what the loop of a shard has counted, for the metrics.
func (d *daemon) Loop(shard int) metrics.Loop { return metrics.Loop(d.shards[shard].Stats()) }

// Sockets is what the sockets have counted, for the metrics.
func (d *daemon) Sockets() (list []metrics.Socket) {
	for _, g := range d.sockets.Groups {
		for i, s := range g.Control {
			list = append(list, socket(g.Local.Addr(), "control", i, s.Stats()))
		}
		for i, s := range g.Data {
			list = append(list, socket(g.Local.Addr(), "data", i, s.Stats()))
		}
	}
	return list
}

func socket(gateway netip.Addr, role string, number int, c kernel.UDPStats) metrics.Socket {
	return metrics.Socket{
		Gateway: gateway, Role: role, Number: number,
		Reads: c.Reads, Messages: c.Messages, Received: c.Received, Truncated: c.Truncated, Lost: c.Lost,
		Writes: c.Writes, Trains: c.Trains, Sent: c.Sent, Dropped: c.Dropped, Refused: c.Refused,
	}
}

// Plane is what the data plane has counted beside sessions, for the metrics.
func (d *daemon) Plane() forward.Totals { return d.plane.Totals() }

// Build is the program, for the metrics.
func (d *daemon) Build() metrics.Build {
	return metrics.Build{Version: d.opt.Version, Plane: d.current.Load().Daemon.Plane.String(), Started: d.began}
}
