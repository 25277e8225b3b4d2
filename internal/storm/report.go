// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/internal/kernel"
	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// Result is what a run has measured. Times in JSON are in milliseconds.
type Result struct {
	LNS      []string `json:"lns"`
	LACs     int      `json:"lacs"`
	Tunnels  int      `json:"tunnels"`  // planned
	Sessions int      `json:"sessions"` // planned
	Seed     uint64   `json:"seed"`

	Complete      bool    `json:"complete"` // every session came up, none was lost, everything ended in order
	TunnelsUp     int     `json:"tunnels_up"`
	SessionsUp    int     `json:"sessions_up"` // at the end of the ramp
	SessionsHeld  int     `json:"sessions_held"`
	RampMS        float64 `json:"ramp_ms"` // first ICRQ to the last session up
	LoginsPerS    float64 `json:"logins_per_second"`
	CPUPerLoginUS float64 `json:"emulator_cpu_us_per_login"`
	HangUpMS      float64 `json:"hang_up_ms"`
	Left          int     `json:"left"` // sessions and tunnels that did not end

	Setup     Quantiles         `json:"setup_ms"`
	Offered   uint64            `json:"calls_offered"`
	Failed    map[string]uint64 `json:"calls_failed"`
	Dropped   map[string]uint64 `json:"sessions_dropped"`
	Refusals  Refusals          `json:"refusals"` // what CDNs said that ended calls and sessions
	TunnelsKO uint64            `json:"tunnels_failed"`
	Lost      uint64            `json:"tunnels_lost"`
	LastStop  string            `json:"last_tunnel_failure,omitempty"`
	Resent    uint64            `json:"l2tp_retransmissions"`
	Echoes    uint64            `json:"echoes_lost"`
	Prefixes  uint64            `json:"ipv6_prefixes"`

	Traffic TrafficResult `json:"traffic"`
	Socket  SocketResult  `json:"socket"`
}

// Quantiles of a histogram, in milliseconds.
type Quantiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// TrafficResult is what became of the probes.
type TrafficResult struct {
	Sent      uint64    `json:"sent"`
	Received  uint64    `json:"received"`
	Corrupt   uint64    `json:"corrupt"`
	Lost      uint64    `json:"lost"`
	RoundTrip Quantiles `json:"round_trip_ms"`
}

// SocketResult is what the LACs' sockets did.
type SocketResult struct {
	Sent     uint64 `json:"sent"`
	Received uint64 `json:"received"`
	Lost     uint64 `json:"receive_buffer_lost"`
	Dropped  uint64 `json:"send_buffer_dropped"`
	Refused  uint64 `json:"refused"`
	Reads    uint64 `json:"read_calls"`
	Writes   uint64 `json:"write_calls"`
}

// add adds what another socket did.
func (x *SocketResult) add(s kernel.UDPStats) {
	x.Sent += s.Sent
	x.Received += s.Received
	x.Lost += s.Lost
	x.Dropped += s.Dropped
	x.Refused += s.Refused
	x.Reads += s.Reads
	x.Writes += s.Writes
}

// QuantilesOf a histogram.
func QuantilesOf(h *Histogram) Quantiles {
	return Quantiles{
		P50: ms(h.Quantile(0.5)), P90: ms(h.Quantile(0.9)), P99: ms(h.Quantile(0.99)),
		Max: ms(h.Max()), Mean: ms(h.Mean()),
	}
}

func ms(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// peak keeps the most tunnels seen.
func (x *Result) peak(s *Snapshot) { x.TunnelsUp = max(x.TunnelsUp, s.Tunnels) }

// ramp takes down what is known when the ramp ends.
func (x *Result) ramp(r *run, cpu time.Duration) {
	p, t := &r.Plan, &r.total
	for _, a := range p.LNS {
		x.LNS = append(x.LNS, a.String())
	}
	x.LACs, x.Tunnels, x.Sessions, x.Seed = p.LACs, p.Tunnels, p.Sessions, p.Seed
	x.SessionsUp = t.Sessions
	if t.CallsUp == 0 {
		return
	}
	took := t.LastUpAt.Sub(t.FirstCallAt)
	x.RampMS = ms(took)
	x.LoginsPerS = float64(t.CallsUp) / took.Seconds()
	x.CPUPerLoginUS = float64(cpu.Microseconds()) / float64(t.CallsUp)
}

// hold takes down what is known before modems hang up.
func (x *Result) hold(r *run) { x.SessionsHeld = r.total.Sessions }

// end takes down what is known when everything is over.
func (x *Result) end(r *run, hangUp time.Duration) {
	t := &r.total
	x.HangUpMS = ms(hangUp)
	x.Left = t.Ending + t.Sessions
	x.Setup = QuantilesOf(&t.Setup)
	x.Offered = t.CallsOffered
	x.Failed, x.Dropped, x.Refusals = byCause(&t.Failed), byCause(&t.Dropped), t.Refusals.Sorted()
	x.TunnelsKO, x.Lost, x.Resent = t.TunnelsFailed, t.TunnelsLost, t.Retransmissions
	if t.TunnelErr != nil {
		x.LastStop = resultText(t.TunnelErr.Error(), t.TunnelResult)
	}
	x.Echoes, x.Prefixes = t.EchoesLost, t.Prefixes
	x.Traffic = TrafficResult{
		Sent: t.ProbesSent, Received: t.ProbesReceived, Corrupt: t.ProbesCorrupt,
		Lost:      t.ProbesSent - min(t.ProbesReceived+t.ProbesCorrupt, t.ProbesSent),
		RoundTrip: QuantilesOf(&t.RoundTrip),
	}
	for _, d := range r.drivers {
		x.Socket.add(d.socket.Stats())
	}
	x.Complete = len(x.Faults()) == 0
}

// Faults says in words what kept a run from being complete.
func (x *Result) Faults() (list []string) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	say(x.SessionsUp < x.Sessions, "%d of %d sessions did not come up", x.Sessions-x.SessionsUp, x.Sessions)
	say(x.SessionsHeld < x.SessionsUp, "%d sessions did not stay up", x.SessionsUp-x.SessionsHeld)
	say(len(x.Dropped) > 0, "sessions were dropped: %s", causesText(x.Dropped))
	say(x.Left > 0, "%d sessions and tunnels did not end", x.Left)
	say(x.Traffic.Corrupt > 0, "%d packets came back changed", x.Traffic.Corrupt)
	return list
}

func byCause(causes *[causeCount]uint64) map[string]uint64 {
	m := map[string]uint64{}
	for c, n := range causes {
		if n > 0 {
			m[Cause(c).String()] = n
		}
	}
	return m
}

// Lines writes progress as one line a second, with a heading now and then.
type Lines struct {
	W     io.Writer
	lines int
}

const headingEvery = 20

// Progress writes one line.
func (o *Lines) Progress(p Progress) {
	if o.lines%headingEvery == 0 {
		fmt.Fprintf(o.W, "%6s %-8s %7s %8s %9s %8s %8s %8s %9s %9s %8s %8s\n",
			"time", "phase", "tunnels", "sessions", "in flight", "up/s", "failed/s", "dropped", "p50 ms", "p99 ms", "sent/s", "back/s")
	}
	o.lines++
	t, l := &p.Total, &p.Last
	setup := t.Setup.Since(&l.Setup)
	rate := func(now, before uint64) float64 { return float64(now-before) / p.Interval.Seconds() }
	fmt.Fprintf(o.W, "%5.0fs %-8s %7d %8d %9d %8.0f %8.0f %8d %9s %9s %8.0f %8.0f\n",
		p.Elapsed.Seconds(), p.Phase, t.Tunnels, t.Sessions, t.InFlight,
		rate(t.CallsUp, l.CallsUp), rate(t.FailedAll(), l.FailedAll()), t.DroppedAll(),
		quantileText(&setup, 0.5), quantileText(&setup, 0.99),
		rate(t.ProbesSent, l.ProbesSent), rate(t.ProbesReceived, l.ProbesReceived))
}

func quantileText(h *Histogram, q float64) string {
	if h.Count() == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", ms(h.Quantile(q)))
}

// WriteTable writes the closing table.
func (x *Result) WriteTable(w io.Writer) {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-18s "+format+"\n", append([]any{name}, args...)...)
	}
	fmt.Fprintf(w, "LACs %d, tunnels %d, sessions %d, to %s (seed %d)\n", x.LACs, x.Tunnels, x.Sessions, strings.Join(x.LNS, ", "), x.Seed)
	row("up", "%d tunnels, %d of %d sessions", x.TunnelsUp, x.SessionsUp, x.Sessions)
	row("log-ins", "%.0f/s for %.3f s; %d calls offered", x.LoginsPerS, x.RampMS/1000, x.Offered)
	row("set-up", "%s", x.Setup.text())
	row("emulator", "%.1f us CPU a log-in", x.CPUPerLoginUS)
	row("calls failed", "%s", causesText(x.Failed))
	row("sessions dropped", "%s", causesText(x.Dropped))
	for _, r := range x.Refusals {
		row("CDN", "%d with %s", r.Count, r.Refusal)
	}
	row("tunnels", "%d failed, %d lost, %d retransmissions", x.TunnelsKO, x.Lost, x.Resent)
	if x.LastStop != "" {
		row("latest failure", "%s", x.LastStop)
	}
	row("LCP echoes lost", "%d", x.Echoes)
	if x.Prefixes > 0 {
		row("IPv6 prefixes", "%d", x.Prefixes)
	}
	if t := x.Traffic; t.Sent > 0 {
		row("traffic", "%d sent, %d back, %d lost (%.4f %%), %d corrupt", t.Sent, t.Received, t.Lost, 100*float64(t.Lost)/float64(t.Sent), t.Corrupt)
		row("round trip", "%s", t.RoundTrip.text())
	}
	row("socket", "%d sent, %d received, %d lost in the receive buffer, %d refused", x.Socket.Sent, x.Socket.Received, x.Socket.Lost, x.Socket.Refused)
	row("hang-up", "%.3f s, %d left over", x.HangUpMS/1000, x.Left)
}

func (q Quantiles) text() string {
	return fmt.Sprintf("p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms", q.P50, q.P90, q.P99, q.Max)
}

// resultText is why, with what a StopCCN said of it.
func resultText(why string, r l2tp.Result) string {
	parts := []string{why}
	if r.Code != 0 {
		parts = append(parts, coded("result", r.Code, wire.ResultText(wire.StopCCN, r.Code)))
	}
	if r.Error != 0 {
		parts = append(parts, coded("error", r.Error, wire.ErrorText(r.Error)))
	}
	if r.Message != "" {
		parts = append(parts, fmt.Sprintf("%q", r.Message))
	}
	return strings.Join(parts, ", ")
}

// causesText lists what was counted, the most frequent first.
func causesText(m map[string]uint64) string {
	if len(m) == 0 {
		return "none"
	}
	names := sortedByCount(m)
	for i, n := range names {
		names[i] = fmt.Sprintf("%s %d", n, m[n])
	}
	return strings.Join(names, ", ")
}

func sortedByCount(m map[string]uint64) []string {
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(m[b], m[a]) })
	return names
}
