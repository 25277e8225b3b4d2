// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"holdfast/internal/storm"
)

// line is one line of the closing table: a name and a value for each run.
type line struct {
	name   string
	values []string
}

// lines is the closing table. Lines that no run has a value for are left out.
func lines(runs []*storm.Recording) (list []line) {
	add := func(name string, value func(r *storm.Recording) string) {
		l, some := line{name: name}, false
		for _, r := range runs {
			v := value(r)
			some = some || v != ""
			l.values = append(l.values, cmp.Or(v, "-"))
		}
		if some {
			list = append(list, l)
		}
	}
	for _, name := range factNames(runs) {
		add(name, func(r *storm.Recording) string {
			for _, f := range r.Facts {
				if f.Name == name {
					return f.Value
				}
			}
			return ""
		})
	}
	add("tunnels, sessions", func(r *storm.Recording) string { return fmt.Sprintf("%d, %d", r.Tunnels, r.Sessions) })
	for _, o := range outageLines {
		add(o.name, func(r *storm.Recording) string {
			if len(r.Outages) == 0 {
				return ""
			}
			return o.value(&r.Outages[len(r.Outages)-1])
		})
	}
	add("tunnels lost in all", func(r *storm.Recording) string { return fmt.Sprint(r.Lost) })
	add("set-up time", func(r *storm.Recording) string { return quantiles(r.Setup) })
	add("HELLO acknowledged", func(r *storm.Recording) string { return quantiles(r.Hello) })
	add("alarms raised by the LNS", func(r *storm.Recording) string { return strings.Join(r.Alarms(), ", ") })
	for _, name := range causes(runs) {
		add("calls failed: "+name, func(r *storm.Recording) string { return fmt.Sprint(r.Failed[name]) })
	}
	for _, x := range refusals(runs) {
		add("CDNs: "+x.String(), func(r *storm.Recording) string { return fmt.Sprint(r.Refusals.Count(x)) })
	}
	return list
}

var outageLines = []struct {
	name  string
	value func(o *storm.Outage) string
}{
	{"sessions dropped by the cut", func(o *storm.Outage) string { return fmt.Sprintf("%d of %d", o.Dropped, o.Touched) }},
	{"sessions lost elsewhere", func(o *storm.Outage) string { return fmt.Sprintf("%d of %d", o.UntouchedLost, o.Untouched) }},
	{"tunnels lost", func(o *storm.Outage) string { return fmt.Sprint(o.TunnelsLost) }},
	{"Init at most", func(o *storm.Outage) string { return fmt.Sprint(o.InitPeak) }},
	{"up at the end", func(o *storm.Outage) string { return fmt.Sprintf("%d of %d", o.ActiveAtEnd, o.Before) }},
	{"all back after the link was", func(o *storm.Outage) string {
		if o.BackAfter < 0 {
			return "never"
		}
		return fmt.Sprintf("%.1f s", o.BackAfter)
	}},
	{"behind modems' own schedule", func(o *storm.Outage) string { return quantiles(o.BehindSchedule) }},
	{"work for callers who had left", func(o *storm.Outage) string { return percent(o.Stale) }},
}

// factNames are the names of the runs' facts, in the order in which they first occur.
func factNames(runs []*storm.Recording) (names []string) {
	for _, r := range runs {
		for _, f := range r.Facts {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

func quantiles(q storm.Quantiles) string {
	if q.Max == 0 {
		return ""
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s", milliseconds(q.P50), milliseconds(q.P99), milliseconds(q.Max))
}

func milliseconds(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.1f s", v/1000)
	case v >= 10:
		return fmt.Sprintf("%.0f ms", v)
	default:
		return fmt.Sprintf("%.1f ms", v)
	}
}

// percent writes a share; negative: not known.
func percent(share float64) string {
	if share < 0 {
		return ""
	}
	return fmt.Sprintf("%.2f %%", 100*share)
}

// causes are those for which calls have failed in some run, the most frequent first.
func causes(runs []*storm.Recording) []string {
	sum := map[string]uint64{}
	for _, r := range runs {
		for name, n := range r.Failed {
			sum[name] += n
		}
	}
	return slices.SortedFunc(maps.Keys(sum), func(a, b string) int { return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(a, b)) })
}

// refusals are what CDNs have said in some run, the most frequent first.
func refusals(runs []*storm.Recording) (list []storm.Refusal) {
	var sum storm.Refusals
	for _, r := range runs {
		sum.Merge(r.Refusals)
	}
	for _, x := range sum.Sorted() {
		list = append(list, x.Refusal)
	}
	return list
}

// WriteTable writes the closing table as text, and that of overloads if there were any.
func WriteTable(w io.Writer, runs []*storm.Recording) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := []string{""}
	for _, r := range runs {
		head = append(head, r.Name)
	}
	fmt.Fprintln(t, strings.Join(head, "\t"))
	for _, l := range lines(runs) {
		fmt.Fprintln(t, l.name+"\t"+strings.Join(l.values, "\t"))
	}
	err := t.Flush()
	if err == nil && len(overloads(runs)) > 0 {
		fmt.Fprintln(w)
		err = WriteOverloads(w, runs)
	}
	if err == nil && len(attacks(runs)) > 0 {
		fmt.Fprintln(w)
		err = writeRows(w, attackHead, attacks(runs))
	}
	return err
}

// WriteOverloads writes only the table of overloads.
func WriteOverloads(w io.Writer, runs []*storm.Recording) error {
	return writeRows(w, overloadHead, overloads(runs))
}

func writeRows(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

var attackHead = []string{"run", "attack", "rate/s", "sent", "octets", "back", "octets", "amplification", "tunnels up"}

// attacks is the table of attacks, a line each.
func attacks(runs []*storm.Recording) (table [][]string) {
	for _, r := range runs {
		for i := range r.Attacks {
			a := &r.Attacks[i]
			table = append(table, []string{
				r.Name, a.Kind, fmt.Sprintf("%.0f", a.Rate), fmt.Sprint(a.Sent), fmt.Sprint(a.SentBytes), fmt.Sprint(a.Back), fmt.Sprint(a.BackBytes),
				fmt.Sprintf("%.2f", a.Amplification()), fmt.Sprint(a.Tunnels),
			})
		}
	}
	return table
}

var overloadHead = []string{"run", "times", "capacity/s", "offered/s", "goodput/s",
	"share", "bound", "set-up p99", "others' goodput", "others' p99", "HELLO p99", "tunnels lost", "stale", "missed", "quiet after"}

// overloads is the table of overloads, a line each.
func overloads(runs []*storm.Recording) (table [][]string) {
	for _, r := range runs {
		for i := range r.Overload {
			o := &r.Overload[i]
			bound, quiet, times := "-", "never", fmt.Sprintf("%g", o.Times)
			if o.Greedy > 1 {
				times += fmt.Sprintf(", first LAC %g:1", o.Greedy)
			}
			if v := o.Bound(); v >= 0 {
				bound = fmt.Sprintf("%.3f", v)
			}
			if o.Settled >= 0 {
				quiet = fmt.Sprintf("%.1f s", o.Settled)
			}
			table = append(table, []string{
				r.Name, times, fmt.Sprintf("%.0f", o.Capacity), fmt.Sprintf("%.0f", o.Offered), fmt.Sprintf("%.1f", o.Goodput),
				fmt.Sprintf("%.3f", o.Share()), bound, milliseconds(o.Setup.P99),
				fmt.Sprintf("%.0f%%", 100*o.OthersGoodput/max(o.OthersOffered, 1e-9)), milliseconds(o.OthersSetup.P99), milliseconds(o.Hello.P99), fmt.Sprint(o.Lost),
				cmp.Or(percent(o.Stale), "-"), fmt.Sprint(o.Missed), quiet,
			})
		}
	}
	return table
}
