// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"time"

	"holdfast/internal/storm"
)

// unbounded is a window that holds no modem back.
func (r *Runner) unbounded() int {
	p := r.Field.Plan()
	return p.Sessions + p.Callers + p.LACs
}

// ramp has all modems dial. When it ends the window opens for good: what dials
// later dials when it wants to, not when the LNS has time.
func (r *Runner) ramp(p *Phase) error {
	r.Field.Offer(p.Rate, max(p.InFlight, r.Field.Plan().LACs))
	most, at := 0, time.Now()
	err := r.until(Forever, func() bool {
		if r.total.Sessions > most {
			most, at = r.total.Sessions, time.Now()
		}
		return most >= r.Field.Plan().Sessions || time.Since(at) > p.Stall
	})
	r.Field.Offer(0, r.unbounded())
	return err
}

func (r *Runner) hold(p *Phase) error { return r.until(p.For, nil) }

// flap takes the link away for a while.
func (r *Runner) flap(p *Phase) error {
	if err := r.poll(); err != nil {
		return err
	}
	lacs := p.LACs
	if lacs == 0 {
		lacs = r.Field.Plan().LACs
	}
	r.openOutage(r.Field.Cut(lacs, p.Tunnels))
	err := r.until(p.For, nil)
	r.Field.Mend()
	r.mended()
	return err
}

// recoverAll waits until as many are up as before the last flap, or a share of all.
func (r *Runner) recoverAll(p *Phase) error {
	goal := int(p.Share * float64(r.Field.Plan().Sessions))
	if n := len(r.outages); n > 0 && p.Share == 1 {
		goal = r.outages[n-1].Before
	}
	return r.until(p.Within, func() bool { return r.total.Sessions >= goal })
}

// measure finds out the capacity: callers dial as fast as the window lets, and
// what comes up in the second half of the phase is counted.
func (r *Runner) measure(p *Phase) error {
	r.Field.Overload(0, 1, max(p.InFlight, r.Field.Plan().LACs), 0)
	err := r.until(p.For/2, nil)
	up, at := r.total.CallsUp, time.Now()
	if err == nil {
		err = r.until(p.For-p.For/2, nil)
	}
	r.capacity = float64(r.total.CallsUp-up) / time.Since(at).Seconds()
	r.Field.Overload(-1, 1, 0, 0)
	r.Field.Offer(0, r.unbounded())
	return err
}

// overload has callers dial at a multiple of the capacity, those of the first LAC
// perhaps more often than the others.
func (r *Runner) overload(p *Phase) error {
	capacity := p.Capacity
	if capacity == 0 {
		capacity = r.capacity
	}
	r.Field.Offer(0, r.unbounded())
	r.openSurge(p, capacity)
	r.Field.Overload(p.Times*capacity, p.Greedy, 0, p.Talk)
	err := r.until(p.For, nil)
	r.Field.Overload(-1, 1, 0, 0)
	r.closeSurge()
	return err
}

// settle waits until no call is in set-up, as callers and LNS see it.
func (r *Runner) settle(p *Phase) error { return r.until(p.Within, r.quiet) }

func (r *Runner) quiet() bool {
	v := r.view(time.Now())
	return r.total.InFlight == 0 && (v == nil || v.Init+v.Configured+v.Parked == 0)
}

// monkey kills sessions at random; modems whose sessions were killed dial again.
func (r *Runner) monkey(p *Phase) error {
	r.Field.Offer(0, r.unbounded())
	last := time.Now()
	return r.until(p.For, func() bool {
		now := time.Now()
		r.killed += p.Rate * now.Sub(last).Seconds()
		last = now
		if n := int(r.killed); n > 0 {
			r.killed -= float64(n)
			r.Field.Kill(n)
		}
		return false
	})
}

func (r *Runner) traffic(p *Phase) error {
	r.Field.Send(p.Rate)
	return nil
}

// attack begins another attack in the place of the one that goes on, or ends it.
func (r *Runner) attack(p *Phase) error {
	p.Attack.Rate = p.Rate
	return r.Field.Attack(p.Attack)
}

func (r *Runner) link(p *Phase) error {
	r.Field.Impair(p.Impairment)
	return nil
}

// drain ends everything in order; a better way lets it.
func (r *Runner) drain(p *Phase) error {
	r.Field.Mend()
	r.Field.Impair(storm.Impairment{})
	if err := r.Field.EndAttack(); err != nil {
		return err
	}
	r.Field.HangUp()
	return r.until(p.Within, r.Field.Done)
}
