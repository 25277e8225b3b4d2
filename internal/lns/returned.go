// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/l2tp"
)

// When a link was cut for long, its LACs have kept for us what they could not send.
// The first that comes is an ICRQ of a modem that has given up since, and it looks
// as fresh as any: it was never here before. The CDN that says so waits in the
// same window and comes within a few round trips, as soon as the ICRQ is
// acknowledged. So calls of a tunnel that returns from such a cut stand aside for
// a moment before they are offered.
const (
	returnedFor = 3 * time.Second        // a tunnel returns
	tellsLittle = 30 * time.Second       // what its LAC has kept has come by then, and what waited behind
	asideFor    = 300 * time.Millisecond // slow start empties a window meanwhile
	suspectMax  = 8                      // sessions of the tunnel that are looked at
)

// asideCall is a call that stands aside.
type asideCall struct {
	ref     sessionRef
	until   time.Time
	arrived time.Time
}

// aside are calls that stand aside, in the order of until: from next on.
type aside struct {
	calls []asideCall
	next  int
}

// at is when the first of them is to be offered; zero: there is none.
func (a *aside) at() time.Time {
	if a.next == len(a.calls) {
		return time.Time{}
	}
	return a.calls[a.next].until
}

// suspectCut looks at a session that its LAC has given up as the tunnel returned.
// Had it left our Echo-Requests unanswered, the link was cut.
func (e *Engine) suspectCut(s *session) {
	if t := e.tunnels[s.tunnel]; t != nil && s.connected && s.link.Unanswered() > 0 && e.returned(s.tunnel) {
		t.cutUntil = e.now.Add(returnedFor)
	}
}

// returned reports whether a tunnel has been silent and is not any more.
func (e *Engine) returned(id l2tp.TunnelID) bool {
	ago, ok := e.l2.Returned(e.now, id)
	return ok && ago < returnedFor
}

// backLately reports whether calls of a tunnel may be older than they look: it is
// new, or was silent, and they have waited at their LAC for their turn in it.
func (e *Engine) backLately(id l2tp.TunnelID) bool {
	ago, ok := e.l2.Returned(e.now, id)
	return ok && ago < tellsLittle
}

// standAside lets a call wait for the CDN that may be right behind it.
func (e *Engine) standAside(s *session) bool {
	t := e.tunnels[s.tunnel]
	if !e.admitting || e.now.After(t.cutUntil) && !(e.returned(s.tunnel) && e.wasCut(s)) {
		return false
	}
	e.aside.calls = append(e.aside.calls, asideCall{s.ref(), e.now.Add(asideFor), e.arrived})
	return true
}

// wasCut reports whether most of the sessions beside s have left Echo-Requests
// unanswered: the link was cut, and not only one modem off. The tunnel's silence
// alone says nothing.
func (e *Engine) wasCut(s *session) bool {
	connected, silent, looked := 0, 0, 0
	for el := range e.l2.Sessions(s.tunnel) {
		if o := e.sessions.at(el); o != nil && o.connected {
			connected++
			if o.link.Unanswered() > 0 {
				silent++
			}
		}
		if looked++; looked == suspectMax {
			break
		}
	}
	return 2*silent > connected
}

// offerAside offers the calls that have stood aside and are still there.
func (e *Engine) offerAside(fx *Effects) {
	a := &e.aside
	for ; a.next < len(a.calls) && due(a.calls[a.next].until, e.now); a.next++ {
		c := &a.calls[a.next]
		if s := e.find(c.ref); s != nil {
			e.arrived = c.arrived
			e.offer(s, fx)
			e.settle(fx)
		}
	}
	if a.next == len(a.calls) {
		a.calls, a.next = a.calls[:0], 0
	}
}
