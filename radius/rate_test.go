// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"testing"
	"time"
)

// In any second no more new requests go out than the rate and a tenth of it as a
// burst, and as many as that do.
func TestRequestRate(t *testing.T) {
	s := newServerConfig(1)
	s.OutstandingMax = 1000
	w := newWorld(t, Options{TimeoutGrace: time.Hour, RequestRate: 100}, s)
	w.Client.cfg.QueueMax = 1000
	set := w.set(Direct)
	a := w.answering(map[ServerID]time.Duration{0: time.Millisecond})
	for range 500 {
		w.submit(set, Access)
	}
	a.run(10 * time.Second)
	var at []time.Time
	for _, e := range w.sends() {
		at = append(at, e.FirstSent)
	}
	if len(at) != 500 {
		t.Fatalf("%d sent", len(at))
	}
	for i := range at {
		for j := i; j < len(at); j++ {
			if n, most := j-i+1, 10+int(at[j].Sub(at[i])/(10*time.Millisecond)); n > most {
				t.Fatalf("%d in %v, at most %d", n, at[j].Sub(at[i]), most)
			}
		}
	}
	if took := at[499].Sub(at[0]); took != 4900*time.Millisecond {
		t.Fatalf("500 took %v: the rate is not used", took)
	}
	if n := w.auth(0).Counters; n.Waited != 490 || n.Exceeded != 0 {
		t.Fatalf("%+v", n)
	}
}

// A retransmission takes its place in the rate, though it never waits.
func TestRetransmissionsCount(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour, RequestRate: 1}, newServerConfig(1))
	w.submit(w.set(Direct), Access) // at 0, 1 and 3 s
	w.run(1500 * time.Millisecond)
	w.submit(w.set(Direct), Access)
	w.run(time.Second)
	for _, e := range w.sends() {
		if at := e.FirstSent.Sub(epoch); e.Ref == 2 && at < 1900*time.Millisecond {
			t.Fatalf("sent at %v, 1 s after the retransmission is due", at)
		}
	}
	if w.auth(0).Counters.Requests != 2 {
		t.Fatal("the second one was not sent")
	}
}

// Interim updates have a rate of their own, which others do not wait for.
func TestInterimRate(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour, InterimRate: 2}, newServerConfig(1))
	a := w.answering(map[ServerID]time.Duration{0: time.Millisecond})
	for range 4 {
		w.submit(w.set(Direct), Interim)
	}
	w.submit(w.set(Direct), Accounting)
	a.run(10 * time.Second)
	want := []struct {
		ref Ref
		at  time.Duration
	}{{1, 0}, {5, 0}, {2, 500 * time.Millisecond}, {3, time.Second}, {4, 1500 * time.Millisecond}}
	s := w.sends()
	if len(s) != len(want) {
		t.Fatalf("%d sent", len(s))
	}
	for i, e := range s {
		if at := e.FirstSent.Sub(epoch); e.Ref != want[i].ref || at != want[i].at {
			t.Errorf("%d: request %d at %v, want %d at %v", i, e.Ref, at, want[i].ref, want[i].at)
		}
	}
}

// Log-ins go first, but one request in eight is accounting's, and one in 64 an
// interim update's.
func TestShares(t *testing.T) {
	s := newServerConfig(1)
	s.OutstandingMax = 1000
	w := newWorld(t, Options{TimeoutGrace: time.Hour, RequestRate: 100}, s)
	w.Client.cfg.QueueMax = 1000
	a := w.answering(map[ServerID]time.Duration{0: time.Millisecond})
	kind := map[Ref]Kind{}
	for _, k := range []Kind{Interim, Accounting, Access} {
		for range 200 {
			ref, _ := w.submit(w.set(Direct), k)
			kind[ref] = k
		}
	}
	w.sends()
	a.run(1280 * time.Millisecond)
	var n [kinds]int
	for _, e := range w.sends() {
		n[kind[e.Ref]]++
	}
	if n != [kinds]int{112, 14, 2} {
		t.Fatalf("sent %v of access, accounting and interim", n)
	}
}

// With a backlog the newest log-in is served first; accounting keeps its order.
func TestBacklog(t *testing.T) {
	for _, row := range []struct {
		kind Kind
		want []Ref
	}{{Access, []Ref{1, 2, 4, 3}}, {Accounting, []Ref{1, 2, 3, 4}}} {
		w := newWorld(t, Options{TimeoutGrace: time.Hour, RequestRate: 1}, newServerConfig(1))
		a := w.answering(map[ServerID]time.Duration{0: time.Millisecond})
		for range 4 {
			w.submit(w.set(Direct), row.kind)
		}
		a.run(10 * time.Second)
		for i, e := range w.sends() {
			if e.Ref != row.want[i] {
				t.Errorf("%v %d: request %d, want %d", row.kind, i, e.Ref, row.want[i])
			}
		}
	}
}

// A full queue refuses, OutstandingMax holds, and both are counted.
func TestBounds(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1))
	set := w.set(Direct)
	if n := w.Room(set, Access); n != 10 {
		t.Fatalf("room for %d", n)
	}
	for range 115 {
		w.submit(set, Access)
	}
	if n := w.Room(set, Access); n != 0 {
		t.Fatalf("room for %d", n)
	}
	n := w.auth(0)
	if n.Pending != 10 || n.Peak != 10 || n.Queued != 100 || n.Counters.Exceeded != 100 || n.Counters.Refused != 5 || w.Totals().Ended[Access][QueueFull] != 5 {
		t.Fatalf("%+v", n)
	}
	w.wantDone(111, QueueFull)
	w.run(time.Minute)
	if ended := w.Totals().Ended[Access]; ended[TimedOut] != 110 {
		t.Fatalf("%+v", ended)
	}
	w.checkCounters()
}

// A request needs a server that is configured.
func TestNoServer(t *testing.T) {
	w := newWorld(t, Options{}, newServerConfig(1))
	for _, set := range []*Set{nil, {}, {Servers: []*Server{newServerConfig(2)}}} {
		ref, x := w.submit(set, Accounting)
		w.wantDone(ref, NoServer)
		w.Cancel(w.now, x, &w.fx) // has ended: no error, no second Done
		w.carryOut()
	}
}

func TestCancel(t *testing.T) {
	s := newServerConfig(1)
	s.OutstandingMax = 1
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, s)
	inFlight, x := w.submit(w.set(Direct), Access)
	queued, y := w.submit(w.set(Direct), Access)
	w.Cancel(w.now, y, &w.fx)
	w.Cancel(w.now, x, &w.fx)
	w.Cancel(w.now, x, &w.fx)
	w.Cancel(w.now, 0, &w.fx)
	w.carryOut()
	w.wantDone(queued, Cancelled)
	w.wantDone(inFlight, Cancelled)
	if n := w.auth(0); n.Pending != 0 || n.Queued != 0 || !w.Next().IsZero() {
		t.Fatalf("%+v, next %v", n, w.Next())
	}
	w.checkCounters()
}
