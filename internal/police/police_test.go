// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"testing"
	"time"

	"holdfast/internal/police"
)

// A dry aggregate serves high priority in full, medium from what is left, low
// last; all together get the bandwidth and no more.
func TestPriorityWhenDry(t *testing.T) {
	for _, c := range []struct {
		name              string
		high, medium, low int // offered a second
		want              [3]int
	}{
		{"low loses", 400, 400, 4_000, [3]int{400, 400, 200}},
		{"medium loses too", 700, 4_000, 4_000, [3]int{700, 300, 0}},
		{"high alone exceeds", 5_000, 1_000, 1_000, [3]int{1_000, 0, 0}},
		{"nobody loses", 300, 300, 300, [3]int{300, 300, 300}},
		{"low has it all", 0, 0, 5_000, [3]int{0, 0, 1_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(c *police.Config) { set(c, police.L2TPAggregate, 1_000, 200) })
			var passed [3]int
			const seconds = 25
			offered := [3]int{c.high, c.medium, c.low}
			types := [3]police.Type{police.Hello, police.ICRQ, police.SCCRQ}
			var sent [3]int
			for ms := range seconds * 1_000 {
				w.now = epoch.Add(time.Duration(ms) * time.Millisecond)
				for i, rate := range offered {
					for ; sent[i] < rate*ms/1_000; sent[i]++ {
						if w.in(types[i], 1, 0, 0) == police.Pass && ms >= 5_000 { // the burst is used up by then
							passed[i]++
						}
					}
				}
			}
			for i, n := range passed {
				if want := float64(c.want[i] * (seconds - 5)); float64(n) < want*0.98-10 || float64(n) > want*1.02+10 {
					t.Errorf("%v: %d passed, want %.0f", types[i], n, want)
				}
			}
		})
	}
}

// What the article's operator does, and what he gets for it: Hellos of standing
// tunnels fall under an aggregate of 250 a second. Without it they do not.
func TestEstablishedBypassesUntouchedAggregate(t *testing.T) {
	for _, configured := range []bool{false, true} {
		w := newWorld(t, func(c *police.Config) {
			if configured {
				set(c, police.L2TPAggregate, 250, 250)
			}
		})
		hellos := 0
		for range 50_000 {
			w.in(police.SCCRQ, 1, 0, 0)
			if w.Ingress(w.now, 0, police.Hello, datagram(police.Hello, 1, 1, 0), true) == police.Pass &&
				w.Host(w.now, police.Hello, true) == police.Pass {
				hellos++
			}
		}
		// Half the burst goes to both alike, the other half to Hellos alone.
		if want := map[bool]int{false: 50_000, true: 187}[configured]; hellos != want {
			t.Errorf("aggregate configured %v: %d Hellos passed, want %d", configured, hellos, want)
		}
		if got := w.of(police.L2TPAggregate).System.Received; got != 100_000 {
			t.Errorf("%d received: those that go past the aggregate count too", got)
		}
	}
}

// Without configuration only aggregates act.
func TestTypesHaveNoPolicerByDefault(t *testing.T) {
	w := newWorld(t, nil)
	for range 40_000 {
		w.in(police.CDN, 1, 1, 1)
	}
	c := w.of(police.CDN)
	if c.Policed || c.Slots[0].Counts.DroppedIndividual != 0 || c.Slots[0].Counts.DroppedAggregate != 20_000 || c.Violation.State != police.NeverViolated {
		t.Errorf("%+v", c.Slots[0])
	}
	agg := w.of(police.L2TPAggregate).Slots[0]
	if agg.Counts.Received != 40_000 || agg.Counts.DroppedAggregate != 20_000 {
		t.Errorf("aggregate %+v", agg.Counts)
	}
}

func TestPlainDataIsNobodysBusiness(t *testing.T) {
	w := newWorld(t, func(c *police.Config) { set(c, police.PPPAggregate, 0, 0) })
	for range 10 {
		if w.in(police.None, 1, 1, 1) != police.Pass || w.Host(w.now, police.None, false) != police.Pass {
			t.Fatal("dropped")
		}
	}
	if got := w.Snapshot(w.now).Types[0].System.Received; got != 0 {
		t.Errorf("%d counted", got)
	}
}

// Slots and levels are scaled, and switched off, each on its own.
func TestLevelsAndSlots(t *testing.T) {
	w := newWorld(t, func(c *police.Config) {
		y := set(c, police.L2TPAggregate, 100, 50)
		y.Slots = []police.SlotConfig{{Number: 1, BandwidthScale: 50, BurstScale: 10}, {Number: 2, Disable: true, BandwidthScale: 100, BurstScale: 100}}
	})
	var passed [3]int
	for slot := range passed {
		for range 200 {
			if w.Ingress(w.now, slot, police.CDN, nil, false) == police.Pass {
				passed[slot]++
			}
		}
	}
	if want := [3]int{50, 5, 200}; passed != want {
		t.Errorf("%v passed, want %v", passed, want)
	}
	s := w.of(police.L2TPAggregate)
	if l := s.Slots[1]; l.Bandwidth != 50 || l.Burst != 5 || !l.Enabled || l.BandwidthScale != 50 || l.BurstScale != 10 || l.Slot.Name != "eth1" {
		t.Errorf("slot 1: %+v", l)
	}
	if s.Slots[2].Enabled || !s.Host.Enabled || s.Host.BandwidthScale != 100 {
		t.Errorf("slot 2: %+v, host %+v", s.Slots[2], s.Host)
	}
	if got := w.Ingress(w.now, 99, police.CDN, nil, false); got != police.DropAggregate {
		t.Errorf("a slot that does not exist: %v, want what slot 0 says", got)
	}

	c := police.Defaults()
	set(&c, police.L2TPAggregate, 100, 50)
	c.DisableRoutingEngine, c.DisableFPC = true, true
	if err := w.Configure(w.now, c); err != nil {
		t.Fatal(err)
	}
	for range 1_000 {
		if w.Ingress(w.now, 0, police.CDN, nil, false) != police.Pass || w.Host(w.now, police.CDN, false) != police.Pass {
			t.Fatal("a level that is switched off dropped")
		}
	}
}

// A commit in the midst of a flood neither opens the gate nor forgets.
func TestConfigureKeepsState(t *testing.T) {
	w := newWorld(t, func(c *police.Config) { set(c, police.L2TPAggregate, 100, 100) })
	for range 150 {
		w.in(police.CDN, 1, 1, 1)
	}
	c := police.Defaults()
	set(&c, police.L2TPAggregate, 200, 200)
	if err := w.Configure(w.now, c); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for range 500 {
		if w.in(police.CDN, 1, 1, 1) == police.Pass {
			passed++
		}
	}
	s := w.of(police.L2TPAggregate).System
	if passed != 100 || s.Received != 650 || s.DroppedAggregate != 50+400 {
		t.Errorf("%d passed of the larger burst, want 100; %+v", passed, s)
	}
	set(&c, police.L2TPAggregate, police.BandwidthMax+1, 1)
	if err := w.Configure(w.now, c); err == nil {
		t.Error("accepted a bandwidth out of range")
	}
	if got := w.of(police.L2TPAggregate).Config.Bandwidth; got != 200 {
		t.Errorf("bandwidth %d after a refused configuration", got)
	}
}

// Rates are of the last full second, the highest is kept.
func TestArrivalRates(t *testing.T) {
	w := newWorld(t, nil)
	for _, rate := range []int{100, 2_500, 30} {
		w.pps(rate, 10*time.Second, func(int) police.Verdict { return w.in(police.Hello, 1, 1, 0) })
	}
	w.Ingress(w.now, 1, police.Hello, nil, false)
	s := w.of(police.L2TPAggregate)
	if s.System.ArrivalRate != 30 || s.System.MaxArrivalRate != 2_500 || s.Slots[0].Counts.MaxArrivalRate != 2_500 || s.Slots[1].Counts.MaxArrivalRate != 0 {
		t.Errorf("%+v", s)
	}
	w.until(40 * time.Second)
	if s := w.of(police.Hello); s.System.ArrivalRate != 0 || s.System.MaxArrivalRate != 2_500 || s.System.Received != 26_301 {
		t.Errorf("after a pause %+v", s.System)
	}
	w.ClearStatistics(police.Selector{Types: []police.Type{police.L2TPAggregate}})
	if s := w.of(police.Hello); s.System != (police.Counts{}) || s.Slots[0].Counts != (police.Counts{}) {
		t.Errorf("after clear %+v, slot %+v", s.System, s.Slots[0].Counts)
	}
}
