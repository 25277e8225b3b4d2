// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"time"

	"holdfast/internal/storm"
)

// outage is a flap whose consequences are still being watched.
type outage struct {
	storm.Outage
	mendedAt time.Time
	base     storm.Snapshot
	view     *storm.LNSView // before; nil: not known
}

// surge is an overload, likewise.
type surge struct {
	storm.Overload
	endedAt time.Time
	base    storm.Snapshot
	others  storm.Snapshot
	view    *storm.LNSView
	atEnd   storm.Snapshot
}

// describe takes down what was planned.
func (r *Runner) describe() {
	p := r.Field.Plan()
	r.record = storm.Recording{
		Name: r.Name, LACs: p.LACs, Tunnels: p.Tunnels, Sessions: p.Sessions, Seed: p.Seed, Patience: p.Patience.Seconds(),
	}
	for _, a := range p.LNS {
		r.record.LNS = append(r.record.LNS, a.String())
	}
}

func (r *Runner) openOutage(online []int) {
	o := &outage{base: r.total, view: r.view(time.Now())}
	o.From, o.Before, o.BackAfter = r.elapsed(), r.total.Sessions, -1
	for _, n := range online {
		o.Touched += n
	}
	o.Untouched = o.Before - o.Touched
	r.outages = append(r.outages, o)
}

func (r *Runner) mended() {
	o := r.outages[len(r.outages)-1]
	o.To, o.mendedAt = r.elapsed(), time.Now()
}

func (r *Runner) openSurge(p *Phase, capacity float64) {
	s := &surge{base: r.total, others: r.others, view: r.view(time.Now())}
	s.From, s.Times, s.Greedy, s.Capacity, s.Settled = r.elapsed(), p.Times, p.Greedy, capacity, -1
	r.surges = append(r.surges, s)
}

func (r *Runner) closeSurge() {
	s := r.surges[len(r.surges)-1]
	s.To, s.endedAt, s.atEnd = r.elapsed(), time.Now(), r.total
	took := s.To - s.From
	s.Offered = float64(r.total.CallsOffered-s.base.CallsOffered) / took
	s.Goodput = float64(r.total.CallsUp-s.base.CallsUp) / took
	s.Missed = r.total.CallsMissed - s.base.CallsMissed
	s.Setup = since(&r.total.Setup, &s.base.Setup)
	s.Fresh = since(&r.total.Fresh, &s.base.Fresh)
	s.Hello = since(&r.total.Hello, &s.base.Hello)
	s.Traffic = storm.Carried{
		Sent: r.total.ProbesSent - s.base.ProbesSent, Back: r.total.ProbesReceived - s.base.ProbesReceived,
		Corrupt: r.total.ProbesCorrupt - s.base.ProbesCorrupt, RoundTrip: since(&r.total.RoundTrip, &s.base.RoundTrip),
	}
	s.OthersOffered = float64(r.others.CallsOffered-s.others.CallsOffered) / took
	s.OthersGoodput = float64(r.others.CallsUp-s.others.CallsUp) / took
	s.OthersSetup = since(&r.others.Setup, &s.others.Setup)
	s.Stale = stale(s.view, r.view(time.Now()))
}

// look notices, at each poll, what has come to its end.
func (r *Runner) look(now time.Time) {
	for _, o := range r.outages {
		if o.BackAfter < 0 && !o.mendedAt.IsZero() && r.total.DroppedAll() > o.base.DroppedAll() && r.total.Sessions >= o.Before {
			o.BackAfter = now.Sub(o.mendedAt).Seconds()
			r.countDropped(o)
		}
	}
	for _, s := range r.surges {
		if s.Settled < 0 && !s.endedAt.IsZero() && r.quiet() {
			s.Settled = now.Sub(s.endedAt).Seconds()
		}
	}
}

// countDropped counts what an outage has dropped so far.
func (r *Runner) countDropped(o *outage) {
	o.UntouchedLost = r.total.DroppedElsewhere - o.base.DroppedElsewhere
	o.Dropped = r.total.DroppedAll() - o.base.DroppedAll() - o.UntouchedLost
}

// lookBack is how far behind what the LNS says may be, seconds.
const lookBack = 2

// note keeps what only samples tell.
func (r *Runner) note(s *storm.Sample) {
	if len(r.outages) == 0 {
		return
	}
	o := r.outages[len(r.outages)-1]
	if o.BackAfter < 0 || s.At < o.To+o.BackAfter+lookBack {
		o.InitPeak = max(o.InitPeak, s.Init())
	}
}

// finish takes down what is known at the end.
func (r *Runner) finish() {
	t, view := &r.total, r.lastView()
	for _, o := range r.outages {
		if o.BackAfter < 0 {
			r.countDropped(o)
		}
		o.TunnelsLost = t.TunnelsLost - o.base.TunnelsLost
		o.ActiveAtEnd = r.upAtEnd()
		o.BehindSchedule = since(&t.Back, &o.base.Back)
		o.Stale = stale(o.view, view)
		r.record.Outages = append(r.record.Outages, o.Outage)
	}
	for _, s := range r.surges {
		s.Dropped = t.DroppedAll() - s.base.DroppedAll()
		s.Lost = t.TunnelsLost - s.base.TunnelsLost
		s.Traffic.Lost = missing(t) - missing(&s.base)
		r.record.Overload = append(r.record.Overload, s.Overload)
	}
	r.record.Setup, r.record.Hello = storm.QuantilesOf(&t.Setup), storm.QuantilesOf(&t.Hello)
	r.record.Failed, r.record.Lost = t.FailedByCause(), t.TunnelsLost
	r.record.Refusals = t.Refusals.Sorted()
	r.record.Socket = r.Field.Sockets()
	r.record.Attacks = r.Field.Attacks()
}

// missing is how many packets have not come back so far.
func missing(s *storm.Snapshot) int64 { return int64(s.ProbesSent) - int64(s.ProbesReceived) }

// upAtEnd is how many were up before everything was hung up.
func (r *Runner) upAtEnd() int {
	up := r.total.Sessions
	for i := range r.record.Samples {
		if s := &r.record.Samples[i]; s.Phase != "drain" {
			up = s.Up
		}
	}
	return up
}

// lastView is what the LNS said last before everything was hung up.
func (r *Runner) lastView() (v *storm.LNSView) {
	for i := range r.record.Samples {
		if s := &r.record.Samples[i]; s.LNS != nil && s.Phase != "drain" {
			v = s.LNS
		}
	}
	return v
}

// stale is the share of the dear steps between two views that was done for
// callers who had left; negative: not known.
func stale(from, to *storm.LNSView) float64 {
	if from == nil || to == nil || to.DearSteps <= from.DearSteps {
		return -1
	}
	return float64(to.StaleSteps-from.StaleSteps) / float64(to.DearSteps-from.DearSteps)
}

func since(h, base *storm.Histogram) storm.Quantiles {
	d := h.Since(base)
	return storm.QuantilesOf(&d)
}
