// SPDX-License-Identifier: Apache-2.0

package report

import (
	"maps"
	"slices"

	"holdfast/internal/storm"
)

// row is one kind of picture, drawn for every run on the same scale of values.
type row struct {
	title, note, unit string
	curves            func(r *storm.Recording) []curve
	log               bool
	where             func(runs []*storm.Recording) bool // there is something to be seen; nil: always
}

func rows() []row {
	return []row{
		{title: "Subscribers in Init and Active", unit: "subscribers", curves: population,
			note: "As the LNS counts them, or the callers where it does not say. A call that waits to be set up is in Init."},
		{title: "Calls offered and calls that came up", unit: "calls a second", curves: goodput,
			note: "Came up: with an address, within the caller's patience."},
		{title: "Set-up time and acknowledgement of HELLO", unit: "ms, logarithmic", curves: latency, log: true,
			note: "Of the calls that came up; of HELLOs through tunnels whose link was there."},
		{title: "Calls that failed, by cause", unit: "calls a second", curves: failures,
			note: "As their callers saw it."},
		{title: "Tunnels that are up, and how many have been lost", unit: "tunnels", curves: tunnels,
			note: "As the LACs see them. One that is opened again and lost again counts twice.", where: anyTunnelLost},
		{title: "L2TP control messages, and those that policers dropped", unit: "messages a second, logarithmic", curves: policed, log: true,
			note: "As the LNS counts them.", where: anyPoliced},
	}
}

// take makes a curve of the samples; those without a value are left out.
func take(r *storm.Recording, name string, colour int, value func(s *storm.Sample) (float64, bool)) curve {
	c := curve{name: name, colour: colour}
	for i := range r.Samples {
		if v, ok := value(&r.Samples[i]); ok {
			c.points = append(c.points, point{r.Samples[i].At, v})
		}
	}
	return c
}

func population(r *storm.Recording) []curve {
	list := []curve{
		take(r, "Active", 1, func(s *storm.Sample) (float64, bool) { return float64(s.Active()), true }),
		take(r, "Init", 2, func(s *storm.Sample) (float64, bool) { return float64(s.Init()), true }),
	}
	calling := take(r, "callers who wait", 3, func(s *storm.Sample) (float64, bool) { return float64(s.InFlight), s.LNS != nil })
	if calling.dashed = true; len(calling.points) > 0 {
		list = append(list, calling)
	}
	return list
}

func goodput(r *storm.Recording) []curve {
	offered := take(r, "offered", 3, func(s *storm.Sample) (float64, bool) { return s.Offered, true })
	offered.dashed = true
	return []curve{offered, take(r, "came up", 1, func(s *storm.Sample) (float64, bool) { return s.Came, true })}
}

func latency(r *storm.Recording) []curve {
	list := []curve{
		take(r, "set-up p50", 1, func(s *storm.Sample) (float64, bool) { return s.SetupP50, s.SetupP50 > 0 }),
		take(r, "set-up p99", 2, func(s *storm.Sample) (float64, bool) { return s.SetupP99, s.SetupP99 > 0 }),
		take(r, "HELLO p99", 4, func(s *storm.Sample) (float64, bool) { return s.HelloP99, s.HelloP99 > 0 }),
	}
	list[2].dashed = true
	return slices.DeleteFunc(list, func(c curve) bool { return len(c.points) == 0 })
}

func tunnels(r *storm.Recording) []curve {
	return []curve{
		take(r, "up", 1, func(s *storm.Sample) (float64, bool) { return float64(s.Tunnels), true }),
		take(r, "lost so far", 2, func(s *storm.Sample) (float64, bool) { return float64(s.TunnelsLost), true }),
	}
}

func anyTunnelLost(runs []*storm.Recording) bool {
	return slices.ContainsFunc(runs, func(r *storm.Recording) bool {
		n := len(r.Samples)
		return n > 0 && r.Samples[n-1].TunnelsLost > 0
	})
}

// causeColour gives a cause the same colour in every picture.
func causeColour(name string) int {
	for i, c := range []storm.Cause{storm.NoAnswer, storm.Refused, storm.LCPTimeout, storm.AuthTimeout, storm.NCPTimeout, storm.TunnelLost} {
		if c.String() == name {
			return i + 1
		}
	}
	return 3
}

// failures stacks the causes, each on what lies below it.
func failures(r *storm.Recording) (list []curve) {
	names := map[string]bool{}
	for i := range r.Samples {
		for name := range r.Samples[i].Causes {
			names[name] = true
		}
	}
	base := make([]point, len(r.Samples))
	for i := range r.Samples {
		base[i].x = r.Samples[i].At
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c := curve{name: name, colour: causeColour(name), base: base, points: slices.Clone(base)}
		for i := range r.Samples {
			interval := r.Samples[i].At
			if i > 0 {
				interval -= r.Samples[i-1].At
			}
			if interval > 0 {
				c.points[i].y += float64(r.Samples[i].Causes[name]) / interval
			}
		}
		base = c.points
		list = append(list, c)
	}
	return list
}

// policed is what came at the policers, and what they dropped if they did.
func policed(r *storm.Recording) []curve {
	came, dropped := curve{name: "came", colour: 3, dashed: true}, curve{name: "dropped", colour: 2}
	var last *storm.Sample
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.LNS == nil {
			continue
		}
		if last != nil && s.At > last.At {
			interval := s.At - last.At
			came.points = append(came.points, point{s.At, float64(s.LNS.Control-last.LNS.Control) / interval})
			dropped.points = append(dropped.points, point{s.At, float64(s.LNS.Policed-last.LNS.Policed) / interval})
		}
		last = s
	}
	if last == nil || last.LNS.Policed == 0 {
		return []curve{came}
	}
	return []curve{came, dropped}
}

// anyPoliced: policers dropped something in one of the runs.
func anyPoliced(runs []*storm.Recording) bool {
	return slices.ContainsFunc(runs, func(r *storm.Recording) bool {
		return slices.ContainsFunc(r.Samples, func(s storm.Sample) bool { return s.LNS != nil && s.LNS.Policed > 0 })
	})
}

// bands are the phases that a reader has to see in the curves.
func bands(r *storm.Recording) (list []band) {
	for _, p := range r.Phases {
		switch p.Name {
		case "flap":
			list = append(list, band{"link cut", p.From, p.To})
		case "overload", "monkey", "measure":
			list = append(list, band{p.Text, p.From, p.To})
		}
	}
	for _, m := range r.Marks {
		list = append(list, band{m.Text, m.From, m.To})
	}
	return list
}

// draw makes one row's pictures, one for each run.
func (w *row) draw(runs []*storm.Recording) (list []chart) {
	end, most, least := 0.0, 0.0, 1e12
	for _, r := range runs {
		c := chart{title: w.title, unit: w.unit, curves: w.curves(r), bands: bands(r)}
		for _, k := range c.curves {
			for _, p := range k.points {
				end, most = max(end, p.x), max(most, p.y)
				if p.y > 0 {
					least = min(least, p.y)
				}
			}
		}
		list = append(list, c)
	}
	y := linear(most, 5)
	if w.log {
		y = decades(min(least, most), most)
	}
	for i := range list {
		list[i].x, list[i].y = linear(end, 6), y
		list[i].x.high = max(end, 1)
	}
	return list
}
