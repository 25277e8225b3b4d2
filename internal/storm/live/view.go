// SPDX-License-Identifier: Apache-2.0

package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/internal/storm"
)

// labelWidth is what stands before and behind a curve.
const labelWidth = 28

// picture is the whole screen.
func (m model) picture() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", m.title)
	for i := range m.before {
		f := &m.before[i]
		fmt.Fprintf(&b, "\n%s (over)\n", f.Name)
		m.curves(&b, f.Run, f.samples)
	}
	if m.run.Name == "" {
		return b.String()
	}
	fmt.Fprintf(&b, "\n%s: %d tunnels, %d sessions", m.run.Name, m.run.Tunnels, m.run.Sessions)
	if n := len(m.samples); n > 0 {
		fmt.Fprintf(&b, "  %.0f s  %s\n", m.samples[n-1].At, m.phase)
		m.curves(&b, m.run, m.samples)
		m.table(&b, &m.samples[n-1])
		m.causes(&b)
	} else {
		fmt.Fprintf(&b, "  %s\n", m.phase)
	}
	return b.String()
}

// curves draws Init and Active on one scale.
func (m model) curves(b *strings.Builder, run Run, samples []storm.Sample) {
	starting, active := make([]int, len(samples)), make([]int, len(samples))
	top, peak, last := run.Sessions, 0, 0
	for i := range samples {
		starting[i], active[i] = samples[i].Init(), samples[i].Active()
		top = max(top, starting[i], active[i])
		peak, last = max(peak, starting[i]), starting[i]
	}
	width := max(m.width-labelWidth, 10)
	fmt.Fprintf(b, "  Init   %s %d, peak %d\n", spark(starting, width, top), last, peak)
	if n := len(active); n > 0 {
		fmt.Fprintf(b, "  Active %s %d\n", spark(active, width, top), active[n-1])
	}
}

// table is what is going on now, in words and numbers.
func (m model) table(b *strings.Builder, s *storm.Sample) {
	row := func(cells ...any) {
		fmt.Fprintf(b, "  %-11s %9v   %-11s %9v   %-11s %9v\n", cells...)
	}
	b.WriteByte('\n')
	row("up", s.Up, "in flight", s.InFlight, "tunnels", s.Tunnels)
	row("offered/s", whole(s.Offered), "came up/s", whole(s.Came), "failed/s", whole(s.Failed))
	row("p50 ms", decimal(s.SetupP50), "p99 ms", decimal(s.SetupP99), "hello p99", decimal(s.HelloP99))
	if v := s.LNS; v != nil {
		row("LNS Init", v.Init, "LNS Active", v.Active, "requests", v.Requests)
		row("parked", v.Parked, "slots", v.Slots, "stale steps", v.StaleSteps)
		if len(v.Alarms) > 0 {
			fmt.Fprintf(b, "  alarms of the LNS: %s\n", strings.Join(v.Alarms, ", "))
		}
	}
	if s.Sent > 0 {
		row("sent/s", whole(s.Sent), "back/s", whole(s.Back), "dropped/s", whole(s.Dropped))
	}
}

// causes lists why calls have failed in this run, the most frequent first.
func (m model) causes(b *strings.Builder) {
	sum := map[string]uint64{}
	for i := range m.samples {
		for name, n := range m.samples[i].Causes {
			sum[name] += n
		}
	}
	if len(sum) == 0 {
		return
	}
	names := slices.SortedFunc(maps.Keys(sum), func(x, y string) int {
		return cmp.Or(cmp.Compare(sum[y], sum[x]), cmp.Compare(x, y))
	})
	b.WriteString("\n  failed:")
	for _, name := range names[:min(len(names), 4)] {
		fmt.Fprintf(b, " %s %d;", name, sum[name])
	}
	b.WriteByte('\n')
}

func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

// decimal is a time in ms, or a dash for none.
func decimal(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", v)
}
