// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"time"

	"holdfast/internal/aaa"
	"holdfast/internal/forward"
	"holdfast/internal/kernel"
	"holdfast/internal/lns"
	"holdfast/internal/police"
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
	// Police is the protection of the control plane; nil: there is none.
	Police() Police
	// System is the computer, and what of it the daemon uses.
	System() System
}

// Police is what the API needs of the owner of the policers. Its methods are
// called from many goroutines at once.
type Police interface {
	// Snapshot is the state of all policers.
	Snapshot(ctx context.Context) (police.Snapshot, error)
	// Culprits are the culprit flows of the types, in no particular order.
	Culprits(ctx context.Context, s police.Selector) ([]police.Culprit, error)
	// ClearStatistics has counters begin at zero, ClearStates forgets violations.
	ClearStatistics(ctx context.Context, s police.Selector) error
	ClearStates(ctx context.Context, s police.Selector) error
	// ClearCulprits lets culprit flows go and says how many.
	ClearCulprits(ctx context.Context, s police.Selector) (int, error)
}

// System is what the API needs of the computer. Its methods are called from many
// goroutines at once.
type System interface {
	// Measure looks at the computer for so long, and if asked to at its processes
	// and the daemon's parts.
	Measure(ctx context.Context, d time.Duration, processes bool) (Measurement, error)
}

// Measurement is what was seen.
type Measurement struct {
	Before, After Sight
	Parts         []Part // in no particular order
}

// Sight is the computer at one moment.
type Sight struct {
	Host      kernel.Host
	Processes []kernel.HostProcess
}

// Part is a part of the daemon: a shard, the readers, the data plane, ...
type Part struct {
	Name       string
	Goroutines int
	Running    bool          // one of them does something
	CPU        time.Duration // used while it was measured
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
