// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"holdfast/internal/storm"
)

// Field is what a scenario plays on: *storm.Swarm, or a twin in tests.
type Field interface {
	Plan() *storm.Plan
	Snapshots() ([]storm.Snapshot, error)
	Sockets() storm.SocketResult
	Offer(rate float64, window int)
	Cut(lacs int, tunnels float64) (online []int)
	Mend()
	Impair(i storm.Impairment)
	Send(rate float64)
	Overload(rate, greedy float64, window int, talk time.Duration)
	Kill(n int)
	Attack(a storm.Attack) error
	EndAttack() error
	Attacks() []storm.AttackResult
	HangUp()
	Done() bool
}

// Observer asks the LNS how it is.
type Observer interface {
	Observe(ctx context.Context) (*storm.LNSView, error)
}

// Options are a scenario and what it is played on.
type Options struct {
	Name     string // of the run
	Phases   []Phase
	Field    Field
	Observer Observer            // nil: the LNS is not asked
	Sampled  func(*storm.Sample) // called each second; nil: not
	Entered  func(*Phase)        // called at the beginning of each phase; nil: not
}

const (
	sampleInterval    = time.Second
	pollInterval      = 50 * time.Millisecond
	interruptedWithin = 10 * time.Second
	observeTimeout    = 5 * time.Second
	observedTooLate   = 3 * time.Second // what the LNS said longer ago is no part of a sample
)

// Runner plays a scenario.
type Runner struct {
	Options
	ctx      context.Context
	began    time.Time
	phase    string
	total    storm.Snapshot // of the last poll
	others   storm.Snapshot // the same without the first LAC
	last     storm.Snapshot // of the last sample
	sampled  time.Time
	capacity float64 // calls a second, of the last measure
	killed   float64 // fraction of a kill that is due
	outages  []*outage
	surges   []*surge
	seen     atomic.Pointer[observation]
	record   storm.Recording
}

// observation is what the LNS said, and when.
type observation struct {
	storm.LNSView
	at time.Time
}

// Run plays the phases and returns what happened. When ctx ends it stops where
// it is; the recording goes as far as that.
func Run(ctx context.Context, o Options) (*storm.Recording, error) {
	if err := Check(o.Phases); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Runner{Options: o, ctx: ctx, began: time.Now()}
	r.describe()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		r.watch()
	}()
	r.Field.Offer(-1, r.unbounded()) // nobody dials before a phase says so
	err := r.play()
	if errors.Is(err, context.Canceled) && r.phase != "drain" {
		r.interrupted()
	}
	cancel()
	<-watched
	r.finish()
	if errors.Is(err, context.Canceled) {
		err = nil // asked to stop, and has
	}
	return &r.record, err
}

// play goes through the phases.
func (r *Runner) play() error {
	known := kinds()
	for i := range r.Phases {
		p := &r.Phases[i]
		r.phase = p.Name
		if r.Entered != nil {
			r.Entered(p)
		}
		from := r.elapsed()
		err := known[p.Name].play(r, p)
		r.record.Phases = append(r.record.Phases, storm.Span{Name: p.Name, Text: p.Text, From: from, To: r.elapsed()})
		if err != nil {
			return err
		}
	}
	return nil
}

// interrupted hangs up in order, whatever the phase.
func (r *Runner) interrupted() {
	r.ctx = context.WithoutCancel(r.ctx)
	r.phase = "drain"
	// What kept a LAC from it would have ended the run before.
	_ = r.drain(&Phase{Name: "drain", Within: interruptedWithin})
}

// elapsed is seconds since the run began.
func (r *Runner) elapsed() float64 { return time.Since(r.began).Seconds() }

// watch asks the LNS every second, until the run ends.
func (r *Runner) watch() {
	if r.Observer == nil {
		return
	}
	tick := time.NewTicker(sampleInterval)
	defer tick.Stop()
	for {
		ctx, cancel := context.WithTimeout(r.ctx, observeTimeout)
		// An LNS that does not answer is a gap in the recording, not an error.
		if v, err := r.Observer.Observe(ctx); err == nil {
			r.seen.Store(&observation{*v, time.Now()})
		}
		cancel()
		select {
		case <-r.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// until polls until end reports true or the time is over; end nil: never.
func (r *Runner) until(d time.Duration, end func() bool) error {
	over := time.Now().Add(d)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if err := r.poll(); err != nil {
			return err
		}
		if end != nil && end() || !time.Now().Before(over) {
			return nil
		}
		select {
		case <-r.ctx.Done():
			return r.ctx.Err()
		case <-tick.C:
		}
	}
}

// poll looks at the storm, and takes a sample when it is time.
func (r *Runner) poll() error {
	parts, err := r.Field.Snapshots()
	if err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	r.others = storm.Snapshot{}
	for i := range parts[1:] {
		r.others.Merge(&parts[1+i])
	}
	r.total = r.others
	r.total.Merge(&parts[0])
	now := time.Now()
	r.look(now)
	interval := now.Sub(r.sampled)
	if r.sampled.IsZero() {
		r.sampled, r.last = now, r.total
		return nil
	}
	if interval < sampleInterval {
		return nil
	}
	s := storm.NewSample(now.Sub(r.began), interval, r.phase, &r.total, &r.last)
	s.LNS = r.view(now)
	r.sampled, r.last = now, r.total
	r.record.Samples = append(r.record.Samples, s)
	r.note(&s)
	if r.Sampled != nil {
		r.Sampled(&s)
	}
	return nil
}

// view is what the LNS said of late; nil: nothing.
func (r *Runner) view(now time.Time) *storm.LNSView {
	o := r.seen.Load()
	if o == nil || now.Sub(o.at) > observedTooLate {
		return nil
	}
	v := o.LNSView
	return &v
}
