// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// direction is which way a datagram goes.
type direction uint8

const (
	up   direction = iota // to the LNS
	down                  // to a LAC
)

// datagram is one on its way, or waiting where it has arrived.
type datagram struct {
	b    []byte  // its own; kept when the datagram is freed
	at   instant // when it arrives
	lac  int32   // whose link it takes
	lane lane    // in the server
	mark uint8   // that the policers have left, see package police
}

// link is the path of one LAC.
type link struct {
	cut  bool       // nothing gets through
	last [2]instant // by direction: when the latest datagram that keeps its place arrives
}

// network carries datagrams between LACs and the LNS. Datagrams live in one
// slice and are named by their index; a free one keeps its octets' room.
type network struct {
	Link
	rand  *rand.Rand
	queue *queue
	links []link
	all   []datagram
	free  []uint32
	sent  uint64 // datagrams that either end has sent
	lost  uint64 // of these: by chance, or by a link that was cut
}

// send takes a copy of b on its way over the link of lac.
func (n *network) send(at instant, lac int, d direction, b []byte) {
	n.sent++
	if n.links[lac].cut || n.chance(n.Loss) {
		n.lost++
		return
	}
	n.carry(at, lac, d, b)
	if n.chance(n.Duplicate) {
		n.carry(at, lac, d, b)
	}
}

// carry plans the arrival of one copy.
func (n *network) carry(at instant, lac int, d direction, b []byte) {
	l := &n.links[lac]
	arrival := at + instant(n.Delay) + n.upTo(n.Jitter)
	if n.chance(n.Reorder) {
		arrival += n.upTo(n.ReorderBy)
	} else {
		arrival = max(arrival, l.last[d])
		l.last[d] = arrival
	}
	k := arrivesAtLNS
	if d == down {
		k = arrivesAtLAC
	}
	n.queue.push(arrival, k, n.make(arrival, lac, b))
}

// chance is true with probability p; no dice are rolled for what never happens.
func (n *network) chance(p float64) bool { return p > 0 && n.rand.Float64() < p }

// upTo is a time in [0, d).
func (n *network) upTo(d time.Duration) instant {
	if d <= 0 {
		return 0
	}
	return instant(n.rand.Uint64N(uint64(d)))
}

func (n *network) make(at instant, lac int, b []byte) uint32 {
	var i uint32
	if k := len(n.free); k > 0 {
		i = n.free[k-1]
		n.free = n.free[:k-1]
	} else {
		i = uint32(len(n.all))
		n.all = append(n.all, datagram{})
	}
	d := &n.all[i]
	d.b, d.at, d.lac = append(d.b[:0], b...), at, int32(lac)
	return i
}

func (n *network) release(i uint32) { n.free = append(n.free, i) }

// inFlight is how many datagrams are under way or wait.
func (n *network) inFlight() int { return len(n.all) - len(n.free) }

// Addresses: a LAC's tells its number.
const lacPort = 1701

func lacAddress(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 200, byte(i >> 8), byte(i)}), lacPort)
}

func lacNumber(a netip.AddrPort) int {
	b := a.Addr().As4()
	return int(b[2])<<8 | int(b[3])
}
