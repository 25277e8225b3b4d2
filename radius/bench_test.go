// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math/rand/v2"
	"testing"
	"time"
)

// exchanges is a Client with n requests in flight at any time; each is answered in
// the order of sending.
type exchanges struct {
	*Client
	set   *Set
	now   time.Time
	fx    Effects
	slots []Slot // in flight, a ring
	next  int
}

func newExchanges(n int) *exchanges {
	s := newServerConfig(1)
	s.OutstandingMax = n
	x := &exchanges{
		Client: NewClient(Config{Rand: rand.New(rand.NewPCG(1, 2))}), now: epoch,
		set: &Set{Servers: []*Server{s}}, slots: make([]Slot, 0, n),
	}
	x.Configure(x.now, x.set.Servers, Options{TimeoutGrace: 10 * time.Second}, &x.fx)
	for len(x.slots) < n { // the window opens as answers come
		x.fx.Reset()
		x.Submit(x.now, x.set, Access, 1, &x.fx)
		for _, e := range x.fx.List {
			if e.Kind == Send {
				x.slots = append(x.slots, e.Slot)
			}
		}
		x.now = x.now.Add(time.Microsecond)
		if x.Room(x.set, Access) == 0 && len(x.slots) < n {
			x.one(AccessAccept)
			x.slots = append(x.slots[:x.next], x.slots[x.next+1:]...)
			x.next = 0
		}
	}
	return x
}

// one answers the oldest request, submits another one, and lets a little time pass.
func (x *exchanges) one(r Reply) {
	x.now = x.now.Add(2 * time.Microsecond)
	x.fx.Reset()
	x.Handle(x.now, x.slots[x.next], r, &x.fx)
	if len(x.slots) == cap(x.slots) {
		x.Submit(x.now, x.set, Access, 1, &x.fx)
	}
	for _, e := range x.fx.List {
		if e.Kind == Send {
			x.slots[x.next] = e.Slot
			x.next = (x.next + 1) % len(x.slots)
		}
	}
	if next := x.Next(); !next.After(x.now) {
		x.Advance(x.now, &x.fx)
	}
}

// An exchange in the steady state allocates nothing.
func TestExchangeAllocates(t *testing.T) {
	x := newExchanges(1000)
	for range 10_000 {
		x.one(AccessAccept)
	}
	if n := testing.AllocsPerRun(10_000, func() { x.one(AccessAccept) }); n != 0 {
		t.Fatalf("%v allocations for each request", n)
	}
	if n := x.Snapshot(nil)[0].Authentication; n.Counters.Accepts < 20_000 || n.Pending != 1000 {
		t.Fatalf("%+v", n)
	}
}

func BenchmarkExchange(b *testing.B) {
	for _, n := range []struct {
		name     string
		inFlight int
	}{{"64", 64}, {"1000", 1000}} {
		b.Run(n.name, func(b *testing.B) {
			x := newExchanges(n.inFlight)
			b.ReportAllocs()
			for b.Loop() {
				x.one(AccessAccept)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
