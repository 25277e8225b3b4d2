// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"time"

	"holdfast/internal/aaa"
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
	// Config is the configuration in force. It is not changed.
	Config() *lns.Config
	// AAA is the exchange with RADIUS.
	AAA() AAA
	// Accounting is accounting; nil: nobody is accounted.
	Accounting() Accounting
}

// AAA is what the API needs of aaa.Service. Its methods are called from many
// goroutines at once.
type AAA interface {
	// Snapshot is the state of the exchange; false: it does not run.
	Snapshot(ctx context.Context) (aaa.Snapshot, bool)
	// Test asks the servers of the query's profile as for a log-in.
	Test(ctx context.Context, q lns.AuthQuery) (lns.AuthAnswer, error)
}

// Accounting is what the API needs of aaa.Accounting. Its methods are called from
// many goroutines at once.
type Accounting interface {
	Statistics() aaa.AccountingStatistics
	// Pending is what waits for the servers of each profile.
	Pending() []aaa.PendingStops
	// Records are the records that wait longest, at most so many of each profile.
	Records(limit int) []aaa.PendingRecord
}

// Facts are what the daemon knows about itself.
type Facts struct {
	HostName   string
	Version    string
	Plane      string // the data plane in use
	Started    time.Time
	Configured time.Time // when the configuration in force was loaded
}
