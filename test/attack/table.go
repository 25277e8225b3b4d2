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
	CPU     float64        `json:"cpu"` // processors
	Drops   drops          `json:"drops"`
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
		// Losses are told from the beginning of a phase to the end of the run.
		w.Dropped, w.Lost = w.Honest.Dropped, w.Honest.Lost
		if n+2 < len(r.Overload) {
			w.Dropped, w.Lost = w.Dropped-r.Overload[n+2].Dropped, w.Lost-r.Overload[n+2].Lost
		}
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
		say(w.Honest.Goodput == 0, "no log-in came up")
		say(figures && x.Kept(w) < keptLeast, "%.0f %% of the quiet's log-ins", 100*x.Kept(w))
		say(figures && w.Honest.Hello.P99 > float64(helloMost.Milliseconds()), "HELLO p99 %s", ms(w.Honest.Hello.P99))
		say(figures && w.Honest.Missed > 0, "%d log-ins not offered", w.Honest.Missed)
	}
	return list
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
	fmt.Fprintf(w, "%d sessions. In the quiet: %.1f log-ins/s, set up within %s at p50, %s at p99; HELLO %s at p99; LNS CPU %.2f.\n",
		x.Recording.Sessions, q.Goodput, ms(q.Setup.P50), ms(q.Setup.P99), ms(q.Hello.P99), x.Idle)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join([]string{
		"attack", "sent/s", "octets back for each", "established lost", "tunnels lost", "HELLO p99",
		"log-ins up/s", "over quiet", "p50", "p99", "LNS CPU", "where packets and calls ended",
	}, "\t"))
	for i := range x.Rows {
		r := &x.Rows[i]
		h := &r.Honest
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%d\t%d\t%s\t%.1f\t%.3f\t%s\t%s\t%.2f\t%s\n",
			r.Kind, float64(r.Sent)/(h.To-h.From), r.Amplification(), r.Dropped, r.Lost, ms(h.Hello.P99),
			h.Goodput, x.Kept(r), ms(h.Setup.P50), ms(h.Setup.P99), r.CPU, r.Drops.text())
	}
	return t.Flush()
}

func ms(v float64) string { return fmt.Sprintf("%.1f ms", v) }
