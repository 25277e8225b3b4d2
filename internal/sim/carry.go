// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// carryOut does what the engine wants done, at the end of the time that the
// input takes, and tells that time. items is how many datagrams or their like
// the input was worth.
func (s *server) carryOut(items int) (cost time.Duration) {
	w, fx := s.w, &s.fx
	cost = max(time.Duration(items)*w.scenario.Cost.Cheap, inputLeast) + time.Duration(fx.Dear)*w.scenario.Cost.Dear
	at := w.at + instant(cost)
	w.hash.effects(s.number, at, fx)
	w.inputs++
	s.dear += fx.Dear
	s.stand()
	for i := range fx.Install {
		w.plane.install(&fx.Install[i])
	}
	for _, k := range fx.Remove {
		w.plane.remove(k)
	}
	for i := range fx.Transmit {
		d := &fx.Transmit[i]
		w.hello.fromLNS(at, d)
		w.network.send(at, lacNumber(d.Peer), down, d.Data)
	}
	for i := range fx.Messages {
		w.post(at, &fx.Messages[i])
	}
	for i := range fx.Authenticate {
		w.authenticate(at, s.number, &fx.Authenticate[i])
	}
	w.book(at, s, fx.Account)
	for i := range fx.Log {
		w.logged(&fx.Log[i])
	}
	if len(fx.Read) > 0 {
		s.read(append([]uint32(nil), fx.Read...))
		return cost
	}
	fx.Reset()
	return cost
}

// read gives the engine the data plane's counters that it has asked for: nothing
// has been forwarded.
func (s *server) read(elements []uint32) {
	s.fx.Reset()
	s.engine.Traffic(s.w.now(), elements, make([]forward.Counters, len(elements)), &s.fx)
	s.carryOut(0)
}

// post plans the arrival of a message between shards.
func (w *World) post(at instant, m *lns.Message) {
	var i uint32
	if k := len(w.freePosts); k > 0 {
		i, w.freePosts = w.freePosts[k-1], w.freePosts[:k-1]
	} else {
		i = uint32(len(w.posts))
		w.posts = append(w.posts, lns.Message{})
	}
	w.posts[i] = *m
	w.posts[i].Datagram = append([]byte(nil), m.Datagram...)
	w.queue.push(at, messageComes, i)
}

// deliver puts a message that has arrived into the lane of its shard.
func (w *World) deliver(i uint32) {
	m := w.posts[i]
	w.posts[i] = lns.Message{}
	w.freePosts = append(w.freePosts, i)
	s := w.servers[m.To]
	if m.Droppable() && len(s.messages) >= messageMax {
		s.lost++
		return
	}
	s.messages = append(s.messages, m)
	s.wake()
}

// logged looks at what the engine says for what may not happen.
func (w *World) logged(r *event.Record) {
	switch r.ID {
	case event.SessionDown:
		w.sessionsDown++
		if c := w.causes[r.Err]; !w.mayEnd(c) {
			w.blame(r, "session %d of tunnel %d (%s) ended: %v", r.Session, r.Tunnel, r.Calling, r.Err)
		}
	case event.TunnelDown:
		w.blame(r, "tunnel %d down: %v", r.Tunnel, r.Err)
	case event.PoolExhausted, event.TunnelRefused, event.TunnelAuthenticationFailed, event.ShardRecovered:
		w.fault("%v: %+v", r.ID, r)
	}
}

// mayEnd: a session that was up may end because its modem hung up.
func (w *World) mayEnd(c lns.Cause) bool {
	return c == lns.CauseReceivedCDN || c == lns.CausePeerTerminated
}

// blame is a fault unless the LAC's link was cut, or it is hanging up.
func (w *World) blame(r *event.Record, format string, args ...any) {
	if w.draining || w.scenario.Ruin || w.at < w.lacs[lacNumber(r.Peer)].excused {
		return
	}
	w.fault(format, args...)
}
