// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"cmp"
	"net/netip"
	"time"
)

// halfOpen holds the tunnels that peers opened and that were never established,
// closed ones that still acknowledge included: an SCCRQ costs a forger nothing,
// so what it makes us remember is bounded. At a bound one of them goes, at
// random: whoever floods loses most, and a real LAC that asks again is served.
type halfOpen struct {
	all   []*tunnel
	peers map[netip.Addr]*halfPeer
}

// halfPeer holds those of one peer address.
type halfPeer struct{ tunnels []*tunnel }

// halfPlace is where a tunnel stands in halfOpen.
type halfPlace struct {
	peer       *halfPeer // nil: it is not there
	addr       netip.Addr
	all, among int // indexes into halfOpen.all and halfPeer.tunnels
}

// add puts t in.
func (h *halfOpen) add(t *tunnel) {
	a := t.remote.Addr()
	p := h.peers[a]
	if p == nil {
		p = &halfPeer{}
		h.peers[a] = p
	}
	t.half = halfPlace{peer: p, addr: a, all: len(h.all), among: len(p.tunnels)}
	h.all = append(h.all, t)
	p.tunnels = append(p.tunnels, t)
}

// remove takes t out, if it is in.
func (h *halfOpen) remove(t *tunnel) {
	p := t.half.peer
	if p == nil {
		return
	}
	last := h.all[len(h.all)-1]
	h.all[t.half.all], last.half.all = last, t.half.all
	h.all[len(h.all)-1] = nil
	h.all = h.all[:len(h.all)-1]

	last = p.tunnels[len(p.tunnels)-1]
	p.tunnels[t.half.among], last.half.among = last, t.half.among
	p.tunnels[len(p.tunnels)-1] = nil
	p.tunnels = p.tunnels[:len(p.tunnels)-1]
	if len(p.tunnels) == 0 {
		delete(h.peers, t.half.addr)
	}
	t.half = halfPlace{}
}

// victimDraws is how many candidates an eviction looks at.
const victimDraws = 4

// makeRoom evicts a half-open tunnel if one more from addr would pass a bound.
func (e *Endpoint) makeRoom(now time.Time, addr netip.Addr, fx *Effects) {
	if p := e.half.peers[addr]; p != nil && len(p.tunnels) >= cmp.Or(e.cfg.HalfOpenPeerMax, defaultHalfOpenPeerMax) {
		e.evict(now, p.tunnels[e.cfg.Rand.IntN(len(p.tunnels))], fx)
	}
	if len(e.half.all) < cmp.Or(e.cfg.HalfOpenMax, defaultHalfOpenMax) {
		return
	}
	// A tunnel drawn at random belongs to a peer in proportion to what that peer
	// holds; the best of several draws leans further towards the one that holds most.
	var victim *tunnel
	for range victimDraws {
		t := e.half.all[e.cfg.Rand.IntN(len(e.half.all))]
		if victim == nil || len(t.half.peer.tunnels) > len(victim.half.peer.tunnels) {
			victim = t
		}
	}
	e.evict(now, victim, fx)
}

// evict forgets a half-open tunnel at once, without a word to its peer.
func (e *Endpoint) evict(now time.Time, t *tunnel, fx *Effects) {
	e.counters.HalfOpenEvicted++
	e.close(now, t, ErrEvicted, Result{}, false, fx)
	e.free(t)
}
