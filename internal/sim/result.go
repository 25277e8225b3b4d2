// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/storm"
)

// Result is what came of a simulation.
type Result struct {
	Scenario  Scenario
	Hash      uint64
	Faults    []string // what should not have been; the first ones
	FaultsAll int
	Phases    []PhaseResult
	Curve     []Point
	Took      time.Duration // virtual
	Packets   uint64        // that either end has sent
	Inputs    uint64        // of engines
	Events    uint64
	Lost      uint64 // packets, by the network
	Dropped   uint64 // datagrams that found a lane full

	Dear, Stale uint64          // steps
	Hello       storm.Histogram // from arrival to acknowledgement
	HelloLate   uint64          // later than 100 ms
	Control     storm.Histogram // control messages, from arrival to the end of their input
	Punts       storm.Histogram // PPP control likewise
}

// PhaseResult is what came of a phase.
type PhaseResult struct {
	Phase  Phase
	Took   time.Duration
	LastUp time.Duration // after the phase's beginning: when the last session came up
	Groups []GroupResult
	Shards []uint64 // calls that each was asked for
	Hello  storm.Histogram

	Dear, Stale           uint64
	ParkedMost, InitMost  int           // at the ends of seconds
	Load                  float64       // share of the time that the processors worked
	Busy                  time.Duration // how long they did, together
	Admitted, Expired     uint64
	Withdrawn, Superseded uint64
}

// GroupResult is a group's part in it.
type GroupResult struct {
	Offered, Up, Failed, Dropped uint64
	TunnelsLost                  uint64
	Online                       int // at the end
	Setup                        storm.Histogram
}

// Up is how many calls came up in the phase.
func (p *PhaseResult) Up() (n uint64) {
	for i := range p.Groups {
		n += p.Groups[i].Up
	}
	return n
}

// Offered is how many calls were offered.
func (p *PhaseResult) Offered() (n uint64) {
	for i := range p.Groups {
		n += p.Groups[i].Offered
	}
	return n
}

// Online is how many modems were on line at the end.
func (p *PhaseResult) Online() (n int) {
	for i := range p.Groups {
		n += p.Groups[i].Online
	}
	return n
}

// Goodput is how many calls came up a second.
func (p *PhaseResult) Goodput() float64 { return float64(p.Up()) / p.Took.Seconds() }

// mark is what was counted at one moment.
type mark struct {
	at                    instant
	groups                []storm.Snapshot
	hello                 storm.Histogram
	counters              lns.Counters
	admitted, expired     uint64
	withdrawn, superseded uint64
	busy                  time.Duration
	requested             []uint64
}

func (w *World) mark() mark {
	m := mark{at: w.at, groups: make([]storm.Snapshot, len(w.scenario.Groups)), hello: w.hello.latency}
	for _, l := range w.lacs {
		s := l.Snapshot()
		m.groups[l.group].Merge(&s)
	}
	for _, s := range w.servers {
		c := s.engine.Counters()
		m.counters.DearSteps += c.DearSteps
		m.counters.StaleSteps += c.StaleSteps
		a := s.engine.Admission(w.now()).Counters
		m.admitted += a.Admitted
		m.expired += a.Expired
		m.withdrawn += a.Withdrawn
		m.superseded += a.Superseded
		m.busy += s.busy
		m.requested = append(m.requested, c.CallsRequested)
	}
	return m
}

// endPhase notes what came of the phase.
func (w *World) endPhase() {
	from, to := &w.start, w.mark()
	took := time.Duration(w.at - w.began)
	p := PhaseResult{
		Phase: w.scenario.Phases[w.phase], Took: took, Hello: to.hello.Since(&from.hello),
		Dear: to.counters.DearSteps - from.counters.DearSteps, Stale: to.counters.StaleSteps - from.counters.StaleSteps,
		ParkedMost: w.parkedMost, InitMost: w.initMost,
		Busy:     to.busy - from.busy,
		Load:     float64(to.busy-from.busy) / float64(took) / float64(len(w.servers)),
		Admitted: to.admitted - from.admitted, Expired: to.expired - from.expired,
		Withdrawn: to.withdrawn - from.withdrawn, Superseded: to.superseded - from.superseded,
	}
	for g := range to.groups {
		a, b := &from.groups[g], &to.groups[g]
		p.Groups = append(p.Groups, GroupResult{
			Offered: b.CallsOffered - a.CallsOffered, Up: b.CallsUp - a.CallsUp, Failed: b.FailedAll() - a.FailedAll(),
			Dropped: b.DroppedAll() - a.DroppedAll(), TunnelsLost: b.TunnelsLost - a.TunnelsLost, Online: b.Sessions, Setup: b.Setup.Since(&a.Setup),
		})
		if !b.LastUpAt.IsZero() {
			p.LastUp = max(p.LastUp, time.Duration(w.instant(b.LastUpAt)-w.began))
		}
	}
	for i := range to.requested {
		p.Shards = append(p.Shards, to.requested[i]-from.requested[i])
	}
	w.parkedMost, w.initMost = 0, 0
	w.result.Phases = append(w.result.Phases, p)
}

// finish notes what came of it all.
func (w *World) finish() {
	w.checkEnd()
	r := &w.result
	r.Hash, r.Took, r.Packets, r.Inputs, r.Events = uint64(w.hash), time.Duration(w.at), w.network.sent, w.inputs, w.events
	r.Lost, r.Hello, r.HelloLate, r.Control, r.Punts = w.network.lost, w.hello.latency, w.hello.late, w.stay[control], w.stay[punts]
	for _, s := range w.servers {
		c := s.engine.Counters()
		r.Dear += c.DearSteps
		r.Stale += c.StaleSteps
		r.Dropped += s.lost
		for _, n := range s.dropped {
			r.Dropped += n
		}
	}
}

// WriteTo writes a table of the phases, and what was wrong.
func (r *Result) WriteTo(out io.Writer) (int64, error) {
	c := &counter{out: out}
	fmt.Fprintf(c, "%s, seed %d, %d shards: %v of virtual time, %d packets, %d lost on the way, %d found a lane full, hash %016x\n",
		r.Scenario.Name, r.Scenario.Seed, r.Scenario.Shards, r.Took.Round(time.Second), r.Packets, r.Lost, r.Dropped, r.Hash)
	t := tabwriter.NewWriter(c, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "phase\ttook\toffered\tup\tup/s\tfailed\tdropped\ton line\tset-up p50\tp99\tHELLO p99\tstale\tparked\tInit\tload\t")
	for i := range r.Phases {
		p := &r.Phases[i]
		var failed, dropped uint64
		var setup storm.Histogram
		for g := range p.Groups {
			failed += p.Groups[g].Failed
			dropped += p.Groups[g].Dropped
			setup.Merge(&p.Groups[g].Setup)
		}
		fmt.Fprintf(t, "%s\t%.1fs\t%d\t%d\t%.1f\t%d\t%d\t%d\t%v\t%v\t%v\t%.2f%%\t%d\t%d\t%.0f%%\t\n",
			p.Phase.Name, p.Took.Seconds(), p.Offered(), p.Up(), p.Goodput(), failed, dropped, p.Online(),
			round(setup.Quantile(0.5)), round(setup.Quantile(0.99)), round(p.Hello.Quantile(0.99)),
			percent(p.Stale, p.Dear), p.ParkedMost, p.InitMost, 100*p.Load)
	}
	t.Flush()
	for _, f := range r.Faults {
		fmt.Fprintf(c, "FAULT %s\n", f)
	}
	if n := r.FaultsAll - len(r.Faults); n > 0 {
		fmt.Fprintf(c, "and %d more\n", n)
	}
	return c.n, c.err
}

// counter counts octets on their way.
type counter struct {
	out io.Writer
	n   int64
	err error
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.out.Write(b)
	c.n += int64(n)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func round(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d
}
