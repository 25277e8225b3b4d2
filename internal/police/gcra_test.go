// SPDX-License-Identifier: Apache-2.0

package police

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What passes of any offer is the offer or the bandwidth, whichever is less, to
// one in a hundred; the burst comes on top, once.
func TestRateIsExact(t *testing.T) {
	for _, bandwidth := range []uint32{1, 7, 250, 3_000, 20_000, 99_999} {
		for _, times := range []float64{0.5, 0.9, 1, 1.1, 2, 10, 100} {
			const burst = 50
			r, g := newRate(bandwidth, burst, 100, 100), gcra{}
			offered := float64(bandwidth) * times
			n := int(max(5_000, min(50_000, 10*offered)))
			passed := 0
			for i := range n {
				if g.take(1+uint64(float64(i)/offered*1e9), r, r.tolerance(PriorityHigh)) {
					passed++
				}
			}
			lasted := float64(n) / offered
			want := min(float64(n), lasted*float64(bandwidth)+burst)
			if off := math.Abs(float64(passed) - want); off > max(1, want/100) {
				t.Errorf("%d a second, %v times offered: %d of %d passed, want %.0f", bandwidth, times, passed, n, want)
			}
		}
	}
}

// The burst passes at once, and again only after the time it takes to earn it.
func TestBurstAndIdleGaps(t *testing.T) {
	r, g := newRate(100, 20, 100, 100), gcra{}
	flood := func(at time.Duration) (passed int) {
		for range 1_000 {
			if g.take(uint64(at)+1, r, r.tolerance(PriorityHigh)) {
				passed++
			}
		}
		return passed
	}
	for _, step := range []struct {
		at   time.Duration
		want int
	}{{0, 20}, {0, 0}, {5 * time.Millisecond, 0}, {10 * time.Millisecond, 1}, {60 * time.Millisecond, 5}, {time.Hour, 20}, {time.Hour, 0}, {2 * time.Hour, 20}} {
		if got := flood(step.at); got != step.want {
			t.Errorf("at %v: %d passed, want %d", step.at, got, step.want)
		}
	}
}

func TestZeroes(t *testing.T) {
	var g gcra
	if closed := newRate(0, 100, 100, 100); g.take(1, closed, closed.tolerance(PriorityHigh)) {
		t.Error("a bandwidth of 0 let a packet pass")
	}
	one := newRate(10, 0, 100, 100)
	if !g.take(1, one, one.tolerance(PriorityHigh)) || g.take(1, one, one.tolerance(PriorityHigh)) {
		t.Error("a burst of 0 is not one of 1")
	}
	if tiny := newRate(1, 1, 1, 1); tiny.interval != 100*second || tiny.full != tiny.interval {
		t.Errorf("1 percent of a packet a second is %+v", tiny)
	}
}

// A clock that goes back, even by a year, costs the time of a burst.
func TestClockGoesBack(t *testing.T) {
	r, g := newRate(10, 5, 100, 100), gcra{}
	year := uint64(365 * 24 * time.Hour)
	for range 10 {
		g.take(year, r, r.tolerance(PriorityHigh))
	}
	back := uint64(1000)
	if g.take(back, r, r.tolerance(PriorityHigh)) {
		t.Error("a full policer let a packet pass because the clock went back")
	}
	if !g.take(back+r.interval, r, r.tolerance(PriorityHigh)) {
		t.Error("still closed a packet's time later")
	}
	// A caller that is a little behind takes nothing back.
	now := 10 * second
	for g.take(now, r, r.tolerance(PriorityHigh)) {
	}
	owed := g.tat.Load()
	if g.take(now-second/2, r, r.tolerance(PriorityHigh)) || g.tat.Load() != owed {
		t.Error("a caller half a second behind changed what is owed")
	}
}

// When the rate changes, half a burst used stays half a burst used.
func TestRescaleKeepsPacketsOwed(t *testing.T) {
	for _, c := range []struct {
		old, now  rate
		used      int
		available int
	}{
		{newRate(100, 20, 100, 100), newRate(1_000, 20, 100, 100), 10, 10},
		{newRate(1_000, 20, 100, 100), newRate(1, 20, 100, 100), 15, 5},
		{newRate(100, 20, 100, 100), newRate(100, 8, 100, 100), 20, 0},
		{newRate(100, 20, 100, 100), newRate(0, 20, 100, 100), 3, 0},
		{newRate(0, 20, 100, 100), newRate(50, 20, 100, 100), 3, 20},
	} {
		var g gcra
		for range c.used {
			g.take(second, c.old, c.old.tolerance(PriorityHigh))
		}
		g.rescale(second, c.old, c.now)
		n := 0
		for g.take(second, c.now, c.now.tolerance(PriorityHigh)) {
			n++
		}
		if n != c.available {
			t.Errorf("%+v to %+v after %d: %d available, want %d", c.old, c.now, c.used, n, c.available)
		}
	}
}

// A smaller burst means less to make good for, too.
func TestRescaleOwesAtMostTheBurst(t *testing.T) {
	var g gcra
	old, now := newRate(100, 50, 100, 100), newRate(100, 5, 100, 100)
	for g.take(second, old, old.tolerance(PriorityHigh)) {
	}
	g.rescale(second, old, now)
	if at := second + now.interval; !g.take(at, now, now.tolerance(PriorityHigh)) || g.take(at, now, now.tolerance(PriorityHigh)) {
		t.Error("not one packet a packet's time later")
	}
}

// Several goroutines share a policer and get, together, what it allows.
func TestSharedByGoroutines(t *testing.T) {
	const callers, each = 4, 20_000
	r, g := newRate(10_000, 100, 100, 100), gcra{}
	var all sync.WaitGroup
	var packets atomic.Uint64 // the clock: a second, eight times the rate
	var passed [callers]int
	for c := range callers {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				if g.take(packets.Add(1)*second/(callers*each), r, r.tolerance(PriorityHigh)) {
					passed[c]++
				}
			}
		}()
	}
	all.Wait()
	sum := 0
	for _, n := range passed {
		sum += n
	}
	if want := 10_000 + 100; sum > want || sum < want*99/100 {
		t.Errorf("%d passed (%v), want %d", sum, passed, want)
	}
}

func TestToleranceByPriority(t *testing.T) {
	for _, c := range []struct {
		burst uint32
		want  [priorities]uint64
	}{{1, [priorities]uint64{0, 0, 0}}, {2, [priorities]uint64{0, 0, 1}}, {8, [priorities]uint64{3, 5, 7}}, {20_000, [priorities]uint64{9_999, 14_999, 19_999}}} {
		r := newRate(1_000, c.burst, 100, 100)
		for p := range priorities {
			if got := r.tolerance(p) / r.interval; got != c.want[p] {
				t.Errorf("burst %d, %v: %d may be owed, want %d", c.burst, p, got, c.want[p])
			}
		}
	}
}
