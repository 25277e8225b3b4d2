// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"net/netip"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/police"
)

// Source is where the values come from: the daemon. Its methods are called from
// the goroutine of a scrape.
type Source interface {
	// Shards is how many shards there are; it does not change.
	Shards() int
	// Do has a shard serve a request and waits for the answer. When it fails the
	// request must not be used again.
	Do(ctx context.Context, shard int, r *lns.Request) error
	// Loop is what the loop of a shard has counted.
	Loop(shard int) Loop
	// Sockets are the UDP sockets.
	Sockets() []Socket
	// Plane is what the data plane has counted beside sessions.
	Plane() forward.Totals
	// Accounted is what accounting and its spool have counted.
	Accounted() Accounting
	// RADIUS is what the exchange with RADIUS servers has counted.
	RADIUS(ctx context.Context) (RADIUS, error)
	// Policers is the state of all policers.
	Policers() police.Snapshot
	// Build tells about the program.
	Build() Build
}

// Loop is what a shard has counted besides its engine.
type Loop struct {
	Recovered        uint64 // panics contained
	PlaneErrors      uint64 // calls that the data plane refused
	SendErrors       uint64 // batches that found their socket closed
	PuntsDropped     uint64 // datagrams of the plane that did not fit the lane
	OutboundDropped  uint64 // packets to sequenced sessions that did not fit
	MessagesTaken    uint64 // messages from other shards
	DatagramsDropped uint64 // datagrams from other shards that did not fit
	MessagesLost     uint64 // other messages that did not fit
	StrangersDropped uint64 // datagrams of no tunnel that stands, that did not fit
}

// Socket is one UDP socket.
type Socket struct {
	Gateway   netip.Addr
	Role      string // control or data
	Number    int    // within its role: the shard's number, or the reader's
	Reads     uint64 // system calls that returned datagrams
	Messages  uint64 // messages they returned; a train of equal datagrams is one
	Received  uint64 // datagrams
	Truncated uint64 // datagrams dropped because they did not fit a buffer
	Lost      uint64 // datagrams the kernel dropped for want of receive buffer
	Writes    uint64 // sending system calls
	Trains    uint64 // trains of equal datagrams among their messages
	Sent      uint64 // datagrams the kernel took
	Dropped   uint64 // datagrams not sent because the send buffer stayed full
	Refused   uint64 // datagrams the kernel refused
}

// Build is the program.
type Build struct {
	Version string
	Plane   string // the data plane in use
	Started time.Time
}

// snapshot is what one scrape shows.
type snapshot struct {
	shards  []shard
	sockets []Socket
	plane   forward.Totals
	radius  RADIUS
	build   Build

	policers   police.Snapshot
	accounting Accounting
}

// shard is one shard of a snapshot.
type shard struct {
	summary   lns.Summary
	admission lns.AdmissionRow
	loop      Loop
	groups    []lns.GroupRow
	pools     []lns.PoolRow
}

// take asks for everything.
func take(ctx context.Context, src Source) (*snapshot, error) {
	s := &snapshot{sockets: src.Sockets(), plane: src.Plane(), accounting: src.Accounted(), policers: src.Policers(), build: src.Build()}
	var err error
	if s.radius, err = src.RADIUS(ctx); err != nil {
		return nil, err
	}
	for i := range src.Shards() {
		one := shard{loop: src.Loop(i)}
		r := &lns.Request{Kind: lns.ShowSummary}
		if err := src.Do(ctx, i, r); err != nil {
			return nil, err
		}
		one.summary = r.Summary
		a := &lns.Request{Kind: lns.ShowAdmission}
		if err := src.Do(ctx, i, a); err != nil {
			return nil, err
		}
		for _, row := range a.Admission { // there is one
			one.admission = row
		}
		if err := all(ctx, src, i, lns.ShowGroups, func(r *lns.Request) { one.groups = append(one.groups, r.Groups...) }); err != nil {
			return nil, err
		}
		if err := all(ctx, src, i, lns.ShowPools, func(r *lns.Request) { one.pools = append(one.pools, r.Pools...) }); err != nil {
			return nil, err
		}
		s.shards = append(s.shards, one)
	}
	return s, nil
}

// pagesMax bounds the pages of what the configuration names.
const pagesMax = 1024

// all asks for page after page.
func all(ctx context.Context, src Source, shard int, kind lns.RequestKind, page func(*lns.Request)) error {
	at := uint32(0)
	for range pagesMax {
		r := &lns.Request{Kind: kind, Cursor: at}
		if err := src.Do(ctx, shard, r); err != nil {
			return err
		}
		page(r)
		if r.Done {
			break
		}
		at = r.Cursor
	}
	return nil
}
