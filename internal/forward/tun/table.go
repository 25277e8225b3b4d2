// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"encoding/binary"
	"net/netip"
	"slices"
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

	// Sessions whose prefix another one has taken, the next to be served last.
	// The writer's.
	waiting map[netip.Prefix][]*session
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

// set gives n to s, or to nobody, and tells whose it was.
func (b *blocks) set(n uint64, s *session) (last *session) {
	k := b.index.get(n >> 8)
	fresh := k == nil
	if fresh {
		if s == nil {
			return nil
		}
		k = new(block)
	}
	last = k.sessions[n&255].Swap(s)
	switch {
	case last == nil && s != nil:
		k.live++
	case last != nil && s == nil:
		k.live--
	}
	switch {
	case k.live == 0:
		b.index.set(n>>8, nil)
	case fresh:
		b.index.set(n>>8, k)
	}
	return last
}

// add makes the session reachable under all its addresses, whoever had them. Who
// had one and lives on waits until it is free again.
func (a *addresses) add(s *session) {
	for p := range s.prefixes {
		last := a.set(p, s)
		if last == nil || last == s || last.key == s.key { // that one is about to end
			continue
		}
		if a.waiting == nil {
			a.waiting = map[netip.Prefix][]*session{}
		}
		a.waiting[p] = append(a.waiting[p], last)
	}
}

// remove takes the session's addresses away. One that it holds goes to the
// session that held it before and still has it, if there is any.
func (a *addresses) remove(s *session) {
	for p := range s.prefixes {
		list := a.waiting[p]
		switch {
		case a.get(p) != s:
			list = slices.DeleteFunc(list, func(w *session) bool { return w == s })
		case len(list) == 0:
			a.set(p, nil)
		default:
			a.set(p, list[len(list)-1])
			list = slices.Delete(list, len(list)-1, len(list))
		}
		if len(list) > 0 {
			a.waiting[p] = list
		} else if a.waiting != nil {
			delete(a.waiting, p)
		}
	}
}

// get returns the holder of just this prefix.
func (a *addresses) get(p netip.Prefix) *session {
	if b, n := a.exact(p); b != nil {
		return b.get(n)
	}
	if t := a.routes.Load(); t != nil {
		s, _ := t.Get(p)
		return s
	}
	return nil
}

// set gives a prefix to s, or to nobody, and tells whose it was.
func (a *addresses) set(p netip.Prefix, s *session) (last *session) {
	if b, n := a.exact(p); b != nil {
		return b.set(n, s)
	}
	t := a.routes.Load()
	if t == nil {
		if s == nil {
			return nil
		}
		t = new(bart.Table[*session])
	}
	last, _ = t.Get(p)
	if s != nil {
		t = t.InsertPersist(p, s)
	} else if t = t.DeletePersist(p); t.Size() == 0 {
		t = nil
	}
	a.routes.Store(t)
	return last
}

// exact finds the place of a prefix that is one entry of the blocks: an IPv4
// address, or an IPv6 /64. These are found first, as the longest match; an IPv6
// route that is longer does not reach into another session's /64.
func (a *addresses) exact(r netip.Prefix) (b *blocks, n uint64) {
	switch at := r.Addr(); {
	case at.Is4() && r.Bits() == 32:
		octets := at.As4()
		return &a.v4, uint64(binary.BigEndian.Uint32(octets[:]))
	case at.Is6() && r.Bits() == 64:
		octets := at.As16()
		return &a.v6, binary.BigEndian.Uint64(octets[:])
	}
	return nil, 0
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
