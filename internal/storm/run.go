// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"holdfast/internal/kernel"
)

// Phase is what a run is doing.
type Phase uint8

// Phases, in this order.
const (
	Ramp   Phase = iota // tunnels and sessions come up
	Hold                // they stay, with traffic
	Settle              // traffic has ended, the last echoes come in
	HangUp              // sessions and tunnels end
)

// String is the phase in one word.
func (p Phase) String() string { return [...]string{"ramp", "hold", "settle", "hang-up"}[p] }

// Options are a plan and how to run it.
type Options struct {
	Plan    Plan
	Sources []netip.AddrPort // of the LACs, taken in turn; port 0: any. Empty: as the route to the LNS has it
	Hold    time.Duration    // how long sessions stay up

	// Stall ends the ramp when nothing has come up for so long; 0: patience,
	// redial delay and 10 s more.
	Stall time.Duration

	// AtHold is called when the hold begins, beside it; the hold lasts until it
	// has returned. nil: nothing.
	AtHold func()

	Progress func(Progress) // called Every so often; nil: not
	Every    time.Duration  // [1 s], not less than 20 ms
	Listen   Listener       // nil: kernel.ListenUDP here
	Behind   Listener       // opens sockets behind the LNS; nil: as Listen
}

// Listener opens a LAC's socket, perhaps in another network namespace.
type Listener func(local netip.AddrPort, o kernel.UDPOptions) (*kernel.UDPSocket, error)

// Progress is the state of a run at one moment.
type Progress struct {
	Phase    Phase
	Elapsed  time.Duration // since the run began
	Interval time.Duration // since the Progress before
	Total    Snapshot
	Last     Snapshot // at the Progress before
}

const (
	progressInterval = time.Second
	pollInterval     = 20 * time.Millisecond // how soon the end of a phase is noticed
	settleTime       = 2 * time.Second
	hangUpTimeout    = 20 * time.Second
	socketBuffer     = 16 << 20
)

// run is one run of a storm.
type run struct {
	Options
	began    time.Time
	phase    Phase
	drivers  []*driver
	running  sync.WaitGroup
	failed   chan error // of drivers that had to stop
	total    Snapshot
	last     Snapshot
	lastLine time.Time // when last was taken; zero: not yet
	result   Result
}

// Run dials, holds and hangs up as o says. When ctx ends it hangs up at once.
// The error says why it could not run; that sessions failed is in the Result.
func Run(ctx context.Context, o Options) (*Result, error) {
	o.Plan = o.Plan.WithDefaults()
	if err := o.Plan.Check(); err != nil {
		return nil, err
	}
	if o.Listen == nil {
		o.Listen = kernel.ListenUDP
	}
	if o.Every == 0 {
		o.Every = progressInterval
	}
	if o.Stall == 0 {
		o.Stall = 10*time.Second + max(o.Plan.Patience, 0) + max(o.Plan.RedialDelay, 0) + o.Plan.RedialJitter
	}
	r := &run{Options: o, began: time.Now()}
	defer r.close()
	if err := r.open(); err != nil {
		return nil, err
	}
	return r.phases(ctx)
}

// open makes LACs and their sockets and starts the goroutines.
func (r *run) open() error {
	r.failed = make(chan error, r.Plan.LACs)
	for i := range r.Plan.LACs {
		local, err := r.source(i)
		if err != nil {
			return err
		}
		socket, err := r.Listen(local, kernel.UDPOptions{
			ReceiveBuffer: socketBuffer, SendBuffer: socketBuffer, Timestamps: true, GRO: true,
		})
		if err != nil {
			return fmt.Errorf("storm: LAC %d: %w", i+1, err)
		}
		lac := NewLAC(&r.Plan, i, socket.LocalAddr(), r.began)
		r.drivers = append(r.drivers, newDriver(lac, socket))
	}
	for _, d := range r.drivers {
		d.orders <- (*LAC).Start
		r.running.Go(func() {
			if err := d.run(); err != nil {
				r.failed <- err
				d.answer()
			}
		})
	}
	return nil
}

// source is where LAC i dials from.
func (r *run) source(i int) (netip.AddrPort, error) {
	if len(r.Sources) > 0 {
		s := r.Sources[i%len(r.Sources)]
		if i >= len(r.Sources) { // its port is taken by an earlier LAC
			s = netip.AddrPortFrom(s.Addr(), 0)
		}
		return s, nil
	}
	// Connecting a UDP socket sends nothing; it asks the routing table.
	c, err := net.Dial("udp", r.Plan.LNS[0].String())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("storm: no way to the LNS: %w", err)
	}
	defer c.Close()
	local := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(local.Addr().Unmap(), 0), nil
}

// close ends the goroutines and gives the sockets back.
func (r *run) close() {
	for _, d := range r.drivers {
		close(d.orders)
	}
	r.running.Wait()
	for _, d := range r.drivers {
		d.socket.Close()
	}
}

// phases goes through the phases. The context ends all but the last.
func (r *run) phases(ctx context.Context) (*Result, error) {
	cpu := processCPU()
	err := r.until(ctx, Ramp, 0, r.rampEnds())
	r.result.ramp(r, processCPU()-cpu)

	if err == nil && (r.Hold > 0 || r.AtHold != nil) {
		err = r.holdPhase(ctx)
	}
	r.result.hold(r)

	before := time.Now()
	r.order((*LAC).HangUp)
	err = errors.Join(err, r.until(context.WithoutCancel(ctx), HangUp, hangUpTimeout, r.allDone()))
	r.poll() // what was left at the last poll may have ended since
	r.result.end(r, time.Since(before))
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // asked to stop, and has
	}
	return &r.result, err
}

// holdPhase has sessions stay up, with traffic, then waits for the last echoes.
func (r *run) holdPhase(ctx context.Context) error {
	beside := make(chan struct{})
	go func() {
		defer close(beside)
		if r.AtHold != nil {
			r.AtHold()
		}
	}()
	r.order(func(l *LAC, now time.Time, _ *Effects) { l.Traffic(now, true) })
	over := time.Now().Add(r.Hold)
	err := r.until(ctx, Hold, 0, func() bool {
		select {
		case <-beside:
			return time.Now().After(over)
		default:
			return false
		}
	})
	<-beside
	r.order(func(l *LAC, now time.Time, _ *Effects) { l.Traffic(now, false) })
	settled := func() bool { return r.total.ProbesReceived+r.total.ProbesCorrupt >= r.total.ProbesSent }
	return errors.Join(err, r.until(ctx, Settle, settleTime, settled))
}

// rampEnds reports whether all sessions are up, or nothing moves any more.
func (r *run) rampEnds() func() bool {
	up, at := 0, time.Now()
	return func() bool {
		if r.total.Sessions > up {
			up, at = r.total.Sessions, time.Now()
		}
		return up >= r.Plan.Sessions || time.Since(at) > r.Stall
	}
}

// allDone asks the LACs whether they have hung up.
func (r *run) allDone() func() bool {
	return func() bool {
		done := make([]bool, len(r.drivers))
		r.ask(func(i int, l *LAC) { done[i] = l.Done() })
		for _, d := range done {
			if !d {
				return false
			}
		}
		return true
	}
}

// until polls the LACs until end reports true, the time is over or the context
// is. A time of zero, and an end of nil, are never.
func (r *run) until(ctx context.Context, p Phase, d time.Duration, end func() bool) error {
	r.phase = p
	over := time.Now().Add(d)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		r.poll()
		if end != nil && end() || d > 0 && time.Now().After(over) {
			return nil
		}
		select {
		case err := <-r.failed:
			return fmt.Errorf("storm: a LAC has stopped: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// poll collects snapshots and reports progress when it is time.
func (r *run) poll() {
	parts := make([]Snapshot, len(r.drivers))
	r.ask(func(i int, l *LAC) { parts[i] = l.Snapshot() })
	r.total = Snapshot{}
	for i := range parts {
		r.total.Merge(&parts[i])
	}
	r.result.peak(&r.total)
	now := time.Now()
	interval := now.Sub(r.lastLine)
	if r.Progress == nil || interval < r.Every {
		return
	}
	if !r.lastLine.IsZero() {
		r.Progress(Progress{Phase: r.phase, Elapsed: now.Sub(r.began), Interval: interval, Total: r.total, Last: r.last})
	}
	r.last, r.lastLine = r.total, now
}

// order has something done to every LAC, and does not wait for it.
func (r *run) order(o order) {
	for _, d := range r.drivers {
		d.orders <- o
	}
}

// ask has f called for every LAC by its own goroutine, and waits for all.
func (r *run) ask(f func(i int, l *LAC)) {
	var wait sync.WaitGroup
	wait.Add(len(r.drivers))
	for i, d := range r.drivers {
		d.orders <- func(l *LAC, _ time.Time, _ *Effects) {
			f(i, l)
			wait.Done()
		}
	}
	wait.Wait()
}

// processCPU is the CPU time that this process has used; zero when it cannot be known.
func processCPU() time.Duration {
	u, err := kernel.Process()
	if err != nil {
		return 0
	}
	return u.User + u.System
}
