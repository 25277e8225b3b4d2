// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
)

// advancePause keeps a fault in Advance from becoming an endless loop: its
// cause is still due when the loop comes round.
const advancePause = 100 * time.Millisecond

// Run is the loop. It returns when ctx is done; the engine's state is left as it is.
func (s *Shard) Run(ctx context.Context) error {
	defer close(s.done)
	s.timer = time.NewTimer(time.Hour)
	defer s.timer.Stop()
	for ctx.Err() == nil {
		s.advance()
		if !s.turn() {
			s.wait(ctx)
		}
	}
	if s.held != nil {
		s.held.Release()
	}
	return nil
}

// turn serves each lane once, in order of urgency, and reports whether any had work.
func (s *Shard) turn() (worked bool) {
	s.dear, s.more = 0, false
	worked = s.servePackets()
	worked = s.serveMessages() || worked
	worked = s.serveAAA() || worked
	for i, punts := range [...]*lane[packet.Datagram]{s.punts, s.bulk, s.strangers} {
		n := s.bites[i].size()
		if d := punts.take(n); len(d) > 0 {
			worked = true
			s.more = s.more || i == ofPunts && len(d) == n
			began := time.Now()
			s.feed(input{kind: datagrams, datagrams: s.screen(d)})
			s.bites[i].took(time.Since(began), len(d))
		}
	}
	for _, f := range s.outbound.take(turnMax) {
		worked = true
		s.feed(input{kind: inner, frame: f})
	}
	select {
	case q := <-s.requests:
		worked = true
		s.serve(q)
	case o := <-s.orders:
		worked = true
		s.obey(o)
	default:
	}
	return s.begin(worked) || worked
}

// serveMessages feeds what other shards have to say, one input each.
func (s *Shard) serveMessages() bool {
	n := s.bites[ofMessages].size()
	m := s.messages.take(n)
	if len(m) == 0 {
		return false
	}
	s.stats.messagesTaken.Add(uint64(len(m)))
	s.more = s.more || len(m) == n
	began := time.Now()
	for i := range m {
		s.feed(input{kind: message, message: &m[i]})
	}
	s.bites[ofMessages].took(time.Since(began), len(m))
	return true
}

// begin sets up parked calls when there is nothing to do for calls that were
// begun before, so that what was started is finished first: a turn that took a
// dear step for one, or left some of their input waiting, begins none. Cheap
// work does not count: there is always some. Calls are not starved for it:
// after beginLatest one is begun whatever else there is.
func (s *Shard) begin(busy bool) bool {
	now := time.Now()
	if !s.eager && (s.dear > 0 || s.more) && now.Sub(s.begunAt) < beginLatest {
		return false
	}
	s.begunAt = now
	s.began = 0
	s.feed(input{kind: calls, busy: busy})
	return s.began > 0
}

// servePackets feeds what the readers have handed in, several batches at a time
// when several wait, and what arrived at other shards: the more there is in one
// input, the more answers leave in one send.
func (s *Shard) servePackets() bool {
	s.batches, s.gathered = s.batches[:0], s.gathered[:0]
	for b := s.nextBatch(); b != nil; b = s.nextBatch() {
		s.batches = append(s.batches, b)
		s.gathered = append(s.gathered, b.Datagrams...)
		if len(s.gathered) >= turnMax {
			break
		}
	}
	handed := s.handed.take(turnMax)
	s.stats.messagesTaken.Add(uint64(len(handed)))
	s.more = len(handed) == turnMax
	if s.gathered = append(s.gathered, handed...); len(s.batches) == 0 && len(handed) == 0 {
		return false
	}
	s.feed(input{kind: datagrams, datagrams: s.screen(s.gathered)})
	for i, b := range s.batches {
		b.Release()
		s.batches[i] = nil
	}
	clear(s.gathered)
	return true
}

// nextBatch is the next received batch; nil: none waits.
func (s *Shard) nextBatch() *packet.Batch {
	if b := s.held; b != nil {
		s.held = nil
		return b
	}
	select {
	case b := <-s.packets:
		return b
	default:
		return nil
	}
}

// wait sleeps until something comes or is due.
func (s *Shard) wait(ctx context.Context) {
	if !s.arm(s.next()) {
		return
	}
	select {
	case s.held = <-s.packets:
	case <-s.handed.wake:
	case <-s.messages.wake:
	case <-s.punts.wake:
	case <-s.bulk.wake:
	case <-s.strangers.wake:
	case <-s.outbound.wake:
	case <-s.answers.wake:
	case <-s.durable.wake:
	case q := <-s.requests:
		s.serve(q)
	case o := <-s.orders:
		s.obey(o)
	case <-s.timer.C:
		s.armed = time.Time{}
	case <-ctx.Done():
	}
}

// arm sets the timer to at, unless it is set so already; false: at has passed.
func (s *Shard) arm(at time.Time) bool {
	if at.Equal(s.armed) {
		return true
	}
	if at.IsZero() {
		s.timer.Stop()
	} else {
		d := time.Until(at)
		if d <= 0 {
			return false
		}
		s.timer.Reset(d)
	}
	s.armed = at
	return true
}

// next is when the engine has work.
func (s *Shard) next() time.Time {
	at := s.engine.Next()
	if !at.IsZero() && at.Before(s.quiet) {
		return s.quiet
	}
	return at
}

// advance does what is due.
func (s *Shard) advance() {
	at := s.next()
	if now := time.Now(); !at.IsZero() && !at.After(now) {
		if !s.feed(input{kind: passage}) {
			s.quiet = now.Add(advancePause)
		}
	}
}

func (s *Shard) serve(q *request) {
	if !s.feed(input{kind: operator, request: q.Request}) {
		q.finish(ErrRecovered)
	}
}

func (s *Shard) obey(o order) {
	if o.config != nil {
		s.feed(input{kind: configuration, config: o.config})
	} else {
		s.feed(input{kind: stop})
	}
	close(o.taken)
}

// input is one thing the engine is given.
type input struct {
	kind      inputKind
	datagrams []packet.Datagram
	message   *lns.Message
	frame     frame
	request   *lns.Request
	config    *lns.Config
	elements  []uint32
	counters  []forward.Counters
	answer    *lns.AuthAnswer
	refs      []lns.AuthRef
	busy      bool // calls: there is other work
}

type inputKind uint8

const (
	passage   inputKind = iota // time has passed
	datagrams                  // from sockets or the plane
	message
	inner // an inner packet to encapsulate
	operator
	configuration
	stop
	traffic // counters of the data plane
	calls   // parked calls may be begun
	answer  // of RADIUS
	durable // openings are on disk
)

func (k inputKind) String() string {
	return [...]string{"time", "datagrams", "message", "inner packet", "request", "configuration", "stop", "counters", "calls", "answer", "durable"}[k]
}

// feed gives one input to the engine and carries out the effects. false: the
// engine panicked.
func (s *Shard) feed(in input) bool {
	ok := s.step(&in)
	s.carryOut()
	if len(s.elements) > 0 {
		s.readCounters()
	}
	if ok || in.kind != datagrams || len(in.datagrams) == 1 {
		return ok
	}
	// Which datagram it was nobody knows. The others must not suffer, least of
	// all when the same one keeps coming.
	for i := range in.datagrams {
		s.feed(input{kind: datagrams, datagrams: in.datagrams[i : i+1]})
	}
	return false
}

// readCounters gives the engine the data plane's counters that it has asked for.
func (s *Shard) readCounters() {
	elements := s.elements
	s.elements = nil
	s.counters = append(s.counters[:0], make([]forward.Counters, len(elements))...)
	s.plane.Read(elements, s.counters)
	s.feed(input{kind: traffic, elements: elements, counters: s.counters})
	s.elements = elements[:0]
}

// step is the only place where the engine runs.
func (s *Shard) step(in *input) (ok bool) {
	now := time.Now()
	defer func() {
		if fault := recover(); fault != nil {
			s.stats.recovered.Add(1)
			s.note(now, event.Record{ID: event.ShardRecovered, Name: in.kind.String(), Err: fmt.Errorf("%v\n%s", fault, debug.Stack())})
		}
	}()
	switch in.kind {
	case passage:
		s.engine.Advance(now, &s.fx)
	case datagrams:
		s.engine.Packets(now, in.datagrams, &s.fx)
		for i := range in.datagrams {
			s.expect(in.datagrams[i].Data)
		}
	case message:
		s.engine.Deliver(now, in.message, &s.fx)
		s.expect(in.message.Datagram)
	case inner:
		s.engine.Outbound(now, in.frame.element, in.frame.ip, &s.fx)
	case operator:
		s.engine.Request(now, in.request, &s.fx)
	case configuration:
		s.engine.Configure(now, in.config, &s.fx)
	case stop:
		s.engine.Stop(now, &s.fx)
	case traffic:
		s.engine.Traffic(now, in.elements, in.counters, &s.fx)
	case answer:
		s.engine.Authenticated(now, *in.answer, &s.fx)
	case durable:
		s.engine.Durable(now, in.refs, &s.fx)
	case calls:
		for s.began < beginMax && s.engine.Begin(now, &s.fx) {
			if s.began++; in.busy || s.burn.Load() > 0 {
				break
			}
		}
	}
	return true
}
