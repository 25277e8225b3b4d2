// SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// model is the obvious implementation: a map that is searched.
type model map[uint32]time.Time

func (m model) earliest() (first time.Time) {
	for _, at := range m {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

func (m model) due(now time.Time) (ids []uint32) {
	for id, at := range m {
		if !at.After(now) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// The wheel must fire what a plain search would fire, at the same Advance, and
// Next must never be later than the earliest deadline nor make its caller spin.
func TestWheelIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tick := time.Duration(rapid.SampledFrom([]int64{1, 1000, 1e6, 1e9}).Draw(t, "tick"))
		w, m, now := New(tick, epoch), model{}, epoch
		span := rapid.SampledFrom([]time.Duration{100, time.Millisecond, time.Second, time.Hour, 1000 * time.Hour})
		offset := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(-5, int64(span.Draw(t, "span"))).Draw(t, "ns"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				id, at := rapid.Uint32Range(0, 20).Draw(t, "id"), now.Add(offset.Draw(t, "at"))
				w.Set(id, at)
				if at.Before(epoch) { // a wheel knows no time before its start
					at = epoch
				}
				m[id] = at
			},
			"cancel": func(t *rapid.T) {
				id := rapid.Uint32Range(0, 20).Draw(t, "id")
				w.Set(id, time.Time{})
				delete(m, id)
			},
			"advance": func(t *rapid.T) {
				if to := now.Add(offset.Draw(t, "to")); to.After(now) {
					now = to
				}
				var got []uint32
				w.Advance(now, func(id uint32) { got = append(got, id) })
				slices.Sort(got)
				if want := m.due(now); !slices.Equal(got, want) {
					t.Fatalf("fired %v, want %v", got, want)
				}
				for _, id := range got {
					delete(m, id)
				}
			},
			"follow": func(t *rapid.T) { // drive by Next alone until the earliest deadline has fired
				first := m.earliest()
				for step := 0; len(m) > 0 && !m.earliest().After(first); step++ {
					if step > 100 {
						t.Fatal("Next makes no progress")
					}
					if next := w.Next(); next.After(now) {
						now = next
					}
					w.Advance(now, func(id uint32) {
						if m[id].After(now) {
							t.Fatalf("id %d fired early", id)
						}
						delete(m, id)
					})
				}
			},
			"": func(t *rapid.T) {
				if w.Len() != len(m) {
					t.Fatalf("Len %d, want %d", w.Len(), len(m))
				}
				next, first := w.Next(), m.earliest()
				switch {
				case first.IsZero() != next.IsZero():
					t.Fatalf("Next %v, earliest %v", next, first)
				case next.After(first):
					t.Fatalf("Next %v is after the earliest deadline %v", next, first)
				case first.After(now) && !next.After(now):
					t.Fatalf("Next %v is not after %v and nothing is due", next, now)
				}
				for id := range uint32(22) {
					if got := w.Deadline(id); !got.Equal(m[id]) {
						t.Fatalf("Deadline(%d) %v, want %v", id, got, m[id])
					}
				}
			},
		})
	})
}

// A caller may arm anything from within fire, and Advance must end.
func TestSetWithinAdvance(t *testing.T) {
	w := New(time.Millisecond, epoch)
	for id := range uint32(3) {
		w.Set(id, epoch.Add(time.Second))
	}
	var fired []uint32
	now := epoch.Add(2 * time.Second)
	w.Advance(now, func(id uint32) {
		fired = append(fired, id)
		switch id {
		case 0:
			w.Set(0, now)                     // due at once: at the next Advance
			w.Set(1, now.Add(time.Hour))      // put off while it waits to fire
			w.Set(2, time.Time{})             // cancelled while it waits to fire
			w.Set(3, epoch)                   // new and due
			w.Set(900, now.Add(time.Minute))  // grows the table under the loop
			w.Set(901, now.Add(-time.Minute)) // likewise, due
		}
	})
	if want := []uint32{0}; !slices.Equal(fired, want) {
		t.Fatalf("fired %v, want %v", fired, want)
	}
	if next := w.Next(); next.After(now) {
		t.Fatalf("Next %v is after what is due", next)
	}
	fired = fired[:0]
	w.Advance(now, func(id uint32) { fired = append(fired, id) })
	slices.Sort(fired)
	if want := []uint32{0, 3, 901}; !slices.Equal(fired, want) {
		t.Fatalf("fired %v, want %v", fired, want)
	}
	fired = fired[:0]
	w.Advance(now.Add(time.Hour), func(id uint32) { fired = append(fired, id) })
	if want := []uint32{900, 1}; !slices.Equal(fired, want) {
		t.Fatalf("fired %v, want %v in that order", fired, want)
	}
	if !w.Next().IsZero() {
		t.Fatal("an empty wheel has a deadline")
	}
}

// Deadlines at the end of time and before its beginning have a place.
func TestExtremes(t *testing.T) {
	w := New(time.Nanosecond, epoch)
	w.Set(0, epoch.Add(1<<63-1))
	w.Set(1, epoch.AddDate(1000, 0, 0))
	w.Set(2, epoch.AddDate(-1000, 0, 0))
	if got := w.Next(); got.After(epoch) {
		t.Fatalf("Next %v, want what is long due", got)
	}
	fired := 0
	w.Advance(epoch.AddDate(1, 0, 0), func(uint32) { fired++ })
	w.Advance(epoch.AddDate(-1, 0, 0), func(uint32) { t.Fatal("fired by a step back") })
	if fired != 1 || w.Len() != 2 {
		t.Fatalf("fired %d and %d left, want 1 and 2", fired, w.Len())
	}
}

func TestSteadyUseAllocatesNothing(t *testing.T) {
	w, now := New(time.Millisecond, epoch), epoch
	w.Set(999, now.Add(time.Hour))
	rng := rand.New(rand.NewPCG(1, 0))
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Millisecond)
		w.Set(rng.Uint32N(1000), now.Add(time.Duration(rng.Int64N(int64(time.Minute)))))
		w.Advance(now, func(uint32) {})
		w.Next()
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func benchmarkSet(b *testing.B, offset func(rng *rand.Rand) time.Duration) {
	const ids = 100_000
	rng := rand.New(rand.NewPCG(1, 0))
	w, now := New(time.Millisecond, epoch), epoch
	for id := range uint32(ids) {
		w.Set(id, now.Add(time.Minute))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%1000 == 0 {
			now = now.Add(time.Millisecond)
			w.Advance(now, func(id uint32) { w.Set(id, now.Add(time.Minute)) })
		}
		w.Set(rng.Uint32N(ids), now.Add(offset(rng)))
	}
}

// BenchmarkPutOff is the steady case: a keepalive pushed back by each packet.
func BenchmarkPutOff(b *testing.B) {
	benchmarkSet(b, func(*rand.Rand) time.Duration { return time.Minute })
}

// BenchmarkMove sets deadlines that move both ways.
func BenchmarkMove(b *testing.B) {
	benchmarkSet(b, func(rng *rand.Rand) time.Duration { return time.Duration(rng.Int64N(int64(time.Minute))) })
}

// The present tick is no slot, not even the first one: a deadline in it that is
// put off must not leave Next in the present, where nothing is due.
func TestPutOffAtTheStart(t *testing.T) {
	w := New(time.Nanosecond, epoch)
	w.Set(15, epoch)
	w.Set(15, epoch.Add(1))
	if next := w.Next(); !next.Equal(epoch.Add(1)) {
		t.Fatalf("Next %v", next)
	}
}
