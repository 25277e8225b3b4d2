// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"
	"time"
)

// Answers and what they say of the lag, in milliseconds: b begins the next call, i is
// the ICCN of the oldest that has none, j that of the newest, c the CDN of the oldest,
// e ends it otherwise.
func TestLag(t *testing.T) {
	type happening struct {
		at   int
		what byte
	}
	for _, test := range []struct {
		name string
		all  []happening
		at   int
		want int
	}{
		{"nothing is known", nil, 1000, 0},
		{"no answer yet", []happening{{100, 'b'}, {900, 'b'}}, 1100, 1000},
		{"an answer", []happening{{100, 'b'}, {600, 'i'}}, 700, 500},
		{"it holds", []happening{{100, 'b'}, {600, 'i'}}, 1100, 500},
		{"and then no more", []happening{{100, 'b'}, {600, 'i'}}, 1101, 0},
		{"asked again", []happening{{100, 'b'}, {600, 'i'}, {1000, 'b'}}, 1900, 900},
		{"asked before the answer came", []happening{{100, 'b'}, {500, 'b'}, {600, 'i'}}, 1101, 0},
		{"a quicker answer", []happening{{100, 'b'}, {1000, 'b'}, {1100, 'i'}, {1200, 'i'}}, 1300, 200},
		{"withdrawn", []happening{{100, 'b'}, {2100, 'c'}}, 3000, 2000},
		{"withdrawn at once after a slow answer", []happening{{100, 'b'}, {2100, 'i'}, {2200, 'b'}, {2300, 'c'}}, 2400, 2000},
		{"withdrawn long after others were connected", []happening{{100, 'b'}, {200, 'b'}, {250, 'j'}, {9000, 'c'}}, 9001, 0},
		{"ended by us", []happening{{100, 'b'}, {2100, 'e'}}, 2200, 0},
	} {
		l, open := lag{}, []int64(nil)
		for _, h := range test.all {
			now := int64(h.at)
			if h.what == 'b' {
				l.begin(now)
				open = append(open, now)
				continue
			}
			begun, left := open[0], open[1:]
			if h.what == 'j' {
				begun, left = open[len(open)-1], open[:len(open)-1]
			}
			open = left
			switch h.what {
			case 'c':
				l.withdrawn(now, begun)
			case 'e':
				l.ended()
			default:
				l.connected(now, begun)
			}
		}
		if got := l.at(int64(test.at)); got != int64(test.want) {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
		if l.open != len(open) {
			t.Errorf("%s: %d calls are open, want %d", test.name, l.open, len(open))
		}
	}
}

// slow is a controller with a tunnel whose LAC has answered after a while.
func slow(answer time.Duration) *field {
	f := &field{c: New(Config{}, epoch), now: epoch}
	first := f.offer(1)
	f.c.Next(f.now)
	f.now = f.now.Add(answer)
	f.c.Connected(f.now, first)
	f.c.Up(f.now, first)
	return f
}

// A call that has just come is begun if it can come up with twice the tunnel's lag,
// and an eighth of patience to spare.
func TestSlowTunnel(t *testing.T) {
	for _, test := range []struct {
		lag  time.Duration
		want bool
	}{{time.Second, true}, {3400 * time.Millisecond, true}, {3600 * time.Millisecond, false}, {7 * time.Second, false}} {
		f := slow(test.lag)
		f.c.lags[1].begunAt = f.c.ns(f.now) // no probe
		f.offer(1)
		other := f.offer(2)
		begun := map[uint32]bool{}
		for {
			el, ok := f.c.Next(f.now)
			if !ok {
				break
			}
			begun[el] = true
		}
		if begun[other-1] != test.want || !begun[other] {
			t.Errorf("a lag of %v: begun %v, and %v in another tunnel", test.lag, begun[other-1], begun[other])
		}
	}
}

// In a tunnel that is too slow a call a second is begun, and counted if it was for
// nothing; one that is answered at once ends the wait.
func TestProbe(t *testing.T) {
	f := slow(6 * time.Second)
	begun := []uint32(nil)
	for range 30 {
		f.offer(1)
		for el, ok := f.c.Next(f.now); ok; el, ok = f.c.Next(f.now) {
			begun = append(begun, el)
		}
		f.now = f.now.Add(100 * time.Millisecond)
	}
	if len(begun) != 3 {
		t.Fatalf("%d calls were begun in three seconds", len(begun))
	}
	f.c.Withdraw(f.now, begun[0])
	if got := f.c.Snapshot(f.now).Counters.ProbedInVain; got != 1 {
		t.Errorf("%d probes in vain", got)
	}
	f.c.Connected(f.now, begun[2])
	if _, ok := f.c.Next(f.now); !ok {
		t.Error("nothing is begun after a quick answer")
	}
}

// One that was begun all the same is late when its answer shows that its caller has
// left: not so long after its ICRQ, but that had waited as well.
func TestLateBySlowTunnel(t *testing.T) {
	for _, test := range []struct {
		answer time.Duration
		want   bool
	}{{5400 * time.Millisecond, false}, {5600 * time.Millisecond, true}} {
		f := slow(6 * time.Second)
		probe := f.offer(1)
		if el, ok := f.c.Next(f.now); !ok || el != probe {
			t.Fatal("no probe")
		}
		f.now = f.now.Add(test.answer)
		f.c.Connected(f.now, probe)
		if got := f.c.Late(f.now, probe); got != test.want {
			t.Errorf("an answer after %v: late %v", test.answer, got)
		}
	}
}
