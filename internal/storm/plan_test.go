// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
)

// What cannot be done is refused before anything is opened.
func TestPlanCheck(t *testing.T) {
	good := Plan{LNS: []netip.AddrPort{gateway}, LACs: 3, Tunnels: 60, Sessions: 600}
	for name, change := range map[string]func(p *Plan){
		"":                        func(*Plan) {},
		"no LNS":                  func(p *Plan) { p.LNS = nil },
		"fewer tunnels than LACs": func(p *Plan) { p.Tunnels = 2 },
		"idle tunnels":            func(p *Plan) { p.Sessions = 59 },
		"too many tunnels":        func(p *Plan) { p.Tunnels, p.Sessions = 200_000, 200_000 },
		"negative rate":           func(p *Plan) { p.Rate = -1 },
		"small window":            func(p *Plan) { p.InFlight = 2 },
		"small packets":           func(p *Plan) { p.Traffic.Size = 40 },
		"IPv6 without IPv6":       func(p *Plan) { p.Traffic.To = targets },
		"unknown pattern":         func(p *Plan) { p.User = "user%s" },
	} {
		p := good
		change(&p)
		p = p.WithDefaults()
		if err := p.Check(); (err == nil) != (name == "") || err != nil && !errors.Is(err, ErrPlan) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Shares add up to the total and differ by one at most; lines are unique.
func TestPlanIsSharedOutWhole(t *testing.T) {
	p := Plan{LNS: []netip.AddrPort{gateway}, LACs: 7, Tunnels: 23, Sessions: 101}.WithDefaults()
	tunnels, lines := 0, map[int]bool{}
	for i := range p.LACs {
		l := NewLAC(&p, i, gateway, epoch)
		tunnels += len(l.tunnels)
		for m := range l.modems {
			lines[l.line(uint32(m))] = true
		}
		if n := len(l.modems); n != 14 && n != 15 {
			t.Errorf("LAC %d has %d modems", i, n)
		}
	}
	if tunnels != 23 || len(lines) != 101 {
		t.Errorf("%d tunnels, %d different lines", tunnels, len(lines))
	}
}

// Things are spaced evenly, and after a pause only a little is made up for.
func TestPace(t *testing.T) {
	p := newPace(1000)
	now, n := epoch, 0
	p.start(now)
	for range 1_000_000 {
		now = now.Add(1000)
		if p.take(now) {
			n++
		}
	}
	if n < 999 || n > 1001 {
		t.Errorf("%d in a second at 1000/s", n)
	}
	now = now.Add(paceLateMax * 10)
	for n = 0; p.take(now); n++ {
	}
	if n < 100 || n > 101 {
		t.Errorf("%d at once after a pause", n)
	}
}

// The manual explains every cause by the name under which it is printed.
func TestManualExplainsEveryCause(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations/storm.md")
	if err != nil {
		t.Fatal(err)
	}
	for c := range causeCount {
		if !strings.Contains(string(text), "`"+c.String()+"`") {
			t.Errorf("%v is not explained", c)
		}
	}
}
