// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
)

// print writes the report as one table: a row for each figure, a column for each LNS.
func (r *Report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d CPUs, Linux %s, load before %s; %d tunnels, %d sessions, %d LACs; %.0f s\n\n",
		r.CPUs, r.Kernel, r.Load, r.Tunnels, r.Sessions, lacCount, r.Took)
	t := table{w: w, peers: r.Measured}
	fmt.Fprintf(w, "%-46s", "")
	for _, p := range r.Measured {
		fmt.Fprintf(w, " %16s", p.Name)
	}
	fmt.Fprintln(w)
	t.row("version", func(p *Peer) string { return p.Version })
	t.logins("PAP", func(p *Peer) *Login { return p.PAP })
	t.logins("CHAP", func(p *Peer) *Login { return p.CHAP })
	t.flap()
	t.overload(r)
}

// table prints rows. A row that is empty for all is left out.
type table struct {
	w     io.Writer
	peers []*Peer
}

func (t *table) row(name string, value func(*Peer) string) {
	cells, any := "", false
	for _, p := range t.peers {
		v := value(p)
		any = any || v != ""
		if v == "" {
			v = "-"
		}
		cells += fmt.Sprintf(" %16s", v)
	}
	if any {
		fmt.Fprintln(t.w, strings.TrimRight(fmt.Sprintf("%-46s%s", name, cells), " "))
	}
}

// number formats a figure that is known only if it is positive.
func number(format string, v float64) string {
	if v <= 0 {
		return ""
	}
	return fmt.Sprintf(format, v)
}

const mega = 1 << 20

func (t *table) logins(method string, of func(*Peer) *Login) {
	row := func(name string, value func(*Login) string) {
		t.row(method+" "+name, func(p *Peer) string {
			if x := of(p); x != nil {
				return value(x)
			}
			return ""
		})
	}
	row("log-ins/s", func(x *Login) string { return number("%.0f", x.PerSecond) })
	row("set-up p50, ms", func(x *Login) string { return number("%.1f", x.Setup.P50) })
	row("set-up p99, ms", func(x *Login) string { return number("%.1f", x.Setup.P99) })
	row("CPU of the LNS a log-in, us", func(x *Login) string { return number("%.1f", x.CPU) })
	row("calls that failed", func(x *Login) string { return fmt.Sprint(x.Failed) })
	row("memory without sessions, MiB", func(x *Login) string { return number("%.1f", x.RSSBefore/mega) })
	row("memory a session, octets", func(x *Login) string { return number("%.0f", x.RSSPerSession) })
}

func (t *table) flap() {
	row := func(name string, value func(*Flap) string) {
		t.row("flap: "+name, func(p *Peer) string {
			if p.Flap != nil {
				return value(p.Flap)
			}
			return ""
		})
	}
	seconds := func(v float64) string {
		if v < 0 {
			return "never"
		}
		return fmt.Sprintf("%.1f", v)
	}
	row("seconds cut", func(x *Flap) string { return seconds(x.CutSeconds) })
	row("sessions behind cut links", func(x *Flap) string { return fmt.Sprint(x.Cut) })
	row("sessions down at most", func(x *Flap) string { return fmt.Sprint(x.LostAtMost) })
	row("half back after, s", func(x *Flap) string { return seconds(x.Half) })
	row("95 % back after, s", func(x *Flap) string { return seconds(x.Most) })
	row("99 % back after, s", func(x *Flap) string { return seconds(x.NearlyAll) })
	row("all back after, s", func(x *Flap) string { return seconds(x.All) })
	row("sessions dropped in all", func(x *Flap) string { return fmt.Sprint(x.Dropped) })
	row("tunnels lost", func(x *Flap) string { return fmt.Sprint(x.TunnelsLost) })
	row("CPU of the LNS for the recovery, s", func(x *Flap) string { return number("%.2f", x.CPU) })
	row("memory at the end, MiB", func(x *Flap) string { return number("%.1f", x.RSS/mega) })
}

func (t *table) overload(r *Report) {
	if r.NotCapped != "" {
		fmt.Fprintln(t.w, "no overload:", r.NotCapped)
		return
	}
	t.row("capped: log-ins/s", func(p *Peer) string {
		if p.Overload == nil {
			return ""
		}
		return number("%.0f", p.Overload.Capacity)
	})
	var multiples []float64
	for _, p := range t.peers {
		if p.Overload != nil && len(p.Overload.Steps) > len(multiples) {
			multiples = nil
			for _, s := range p.Overload.Steps {
				multiples = append(multiples, s.Multiple)
			}
		}
	}
	for i, k := range multiples {
		row := func(name string, value func(*Goodput) string) {
			t.row(fmt.Sprintf("capped, %.3g times: %s", k, name), func(p *Peer) string {
				if p.Overload == nil || i >= len(p.Overload.Steps) {
					return ""
				}
				return value(&p.Overload.Steps[i])
			})
		}
		row("calls offered/s", func(g *Goodput) string { return number("%.0f", g.Offered) })
		row("goodput", func(g *Goodput) string { return fmt.Sprintf("%.2f", g.Goodput) })
		row("set-up p99, ms", func(g *Goodput) string { return number("%.0f", g.P99) })
		row("tunnels lost", func(g *Goodput) string { return fmt.Sprint(g.TunnelsLost) })
	}
}
