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

// mark is the processor time that the LNS had spent when a phase began.
type mark struct {
	text string
	cpu  time.Duration
}

// sweep is what a sweep has measured.
type sweep struct {
	Recording *storm.Recording `json:"recording"`
	Quiet     storm.Quantiles  `json:"quiet_ms"` // set-up of the probe before
	SetUp     time.Duration    `json:"setup_ns"` // processor time of the LNS for a call that is set up
	Rows      []row            `json:"rows"`
}

// row is one multiple.
type row struct {
	storm.Overload
	Cheap  time.Duration   `json:"cheap_ns"`  // c: processor time of the LNS, all threads, for a call that is not set up; 0: there were too few
	Behind storm.Quantiles `json:"behind_ms"` // set-up of the calls offered in the two seconds after its end
	After  storm.Quantiles `json:"after_ms"`  // and of those offered from then on
}

// Bound is 1 - k*c/s with s one over the capacity, both as measured: of what was
// really offered, and with c of all threads, of which one only does dear work.
func (r *row) Bound() float64 { return max(0, 1-r.Offered*r.Cheap.Seconds()) }

// newSweep makes the table of what was recorded: the probe in the quiet, then
// three phases for each multiple.
func newSweep(r *storm.Recording, marks []mark, times int) *sweep {
	x := &sweep{Recording: r}
	if len(r.Overload) < 1+3*times {
		return x
	}
	spent := func(n int, phase string) time.Duration { // in the n-th phase of that kind
		for i := 0; i+1 < len(marks); i++ {
			if strings.HasPrefix(marks[i].text, phase) {
				if n--; n < 0 {
					return marks[i+1].cpu - marks[i].cpu
				}
			}
		}
		return 0
	}
	x.SetUp = spent(0, "measure") / time.Duration(max(came(r, "measure"), 1))
	x.Quiet = r.Overload[0].Fresh
	for i := range times {
		o := &r.Overload[1+3*i]
		w := row{Overload: *o, Behind: r.Overload[2+3*i].Fresh, After: r.Overload[3+3*i].Fresh}
		took := o.To - o.From
		if turned := (o.Offered - o.Goodput) * took; turned > 2*o.Goodput*took {
			cheap := spent(1+3*i, "overload") - time.Duration(o.Goodput*took)*x.SetUp
			w.Cheap = max(0, time.Duration(float64(cheap)/turned))
		}
		x.Rows = append(x.Rows, w)
	}
	return x
}

// came is how many calls came up in a phase.
func came(r *storm.Recording, phase string) (n int) {
	last := 0.0
	for i := range r.Samples {
		if s := &r.Samples[i]; s.Phase == phase {
			n += int(s.Came*(s.At-last) + 0.5)
		}
		last = r.Samples[i].At
	}
	return n
}

// write writes the table.
func (x *sweep) write(w io.Writer) error {
	fmt.Fprintf(w, "A call that is set up costs the LNS %v of processor time. A fifth of the capacity, in the quiet: set up within %s at p50, %s at p99.\n",
		x.SetUp.Round(time.Microsecond), ms(x.Quiet.P50), ms(x.Quiet.P99))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join([]string{
		"times", "capacity/s", "offered/s", "goodput/s", "share", "c", "s", "1-k*c/s", "set-up p99", "HELLO p99", "tunnels lost", "stale", "missed",
		"callers 0-2 s after, p99", "from 2 s after, p50", "p99",
	}, "\t"))
	for i := range x.Rows {
		r := &x.Rows[i]
		c, bound := "-", "-"
		if r.Cheap > 0 {
			c, bound = fmt.Sprintf("%.1f us", r.Cheap.Seconds()*1e6), fmt.Sprintf("%.3f", r.Bound())
		}
		stale := "-"
		if r.Stale >= 0 {
			stale = fmt.Sprintf("%.2f %%", 100*r.Stale)
		}
		fmt.Fprintf(t, "%g\t%.0f\t%.0f\t%.1f\t%.3f\t%s\t%.0f us\t%s\t%s\t%s\t%d\t%s\t%d\t%s\t%s\t%s\n",
			r.Times, r.Capacity, r.Offered, r.Goodput, r.Share(), c, 1e6/r.Capacity, bound, ms(r.Setup.P99), ms(r.Hello.P99),
			r.Lost, stale, r.Missed, ms(r.Behind.P99), ms(r.After.P50), ms(r.After.P99))
	}
	return t.Flush()
}

func ms(v float64) string { return fmt.Sprintf("%.1f ms", v) }
