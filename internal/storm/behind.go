// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"time"

	"holdfast/l2tp"
)

// PPP goes into a call when its ICCN has left, and not while the ICCN stands in
// the queue behind a full window: a LAC has no session to forward frames into
// before that, and an LNS may drop what comes too early.

// behind is a modem whose ICCN waits for the window of its tunnel.
type behind struct {
	modem   uint32
	element l2tp.Element // of its call, by which a later one is told apart
	ns      uint16       // of the ICCN
}

// connect answers an ICRP.
func (l *LAC) connect(now time.Time, i uint32, fx *Effects) {
	m := &l.modems[i]
	call := l.proxied(now, i, fx)
	l.endpoint.ConnectCall(now, m.element, &call, &fx.l2tp)
	next, _ := l.endpoint.NextNs(l.tunnelOf(i).id)
	m.iccn = next - 1
}

// called begins PPP in a call that is up, or as soon as its ICCN has left.
func (l *LAC) called(now time.Time, i uint32, fx *Effects) {
	t, m := l.tunnelOf(i), &l.modems[i]
	if len(t.behind) == 0 && l.hasLeft(t, m.iccn) {
		l.beginPPP(now, i, fx)
		return
	}
	if len(t.behind) == 0 {
		l.crowded = append(l.crowded, t)
	}
	t.behind = append(t.behind, behind{i, m.element, m.iccn})
}

// hasLeft reports whether a message of a tunnel has been sent.
func (l *LAC) hasLeft(t *tunnel, ns uint16) bool {
	_, unsent := l.endpoint.NextNs(t.id)
	return int16(unsent-ns) > 0
}

// pumpPPP begins PPP where an ICCN has left since.
func (l *LAC) pumpPPP(now time.Time, fx *Effects) {
	kept := l.crowded[:0]
	for _, t := range l.crowded {
		n := 0
		for n < len(t.behind) && l.hasLeft(t, t.behind[n].ns) {
			b := t.behind[n]
			n++
			// It may have given up, and dialled again, in the meantime.
			if m := &l.modems[b.modem]; m.state == dialling && m.element == b.element && l.modemByElement[b.element] == b.modem+1 {
				l.beginPPP(now, b.modem, fx)
			}
		}
		if t.behind = append(t.behind[:0], t.behind[n:]...); len(t.behind) > 0 {
			kept = append(kept, t)
		}
	}
	clear(l.crowded[len(kept):])
	l.crowded = kept
}
