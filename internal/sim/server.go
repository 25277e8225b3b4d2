// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"holdfast/internal/forward/frame"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
)

// The policy of shard.Shard; see there for the reasons.
const (
	turnMax     = 256
	beginMax    = 16
	puntMax     = 4096
	bulkMax     = 1024
	messageMax  = 4096
	biteTime    = 5 * time.Millisecond
	beginLatest = 100 * time.Millisecond
)

// inputLeast is what any input costs.
const inputLeast = 500 * time.Nanosecond

// lane is where a datagram waits for a server.
type lane uint8

const (
	control lane = iota // the socket's buffer and the reader's batches
	punts               // PPP control, by way of the plane
	bulk                // what the plane hands over besides
	lanes

	messages = lanes // from other shards and RADIUS, in queues of their own
)

// stage is where a server is in its turn.
type stage uint8

const (
	stageAdvance stage = iota
	stageControl
	stageMessages
	stageAnswers
	stageDurable
	stagePunts
	stageBulk
	stageBegin
	stages
)

// server is a shard: an engine, and a processor that takes time.
type server struct {
	w      *World
	number int
	engine *lns.Engine
	fx     lns.Effects

	lanes    [lanes]slots
	messages []lns.Message
	answers  []lns.AuthAnswer
	durable  []lns.AuthRef            // records that are on disk
	bites    [lanes + 1]time.Duration // what an item has cost, smoothed

	running bool // it works: a turn of it is planned
	stage   stage
	worked  bool    // in this turn
	dear    int     // dear steps in this turn
	more    bool    // a lane with input for calls in set-up was not emptied in it
	left    int     // of the messages or answers of this stage
	begunAt instant // when parked calls were looked at last
	wakesAt instant // what is planned for its engine; never: nothing

	batch     []packet.Datagram
	taken     []uint32
	unwritten []lns.AuthRef // records that the next commit brings to disk
	dropped   [lanes]uint64 // found their lane full
	lost      uint64        // datagrams of other shards, likewise
	busy      time.Duration // time spent working
}

// slots is a queue of datagrams by number.
type slots struct {
	items []uint32
	head  int
}

func (q *slots) len() int { return len(q.items) - q.head }

func (q *slots) push(i uint32) {
	if q.head > 1024 && 2*q.head > len(q.items) {
		q.items = q.items[:copy(q.items, q.items[q.head:])]
		q.head = 0
	}
	q.items = append(q.items, i)
}

// take moves up to n of the first items to into.
func (q *slots) take(n int, into []uint32) []uint32 {
	n = min(n, q.len())
	into = append(into, q.items[q.head:q.head+n]...)
	if q.head += n; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return into
}

// arrive puts the datagram that has come from the network into the lane of the
// server that it is steered to.
func (w *World) arrive(i uint32) {
	d := &w.network.all[i]
	if w.network.links[d.lac].cut {
		w.network.lost++
		w.network.release(i)
		return
	}
	h, payload, ok := frame.ParseHeader(d.b)
	number := lns.Owner(h.TunnelID, len(w.servers))
	limit := puntMax
	switch {
	case !ok:
		w.fault("a datagram that is no L2TP: %x", d.b)
		w.network.release(i)
		return
	case h.Control:
		if h.TunnelID == 0 { // any shard will do, which hands it over
			number = w.network.rand.IntN(len(w.servers))
		}
		d.lane, limit = control, w.scenario.SocketMax
		w.hello.toLNS(d, h.TunnelID)
	default:
		if d.lane = laneOf(payload); d.lane == bulk {
			limit = bulkMax
		}
	}
	if !w.admits(d, h.Control) {
		w.network.release(i)
		return
	}
	s := w.servers[number]
	if limit > 0 && s.lanes[d.lane].len() >= limit {
		s.dropped[d.lane]++
		w.network.release(i)
		return
	}
	s.lanes[d.lane].push(i)
	s.wake()
}

// laneOf is where the plane hands a PPP frame over. Network-layer packets of
// installed sessions are the plane's own; no modem here sends any.
func laneOf(payload []byte) lane {
	protocol, ip, ok := frame.ParsePPP(payload)
	if ok && (protocol >= frame.ProtocolControl || protocol == frame.ProtocolIPv6 && frame.LinkScoped(ip)) {
		return punts
	}
	return bulk
}

// wake has an idle server begin a turn.
func (s *server) wake() {
	if !s.running {
		s.running, s.stage, s.worked = true, stageAdvance, false
		s.w.queue.push(s.w.at, serverTurns, uint32(s.number))
	}
}

// turns lets the server work until something else happens in the world, or it
// has nothing left to do.
func (s *server) turns() {
	for s.running {
		cost, ok := s.input()
		if !ok {
			s.running = false
			s.sleep()
			return
		}
		s.busy += cost
		at := s.w.at + instant(cost)
		if s.w.queue.next() <= at {
			s.w.queue.push(at, serverTurns, uint32(s.number))
			return
		}
		s.w.at = at
	}
}

// sleep plans when an idle server's engine has work.
func (s *server) sleep() {
	next := s.engine.Next()
	if next.IsZero() {
		return
	}
	if at := max(s.w.instant(next), s.w.at); at < s.wakesAt {
		s.wakesAt = at
		s.w.queue.push(at, serverWakes, uint32(s.number))
	}
}

// wakes is the timer of a server.
func (s *server) wakes() {
	if s.wakesAt != s.w.at {
		return // planned anew since
	}
	s.wakesAt = never
	s.wake()
}

// input gives the engine the next input of the turn and tells what it has cost;
// false: the last turn has found nothing to do.
func (s *server) input() (cost time.Duration, ok bool) {
	for {
		stage := s.stage
		if s.stage++; s.stage == stages {
			s.stage = stageAdvance
		}
		cost, did := s.serve(stage)
		if stage != stageAdvance {
			s.worked = s.worked || did
		}
		if stage == stageBegin {
			if !did && !s.worked && !s.due() {
				return 0, false
			}
			s.worked, s.dear, s.more = false, 0, false
		}
		if did {
			return cost, true
		}
	}
}

// due reports whether the engine has work.
func (s *server) due() bool {
	next := s.engine.Next()
	return !next.IsZero() && s.w.instant(next) <= s.w.at
}

// serve gives the engine the input of one stage, if there is any.
func (s *server) serve(stage stage) (cost time.Duration, did bool) {
	now := s.w.now()
	switch stage {
	case stageAdvance:
		if !s.due() {
			return 0, false
		}
		s.engine.Advance(now, &s.fx)
		return s.carryOut(len(s.fx.Transmit)), true
	case stageControl:
		return s.datagrams(control, turnMax)
	case stageMessages:
		return s.next(stageMessages, len(s.messages), func() {
			m := s.messages[0]
			s.messages = s.messages[1:]
			s.engine.Deliver(now, &m, &s.fx)
		})
	case stageAnswers:
		return s.next(stageAnswers, len(s.answers), func() {
			a := s.answers[0]
			s.answers = s.answers[1:]
			s.engine.Authenticated(now, a, &s.fx)
		})
	case stageDurable:
		if len(s.durable) == 0 {
			return 0, false
		}
		n := len(s.durable)
		s.engine.Durable(now, s.durable, &s.fx)
		s.durable = s.durable[:0]
		return s.carryOut(n), true
	case stagePunts:
		return s.datagrams(punts, s.bite(punts))
	case stageBulk:
		return s.datagrams(bulk, s.bite(bulk))
	default:
		return s.begin(now)
	}
}

// next gives the engine the next of those that waited when the stage began, a bite
// of them at most and one input each.
func (s *server) next(stage stage, waiting int, feed func()) (cost time.Duration, did bool) {
	if waiting == 0 {
		return 0, false
	}
	if s.left == 0 {
		n := s.bite(messages)
		s.left = min(waiting, n)
		s.more = s.more || s.left == n
	}
	feed()
	if s.left--; s.left > 0 {
		s.stage = stage
	}
	cost = s.carryOut(1)
	s.took(messages, cost, 1)
	return cost, true
}

// datagrams gives the engine up to n datagrams of a lane.
func (s *server) datagrams(l lane, n int) (cost time.Duration, did bool) {
	s.taken = s.lanes[l].take(n, s.taken[:0])
	if len(s.taken) == 0 {
		return 0, false
	}
	s.more = s.more || l == punts && len(s.taken) == n
	s.batch = s.batch[:0]
	for _, i := range s.taken {
		d := &s.w.network.all[i]
		p := packet.Datagram{Data: d.b, Peer: lacAddress(int(d.lac)), Local: gateway, At: s.w.time(d.at), Mark: d.mark}
		if s.admits(&p) {
			s.batch = append(s.batch, p)
		}
	}
	s.engine.Packets(s.w.now(), s.batch, &s.fx)
	s.expect()
	cost = s.carryOut(len(s.taken))
	s.took(l, cost, len(s.taken))
	for _, i := range s.taken {
		s.w.stay[l].Add(time.Duration(s.w.at-s.w.network.all[i].at) + cost)
		s.w.network.release(i)
	}
	return cost, true
}

// took notes what n items of a lane have cost.
func (s *server) took(l lane, cost time.Duration, n int) {
	s.bites[l] += (cost/time.Duration(n) - s.bites[l]) / 4
}

// bite is how many items of a lane are taken at once.
func (s *server) bite(l lane) int {
	if s.bites[l] <= biteTime/turnMax {
		return turnMax
	}
	return max(int(biteTime/s.bites[l]), 1)
}

// begin sets up parked calls when the turn has done nothing dear, or when they
// have waited for long.
func (s *server) begin(now time.Time) (cost time.Duration, did bool) {
	if (s.dear > 0 || s.more) && s.w.at-s.begunAt < instant(beginLatest) {
		return 0, false
	}
	s.begunAt = s.w.at
	began := 0
	for began < beginMax && s.engine.Begin(now, &s.fx) {
		if began++; s.worked || s.w.scenario.Cost.Dear > 0 {
			break
		}
	}
	return s.carryOut(began), began > 0
}
