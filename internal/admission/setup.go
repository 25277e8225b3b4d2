// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// A call in set-up holds a slot until its caller can be expected to have answered.
// One that takes longer stands aside: it goes on when its caller does, but the slot
// is another's. Else a LAC that asks for calls and never connects them would hold
// all slots for as long as set-ups may take, and nobody could log in.
//
// A LAC may leave as many calls standing aside as it has brought up of late, and
// some more. One that has more than that is mute: its calls are not begun until
// some of these have ended.
const (
	asideLeast = time.Second // a call does not stand aside before
	asideMost  = 8           // calls of a LAC that may stand aside in any case
	mutePeriod = 8 * time.Second
)

// begun is a call in set-up.
type begun struct {
	at        int64 // ns after start: when it was begun
	arrived   int64
	dialled   int64
	lac       int32
	tunnel    uint16
	probe     bool // it was begun to see what the tunnel's lag is
	connected bool // its ICCN has come
	aside     bool // it holds no slot any more
}

// setups are the calls in set-up.
type setups struct {
	calls map[uint32]begun
	aside int     // calls that stand aside
	order []asked // calls as they were begun, from first on; some have ended
	first int
}

// asked is a call that was begun.
type asked struct {
	element uint32
	at      int64
}

func (u *setups) init() { u.calls = make(map[uint32]begun) }

// holding is how many calls hold a slot.
func (u *setups) holding() int { return len(u.calls) - u.aside }

func (u *setups) begin(element uint32, b begun) {
	u.calls[element] = b
	if len(u.order) == cap(u.order) && 2*u.first > len(u.order) {
		u.order = u.order[:copy(u.order, u.order[u.first:])]
		u.first = 0
	}
	u.order = append(u.order, asked{element, b.at})
}

// overdue is the next call that was begun before and holds a slot.
func (u *setups) overdue(before int64) (element uint32, ok bool) {
	for u.first < len(u.order) && u.order[u.first].at < before {
		a := u.order[u.first]
		u.first++
		if b, ok := u.calls[a.element]; ok && b.at == a.at && !b.aside {
			return a.element, true
		}
	}
	return 0, false
}

// standAside has calls give up their slots whose callers take too long.
func (c *Controller) standAside(now int64) {
	before := now - max(int64(asideLeast), 2*c.limit.typical())
	for {
		element, ok := c.setup.overdue(before)
		if !ok {
			return
		}
		b := c.setup.calls[element]
		b.aside = true
		c.setup.calls[element] = b
		c.setup.aside++
		c.queue.lacs[b.lac].aside++
		c.counters.StoodAside++
	}
}

// release takes a call out of set-up that has ended.
func (c *Controller) release(element uint32) (begun, bool) {
	b, ok := c.take(element)
	if ok && !b.connected {
		c.lagOf(b.tunnel).ended()
	}
	return b, ok
}

// take takes a call out of set-up.
func (c *Controller) take(element uint32) (begun, bool) {
	b, ok := c.setup.calls[element]
	if !ok {
		return b, false
	}
	delete(c.setup.calls, element)
	c.queue.lacs[b.lac].begun--
	if b.aside {
		c.setup.aside--
		c.queue.lacs[b.lac].aside--
	}
	return b, true
}

// answers is how many calls of a LAC came up of late.
type answers struct {
	period     int64 // the number of the present one
	this, last int
}

func (a *answers) look(now int64) {
	p := now / int64(mutePeriod)
	if p == a.period {
		return
	}
	a.last = 0
	if p == a.period+1 {
		a.last = a.this
	}
	a.period, a.this = p, 0
}

// mute reports whether a LAC leaves too many calls standing aside.
func (l *lac) mute(now int64) bool {
	if l.aside < asideMost {
		return false
	}
	l.answers.look(now)
	return l.aside >= asideMost+l.answers.this+l.answers.last
}
