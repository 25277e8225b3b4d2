// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"holdfast/internal/storm"
)

// run is what was measured on one LNS.
type run struct {
	Recording *storm.Recording `json:"recording"`
	Quiet     storm.Overload   `json:"quiet"`
	Idle      float64          `json:"quiet_cpu"` // processors
	Rows      []row            `json:"rows"`
}

// row is one attack.
type row struct {
	storm.AttackResult
	Honest  storm.Overload `json:"honest"`
	Dropped uint64         `json:"sessions_lost"`
	Lost    uint64         `json:"tunnels_lost"`
	Missing float64        `json:"packets_lost"` // share
	CPU     float64        `json:"cpu"`          // processors
	Drops   drops          `json:"drops"`
	Pause   float64        `json:"pause_ms"` // the longest that the machine stood still
}

// newRun makes the rows of what was recorded. marks are taken at the beginning of
// each phase.
func newRun(r *storm.Recording, marks []mark) *run {
	x := &run{Recording: r}
	var quiet drops
	for i, p := range r.Phases {
		if p.Name != "overload" || i+1 >= len(marks) {
			continue
		}
		cpu := (marks[i+1].cpu - marks[i].cpu).Seconds() / (p.To - p.From)
		n := len(x.Rows)
		if x.Idle == 0 {
			x.Quiet, x.Idle, quiet = r.Overload[0], cpu, marks[i+1].drops.since(marks[i].drops)
			continue
		}
		w := row{AttackResult: r.Attacks[n], Honest: r.Overload[n+1], CPU: cpu, Drops: marks[i+1].drops.since(marks[i].drops).beside(quiet)}
		w.Pause = float64(marks[i+1].pause) / float64(time.Millisecond)
		// Losses are told from the beginning of a phase to the end of the run.
		w.Dropped, w.Lost = w.Honest.Dropped, w.Honest.Lost
		missing := w.Honest.Traffic.Lost
		if n+2 < len(r.Overload) {
			next := &r.Overload[n+2]
			w.Dropped, w.Lost, missing = w.Dropped-next.Dropped, w.Lost-next.Lost, missing-next.Traffic.Lost
		}
		w.Missing = max(0, float64(missing)) / float64(max(w.Honest.Traffic.Sent, 1))
		x.Rows = append(x.Rows, w)
	}
	return x
}

// Kept is the share of the quiet's log-ins that came up during the attack.
func (x *run) Kept(w *row) float64 { return w.Honest.Goodput / x.Quiet.Goodput }

// Bounds of what an attack may do to others.
const (
	keptLeast         = 0.9
	helloMost         = 100 * time.Millisecond // p99
	amplificationMost = 3
	lostMost          = 0.01 // of honest packets
)

// faults says what was lost, or sent to strangers, beyond any bound; and, if the
// machine is quiet and so figures mean something, what was slow.
func (x *run) faults(figures bool) (list []string) {
	if len(x.Rows) == 0 {
		return []string{"no attack was measured"}
	}
	if up := peak(x.Recording); up < x.Recording.Sessions {
		list = append(list, fmt.Sprintf("%d of %d sessions came up", up, x.Recording.Sessions))
	}
	for i := range x.Rows {
		w := &x.Rows[i]
		say := func(bad bool, format string, args ...any) {
			if bad {
				list = append(list, w.Kind+": "+fmt.Sprintf(format, args...))
			}
		}
		say(w.Dropped > 0, "%d established sessions lost", w.Dropped)
		say(w.Lost > 0, "%d tunnels lost", w.Lost)
		say(w.Amplification() > amplificationMost, "%.2f octets back for each", w.Amplification())
		say(w.Sent == 0, "nothing was sent")
		t := &w.Honest.Traffic
		say(t.Corrupt > 0, "%d packets came back changed, or to others", t.Corrupt)
		say(t.Sent > 0 && t.Back == 0, "no packet came back")
		say(w.Honest.Goodput == 0, "no log-in came up")
		say(figures && x.Kept(w) < keptLeast, "%.0f %% of the quiet's log-ins", 100*x.Kept(w))
		slow := float64(helloMost.Milliseconds())
		say(figures && w.Honest.Hello.P99 > slow, "HELLO p99 %s%s", ms(w.Honest.Hello.P99), w.excuse())
		say(figures && t.RoundTrip.P99 > slow, "packets took %s at p99%s", ms(t.RoundTrip.P99), w.excuse())
		say(figures && w.Missing > lostMost, "%.2f %% of the packets were lost%s", 100*w.Missing, w.excuse())
		say(figures && w.Honest.Missed > 0, "%d log-ins not offered", w.Honest.Missed)
	}
	return list
}

// excuse says that the machine stood still for long enough to be the reason.
func (w *row) excuse() string {
	if w.Pause < float64(helloMost.Milliseconds())/2 {
		return ""
	}
	return fmt.Sprintf("; but the machine itself stood still for up to %s", ms(w.Pause))
}

// peak is how many sessions were up at the end of the ramp.
func peak(r *storm.Recording) (up int) {
	for i := range r.Samples {
		up = max(up, r.Samples[i].Up)
	}
	return up
}

// write writes the table.
func (x *run) write(w io.Writer) error {
	q := &x.Quiet
	fmt.Fprintf(w, "%d sessions. In the quiet: %.1f log-ins/s, set up within %s at p50, %s at p99; HELLO %s at p99; "+
		"packets there and back in %s at p99; LNS CPU %.2f.\n",
		x.Recording.Sessions, q.Goodput, ms(q.Setup.P50), ms(q.Setup.P99), ms(q.Hello.P99), ms(q.Traffic.RoundTrip.P99), x.Idle)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join([]string{
		"attack", "asked/s", "sent/s", "octets back for each", "established lost", "tunnels lost", "HELLO p99",
		"log-ins up/s", "over quiet", "p50", "p99", "packets/s", "lost %", "p99", "LNS CPU", "standstill", "where packets and calls ended",
	}, "\t"))
	for i := range x.Rows {
		r := &x.Rows[i]
		h := &r.Honest
		took := h.To - h.From
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.2f\t%d\t%d\t%s\t%.1f\t%.3f\t%s\t%s\t%.0f\t%.2f\t%s\t%.2f\t%s\t%s\n",
			r.Kind, r.Rate, float64(r.Sent)/took, r.Amplification(), r.Dropped, r.Lost, ms(h.Hello.P99),
			h.Goodput, x.Kept(r), ms(h.Setup.P50), ms(h.Setup.P99),
			float64(h.Traffic.Sent)/took, 100*r.Missing, ms(h.Traffic.RoundTrip.P99), r.CPU, ms(r.Pause), r.Drops.text())
	}
	return t.Flush()
}

func ms(v float64) string { return fmt.Sprintf("%.1f ms", v) }
