// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Point is how things stand at one moment. What is counted is counted since the
// world began.
type Point struct {
	At       time.Duration
	Phase    string
	Init     int           // calls in set-up, as the LNS sees them
	Groups   []GroupPoint  // by group
	Received uint64        // L2TP control messages that came at the policers
	Policed  uint64        // of these: dropped by them
	Busy     time.Duration // how long the servers worked
}

// GroupPoint is a group's part in it.
type GroupPoint struct {
	Online, Tunnels      int
	Offered, Up, Dropped uint64 // calls; sessions lost
	TunnelsLost          uint64
}

// Total is the sum over all groups.
func (p *Point) Total() (t GroupPoint) {
	for i := range p.Groups {
		g := &p.Groups[i]
		t.Online += g.Online
		t.Tunnels += g.Tunnels
		t.Offered += g.Offered
		t.Up += g.Up
		t.Dropped += g.Dropped
		t.TunnelsLost += g.TunnelsLost
	}
	return t
}

// point takes one down when it is time.
func (w *World) point() {
	every := instant(w.scenario.CurveEvery)
	if every == 0 || w.at%every != 0 || w.phase >= len(w.scenario.Phases) {
		return
	}
	p := Point{
		At: time.Duration(w.at), Phase: w.scenario.Phases[w.phase].Name, Groups: make([]GroupPoint, len(w.scenario.Groups)),
		Received: w.front.received, Policed: w.front.dropped,
	}
	for _, l := range w.lacs {
		s, g := l.Snapshot(), &p.Groups[l.group]
		g.Online += s.Sessions
		g.Tunnels += s.Tunnels
		g.Offered += s.CallsOffered
		g.Up += s.CallsUp
		g.Dropped += s.DroppedAll()
		g.TunnelsLost += s.TunnelsLost
	}
	for _, s := range w.servers {
		p.Init += s.engine.Starting()
		p.Busy += s.busy
	}
	w.result.Curve = append(w.result.Curve, p)
}

// WriteCurve writes the curve as a table: how things stand, and what came of each
// interval.
func (r *Result) WriteCurve(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "at\tphase\tActive\tInit\ttunnels\tlost\tmessages/s\tdropped\toffered/s\tup/s\tsessions lost\tload\t")
	var last Point
	for i := range r.Curve {
		p := &r.Curve[i]
		a, b := last.Total(), p.Total()
		seconds := (p.At - last.At).Seconds()
		received := p.Received - last.Received
		fmt.Fprintf(t, "%.0fs\t%s\t%d\t%d\t%d\t%d\t%.0f\t%.0f%%\t%.0f\t%.1f\t%d\t%.0f%%\t\n", p.At.Seconds(), p.Phase,
			b.Online, p.Init, b.Tunnels, b.TunnelsLost, float64(received)/seconds, percent(p.Policed-last.Policed, received),
			float64(b.Offered-a.Offered)/seconds, float64(b.Up-a.Up)/seconds, b.Dropped,
			100*(p.Busy-last.Busy).Seconds()/seconds/float64(r.Scenario.Shards))
		last = *p
	}
	return t.Flush()
}
