// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// life is a Client under random use, and what its owner holds it to.
type life struct {
	*world
	sets  []*Set
	open  map[Ref]Exchange
	kinds map[Ref]Kind
	late  []Slot // anything ever sent in
}

// Whatever servers do and the owner asks: each request ends exactly once, no two
// are in one slot, no more than OutstandingMax are in flight, and the counters add
// up.
func TestLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(t, rt)
		for range rapid.IntRange(1, 120).Draw(rt, "steps") {
			l.step(rt)
			l.check()
		}
		for ref, x := range l.open { // what must arrive goes on until it is cancelled
			if l.kinds[ref] == Accounting && rapid.Bool().Draw(rt, "cancel") {
				l.Cancel(l.now, x, &l.fx)
				l.take()
			}
		}
		l.revive()
		for ref := range l.open {
			t.Fatalf("%v request %d never ended", l.kinds[ref], ref)
		}
		n := l.Totals()
		for k := range n.Submitted {
			var ended uint64
			for _, m := range n.Ended[k] {
				ended += m
			}
			if ended != n.Submitted[k] {
				t.Fatalf("%v: %d submitted, %d ended", Kind(k), n.Submitted[k], ended)
			}
		}
	})
}

func newLife(t *testing.T, rt *rapid.T) *life {
	var servers []*Server
	for n := range rapid.IntRange(1, 3).Draw(rt, "servers") {
		s := newServerConfig(n + 1)
		s.OutstandingMax = rapid.IntRange(1, 6).Draw(rt, "outstanding")
		s.Retry = rapid.IntRange(0, 3).Draw(rt, "retry")
		s.Weight = rapid.IntRange(0, 3).Draw(rt, "weight")
		if rapid.IntRange(0, 4).Draw(rt, "tls") == 0 {
			s.TLS = &TLS{}
		}
		servers = append(servers, s)
	}
	l := &life{
		world: newWorld(t, Options{
			TimeoutGrace:   time.Duration(rapid.IntRange(0, 10).Draw(rt, "grace")) * time.Second,
			RevertInterval: time.Duration(rapid.IntRange(0, 60).Draw(rt, "revert")) * time.Second,
			RequestRate:    rapid.SampledFrom([]int{0, 1, 5, 500}).Draw(rt, "rate"),
			InterimRate:    rapid.SampledFrom([]int{0, 1}).Draw(rt, "interims"),
		}, servers...),
		open: map[Ref]Exchange{}, kinds: map[Ref]Kind{},
	}
	l.Client.cfg.QueueMax = rapid.IntRange(1, 20).Draw(rt, "queue")
	l.Client.cfg.Rand = rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
	l.sets = []*Set{l.set(Direct), l.set(RoundRobin), l.set(Weighted), {Servers: servers[:1]}, {}, nil}
	l.onSend = func(e Effect) { l.late = append(l.late, e.Slot) }
	return l
}

// take carries effects out and forgets requests that have ended.
func (l *life) take() {
	l.carryOut()
	for ref := range l.open {
		if _, ended := l.done[ref]; ended {
			delete(l.open, ref)
		}
	}
}

func (l *life) step(rt *rapid.T) {
	switch rapid.IntRange(0, 9).Draw(rt, "step") {
	case 0, 1, 2:
		for range rapid.IntRange(1, 12).Draw(rt, "burst") {
			k := Kind(rapid.IntRange(0, int(kinds)-1).Draw(rt, "kind"))
			ref, x := l.submit(rapid.SampledFrom(l.sets).Draw(rt, "set"), k)
			l.open[ref], l.kinds[ref] = x, k
		}
	case 3, 4:
		l.run(time.Duration(rapid.IntRange(0, 20_000).Draw(rt, "ms")) * time.Millisecond)
	case 5, 6:
		if len(l.late) > 0 { // an answer, in time, late, or twice
			at := rapid.SampledFrom(l.late).Draw(rt, "slot")
			code := AccessAccept + Reply(rapid.IntRange(0, 2).Draw(rt, "code"))
			if at.Service == AccountingService {
				code = AccountingResponse
			}
			l.Handle(l.now, at, code, &l.fx)
		}
	case 7: // hostile: anything in any slot
		l.Handle(l.now, Slot{
			Server: ServerID(rapid.IntRange(0, 9).Draw(rt, "server")), Service: Service(rapid.IntRange(0, 3).Draw(rt, "service")),
			Port: rapid.Uint16().Draw(rt, "port"), Identifier: rapid.Byte().Draw(rt, "id"),
		}, Reply(rapid.IntRange(int(BadAuthenticator), 255).Draw(rt, "reply")), &l.fx)
	case 8:
		if len(l.open) > 0 {
			l.Cancel(l.now, l.open[Ref(rapid.IntRange(1, int(l.ref)).Draw(rt, "ref"))], &l.fx)
		}
	case 9:
		server, s := ServerID(rapid.IntRange(0, 4).Draw(rt, "server")), Service(rapid.IntRange(0, 1).Draw(rt, "service"))
		switch rapid.IntRange(0, 3).Draw(rt, "what") {
		case 0:
			l.Unreachable(l.now, server, s, &l.fx)
		case 1:
			l.Disconnected(l.now, server, s, 0, &l.fx)
		case 2:
			l.Clear()
		default:
			n := rapid.IntRange(1, len(l.servers)).Draw(rt, "configured")
			l.Configure(l.now, l.servers[len(l.servers)-n:], l.options, &l.fx)
		}
	}
	l.take()
}

// check looks into the machine: what it counts is what it has.
func (l *life) check() {
	l.t.Helper()
	l.checkCounters()
	for _, s := range l.order {
		for k := range s.services {
			v := &s.services[k]
			held := map[*request]bool{}
			for i := range v.slots.all {
				x := &v.slots.all[i]
				if x.state != slotHeld {
					continue
				}
				r := x.request
				if held[r] || !r.inFlight || r.service() != v || int(r.slot) != i || !x.waits() {
					l.t.Fatalf("slot %d of server %d: not its request's only place: %+v", i, s.id, r)
				}
				held[r] = true
				if at := v.address(int32(i)); l.inSlot[at] != r.ref {
					l.t.Fatalf("slot %+v: request %d was sent, the machine means %d", at, l.inSlot[at], r.ref)
				}
			}
			if len(held) != v.inFlight || v.inFlight > v.outstandingMax() {
				l.t.Fatalf("server %d: %d in flight, %d slots held, at most %d", s.id, v.inFlight, len(held), v.outstandingMax())
			}
		}
	}
	if n := len(l.requests) - len(l.spare); n != len(l.open) {
		l.t.Fatalf("%d requests in use, %d open", n, len(l.open))
	}
}

// revive has all servers answer, and time pass.
func (l *life) revive() {
	for range 400 {
		for _, e := range l.sends() {
			code := AccessAccept
			if e.Slot.Service == AccountingService {
				code = AccountingResponse
			}
			l.Handle(l.now, e.Slot, code, &l.fx)
			l.take()
		}
		l.run(time.Second)
		l.take()
		if len(l.open) == 0 {
			return
		}
	}
}
