// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Recording is one run from its beginning to its end, second by second.
type Recording struct {
	Name     string   `json:"name"` // what tells this run from others: "admission off"
	LNS      []string `json:"lns"`
	LACs     int      `json:"lacs"`
	Tunnels  int      `json:"tunnels"`
	Sessions int      `json:"sessions"`
	Seed     uint64   `json:"seed"`
	Patience float64  `json:"patience_seconds"` // negative: endless

	Facts []Fact `json:"facts,omitempty"` // what was different about this run

	Phases   []Span         `json:"phases"`
	Marks    []Span         `json:"marks,omitempty"` // what else its maker wants to be seen in the curves
	Samples  []Sample       `json:"samples"`
	Outages  []Outage       `json:"outages,omitempty"`
	Overload []Overload     `json:"overload,omitempty"`
	Attacks  []AttackResult `json:"attacks,omitempty"`

	Setup  Quantiles         `json:"setup_ms"`
	Hello  Quantiles         `json:"hello_ms"`
	Failed map[string]uint64 `json:"calls_failed"`
	Lost   uint64            `json:"tunnels_lost"`
	Socket SocketResult      `json:"socket"`

	Refusals Refusals `json:"refusals"` // what CDNs said that ended calls and sessions
}

// Fact is something about a run that only its maker knows.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Span is a phase of a run; times are seconds since the run began.
type Span struct {
	Name string  `json:"name"` // its first word
	Text string  `json:"text"` // as the scenario has it
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Sample is the state of a run at one moment, and what came in the second before.
type Sample struct {
	At    float64 `json:"t"` // seconds since the run began
	Phase string  `json:"phase"`

	Up       int `json:"up"`        // modems that are online
	InFlight int `json:"in_flight"` // calls offered, and neither up nor ended
	Tunnels  int `json:"tunnels"`

	TunnelsLost uint64 `json:"tunnels_lost"` // since the run began

	Offered float64           `json:"offered_per_second"`
	Came    float64           `json:"up_per_second"`
	Failed  float64           `json:"failed_per_second"`
	Dropped float64           `json:"dropped_per_second"`
	Causes  map[string]uint64 `json:"failed_by_cause,omitempty"` // since the sample before

	SetupP50 float64 `json:"setup_p50_ms"` // of the calls that came up since the sample before
	SetupP99 float64 `json:"setup_p99_ms"`
	HelloP50 float64 `json:"hello_p50_ms"` // HELLO sent to its acknowledgement; zero: none
	HelloP99 float64 `json:"hello_p99_ms"`
	Sent     float64 `json:"packets_sent_per_second"`
	Back     float64 `json:"packets_back_per_second"`

	LNS *LNSView `json:"lns,omitempty"` // nil: the LNS does not say, or not in time
}

// LNSView is what the LNS says of itself.
type LNSView struct {
	Init        int    `json:"init"` // parked calls are in it
	Configured  int    `json:"configured"`
	Active      int    `json:"active"`
	Terminating int    `json:"terminating"`
	Tunnels     int    `json:"tunnels"`
	Requests    uint64 `json:"authentication_requests"` // since its start
	Parked      int    `json:"parked"`
	Slots       int    `json:"slots"`
	DearSteps   uint64 `json:"dear_steps"`  // of set-ups, since its start
	StaleSteps  uint64 `json:"stale_steps"` // of those, for callers who had left
	Control     uint64 `json:"control"`     // L2TP control messages, and what pretended to be, since its start
	Policed     uint64 `json:"policed"`     // of those, dropped by policers

	Alarms []string `json:"alarms,omitempty"` // that were set
}

// Outage is what a cut of the link did.
type Outage struct {
	From           float64   `json:"from"`
	To             float64   `json:"to"`
	Before         int       `json:"sessions_before"`
	Touched        int       `json:"sessions_behind_the_cut"`
	Dropped        uint64    `json:"sessions_dropped_behind_the_cut"`
	Untouched      int       `json:"sessions_elsewhere"`
	UntouchedLost  uint64    `json:"sessions_dropped_elsewhere"`
	TunnelsLost    uint64    `json:"tunnels_lost"`
	InitPeak       int       `json:"init_peak"`       // from the cut until all were back
	ActiveAtEnd    int       `json:"up_at_the_end"`   // of the run
	BackAfter      float64   `json:"back_after"`      // seconds from the end of the cut until as many were up as before; negative: never
	BehindSchedule Quantiles `json:"behind_schedule"` // a modem's first attempt, or the end of the cut if that came later, to up
	Stale          float64   `json:"stale_work"`      // share of dear steps done for callers who had left; negative: not known
}

// Overload is what an open loop of calls did.
type Overload struct {
	From          float64   `json:"from"`
	To            float64   `json:"to"`
	Times         float64   `json:"times"`
	Greedy        float64   `json:"greedy"`   // how often the first LAC dialled for each call of another
	Capacity      float64   `json:"capacity"` // calls a second
	Offered       float64   `json:"offered"`  // calls a second, really
	Goodput       float64   `json:"goodput"`  // calls a second that came up within their patience
	Cheap         float64   `json:"cheap_us"` // processor time that a call costs which is not set up; 0: not known
	Dear          float64   `json:"dear_us"`  // and one that is
	Missed        uint64    `json:"missed"`   // calls not offered for want of an idle caller
	Dropped       uint64    `json:"dropped"`  // established sessions lost
	Lost          uint64    `json:"tunnels_lost"`
	Setup         Quantiles `json:"setup_ms"`
	Fresh         Quantiles `json:"fresh_ms"` // set-up of those that were offered since it began
	Hello         Quantiles `json:"hello_ms"`
	Stale         float64   `json:"stale_work"`     // as in Outage
	OthersOffered float64   `json:"others_offered"` // the same of all LACs but the first
	OthersGoodput float64   `json:"others_goodput"`
	OthersSetup   Quantiles `json:"others_setup_ms"`
	Settled       float64   `json:"back_to_quiet"` // seconds from its end until no call was waiting; negative: not yet when the run ended
	Traffic       Carried   `json:"traffic"`
}

// Carried is what became of the packets of "traffic" in some time.
type Carried struct {
	Sent      uint64    `json:"sent"`
	Back      uint64    `json:"back"`
	Corrupt   uint64    `json:"corrupt"` // not what was sent, or to somebody else
	Lost      int64     `json:"lost"`    // from its beginning to the end of the run, but for the few that were under way
	RoundTrip Quantiles `json:"round_trip_ms"`
}

// Bound is the share of the capacity that no design on one processor can beat:
// 1 - k*c/s, with k the multiple, c the cheap work of a call and s the dear one.
// Negative: the costs are not known.
func (o *Overload) Bound() float64 {
	if o.Dear <= 0 {
		return -1
	}
	return max(1-o.Times*o.Cheap/o.Dear, 0)
}

// Share is the part of the capacity that was of use.
func (o *Overload) Share() float64 {
	if o.Capacity <= 0 {
		return 0
	}
	return o.Goodput / o.Capacity
}

// NewSample is what was counted between two snapshots.
func NewSample(at, interval time.Duration, phase string, s, last *Snapshot) Sample {
	rate := func(now, before uint64) float64 {
		if interval <= 0 {
			return 0
		}
		return float64(now-before) / interval.Seconds()
	}
	x := Sample{
		At: at.Seconds(), Phase: phase, Up: s.Sessions, InFlight: s.InFlight, Tunnels: s.Tunnels,
		TunnelsLost: s.TunnelsLost, Offered: rate(s.CallsOffered, last.CallsOffered), Came: rate(s.CallsUp, last.CallsUp),
		Failed: rate(s.FailedAll(), last.FailedAll()), Dropped: rate(s.DroppedAll(), last.DroppedAll()),
		Sent: rate(s.ProbesSent, last.ProbesSent), Back: rate(s.ProbesReceived, last.ProbesReceived),
	}
	setup, hello := s.Setup.Since(&last.Setup), s.Hello.Since(&last.Hello)
	x.SetupP50, x.SetupP99 = ms(setup.Quantile(0.5)), ms(setup.Quantile(0.99))
	x.HelloP50, x.HelloP99 = ms(hello.Quantile(0.5)), ms(hello.Quantile(0.99))
	for c := range s.Failed {
		if n := s.Failed[c] - last.Failed[c]; n > 0 {
			if x.Causes == nil {
				x.Causes = map[string]uint64{}
			}
			x.Causes[Cause(c).String()] = n
		}
	}
	return x
}

// column is one column of the CSV form.
type column struct {
	name  string
	value func(s *Sample) float64
}

// columns of the CSV form; those of the LNS are empty when it said nothing.
func columns() []column {
	list := []column{
		{"t", func(s *Sample) float64 { return s.At }},
		{"up", func(s *Sample) float64 { return float64(s.Up) }},
		{"in_flight", func(s *Sample) float64 { return float64(s.InFlight) }},
		{"tunnels", func(s *Sample) float64 { return float64(s.Tunnels) }},
		{"tunnels_lost", func(s *Sample) float64 { return float64(s.TunnelsLost) }},
		{"offered_per_second", func(s *Sample) float64 { return s.Offered }},
		{"up_per_second", func(s *Sample) float64 { return s.Came }},
		{"failed_per_second", func(s *Sample) float64 { return s.Failed }},
		{"dropped_per_second", func(s *Sample) float64 { return s.Dropped }},
		{"setup_p50_ms", func(s *Sample) float64 { return s.SetupP50 }},
		{"setup_p99_ms", func(s *Sample) float64 { return s.SetupP99 }},
		{"hello_p50_ms", func(s *Sample) float64 { return s.HelloP50 }},
		{"hello_p99_ms", func(s *Sample) float64 { return s.HelloP99 }},
		{"packets_sent_per_second", func(s *Sample) float64 { return s.Sent }},
		{"packets_back_per_second", func(s *Sample) float64 { return s.Back }},
	}
	for _, name := range causeNames {
		list = append(list, column{"failed_" + strings.ReplaceAll(name, " ", "_"), func(s *Sample) float64 { return float64(s.Causes[name]) }})
	}
	return list
}

var lnsColumns = []struct {
	name  string
	value func(v *LNSView) uint64
}{
	{"lns_init", func(v *LNSView) uint64 { return uint64(v.Init) }},
	{"lns_configured", func(v *LNSView) uint64 { return uint64(v.Configured) }},
	{"lns_active", func(v *LNSView) uint64 { return uint64(v.Active) }},
	{"lns_terminating", func(v *LNSView) uint64 { return uint64(v.Terminating) }},
	{"lns_tunnels", func(v *LNSView) uint64 { return uint64(v.Tunnels) }},
	{"lns_authentication_requests", func(v *LNSView) uint64 { return v.Requests }},
	{"lns_parked", func(v *LNSView) uint64 { return uint64(v.Parked) }},
	{"lns_slots", func(v *LNSView) uint64 { return uint64(v.Slots) }},
	{"lns_dear_steps", func(v *LNSView) uint64 { return v.DearSteps }},
	{"lns_stale_steps", func(v *LNSView) uint64 { return v.StaleSteps }},
	{"lns_control", func(v *LNSView) uint64 { return v.Control }},
	{"lns_policed", func(v *LNSView) uint64 { return v.Policed }},
}

// WriteCSV writes the samples, one line each, under a heading.
func (r *Recording) WriteCSV(w io.Writer) error {
	out, list := csv.NewWriter(w), columns()
	row := []string{"phase"}
	for _, c := range list {
		row = append(row, c.name)
	}
	for _, c := range lnsColumns {
		row = append(row, c.name)
	}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("storm: write CSV: %w", err)
	}
	for i := range r.Samples {
		s := &r.Samples[i]
		row = append(row[:0], s.Phase)
		for _, c := range list {
			row = append(row, strconv.FormatFloat(c.value(s), 'g', -1, 64))
		}
		for _, c := range lnsColumns {
			text := ""
			if s.LNS != nil {
				text = strconv.FormatUint(c.value(s.LNS), 10)
			}
			row = append(row, text)
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("storm: write CSV: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

// Alarms are those that the LNS has set in the course of the run, each once.
func (r *Recording) Alarms() (names []string) {
	for i := range r.Samples {
		if v := r.Samples[i].LNS; v != nil {
			for _, name := range v.Alarms {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// Init is how many calls are being set up: as the LNS counts them, parked ones
// too, or else as their callers do.
func (s *Sample) Init() int {
	if s.LNS != nil {
		return s.LNS.Init + s.LNS.Configured
	}
	return s.InFlight
}

// Active is how many subscribers are up: as the LNS counts them, or else as the
// modems do.
func (s *Sample) Active() int {
	if s.LNS != nil {
		return s.LNS.Active
	}
	return s.Up
}
