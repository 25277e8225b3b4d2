// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"github.com/gaissmai/bart"

	"holdfast/internal/forward"
	"holdfast/internal/forward/frame"
)

// tunnels finds sessions by our ids: an index for each tunnel id, so that each
// table is small and grows alone.
type tunnels [1 << 16]index[session]

func (t *tunnels) get(k forward.Key) *session      { return t[k.TunnelID].get(uint64(k.SessionID)) }
func (t *tunnels) set(k forward.Key, s *session)   { t[k.TunnelID].set(uint64(k.SessionID), s) }
func (t *tunnels) lookup(h *frame.Header) *session { return t[h.TunnelID].get(uint64(h.SessionID)) }

// addresses finds sessions of a routing instance by what the core calls them.
// IPv4 addresses lie in blocks of 256, IPv6 /64s likewise: pools hand out
// neighbours, and a block costs one cell of an index.
type addresses struct {
	v4, v6 blocks
	routes atomic.Pointer[bart.Table[*session]] // nil: no session has any
}

// blocks maps a number to a session, by blocks of 256 neighbours.
type blocks struct{ index index[block] }

type block struct {
	sessions [256]atomic.Pointer[session]
	live     int // the writer's
}

func (b *blocks) get(n uint64) *session {
	if block := b.index.get(n >> 8); block != nil {
		return block.sessions[n&255].Load()
	}
	return nil
}

// set gives n to s.
func (b *blocks) set(n uint64, s *session) {
	k := b.index.get(n >> 8)
	fresh := k == nil
	if fresh {
		k = new(block)
	}
	if k.sessions[n&255].Swap(s) == nil {
		k.live++
	}
	if fresh {
		b.index.set(n>>8, k)
	}
}

// drop takes n from s, unless another session has taken it over.
func (b *blocks) drop(n uint64, s *session) {
	k := b.index.get(n >> 8)
	if k == nil || !k.sessions[n&255].CompareAndSwap(s, nil) {
		return
	}
	if k.live--; k.live == 0 {
		b.index.set(n>>8, nil)
	}
}

// add makes the session reachable under all its addresses.
func (a *addresses) add(s *session) {
	if s.has4 {
		a.v4.set(uint64(s.ip4), s)
	}
	if s.has6 {
		a.v6.set(s.ip6, s)
	}
	for _, r := range s.routes {
		if b, n := a.exact(r); b != nil {
			b.set(n, s)
			continue
		}
		t := a.routes.Load()
		if t == nil {
			t = new(bart.Table[*session])
		}
		a.routes.Store(t.InsertPersist(r, s))
	}
}

// exact finds the place of a route that is one entry of the blocks: an IPv4
// address, or an IPv6 /64. These are found first, as the longest match; an IPv6
// route that is longer does not reach into another session's /64.
func (a *addresses) exact(r netip.Prefix) (b *blocks, n uint64) {
	switch octets := r.Addr().AsSlice(); {
	case r.Addr().Is4() && r.Bits() == 32:
		return &a.v4, uint64(binary.BigEndian.Uint32(octets))
	case r.Addr().Is6() && r.Bits() == 64:
		return &a.v6, binary.BigEndian.Uint64(octets)
	}
	return nil, 0
}

// remove takes away those addresses of the session that it still holds.
func (a *addresses) remove(s *session) {
	if s.has4 {
		a.v4.drop(uint64(s.ip4), s)
	}
	if s.has6 {
		a.v6.drop(s.ip6, s)
	}
	for _, r := range s.routes {
		if b, n := a.exact(r); b != nil {
			b.drop(n, s)
			continue
		}
		t := a.routes.Load()
		if t == nil {
			continue
		}
		if holder, ok := t.Get(r); !ok || holder != s {
			continue
		}
		if t = t.DeletePersist(r); t.Size() == 0 {
			t = nil
		}
		a.routes.Store(t)
	}
}

// find returns the session that a packet is for, nil if none.
func (a *addresses) find(ip []byte, v6 bool) *session {
	var s *session
	if v6 {
		s = a.v6.get(frame.Destination6(ip))
	} else {
		s = a.v4.get(uint64(frame.Destination4(ip)))
	}
	if s != nil {
		return s
	}
	t := a.routes.Load()
	if t == nil {
		return nil
	}
	if v6 {
		s, _ = t.Lookup(netip.AddrFrom16([16]byte(ip[24:40])))
	} else {
		s, _ = t.Lookup(netip.AddrFrom4([4]byte(ip[16:20])))
	}
	return s
}
