// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// print writes the report as one table. The last column is the ratio to plain
// UDP: log-ins, packets and operations for each datagram that loopback carries
// in the same time.
func (r *Report) print(w io.Writer) {
	m := &r.Machine
	fmt.Fprintf(w, "%d CPUs %s, %s, load %s; %s\n\n", m.CPUs, m.Arch, m.Go, m.Load, m.Stage)
	const columns = "%-54s %44s %13s\n"
	fmt.Fprintf(w, columns, "", "", "to plain UDP")
	row := func(name, value string, ratio float64) {
		text := ""
		if ratio > 0 {
			text = fmt.Sprintf("%.4f", ratio)
		}
		fmt.Fprintf(w, columns, name, value, text)
	}
	plain := r.Plain.PerSecond
	row(fmt.Sprintf("plain UDP loopback, %d octets, a datagram a call", r.Plain.Bytes), fmt.Sprintf("%.0f/s, %.2f us CPU", plain, r.Plain.CPU), 1)
	for _, l := range []struct {
		name string
		*Login
	}{
		{"at full speed", r.FullRate},
		{"at 0.8 of that rate", r.Relaxed},
		{"RADIUS in memory", r.InMemory},
		{"RADIUS in memory, accounted", r.Booked},
		{"FreeRADIUS", r.Free},
	} {
		if l.Login == nil {
			continue
		}
		row(fmt.Sprintf("log-ins, %s (%d sessions, %d tunnels)", l.name, l.Sessions, l.Tunnels), fmt.Sprintf("%.0f/s", l.PerSecond), l.PerSecond/plain)
		row("    set-up p50 / p99 / max", fmt.Sprintf("%.1f / %.1f / %.1f ms", l.Setup.P50, l.Setup.P99, l.Setup.Max), 0)
		row("    CPU of the LNS a log-in", fmt.Sprintf("%.1f us", l.CPU), l.CPU/r.Plain.CPU)
		row("    CPU of the emulator a log-in", fmt.Sprintf("%.1f us", l.EmulatorCPU), l.EmulatorCPU/r.Plain.CPU)
		row("    calls that did not come up", fmt.Sprint(l.Failed), 0)
	}
	if x := r.Memory; x != nil {
		row(fmt.Sprintf("heap a session, %d up (collector at 5 %%)", x.Sessions), fmt.Sprintf("%.0f octets", x.HeapPerSession), 0)
		row("    RSS a session", fmt.Sprintf("%.0f octets", x.RSSPerSession), 0)
		row("    heap / RSS before the first", fmt.Sprintf("%.1f / %.1f MiB", x.HeapBefore/(1<<20), x.RSSBefore/(1<<20)), 0)
	}
	for _, list := range [][]Benchmark{r.Forward, r.Packages} {
		fmt.Fprintln(w)
		for _, b := range list {
			row(b.Package+" "+b.Name, b.text(), b.ratio(plain))
		}
	}
}

// text is the values of a benchmark in the order of its line.
func (b *Benchmark) text() string {
	_, once := b.Values["kpps"] // a run of a second, whose allocations are those of its setting up
	var parts []string
	for _, u := range b.Units {
		if u == "B/op" || once && u == "allocs/op" {
			continue // allocs/op tells the story of both
		}
		parts = append(parts, number(b.Values[u])+" "+u)
	}
	return strings.Join(parts, ", ")
}

// ratio is the benchmark's rate of packets to that of plain UDP; zero if it has none.
func (b *Benchmark) ratio(plain float64) float64 {
	return b.Values["kpps"] * 1000 / plain
}

// number is v with four digits that count, and no exponent.
func number(v float64) string {
	if math.Abs(v) >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
