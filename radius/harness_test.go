// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a Client with simulated time, and what came of it.
type world struct {
	*Client
	t       testing.TB
	now     time.Time
	fx      Effects
	ref     Ref
	log     []string // effects since the last call of took
	sent    []Effect // Sends since the last call of sends
	done    map[Ref]Effect
	inSlot  map[Slot]Ref // what was last sent there
	servers []*Server
	onSend  func(Effect) // nil: silence
}

func newWorld(t testing.TB, o Options, servers ...*Server) *world {
	w := &world{
		Client: NewClient(Config{Rand: rand.New(rand.NewPCG(1, 2)), QueueMax: 100}),
		t:      t, now: epoch, done: map[Ref]Effect{}, inSlot: map[Slot]Ref{}, servers: servers,
	}
	w.Configure(w.now, servers, o, &w.fx)
	w.carryOut()
	return w
}

// newServerConfig is server 192.0.2.n with a second's timeout and two retransmissions.
func newServerConfig(n int) *Server {
	return &Server{
		Address: netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}), Authentication: 1812, Accounting: 1813, Secret: "s",
		Timeout: time.Second, Retry: 2, OutstandingMax: 10,
	}
}

func (w *world) set(a Algorithm) *Set { return &Set{Name: "p", Servers: w.servers, Algorithm: a} }

// carryOut takes effects as an owner does.
func (w *world) carryOut() {
	w.t.Helper()
	list := append([]Effect(nil), w.fx.List...)
	w.fx.Reset()
	for _, e := range list {
		at := fmt.Sprintf("%.1f ", w.now.Sub(epoch).Seconds())
		switch e.Kind {
		case Send:
			w.inSlot[e.Slot] = e.Ref
			w.sent = append(w.sent, e)
			w.log = append(w.log, fmt.Sprintf("%ssend %d to %d #%d", at, e.Ref, e.Slot.Server, e.Transmission))
			if w.onSend != nil {
				w.onSend(e)
			}
		case Done:
			if _, twice := w.done[e.Ref]; twice {
				w.t.Fatalf("request %d ended twice: %+v", e.Ref, e)
			}
			w.done[e.Ref] = e
			w.log = append(w.log, fmt.Sprintf("%sdone %d %v", at, e.Ref, e.Outcome))
		default:
			w.log = append(w.log, fmt.Sprintf("%s%v %d %v", at, e.Kind, e.Slot.Server, e.Slot.Service))
		}
	}
}

// submit submits a request and returns its name.
func (w *world) submit(set *Set, k Kind) (Ref, Exchange) {
	w.t.Helper()
	w.ref++
	ref := w.ref
	x := w.Submit(w.now, set, k, ref, &w.fx)
	w.carryOut()
	return ref, x
}

// reply gives a reply in a slot.
func (w *world) reply(s Slot, r Reply) {
	w.t.Helper()
	w.Handle(w.now, s, r, &w.fx)
	w.carryOut()
}

// run lets time pass, stopping wherever the machine has work.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	for steps := 0; ; steps++ {
		if steps > 1_000_000 {
			w.t.Fatal("the machine never rests")
		}
		next := w.Next()
		if next.IsZero() || next.After(end) {
			break
		}
		if next.After(w.now) {
			w.now = next
		}
		w.Advance(w.now, &w.fx)
		w.carryOut()
	}
	w.now = end
}

// took returns the effects since the last call.
func (w *world) took() []string { l := w.log; w.log = nil; return l }

// sends returns the Sends since the last call.
func (w *world) sends() []Effect { l := w.sent; w.sent = nil; return l }

func (w *world) auth(server int) ServiceStatus { return w.Snapshot(nil)[server].Authentication }
func (w *world) acct(server int) ServiceStatus { return w.Snapshot(nil)[server].Accounting }

func (w *world) wantDone(ref Ref, o Outcome) Effect {
	w.t.Helper()
	e, ok := w.done[ref]
	if !ok || e.Outcome != o {
		w.t.Fatalf("request %d: ended %v as %v, want %v", ref, ok, e.Outcome, o)
	}
	return e
}

// checkCounters holds the sums that Counters promise.
func (w *world) checkCounters() {
	w.t.Helper()
	for _, s := range w.Snapshot(nil) {
		for _, v := range []ServiceStatus{s.Authentication, s.Accounting} {
			n := v.Counters
			if in, out := n.Requests+n.Late, n.Accepts+n.Rejects+n.Challenges+n.Responses+n.Abandoned+uint64(v.Pending); in != out {
				w.t.Fatalf("server %d: %d requests and late replies, %d accounted for: %+v", s.ID, in, out, n)
			}
			if v.Pending > s.Server.OutstandingMax && v.Peak <= s.Server.OutstandingMax {
				w.t.Fatalf("server %d: peak %d, pending %d", s.ID, v.Peak, v.Pending)
			}
		}
	}
}
