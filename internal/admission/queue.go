// SPDX-License-Identifier: Apache-2.0

package admission

import "net/netip"

// none ends a list of indices.
const none = int32(-1)

// queue holds parked calls. A call is in three lists by arrival: of all, of its
// LAC and of its tunnel. LACs with parked calls form a ring, and so do the
// tunnels of a LAC that have some; turns go round both rings.
type queue struct {
	parked  []parked
	free    int32 // first free place in parked
	count   int
	all     list
	lacs    []lac
	lacAt   map[netip.Addr]int32
	looked  int   // the LAC that was looked at last, for whether it may be forgotten
	turnLAC int32 // the LAC whose turn is next; none: no call waits
	waiting int   // LACs in the ring
	turns   int   // that LACs have had
	fullest int32 // the LAC with most parked calls, or nearly
	looks   int   // at fullest, to look for it anew now and then
	tunnels []tunnel
	freeTun int32
	tunAt   map[tunnelKey]int32
	place   []int32 // by element, which are dense: 1 + its place in parked; 0: not parked
	lines   lines

	freeLACs []int32 // places in lacs of those that were forgotten
}

// parked is a call that waits, one cache line with its links.
type parked struct {
	line    uint64 // hash of the line's name; 0: unknown
	arrived int64  // ns after the controller's start
	dialled int64  // when its caller did: its ICRQ has waited at the LAC, see lag
	element uint32
	lac     int32
	tunnel  int32
	chain   int32   // see lines
	links   [3]link // in the list of all, of the LAC, of the tunnel; free places use the first
}

type link struct{ prev, next int32 }

// The lists a parked call is in.
const (
	ofAll = iota
	ofLAC
	ofTunnel
)

// list is a list of parked calls, oldest first.
type list struct{ first, last int32 }

// lac is what is known of one LAC: its parked calls and how long its callers wait. It
// is kept for lacMemory after its last call.
type lac struct {
	list
	addr     netip.Addr
	count    int
	ring     link  // LACs with parked calls
	tunnels  int   // that have some
	turn     int32 // the tunnel whose turn is next
	fresh    uint8 // turns in a row that went to its newest call
	served   int   // queue.turns after its last turn; 0: it had none
	admitted uint64
	patience patience
	calledAt int64 // when its last call arrived
	begun    int   // calls in set-up
	aside    int   // of them, those that hold no slot any more
	answers  answers
}

type tunnel struct {
	list
	key   tunnelKey
	count int
	ring  link // tunnels of this LAC with parked calls
}

type tunnelKey struct {
	lac int32
	id  uint16
}

func (q *queue) init() {
	q.free, q.freeTun, q.turnLAC = none, none, none
	q.all = list{none, none}
	q.lacAt, q.tunAt = make(map[netip.Addr]int32), make(map[tunnelKey]int32)
}

func (q *queue) find(element uint32) (int32, bool) {
	if int(element) >= len(q.place) || q.place[element] == 0 {
		return none, false
	}
	return q.place[element] - 1, true
}

// end is the call that has waited longest, or shortest, whosever it is. There is one.
func (q *queue) end(newest bool) int32 {
	if newest {
		return q.all.last
	}
	return q.all.first
}

// oldest is the call that waits longest. There is one.
func (q *queue) oldest() int32 { return q.all.first }

// oldestArrival is when the longest parked call arrived, or now.
func (q *queue) oldestArrival(now int64) int64 {
	if q.count == 0 {
		return now
	}
	return q.parked[q.all.first].arrived
}

// satisfied reports whether a LAC has its share of the parked calls, or nearly so,
// its tunnel one of them, and none of the LAC's arrived before since.
func (q *queue) satisfied(addr netip.Addr, id uint16, since int64) bool {
	k, ok := q.lacAt[addr]
	if !ok {
		return false
	}
	l := &q.lacs[k]
	if l.count == 0 || l.count*q.waiting < q.count-q.count/8 || q.parked[l.first].arrived < since {
		return false
	}
	_, ok = q.tunAt[tunnelKey{k, id}]
	return ok
}

// park puts a call at the end of its lists.
func (q *queue) park(c Call, arrived, dialled int64) int32 {
	k := q.lacOf(c.LAC, arrived)
	q.lacs[k].calledAt = arrived
	u := q.tunnelOf(k, c.Tunnel)
	i := q.free
	if i == none {
		i = int32(len(q.parked))
		q.parked = append(q.parked, parked{})
	} else {
		q.free = q.parked[i].links[ofAll].next
	}
	q.parked[i] = parked{line: c.Line, arrived: arrived, dialled: dialled, element: c.Element, lac: k, tunnel: u}
	q.append(&q.all, i, ofAll)
	q.append(&q.lacs[k].list, i, ofLAC)
	q.append(&q.tunnels[u].list, i, ofTunnel)
	if n := int(c.Element) + 1 - len(q.place); n > 0 {
		q.place = append(q.place, make([]int32, n)...)
	}
	q.place[c.Element] = i + 1
	q.tunnels[u].count++
	q.lacs[k].count++
	q.count++
	if q.lacs[k].count > q.lacs[q.fullest].count {
		q.fullest = k
	}
	if c.Line != 0 {
		q.lines.put(q.parked, i)
	}
	return i
}

// remove takes a call out of its lists; a LAC or tunnel that waits no longer
// leaves its ring.
func (q *queue) remove(i int32) {
	p := &q.parked[i]
	k, u := p.lac, p.tunnel
	if p.line != 0 {
		q.lines.remove(q.parked, i)
	}
	q.place[p.element] = 0
	q.unlink(&q.all, i, ofAll)
	q.unlink(&q.lacs[k].list, i, ofLAC)
	q.unlink(&q.tunnels[u].list, i, ofTunnel)
	*p = parked{}
	p.links[ofAll].next = q.free
	q.free = i
	q.count--
	if q.tunnels[u].count--; q.tunnels[u].count == 0 {
		q.leaveTunnel(k, u)
	}
	if q.lacs[k].count--; q.lacs[k].count == 0 {
		q.leaveLAC(k)
	}
}

// turn is the call whose turn it is: of the next LAC, of its next tunnel, the
// oldest. With a backlog it is the newest, and three of four turns of a LAC go to
// its newest call in whatever tunnel, so that a caller who dials now does not wait
// until the turn has gone round thousands of tunnels; unless that tunnel has more
// than its share of the LAC's calls.
func (q *queue) turn(newest bool) int32 {
	l := &q.lacs[q.turnLAC]
	q.turnLAC = l.ring.next
	q.turns++
	l.served = q.turns
	if newest && l.fresh < freshTurns {
		l.fresh++
		if u := &q.tunnels[q.parked[l.last].tunnel]; u.count*l.tunnels <= 2*l.count+l.tunnels {
			return l.last
		}
	}
	l.fresh = 0
	u := &q.tunnels[l.turn]
	l.turn = u.ring.next
	if newest {
		return u.last
	}
	return u.first
}

// freshTurns of freshTurns+1 turns of a LAC are its newest call's.
const freshTurns = 3

// fullestLooks is after how many looks at the fullest LAC it is looked for anew.
// In between only a LAC that gets a call can become it.
const fullestLooks = 64

// oldestOfFullest is the longest parked call of the LAC that has most.
func (q *queue) oldestOfFullest() int32 {
	if q.looks++; q.looks%fullestLooks == 0 || q.lacs[q.fullest].count == 0 {
		q.fullest = q.turnLAC
		for k := q.lacs[q.fullest].ring.next; k != q.turnLAC; k = q.lacs[k].ring.next {
			if q.lacs[k].count > q.lacs[q.fullest].count {
				q.fullest = k
			}
		}
	}
	return q.lacs[q.fullest].first
}

// lacOf is the entry of a LAC that calls now, in the ring.
func (q *queue) lacOf(a netip.Addr, now int64) int32 {
	k, ok := q.lacAt[a]
	if !ok {
		k = q.newLAC(a, now)
	}
	if q.lacs[k].count == 0 {
		q.joinLAC(k)
	}
	return k
}

// joinLAC lets a LAC into the ring. One that had no turn for a whole round is
// next: who takes less than his share does not wait for those who take more.
// Any other goes to the end of the round.
func (q *queue) joinLAC(k int32) {
	l := &q.lacs[k]
	q.waiting++
	if q.turnLAC == none {
		q.turnLAC, l.ring = k, link{k, k}
		return
	}
	next := q.turnLAC // before it is the end of the round
	l.ring = link{q.lacs[next].ring.prev, next}
	q.lacs[l.ring.prev].ring.next = k
	q.lacs[next].ring.prev = k
	if l.served == 0 || q.turns-l.served >= q.waiting {
		q.turnLAC = k
	}
}

func (q *queue) leaveLAC(k int32) {
	q.waiting--
	r := q.lacs[k].ring
	if r.next == k {
		q.turnLAC = none
		return
	}
	q.lacs[r.prev].ring.next, q.lacs[r.next].ring.prev = r.next, r.prev
	if q.turnLAC == k {
		q.turnLAC = r.next
	}
}

func (q *queue) tunnelOf(k int32, id uint16) int32 {
	key := tunnelKey{k, id}
	if u, ok := q.tunAt[key]; ok {
		return u
	}
	u := q.freeTun
	if u == none {
		u = int32(len(q.tunnels))
		q.tunnels = append(q.tunnels, tunnel{})
	} else {
		q.freeTun = q.tunnels[u].ring.next
	}
	q.tunnels[u] = tunnel{list: list{none, none}, key: key}
	q.tunAt[key] = u
	l, t := &q.lacs[k], &q.tunnels[u]
	l.tunnels++
	if l.turn == none {
		l.turn, t.ring = u, link{u, u}
		return u
	}
	next := l.turn
	t.ring = link{q.tunnels[next].ring.prev, next}
	q.tunnels[t.ring.prev].ring.next = u
	q.tunnels[next].ring.prev = u
	return u
}

func (q *queue) leaveTunnel(k, u int32) {
	l, t := &q.lacs[k], &q.tunnels[u]
	delete(q.tunAt, t.key)
	l.tunnels--
	r := t.ring
	if r.next == u {
		l.turn = none
	} else {
		q.tunnels[r.prev].ring.next, q.tunnels[r.next].ring.prev = r.next, r.prev
		if l.turn == u {
			l.turn = r.next
		}
	}
	t.ring.next = q.freeTun
	q.freeTun = u
}

func (q *queue) append(l *list, i int32, which int) {
	q.parked[i].links[which] = link{l.last, none}
	if l.last == none {
		l.first = i
	} else {
		q.parked[l.last].links[which].next = i
	}
	l.last = i
}

func (q *queue) unlink(l *list, i int32, which int) {
	k := q.parked[i].links[which]
	if k.prev == none {
		l.first = k.next
	} else {
		q.parked[k.prev].links[which].next = k.next
	}
	if k.next == none {
		l.last = k.prev
	} else {
		q.parked[k.next].links[which].prev = k.prev
	}
}
