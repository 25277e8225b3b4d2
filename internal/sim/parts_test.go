// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What happens happens in the order of its time and, at one instant, in the
// order in which it was planned, whatever is planned meanwhile.
func TestQueueIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var planned []happening
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(planned) > 0 && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				first := slices.MinFunc(planned, func(a, b happening) int {
					if q.before(&a, &b) {
						return -1
					}
					return 1
				})
				if at := q.next(); at != first.at {
					t.Fatalf("next at %d, want %d", at, first.at)
				}
				if got := q.pop(); got != first {
					t.Fatalf("popped %+v, want %+v", got, first)
				}
				planned = slices.DeleteFunc(planned, func(h happening) bool { return h == first })
				continue
			}
			at := instant(rapid.IntRange(0, 20).Draw(t, "at"))
			q.push(at, lacWakes, uint32(len(planned)))
			planned = append(planned, happening{at, q.order, uint32(len(planned)), lacWakes})
		}
		if len(planned) == 0 && q.next() != never {
			t.Fatal("something is left")
		}
	})
}

// sendMany sends n numbered datagrams and returns the numbers in the order of arrival.
func sendMany(l Link, n int, each func(i int, w *network)) (arrived []int, w *network) {
	q := &queue{}
	w = &network{Link: l, rand: rand.New(rand.NewPCG(1, 1)), queue: q, links: make([]link, 1)}
	for i := range n {
		if each != nil {
			each(i, w)
		}
		w.send(instant(i)*instant(time.Millisecond), 0, up, []byte{byte(i >> 8), byte(i)})
	}
	for q.next() != never {
		h := q.pop()
		d := &w.all[h.arg]
		if h.kind != arrivesAtLNS || d.at != h.at {
			panic("it arrives elsewhere, or at another time")
		}
		arrived = append(arrived, int(d.b[0])<<8|int(d.b[1]))
		w.release(h.arg)
	}
	return arrived, w
}

// Jitter delays and keeps the order; reordering, loss and repetition are as
// frequent as is said; nothing gets through a link that is cut.
func TestNetwork(t *testing.T) {
	const n = 10000
	if got, w := sendMany(Link{Delay: time.Millisecond, Jitter: 50 * time.Millisecond}, n, nil); len(got) != n || !slices.IsSorted(got) || w.inFlight() != 0 {
		t.Errorf("%d of %d arrived, in order %v, %d are left", len(got), n, slices.IsSorted(got), w.inFlight())
	}
	if got, w := sendMany(Link{Loss: 0.1}, n, nil); len(got) < n*88/100 || len(got) > n*92/100 || int(w.lost)+len(got) != n {
		t.Errorf("%d arrived with a loss of 0.1, %d are counted as lost", len(got), w.lost)
	}
	if got, _ := sendMany(Link{Duplicate: 0.1}, n, nil); len(got) < n*108/100 || len(got) > n*112/100 {
		t.Errorf("%d arrived with one in ten repeated", len(got))
	}
	got, _ := sendMany(Link{Reorder: 0.1, ReorderBy: 20 * time.Millisecond}, n, nil)
	overtaken := 0
	for i := range got[1:] {
		if got[i+1] < got[i] {
			overtaken++
		}
	}
	if len(got) != n || overtaken < n/20 || overtaken > n/10 {
		t.Errorf("%d arrived, %d overtaken with one in ten on a slower way", len(got), overtaken)
	}
	got, w := sendMany(Link{}, n, func(i int, w *network) { w.links[0].cut = i >= 1000 && i < 2000 })
	if len(got) != n-1000 || slices.Contains(got, 1500) || w.lost != 1000 {
		t.Errorf("%d arrived over a link that was cut for 1000", len(got))
	}
}

// A RADIUS server answers at its rate, at half of it, and not at all; what was
// asked in vain is asked again, and given up after the time-out.
func TestRADIUSModel(t *testing.T) {
	s := Scenario{
		Seed: 1, Groups: []Group{{Sessions: 600, Tunnels: 10, RedialDelay: time.Second}}, RADIUS: RADIUS{Rate: 50},
		Phases: []Phase{
			{For: 8 * time.Second}, {For: 8 * time.Second, RADIUSSpeed: 0.5},
			{For: 5 * time.Second, RADIUSDead: 5 * time.Second}, {For: time.Minute, UntilUp: true, RADIUSSpeed: 1},
		},
	}
	s.Ruin = true // callers are to be kept waiting
	r := play(t, s)
	for i, most := range []float64{50, 25, 10} {
		if got := r.Phases[i].Goodput(); got > most || i < 2 && got < most*0.6 {
			t.Errorf("phase %d: %.1f a second come up, RADIUS answers %v", i, got, most)
		}
	}
	if up := r.Phases[3].Online(); up != 600 {
		t.Errorf("%d of 600 are up in the end", up)
	}
}

// A simulated packet costs no allocation, or a long run would be the garbage
// collector's. The checks of each second cost a few.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := Article(1, 2, 60, 600, 0)
	s.Phases = []Phase{{For: 30 * time.Second}, {For: 10 * time.Minute}}
	w, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	packets := uint64(0)
	w.after(time.Minute, func() { runtime.ReadMemStats(&before); packets = w.network.sent })
	w.after(10*time.Minute, func() { runtime.ReadMemStats(&after); packets = w.network.sent - packets })
	w.Run()
	if n := after.Mallocs - before.Mallocs; packets < 50000 || n > packets/20 {
		t.Errorf("%d allocations for %d packets", n, packets)
	}
}

// The checks see a collapse for what it is: HELLO is late, work is done for
// nobody, what comes in waits for seconds.
func TestChecksSeeTheCollapse(t *testing.T) {
	s := article(1, 1, tenthCapacity)
	s.Admission.Disabled = true
	w, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Run()
	told := strings.Join(r.Faults, "\n")
	for _, want := range []string{"HELLO was acknowledged within", "for callers who had left", "a datagram stayed"} {
		if !strings.Contains(told, want) {
			t.Errorf("%d faults, and none says %q:\n%s", r.FaultsAll, want, told)
		}
	}
}
