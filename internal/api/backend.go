// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/radius"
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
	// AAA is the exchange with RADIUS; nil: there is none.
	AAA() AAA
}

// AAA is what the daemon's exchange with RADIUS tells and does. Its methods are
// called from many goroutines at once.
type AAA interface {
	// Servers is the state of the servers, in the order of the configuration.
	Servers(ctx context.Context) ([]radius.ServerStatus, error)
	// Dynamic counts CoA and Disconnect requests.
	Dynamic(ctx context.Context) (radius.DynamicCounters, error)
	// Accounting tells of accounting and of what is on disk for it; nil: nobody
	// is accounted.
	Accounting(ctx context.Context) (*Accounting, error)
	// Pending calls page with the records that no server has acknowledged, the
	// oldest first, until there are no more or it returns an error.
	Pending(ctx context.Context, page func([]PendingStop) error) error
	// Ask has RADIUS authenticate somebody who does not log in.
	Ask(ctx context.Context, q lns.AuthQuery) (lns.AuthAnswer, error)
}

// Accounting is the state of accounting.
type Accounting struct {
	On, Off, Starts, Interims, Stops uint64 // records to be sent
	Failures                         uint64 // of them, dropped for good
	Details                          []Total
	Pending                          int       // on disk and not acknowledged
	Oldest                           time.Time // of these
	Open                             int       // sessions on disk for the Stop that a crash would owe
}

// Total is a count under a name.
type Total struct {
	Name  string
	Count uint64
}

// PendingStop is a record that no server has acknowledged yet.
type PendingStop struct {
	User      string
	SessionID string // Acct-Session-Id
	Profile   string
	Kind      string // Start, Stop, ...
	At        time.Time
	Duplicate bool // the duplicate servers have not
}

// Facts are what the daemon knows about itself.
type Facts struct {
	HostName   string
	Version    string
	Plane      string // the data plane in use
	Started    time.Time
	Configured time.Time // when the configuration in force was loaded
}
