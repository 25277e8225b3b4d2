// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"

	"holdfast/internal/storm"
)

// policedSpan is when the policer was in force: from the second of two recoveries
// until the end.
func policedSpan(r *storm.Recording) (from, to float64) {
	for _, p := range r.Phases {
		if p.Name == "recover" {
			from = p.From
		}
		to = p.To
	}
	return from, to
}

// upAt is how many modems were up at a time of the run.
func upAt(r *storm.Recording, at float64) (n int) {
	for i := range r.Samples {
		if s := &r.Samples[i]; s.At <= at {
			n = s.Up
		}
	}
	return n
}

// stretch is what happened in a part of a run.
type stretch struct {
	seconds          float64
	up, gained       int // at its end, and how many more than at its beginning
	offered, came    float64
	tunnelsLost      uint64
	allBack          float64 // seconds after its beginning until as many were up as before the outage; negative: they were not
	control, policed uint64
	hello            float64 // the worst p99 of a second, ms
}

// measure looks at a part of a run; goal is how many were up before the outage.
func measure(r *storm.Recording, from, to float64, goal int) (x stretch) {
	x.allBack = -1
	last, views := storm.Sample{}, []*storm.LNSView(nil)
	for i := range r.Samples {
		s := r.Samples[i]
		if s.At > to {
			break
		}
		if s.At <= from || last.At == 0 {
			last, views = s, []*storm.LNSView{s.LNS}
			continue
		}
		interval := s.At - last.At
		x.seconds += interval
		x.offered += s.Offered * interval
		x.came += s.Came * interval
		x.gained += s.Up - last.Up
		x.tunnelsLost += s.TunnelsLost - last.TunnelsLost
		if x.allBack < 0 && s.Up >= goal {
			x.allBack = s.At - from
		}
		x.hello = max(x.hello, s.HelloP99)
		if s.LNS != nil {
			views = append(views, s.LNS)
		}
		last = s
	}
	x.up = last.Up
	if n := len(views); n > 1 && views[0] != nil {
		x.control, x.policed = views[n-1].Control-views[0].Control, views[n-1].Policed-views[0].Policed
	}
	return x
}

// calls is what was offered in a second and what came of it.
func (x *stretch) calls() (offered, came float64) {
	seconds := max(x.seconds, 1e-9)
	return x.offered / seconds, x.came / seconds
}

// policerText says what the policer did to the run that had it: what was measured
// before it, and then.
func (d *outage) policerText() (list []string) {
	for _, r := range d.runs {
		if len(r.Marks) == 0 || len(r.Outages) == 0 {
			continue
		}
		o := &r.Outages[0]
		from, to := r.Marks[0].From, r.Marks[0].To
		before, with := measure(r, o.To, from, o.Before), measure(r, from, to, o.Before)
		list = append(list, fmt.Sprintf("The policer in %q: %s, and %d of %d modems were up at the end; %s, and %d of %d were up. %s",
			r.Name, before.text("before it", "calls a second "), before.up, o.Before, with.text("with it", ""), with.up, o.Before,
			with.outlook(r, to, o.Before)+with.sideEffect()))
	}
	return list
}

func (x *stretch) text(when, unit string) string {
	offered, came := x.calls()
	return fmt.Sprintf("in the %.0f s %s %.0f %swere offered and %.0f came up", x.seconds, when, offered, unit, came)
}

// outlookSeconds is how far back a pace is measured: it changes over minutes.
const outlookSeconds = 60

// outlook is when all were back, or how long the rest would take at the same pace.
func (x *stretch) outlook(r *storm.Recording, to float64, goal int) string {
	if x.allBack >= 0 {
		return fmt.Sprintf("All were back %s after it had come. ", roughly(time.Duration(x.allBack*float64(time.Second))))
	}
	pace, late := "At that pace", *x
	if x.seconds > outlookSeconds {
		pace, late = "At the pace of the last minute", measure(r, to-outlookSeconds, to, goal)
	}
	left := goal - late.up
	if left <= 0 || late.gained <= 0 {
		return ""
	}
	more := time.Duration(float64(left) / float64(late.gained) * late.seconds * float64(time.Second))
	return fmt.Sprintf("%s the other %d would have needed %s more. ", pace, left, roughly(more))
}

// roughly is a time as it is said.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	default:
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
}

// sideEffect is what it dropped, and what became of HELLOs and tunnels.
func (x *stretch) sideEffect() string {
	hello := "No HELLO was acknowledged in that time"
	if x.hello > 0 {
		hello = fmt.Sprintf("The acknowledgement of a HELLO took up to %.1f s (p99 of a second)", x.hello/1000)
	}
	return fmt.Sprintf("It dropped %d of %d L2TP messages. %s; %d tunnels were lost.", x.policed, x.control, hello, x.tunnelsLost)
}
