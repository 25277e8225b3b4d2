// SPDX-License-Identifier: Apache-2.0

package police

import (
	"net/netip"
	"sync/atomic"
)

// standings are the established tunnels as the packet path knows them, one word
// for each Tunnel ID of ours. The shard that owns a tunnel writes its word, all
// readers look at it, and the data plane can hold the same table.
//
//	63      32 31     16 15       0
//	peer       Nr        window      zero: no such tunnel is established
type standings struct {
	words [1 << 16]atomic.Uint64
	// slots is 1 + the slot at which control messages of the tunnel came last: data
	// sockets are not asked where a datagram came in. Zero: not known.
	slots [1 << 16]atomic.Uint32
}

// Stand says that a tunnel of ours is established: where its peer is, the Ns that
// is expected next, and how many messages from there on may come. Only the
// tunnel's owner may call it, Expect and Fall.
func (p *Police) Stand(tunnelID uint16, peer netip.AddrPort, nr uint16, window int) {
	w := p.peerTag(peer)<<32 | uint64(nr)<<16 | uint64(min(max(window, 1), 1<<15-1))
	p.standings.words[tunnelID].Store(w)
}

// Expect follows the Ns that is expected next. It does nothing for a tunnel that
// does not stand.
func (p *Police) Expect(tunnelID, nr uint16) {
	at := &p.standings.words[tunnelID]
	if w := at.Load(); w != 0 && uint16(w>>16) != nr {
		at.Store(w&^(0xffff<<16) | uint64(nr)<<16)
	}
}

// Fall says that the tunnel is not established, or not any more.
func (p *Police) Fall(tunnelID uint16) {
	p.standings.words[tunnelID].Store(0)
	p.standings.slots[tunnelID].Store(0)
}

// peerTag is half a keyed hash of a peer's address and port: who forges one cannot
// aim at it.
func (p *Police) peerTag(peer netip.AddrPort) uint64 {
	a := words(peer.Addr())
	s := newSip(&p.opt.Key)
	s.word(a[0])
	s.word(a[1])
	s.word(uint64(peer.Port()))
	return s.sum() >> 32
}

// stands says whether a datagram from peer belongs to an established tunnel.
func (p *Police) stands(tunnelID uint16, peer netip.AddrPort) (word uint64, ok bool) {
	w := p.standings.words[tunnelID].Load()
	return w, w != 0 && w>>32 == p.peerTag(peer)
}

// inWindow says whether a control message with ns is one that the peer may send
// now: in the window that we offered, or sent again because our acknowledgement
// was lost.
func inWindow(word uint64, ns uint16) bool {
	ahead, window := int(int16(ns-uint16(word>>16))), int(word&0xffff)
	return -window <= ahead && ahead < window
}
