// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/binary"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp"
)

// pulseInterval is how often a tunnel of Plan.Pulse says HELLO.
const pulseInterval = time.Second

// control is what a scenario does to a LAC beyond what its modems do by
// themselves. The zero value does nothing.
type control struct {
	cut       int           // tunnels below this index have lost their link: nothing goes either way
	mendedAt  time.Time     // when the last cut ended
	touched   int           // tunnels below this index were cut the last time
	watched   bool          // there has been a Cut
	residents int           // modems below this index dial by themselves; those above are callers, for Overload
	idle      queue         // callers that wait to be called upon
	calling   bool          // Overload is on
	talk      time.Duration // how long a caller's session lasts
	callers   pace          // of Overload
	since     time.Time     // when that was set last
}

// Window changes how many calls may be in set-up at once.
func (l *LAC) Window(calls int) { l.callWindow = calls }

// Mend gives the link back to all tunnels.
func (l *LAC) Mend(now time.Time) {
	if l.control.cut > 0 {
		l.control.cut, l.control.mendedAt = 0, now
	}
}

// Cut takes the link away from the first n tunnels, whatever becomes of them
// meanwhile. From then on drops behind other tunnels are counted apart.
func (l *LAC) Cut(n int) {
	n = min(n, len(l.tunnels))
	l.control.cut, l.control.touched, l.control.watched = n, n, true
	for i := range l.control.cut {
		l.tunnels[i].helloAt = time.Time{} // what is lost with the link says nothing of the LNS
	}
}

// cutModem reports whether modem m's tunnel has lost its link.
func (l *LAC) cutModem(m *modem) bool {
	if l.control.cut == 0 {
		return false
	}
	i := l.modemByElement[m.element]
	return i != 0 && int(i-1)%l.Tunnels() < l.control.cut
}

// Tunnels is how many tunnels this LAC has, in any state.
func (l *LAC) Tunnels() int { return len(l.tunnels) - l.plan.Pulse }

// OnlineBehind is how many modems are online whose tunnels are among the first n.
func (l *LAC) OnlineBehind(n int) (online int) {
	for _, i := range l.online {
		if int(i)%l.Tunnels() < n {
			online++
		}
	}
	return online
}

// isCut reports whether the tunnel with a local id has lost its link.
func (l *LAC) isCut(id l2tp.TunnelID) bool {
	return l.control.cut > 0 && int(l.tunnelByID[id]) <= l.control.cut && l.tunnelByID[id] != 0
}

// through takes out of a batch what came for tunnels that have lost their link.
func (l *LAC) through(batch []packet.Datagram) []packet.Datagram {
	if l.control.cut == 0 {
		return batch
	}
	kept := batch[:0]
	for _, d := range batch {
		if g, ok := l2tp.Peek(d.Data); !ok || !l.isCut(g.TunnelID) {
			kept = append(kept, d)
		}
	}
	return kept
}

// Overload has callers dial, rate calls a second whatever becomes of them; each
// stays for talk once it is up. A rate of 0 has as many dial as the window lets;
// a negative one ends it, and lets the last calls end by themselves.
func (l *LAC) Overload(now time.Time, rate float64, talk time.Duration) {
	c := &l.control
	c.calling, c.talk, c.since = rate >= 0, talk, now
	c.callers = newPace(rate)
	c.callers.start(now)
}

// isCaller reports whether modem i dials for Overload only.
func (l *LAC) isCaller(i uint32) bool { return int(i) >= l.control.residents }

// mayCall reports whether only the pace keeps the next caller from dialling.
func (l *LAC) mayCall() bool {
	c := &l.control
	return c.calling && !l.draining && (c.callers.interval > 0 || !c.idle.empty() && l.callsOpen < l.callWindow)
}

// pumpCallers has callers dial as Overload says. Without an idle one the call is
// missed, and counted as such: the emulator was too small for its plan.
func (l *LAC) pumpCallers(now time.Time, fx *Effects) {
	c := &l.control
	for tried := 0; l.mayCall() && tried <= len(l.modems); tried++ {
		if !c.callers.take(now) {
			return
		}
		if c.idle.empty() {
			l.count.CallsMissed++
			continue
		}
		i := c.idle.pop(l.modems)
		if l.tunnelOf(i).state != tunnelUp {
			c.idle.push(l.modems, i)
			l.count.CallsMissed++
			continue
		}
		l.dial(now, i, fx)
	}
}

// Kill ends n sessions at random, as lines do that are pulled: one in three says
// CDN, one hangs up in order, one just falls silent.
func (l *LAC) Kill(now time.Time, n int, fx *Effects) {
	l.arrived = now
	for range min(n, len(l.online)) {
		if len(l.online) == 0 {
			break
		}
		i := l.online[l.rand.IntN(len(l.online))]
		m := &l.modems[i]
		l.count.Killed++
		switch l.rand.IntN(3) {
		case 0:
			l.clear(now, i, fx)
		case 1:
			m.deadline = time.Time{}
			l.become(i, hangingUp)
			m.link.Close(now, "hanging up", &fx.ppp)
			l.linkEffects(now, i, fx)
		default:
			m.link.Abort(now)
			l.endpoint.ForgetCall(now, m.element, &fx.l2tp)
			l.leaveCall(now, i)
		}
	}
	l.pump(now, fx)
}

// clear ends the call of modem i with CDN.
func (l *LAC) clear(now time.Time, i uint32, fx *Effects) {
	m := &l.modems[i]
	m.link.Abort(now)
	l.endpoint.CloseCall(now, m.element, l2tp.Result{Code: cdnCarrierLost}, nil, &fx.l2tp)
	l.leaveCall(now, i)
}

// back measures how long a modem took to come up again after its session was
// dropped: from its first attempt, or from when the link was there again.
func (l *LAC) back(m *modem) {
	if m.dropped && !m.wantedAt.IsZero() {
		from := m.wantedAt
		if from.Before(l.control.mendedAt) {
			from = l.control.mendedAt
		}
		l.count.Back.Add(l.arrived.Sub(from))
	}
	m.dropped, m.wantedAt = false, time.Time{}
}

// leaveCall puts modem i, whose call was ended on purpose, on hook.
func (l *LAC) leaveCall(now time.Time, i uint32) {
	m := &l.modems[i]
	l.become(i, hangingUp) // so that it counts as hung up
	l.modemByElement[m.element] = 0
	l.end(now, i, Cleared)
}

// noteHello remembers when a HELLO left a tunnel, or notes its acknowledgement.
func (l *LAC) noteHello(now time.Time, e *l2tp.Effect) {
	// A HELLO is a control header and its Message Type AVP: 12 and 8 octets.
	const helloBytes, helloType = 20, 6
	b := e.Packet
	if len(b) != helloBytes || b[0]&0x80 == 0 || binary.BigEndian.Uint16(b[18:]) != helloType {
		return
	}
	if i := l.tunnelByID[e.Tunnel]; i != 0 {
		if t := &l.tunnels[i-1]; t.helloAt.IsZero() {
			t.helloAt, t.helloNs = now, binary.BigEndian.Uint16(b[8:])
		}
	}
}

// noteAcknowledged measures how long the acknowledgement of a HELLO took.
func (l *LAC) noteAcknowledged(d *packet.Datagram) {
	if len(d.Data) < 12 || d.Data[0]&0x80 == 0 {
		return
	}
	i := l.tunnelByID[binary.BigEndian.Uint16(d.Data[4:])]
	if i == 0 {
		return
	}
	t := &l.tunnels[i-1]
	if nr := binary.BigEndian.Uint16(d.Data[10:]); !t.helloAt.IsZero() && int16(nr-t.helloNs) > 0 {
		l.count.Hello.Add(l.arrived.Sub(t.helloAt))
		t.helloAt = time.Time{}
	}
}
