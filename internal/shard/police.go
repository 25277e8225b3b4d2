// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"encoding/binary"
	"time"

	"holdfast/internal/packet"
	l2tp "holdfast/l2tp/wire"
)

// screen is the host level: it keeps those datagrams that may go on to the engine,
// in their order and in place.
func (s *Shard) screen(d []packet.Datagram) []packet.Datagram {
	if s.police == nil {
		return d
	}
	now, kept := time.Now(), d[:0]
	for i := range d {
		if s.police.ScreenHost(now, &d[i]).Dropped() {
			continue
		}
		if kept = kept[:len(kept)+1]; len(kept) <= i { // nothing is moved before the first drop
			kept[len(kept)-1] = d[i]
		}
	}
	return kept
}

// asksForTunnel says that a datagram is of no tunnel yet: an SCCRQ, or what follows
// one before its answer.
func asksForTunnel(datagram []byte) bool {
	return l2tp.IsControl(datagram) && len(datagram) >= l2tp.ControlLength && binary.BigEndian.Uint16(datagram[4:]) == 0
}

// expect has the ingress level follow the windows of the tunnels whose control
// messages the engine has just been given.
func (s *Shard) expect(datagram []byte) {
	if s.police == nil || !l2tp.IsControl(datagram) || len(datagram) < l2tp.ControlLength {
		return
	}
	id := binary.BigEndian.Uint16(datagram[4:])
	if _, nr, _, ok := s.engine.Standing(id); ok {
		s.police.Expect(id, nr)
	}
}

// stand tells the ingress level which tunnels are established. It is done before
// anything is sent, so that the answers to what is sent are known for what they are.
func (s *Shard) stand(tunnels []uint16) {
	if s.police == nil {
		return
	}
	for _, id := range tunnels {
		if peer, nr, window, ok := s.engine.Standing(id); ok {
			s.police.Stand(id, peer, nr, window)
		} else {
			s.police.Fall(id)
		}
	}
}
