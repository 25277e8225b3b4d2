// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a Police under a virtual clock, with an owner that is never late.
type world struct {
	t testing.TB
	*police.Police
	now    time.Time
	events []police.Event
}

func newWorld(t testing.TB, change func(*police.Config)) *world {
	t.Helper()
	c := police.Defaults()
	c.Slots = []police.Slot{{Number: 0, Name: "eth0"}, {Number: 1, Name: "eth1"}, {Number: 2, Name: "eth2"}}
	if change != nil {
		change(&c)
	}
	p, err := police.New(police.Options{Slots: 3, Flows: 4096, Epoch: epoch, Key: [2]uint64{1, 2}}, c)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, Police: p, now: epoch}
}

// until runs the owner up to a time after the beginning, that included.
func (w *world) until(after time.Duration) {
	end := epoch.Add(after)
	for !w.Next().After(end) {
		w.events = w.Advance(w.Next(), w.events)
	}
	w.now = end
}

// pps offers packets from now on for a time, evenly, with the owner running.
func (w *world) pps(rate int, during time.Duration, packet func(i int) police.Verdict) (passed int) {
	from, n := w.now.Sub(epoch), int(float64(rate)*during.Seconds())
	for i := range n {
		w.until(from + time.Duration(i)*time.Second/time.Duration(rate))
		if packet(i) == police.Pass {
			passed++
		}
	}
	w.until(from + during)
	return passed
}

// in is a packet of a type from a LAC at slot 0.
func (w *world) in(t police.Type, lac byte, tunnelID, sessionID uint16) police.Verdict {
	return w.Ingress(w.now, 0, t, datagram(t, lac, tunnelID, sessionID), false)
}

func datagram(t police.Type, lac byte, tunnelID, sessionID uint16) *packet.Datagram {
	return &packet.Datagram{
		Data: policetest.Octets(t, tunnelID, sessionID), Peer: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, lac}), 1701),
		Local: netip.MustParseAddrPort("198.51.100.1:1701"),
	}
}

func (w *world) of(t police.Type) police.TypeSnapshot {
	s := w.Snapshot(w.now)
	return *s.Of(t)
}

// wantEvents compares events as kind, type, place, count and seconds since the
// beginning, and forgets them.
func (w *world) wantEvents(why string, want ...string) {
	w.t.Helper()
	var got []string
	for _, e := range w.events {
		s := fmt.Sprintf("%v %v", e.Kind, e.Type)
		switch {
		case e.Kind == police.FlowsAggregated:
			s += fmt.Sprintf(" %v %d", e.Level, e.Count)
		case e.Kind >= police.FlowFound && e.Kind <= police.FlowCleared:
			s += fmt.Sprintf(" %v %v at %v", e.Level, e.Flow.Peer, e.Start.Sub(epoch))
		case e.Host:
			s += fmt.Sprintf(" host %d from %v", e.Count, e.Start.Sub(epoch))
		default:
			s += fmt.Sprintf(" %s %d from %v", e.Slot.Name, e.Count, e.Start.Sub(epoch))
		}
		if e.Kind == police.ViolationClear {
			s += fmt.Sprintf(" to %v", e.End.Sub(epoch))
		}
		got = append(got, s)
	}
	w.events = w.events[:0]
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Fatalf("%s: events\n%q, want\n%q", why, got, want)
	}
}

func set(c *police.Config, t police.Type, bandwidth, burst uint32) *police.TypeConfig {
	y := &c.Types[t]
	y.Bandwidth, y.Burst, y.Configured = bandwidth, burst, police.KnobBandwidth|police.KnobBurst
	return y
}
