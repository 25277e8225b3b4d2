// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// flow is a bucket and its clock.
type flow struct {
	Meter
	full Instant
	now  time.Duration
}

func (f *flow) take(octets int) bool {
	next, ok := f.Take(f.full, InstantOf(f.now), octets)
	if ok {
		f.full = next
	}
	return ok
}

// drain empties the bucket of a flow down to less than a packet.
func (f *flow) drain(octets int) (passed int) {
	for f.take(octets) {
		passed += octets
	}
	return passed
}

// What passes is the rate, within 1 %, from the slowest line to the fastest,
// however large the packets are and however far too many come.
func TestMeterKeepsRate(t *testing.T) {
	for _, rate := range []uint64{64_000, 1_000_000, 33_333_333, 1_000_000_000, 10_000_000_000, 100_000_000_000} {
		for _, size := range []int{40, 64, 577, 1500} {
			for _, offered := range []float64{1.1, 3, 20} {
				f := flow{Meter: Rate{Bits: rate}.Meter()}
				f.drain(size)
				const packets = 20_000
				gap := float64(size) * 8e9 / float64(rate) / offered // ns
				passed := 0
				for i := range packets {
					f.now = time.Duration(math.Round(gap * float64(i+1)))
					if f.take(size) {
						passed += size
					}
				}
				got := float64(passed) * 8 / f.now.Seconds()
				if off := got/float64(rate) - 1; math.Abs(off) > 0.01 {
					t.Errorf("%d bit/s, %d octets, %v times too many: %.0f bit/s passed, off by %.2f %%", rate, size, offered, got, off*100)
				}
			}
		}
	}
}

// A flow below its rate loses nothing, whatever its packets are.
func TestMeterLeavesConformingAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Uint64Range(1000, 100_000_000_000).Draw(t, "rate")
		f := flow{Meter: Rate{Bits: rate}.Meter()}
		for range 200 {
			size := rapid.IntRange(20, 1500).Draw(t, "size")
			f.now += time.Duration(math.Ceil(float64(size) * 8e9 / float64(rate)))
			if !f.take(size) {
				t.Fatalf("%d bit/s: %d octets did not pass", rate, size)
			}
		}
	})
}

// What may pass at once: 100 ms of the rate or two packets, or what is asked
// for, and a packet at least.
func TestMeterBurst(t *testing.T) {
	for _, c := range []struct {
		Rate
		size, want int
	}{
		{Rate{Bits: 8_000_000}, 100, 100_000},
		{Rate{Bits: 64_000}, 1500, 3000},
		{Rate{Bits: 8_000_000, Burst: 5000}, 100, 5000},
		{Rate{Bits: 8_000_000, Burst: 5099}, 100, 5000},
		{Rate{Bits: 8_000_000, Burst: 1}, 1500, 1500},
		{Rate{Bits: 1, Burst: 40_000}, 1000, 40_000},
		{Rate{Bits: 10_000_000_000}, 50_000, 125_000_000},
	} {
		f := flow{Meter: c.Meter()}
		if got := f.drain(c.size); got != c.want {
			t.Errorf("%+v: %d octets at once, want %d", c.Rate, got, c.want)
		}
		f.now += time.Hour * 24 * 365 // the bucket does not grow beyond
		if got := f.drain(c.size); c.Bits > 1 && got != c.want {
			t.Errorf("%+v: %d octets after a year, want %d", c.Rate, got, c.want)
		}
	}
}

// Figures beyond all use neither wrap nor stop everything.
func TestMeterExtremes(t *testing.T) {
	for _, r := range []Rate{{Bits: math.MaxUint64}, {Bits: math.MaxUint64, Burst: math.MaxUint64}, {Bits: 1, Burst: math.MaxUint64}} {
		f := flow{Meter: r.Meter(), now: time.Hour}
		for range 1000 {
			if !f.take(1500) {
				t.Fatalf("%+v: a packet did not pass", r)
			}
		}
	}
	if (Rate{}).Meter().Bounds() || !(Rate{Bits: 1 << 50}).Meter().Bounds() {
		t.Error("no bound is a bound, or a petabit per second is none")
	}
	// Over the end of the clock's numbers.
	f := flow{Meter: Rate{Bits: 8_000_000, Burst: 5000}.Meter()}
	end := Instant(math.MaxUint64)
	f.full = end
	passed := 0
	for i := range Instant(100) { // ten milliseconds, in which 10,000 octets are earned
		now := end - 50*InstantOf(100*time.Microsecond) + i*InstantOf(100*time.Microsecond)
		if next, ok := f.Take(f.full, now, 1000); ok {
			f.full, passed = next, passed+1000
		}
	}
	if passed < 9000 || passed > 15_000 {
		t.Errorf("%d octets over the end of the clock, want about 10,000", passed)
	}
}

// Another rate takes over what the bucket holds: it gives no octet more, and
// takes none away that the new bucket has room for.
func TestMeterCarry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := func(name string) Rate {
			return Rate{Bits: rapid.Uint64Range(1000, 10_000_000_000).Draw(t, name), Burst: rapid.Uint64Range(1500, 1_000_000).Draw(t, name+" burst")}
		}
		was, is := rate("was"), rate("is")
		f := flow{Meter: was.Meter(), now: time.Second}
		f.full = InstantOf(f.now)
		used := rapid.IntRange(0, int(was.Burst)).Draw(t, "used")
		if used > 0 && !f.take(used) {
			t.Fatalf("%d of %d did not pass", used, was.Burst)
		}
		f.full, f.Meter = is.Meter().Carry(f.Meter, f.full, InstantOf(f.now)), is.Meter()
		want := min(int(was.Burst)-used, int(is.Burst))
		got := f.drain(20)
		if slack := 20 + want/100; got > want+slack || got < want-slack {
			t.Fatalf("%d octets passed at once, want %d", got, want)
		}
	})
}

func BenchmarkMeter(b *testing.B) {
	for _, octets := range []int{64, 1500} {
		b.Run(fmt.Sprint(octets), func(b *testing.B) {
			f := flow{Meter: Rate{Bits: 10_000_000_000}.Meter()}
			for b.Loop() {
				f.now += 1000
				f.take(octets)
			}
		})
	}
}
