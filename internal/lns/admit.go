// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/admission"
	"holdfast/l2tp"
)

// A call whose ICRQ is fresh, and before which nobody waits, is begun at once,
// so that ICRP carries the acknowledgement; but only while few are in set-up:
// otherwise those are finished first.
const (
	freshAge    = 5 * time.Millisecond
	beginInline = 8
)

// expireInterval is how often parked calls are looked through for deadlines, and
// expireBatch how many are dismissed at once.
const (
	expireInterval = 50 * time.Millisecond
	expireBatch    = 512
)

// offer parks a call until it may be begun.
func (e *Engine) offer(s *session, fx *Effects) {
	peer, _ := e.l2.Peer(s.tunnel)
	call := admission.Call{
		Element: uint32(s.element), Tunnel: uint16(s.tunnel), LAC: peer.Addr(), Line: s.line, Arrived: e.arrived,
	}
	waited := !e.adm.Idle()
	e.dismissAll(e.adm.Offer(e.now, call, e.dismissals[:0]), fx)
	switch {
	case !e.admitting:
		e.begin(fx)
	case !waited && e.adm.InSetUp() < beginInline && e.now.Sub(e.arrived) < freshAge:
		e.begin(fx)
	case e.expireAt.IsZero():
		e.expireAt = e.now.Add(expireInterval)
	}
}

// sendAway says whether a call is to be refused for want of room. Those that are
// not even told so are forgotten here, before anything is made for them: there are
// too many for any history.
func (e *Engine) sendAway(ef *l2tp.Effect, t *tunnel, fx *Effects) (away, forgotten bool) {
	if !e.admitting || e.cfg.Drain || e.stopping {
		return false, false
	}
	away, forgotten = e.adm.TurnAway(e.now, admission.Call{Tunnel: uint16(ef.Tunnel), LAC: ef.Peer.Addr()})
	if !forgotten {
		return away, false
	}
	e.counters.CallsRequested++
	e.counters.Ended[CauseTooBusy]++
	e.counters.Failed[CauseTooBusy]++
	if t.dest != nil {
		t.dest.sessionsFailed++
	}
	e.l2.ForgetCall(e.now, ef.Element, &fx.l2tp)
	return true, true
}

// Begin sets up the next parked call. The shard calls it, again and again, when
// it has nothing to do for calls already begun; false: none may be begun now.
func (e *Engine) Begin(now time.Time, fx *Effects) bool {
	e.now = now
	began := e.begin(fx)
	if began {
		e.finish(fx)
	}
	return began
}

func (e *Engine) begin(fx *Effects) bool {
	e.adm.Gate(e.shut())
	for {
		el, ok := e.adm.Next(e.now)
		if !ok {
			return false
		}
		if s := e.sessions.at(l2tp.Element(el)); s != nil {
			e.probing()
			e.admitCall(s, fx)
			return true
		}
		e.adm.Failed(el)
	}
}

// ackDelay is how long the acknowledgement of an ICRQ or CDN may wait for another
// one to share it while there is a backlog. It is a fiftieth of the time after
// which peers repeat a message. Where tunnels are few, one input brings several
// messages of each and one acknowledgement serves them anyway: there a LAC whose
// window is small after a loss is not kept waiting.
func (e *Engine) ackDelay() time.Duration {
	if e.tunnelsUp > fewTunnels && e.adm.Overloaded(e.now) {
		return 20 * time.Millisecond
	}
	return 0
}

// fewTunnels are less than an input has datagrams under a flood.
const fewTunnels = 128

// expireParked dismisses parked calls whose deadline has passed.
func (e *Engine) expireParked(fx *Effects) {
	if !due(e.expireAt, e.now) {
		return
	}
	e.dismissAll(e.adm.Expire(e.now, expireBatch, e.dismissals[:0]), fx)
	e.expireAt = time.Time{}
	if !e.adm.Idle() {
		e.expireAt = e.now.Add(expireInterval)
	}
}

// dismissAll ends parked calls: with CDN, or without a word past the budget.
func (e *Engine) dismissAll(out []admission.Dismissal, fx *Effects) {
	e.dismissals = out
	for _, d := range out {
		s := e.sessions.at(l2tp.Element(d.Element))
		if s == nil {
			continue
		}
		cause := CauseExpired
		switch d.Verdict {
		case admission.Superseded:
			cause = CauseSuperseded
		case admission.Crowded:
			cause = CauseTooBusy
		}
		if d.Silent {
			s.cause = cause
			e.l2.ForgetCall(e.now, s.element, &fx.l2tp)
			e.end(s, cause, fx)
			continue
		}
		e.refuseCall(s, cause, fx)
	}
}

// endParked ends a session whose set-up was never begun: it holds nothing but its
// place, and under a flood of calls there are many of them.
func (e *Engine) endParked(s *session, cause Cause) {
	e.counters.Ended[cause]++
	e.leave(s, cause)
	e.remember(s, cause)
	if t := e.tunnels[s.tunnel]; t != nil {
		t.sessions--
		if t.dest != nil {
			t.dest.sessionsFailed++
		}
	}
	e.states[s.state]--
	e.byInstance[s.bind.Profile.Instance]--
	s.live, s.call = false, nil // the rest is cleared for the next one
}

// dear notes that a dear step is about to be done for a session. It reports
// false when the caller's patience is over: the step would be done for nobody,
// and the call is ended instead.
func (e *Engine) dear(s *session, fx *Effects) bool {
	if e.adm.Late(e.now, uint32(s.element)) {
		e.endCall(s, CauseExpired, fx)
		return false
	}
	e.step(s, fx)
	return true
}

// step counts a dear step.
func (e *Engine) step(s *session, fx *Effects) {
	s.steps++
	fx.Dear++
	e.counters.DearSteps++
}

// leave tells admission that a session has ended, and counts what was done for
// nobody: the dear steps of a call whose caller left before it was up.
func (e *Engine) leave(s *session, cause Cause) {
	if s.wasUp {
		return
	}
	switch {
	case cause == CauseReceivedCDN && !e.backLately(s.tunnel):
		e.adm.Withdraw(e.now, uint32(s.element))
	case cause == CauseReceivedCDN || cause == CauseTunnelDown || cause == CauseExpired:
		e.adm.Vanished(e.now, uint32(s.element))
	default:
		e.adm.Failed(uint32(s.element))
		return
	}
	e.counters.StaleSteps += uint64(s.steps)
}

// lineOf names the line that a call comes from: its calling number, or else its
// agent circuit id; 0: neither is known.
func lineOf(c *l2tp.Call) uint64 {
	name := c.CallingNumber
	if name == "" && c.Line != nil {
		name = c.Line.AgentCircuitID
	}
	if name == "" {
		return 0
	}
	return hashNames(name, "")
}
