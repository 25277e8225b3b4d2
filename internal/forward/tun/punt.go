// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"time"

	"holdfast/internal/packet"
)

// A lane is one kind of traffic on its way from a reader to the shards. Each
// has a fixed number of buffers, so that a flood in one fills its own and no
// other: PPP control goes through whatever else does.
type lane int

const (
	laneControl   lane = iota // PPP control; L2TP control that came to a data socket
	laneLink                  // IPv6 between a subscriber and its router: RS, DHCPv6
	laneOther                 // sessions that are not installed, unknown protocols
	laneSequenced             // data that carries Ns
	lanes
)

const (
	laneBuffers = 8       // batches of a lane that may be under way at once
	puntMax     = 32      // datagrams in one
	puntBytes   = 1 << 16 // octets in one; holds any datagram
)

// punter collects one reader's datagrams for the shards, and hands them over in
// batches.
type punter struct {
	plane *Plane
	slot  *slot
	lanes [lanes]laneState
	dirty []puntAt // batches with something in them

	now time.Time // when the first of them was added; zero: none was
}

type laneState struct {
	current []*puntBatch    // by shard; nil: none begun
	free    chan *puntBatch // given back by shards
	made    int
}

type puntAt struct {
	lane  lane
	shard int
}

// puntBatch is a batch with buffers of its own.
type puntBatch struct {
	packet.Batch
	arena []byte
}

func newPunter(p *Plane, s *slot) *punter {
	u := &punter{plane: p, slot: s}
	for i := range u.lanes {
		u.lanes[i] = laneState{current: make([]*puntBatch, p.opt.Shards), free: make(chan *puntBatch, laneBuffers)}
	}
	return u
}

// add puts a copy of a datagram on its way to the shard of its tunnel, if it may
// come in.
func (u *punter) add(to lane, tunnelID uint16, d *packet.Datagram) {
	if u.refuses(d) {
		return
	}
	shard := u.plane.opt.ShardOf(tunnelID)
	l := &u.lanes[to]
	b := l.current[shard]
	if b != nil && (len(b.Datagrams) == puntMax || len(b.arena)+len(d.Data) > puntBytes) {
		u.send(puntAt{to, shard})
		b = nil
	}
	if b == nil {
		if b = l.take(); b == nil {
			u.slot.total(puntDropped)
			return
		}
		l.current[shard] = b
		u.dirty = append(u.dirty, puntAt{to, shard})
	}
	at := len(b.arena)
	b.arena = append(b.arena, d.Data...)
	b.Datagrams = append(b.Datagrams, packet.Datagram{Data: b.arena[at:len(b.arena):len(b.arena)], Peer: d.Peer, Local: d.Local, At: d.At, Mark: d.Mark})
	if to == laneControl || to == laneLink {
		u.slot.total(puntedControl)
	}
}

// refuses asks the policers, before anything is spent on the datagram.
func (u *punter) refuses(d *packet.Datagram) bool {
	p := u.plane.opt.Police
	if p == nil {
		return false
	}
	if u.now.IsZero() {
		u.now = time.Now()
	}
	return p.Screen(u.now, d).Dropped()
}

// take finds an empty batch; nil: all are under way.
func (l *laneState) take() *puntBatch {
	select {
	case b := <-l.free:
		return b
	default:
	}
	if l.made == laneBuffers {
		return nil
	}
	l.made++
	b := &puntBatch{arena: make([]byte, 0, puntBytes)}
	b.Datagrams = make([]packet.Datagram, 0, puntMax)
	b.Free = func(*packet.Batch) { l.release(b) } // by the shard
	return b
}

// release empties a batch and gives it back. There is room: no more than
// laneBuffers were made.
func (l *laneState) release(b *puntBatch) {
	b.Datagrams, b.arena = b.Datagrams[:0], b.arena[:0]
	l.free <- b
}

// send hands one batch to its shard.
func (u *punter) send(at puntAt) {
	l := &u.lanes[at.lane]
	b := l.current[at.shard]
	if b == nil {
		return // it was full, and went out before
	}
	l.current[at.shard] = nil
	b.Bulk = at.lane >= laneOther
	n := len(b.Datagrams)
	if !u.plane.opt.Punt(at.shard, &b.Batch) {
		u.slot.totals[puntDropped].Add(uint64(n))
		l.release(b)
	}
}

// flush hands over whatever was collected.
func (u *punter) flush() {
	for _, at := range u.dirty {
		u.send(at)
	}
	u.dirty, u.now = u.dirty[:0], time.Time{}
}
