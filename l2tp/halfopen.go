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
// Were it the oldest, a flood would push out just those that wait for an answer.
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

const (
	victimDraws = 4 // candidates that an eviction looks at

	// A half-open tunnel of this age has had its chance to answer the SCCRP.
	evictionAge = 200 * time.Millisecond
)

// makeRoom evicts a half-open tunnel if one more from addr would pass a bound;
// false when the SCCRQ had better be dropped.
func (e *Endpoint) makeRoom(now time.Time, addr netip.Addr, fx *Effects) bool {
	if p := e.half.peers[addr]; p != nil && len(p.tunnels) >= cmp.Or(e.cfg.HalfOpenPeerMax, defaultHalfOpenPeerMax) {
		// A LAC that starts all its tunnels at once is no flood. What it has begun this
		// moment goes first; its other SCCRQs come again in a second.
		victim := p.tunnels[e.cfg.Rand.IntN(len(p.tunnels))]
		for i := 1; i < victimDraws && now.Sub(victim.createdAt) < evictionAge; i++ {
			victim = p.tunnels[e.cfg.Rand.IntN(len(p.tunnels))]
		}
		if now.Sub(victim.createdAt) < evictionAge {
			e.counters.HalfOpenDropped++
			return false
		}
		e.evict(now, victim, fx)
	}
	if len(e.half.all) < e.halfOpenMax() {
		return true
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
	return true
}

func (e *Endpoint) halfOpenMax() int { return cmp.Or(e.cfg.HalfOpenMax, defaultHalfOpenMax) }

// crowded says that half of the bound is in use. From then on a half-open tunnel
// sends nothing again by itself, only when its SCCRQ comes again: whoever forges
// addresses shall not have us send six messages for one of his. This is less than
// RFC 2661 §5.8 asks for; a real peer repeats its SCCRQ and loses nothing.
func (e *Endpoint) crowded(t *tunnel) bool {
	return t.half.peer != nil && len(e.half.all) > e.halfOpenMax()/2
}

// amplificationMax is how many octets go to a peer that has not shown that it is
// there, for each that came from it.
const amplificationMax = 3

// amplifies says that to send again would be more than that: an address that was
// forged shall not get much more from us than its forger has spent. An SCCRP that
// is lost to a real peer comes again when the peer repeats its SCCRQ.
func (t *tunnel) amplifies() bool {
	return t.half.peer != nil && t.xmit.first != nil &&
		t.counters.SentBytes+uint64(len(t.xmit.first.b)) > amplificationMax*t.counters.ReceivedBytes
}

// evict forgets a half-open tunnel at once, without a word to its peer.
func (e *Endpoint) evict(now time.Time, t *tunnel, fx *Effects) {
	e.counters.HalfOpenEvicted++
	e.close(now, t, ErrEvicted, Result{}, false, fx)
	e.free(t)
}
