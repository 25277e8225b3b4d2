// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"testing"
	"time"

	"holdfast/internal/police"
)

// flood offers n packets at once at a time after the beginning.
func (w *world) flood(at time.Duration, n int) {
	w.until(at)
	for range n {
		w.in(police.CDN, 1, 1, 1)
	}
}

// The life of a policer: never, is, was, was and is. Times are those of the
// excess drops, whenever the owner looks.
func TestViolationLife(t *testing.T) {
	w := newWorld(t, func(c *police.Config) { set(c, police.L2TPAggregate, 10, 10).RecoverTime = 90 * time.Second })
	want := func(why string, state police.State, count uint64, start, last time.Duration) {
		t.Helper()
		s := w.of(police.L2TPAggregate)
		v := s.Slots[0].Violation
		if v.State != state || v.Count != count || count > 0 && (v.Start.Sub(epoch) != start || v.LastSeen.Sub(epoch) != last || v.Duration() != last-start) {
			t.Fatalf("%s: %+v", why, v)
		}
		if s.Violation != v || s.Slots[1].Violation.State != police.NeverViolated || s.Host.Violation.State != police.NeverViolated {
			t.Fatalf("%s: system %+v, host %+v", why, s.Violation, s.Host.Violation)
		}
	}
	const ms = time.Millisecond
	w.flood(100*ms, 10)
	w.until(1500 * ms)
	want("within the burst", police.NeverViolated, 0, 0, 0)
	w.wantEvents("within the burst")

	w.flood(1700*ms, 11)
	w.until(2000 * ms)
	want("one too many", police.IsViolated, 1, 1700*ms, 1700*ms)
	w.wantEvents("one too many", "DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate eth0 1 from 1.7s")

	w.flood(60_300*ms, 11)
	w.until(150_299 * ms)
	want("again within the recover time", police.IsViolated, 1, 1700*ms, 60_300*ms)
	w.wantEvents("goes on")
	w.until(150_300 * ms)
	want("recovered on time", police.WasViolated, 1, 1700*ms, 60_300*ms)
	w.wantEvents("recovered", "DDOS_PROTOCOL_VIOLATION_CLEAR L2TP:aggregate eth0 1 from 1.7s to 1m0.3s")

	w.flood(200_000*ms, 12)
	w.until(201_000 * ms)
	want("the second", police.WasAndIsViolated, 2, 200_000*ms, 200_000*ms)
	w.wantEvents("the second", "DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate eth0 2 from 3m20s")

	w.ClearStates(police.Selector{})
	want("cleared", police.NeverViolated, 0, 0, 0)
	w.until(400 * time.Second)
	w.wantEvents("cleared")
	w.flood(500*time.Second, 20)
	w.until(501 * time.Second)
	want("anew", police.IsViolated, 1, 500*time.Second, 500*time.Second)
}

// The whole counts the violations of host and slots, from the first excess to
// the last of those going on.
func TestViolationSystemWide(t *testing.T) {
	w := newWorld(t, func(c *police.Config) { set(c, police.L2TPAggregate, 10, 10).RecoverTime = 10 * time.Second })
	overflow := func(at time.Duration, packet func() police.Verdict) {
		w.until(at)
		for range 11 {
			packet()
		}
	}
	overflow(1*time.Second, func() police.Verdict { return w.Host(w.now, police.CDN, false) })
	overflow(3*time.Second, func() police.Verdict { return w.Ingress(w.now, 2, police.CDN, nil, false) })
	overflow(5*time.Second, func() police.Verdict { return w.Ingress(w.now, 1, police.CDN, nil, false) })
	w.until(11_500 * time.Millisecond)
	s := w.of(police.L2TPAggregate)
	if v := s.Violation; v.State != police.WasAndIsViolated || v.Count != 3 || v.Start.Sub(epoch) != 3*time.Second || v.Duration() != 2*time.Second {
		t.Errorf("%+v", v)
	}
	if s.SlotsViolated != 2 || s.SlotsWereViolated != 2 || s.Host.Violation.State != police.WasViolated {
		t.Errorf("%d and %d slots, host %+v", s.SlotsViolated, s.SlotsWereViolated, s.Host.Violation)
	}
	if s.System.Received != 22 || s.System.Dropped() != 3 || s.Host.Counts.Received != 11 {
		t.Errorf("%+v", s.System)
	}
	w.until(20 * time.Second)
	if s = w.of(police.L2TPAggregate); s.Violation.Start.Sub(epoch) != 5*time.Second || s.Violation.State != police.WasViolated || s.SlotsViolated != 0 {
		t.Errorf("at the end %+v", s.Violation)
	}
	w.wantEvents("all", "DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate host 1 from 1s", "DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate eth2 1 from 3s",
		"DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate eth1 1 from 5s", "DDOS_PROTOCOL_VIOLATION_CLEAR L2TP:aggregate host 1 from 1s to 1s",
		"DDOS_PROTOCOL_VIOLATION_CLEAR L2TP:aggregate eth2 1 from 3s to 3s", "DDOS_PROTOCOL_VIOLATION_CLEAR L2TP:aggregate eth1 1 from 5s to 5s")
}

// An owner that comes late finds the times as they were.
func TestViolationSeenLate(t *testing.T) {
	w := newWorld(t, func(c *police.Config) { set(c, police.L2TPAggregate, 10, 10).RecoverTime = 5 * time.Second })
	for _, at := range []time.Duration{time.Second, 3 * time.Second} {
		w.now = epoch.Add(at)
		for range 50 {
			w.in(police.CDN, 1, 1, 1)
		}
	}
	w.now = epoch.Add(time.Minute)
	w.events = w.Advance(w.now, nil)
	w.wantEvents("late", "DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate eth0 1 from 1s", "DDOS_PROTOCOL_VIOLATION_CLEAR L2TP:aggregate eth0 1 from 1s to 3s")
	if got := w.Advance(w.now, nil); len(got) != 0 {
		t.Errorf("called again: %v", got)
	}
}

// Reports are held to their rate and can be switched off; states go on.
func TestViolationReports(t *testing.T) {
	types := []police.Type{police.SCCRQ, police.ICRQ, police.CDN, police.Hello, police.WEN}
	run := func(change func(*police.Config)) (*world, int) {
		w := newWorld(t, func(c *police.Config) {
			for _, y := range types {
				set(c, y, 1, 1)
			}
			change(c)
		})
		for _, y := range types {
			w.in(y, 1, 1, 1)
			w.in(y, 1, 1, 1)
		}
		w.until(2 * time.Second)
		return w, len(w.events)
	}
	w, n := run(func(c *police.Config) { c.ViolationReportRate = 2 })
	if s := w.Snapshot(w.now); n != 2 || s.ReportsSuppressed != 3 || s.TypesViolated != 5 {
		t.Errorf("%d reports", n)
	}
	if w, n := run(func(c *police.Config) { c.DisableLogging = true }); n != 0 || w.Snapshot(w.now).Violations != 5 {
		t.Errorf("%d reports though switched off", n)
	}
	if _, n := run(func(c *police.Config) { c.Types[police.CDN].DisableLogging = true }); n != 4 {
		t.Errorf("%d reports with one type's switched off", n)
	}
}
