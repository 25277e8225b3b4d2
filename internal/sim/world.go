// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/storm"
)

// World is one simulation on its way.
type World struct {
	scenario Scenario
	epoch    time.Time
	at       instant // now
	queue    queue
	network  network
	servers  []*server
	lacs     []*lac
	lacFx    storm.Effects
	plane    *plane
	radius   radius
	books    books
	hello    hello
	front    front
	hash     hash

	posts     []lns.Message // between shards, under way
	freePosts []uint32
	causes    map[error]lns.Cause

	phase      int      // index into scenario.Phases
	began      instant  // when the phase did
	planned    []func() // what phases have planned, by number
	draining   bool
	over       bool
	stay       [lanes]storm.Histogram // from arrival at the server to the departure of the answers
	inputs     uint64
	events     uint64
	parkedMost int
	initMost   int

	sessionsDown uint64 // SessionDown events
	start        mark   // when the phase began
	result       Result
}

var gateway = netip.MustParseAddrPort("192.0.2.1:1701")

// password is that of all subscribers.
const password = "a password of the simulation"

// New makes the world of a scenario. Run lets it live.
func New(s Scenario) (*World, error) {
	s = s.withDefaults()
	w := &World{
		scenario: s,
		epoch:    time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC),
		plane:    newPlane(),
		causes:   make(map[error]lns.Cause),
	}
	w.network = network{Link: s.Link, rand: rand.New(rand.NewPCG(s.Seed, 1)), queue: &w.queue}
	w.radius = radius{RADIUS: s.RADIUS, speed: 1}
	w.books = newBooks(s.Seed)
	w.hello.theirs = make(map[lacTunnel]uint16)
	for c := range lns.Cause(lns.CauseCount) {
		w.causes[c.Err()] = c
	}
	cfg := configuration(&s)
	for i := range s.Shards {
		w.servers = append(w.servers, &server{
			w: w, number: i, wakesAt: never,
			engine: lns.New(lns.Options{
				Config: cfg, Shard: i, Shards: s.Shards, Rand: rand.New(rand.NewPCG(s.Seed, uint64(100+i))), Now: w.epoch, Epoch: 1,
			}),
		})
	}
	return w, errors.Join(w.newFront(), w.addLACs())
}

func (w *World) now() time.Time              { return w.time(w.at) }
func (w *World) time(at instant) time.Time   { return w.epoch.Add(time.Duration(at)) }
func (w *World) instant(t time.Time) instant { return instant(t.Sub(w.epoch)) }

// Run lives through all phases and tells what has come of it.
func (w *World) Run() *Result {
	w.result.Scenario = w.scenario
	w.startLACs()
	w.queue.push(instant(time.Second), secondEnds, 0)
	w.begin()
	for !w.over {
		h := w.queue.pop()
		w.at = h.at
		w.events++
		w.happen(&h)
	}
	w.finish()
	return &w.result
}

func (w *World) happen(h *happening) {
	switch h.kind {
	case arrivesAtLNS:
		w.arrive(h.arg)
	case arrivesAtLAC:
		w.lacTakes(h.arg)
	case serverTurns:
		w.servers[h.arg].turns()
	case serverWakes:
		w.servers[h.arg].wakes()
	case lacWakes:
		w.lacAdvances(w.lacs[h.arg])
	case messageComes:
		w.deliver(h.arg)
	case queryEnds:
		w.queryEnds(h.arg)
	case diskWrites:
		w.diskWrites(h.arg)
	case phaseEvent:
		w.planned[h.arg]()
	case secondEnds:
		w.check()
		w.point()
		w.queue.push(w.at+instant(time.Second), secondEnds, 0)
	}
}
