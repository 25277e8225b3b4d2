// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// Backend is what the daemon gives the API. Its methods are called from many
// goroutines at once.
type Backend interface {
	// Shards is how many shards there are; it does not change.
	Shards() int
	// Do puts the request into the shard's mailbox and waits until it is
	// answered. When it fails the request must not be used again.
	Do(ctx context.Context, shard int, r *lns.Request) error
	// Read fills the data counters of a shard's elements, in order.
	Read(shard int, elements []uint32, into []forward.Counters)
	// Facts tells about the process.
	Facts() Facts
}

// Facts are what the daemon knows about itself.
type Facts struct {
	HostName   string
	Version    string
	Plane      string // the data plane in use
	Started    time.Time
	Configured time.Time // when the configuration in force was loaded
}
