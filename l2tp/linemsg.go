// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"time"

	"holdfast/l2tp/wire"
)

// SendSLI tells the LAC the ACCMs that PPP has negotiated. It does nothing when
// the session is not established or we are its LAC.
func (e *Endpoint) SendSLI(now time.Time, el Element, sendACCM, receiveACCM uint32, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state != SessionEstablished || !s.lns {
		return
	}
	m := &e.out
	m.Reset(wire.SLI)
	m.ACCM = wire.ACCMPair{Send: sendACCM, Receive: receiveACCM}
	m.Add(wire.ACCM)
	e.send(now, t, s.peer, fx)
	e.arm(t)
}

// SendWEN tells the LNS about errors on the line. The counters are cumulative;
// "not more than once every 60 seconds", RFC 2661 §6.13, is the caller's to keep.
// It does nothing when the session is not established or we are its LNS.
func (e *Endpoint) SendWEN(now time.Time, el Element, errs CallErrors, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state != SessionEstablished || s.lns {
		return
	}
	m := &e.out
	m.Reset(wire.WEN)
	m.CallErrors = wire.CallErrors(errs)
	m.Add(wire.CallErrorsAVP)
	e.send(now, t, s.peer, fx)
	e.arm(t)
}

// UpdateSpeed sends a CSUN for a session whose line has changed its speed. "The
// LAC MUST NOT include a Connect Speed Update AVP for which it did not send a
// Connect Speed Update Enable AVP", RFC 5515 §4.1: without Call.SpeedUpdates it
// does nothing, nor when we are the LNS.
func (e *Endpoint) UpdateSpeed(now time.Time, el Element, tx, rx uint64, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state != SessionEstablished || s.lns || !s.call.SpeedUpdates {
		return
	}
	s.call.TxSpeed, s.call.RxSpeed = tx, rx
	m := &e.out
	m.Reset(wire.CSUN)
	m.SpeedUpdates = append(m.SpeedUpdates, wire.SpeedUpdate{RemoteSessionID: uint16(s.peer), Tx: bps(tx), Rx: bps(rx)})
	m.Add(wire.ConnectSpeedUpdate)
	e.send(now, t, 0, fx)
	e.arm(t)
}

// QuerySpeed sends a CSURQ: the answer is a SpeedUpdate. "MUST only be issued for
// each outstanding session (...) on which the LNS has already received a Connect
// Speed Update Enable AVP", RFC 5515 §4.2: otherwise it does nothing.
func (e *Endpoint) QuerySpeed(now time.Time, el Element, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state != SessionEstablished || !s.lns || !s.call.SpeedUpdates {
		return
	}
	m := &e.out
	m.Reset(wire.CSURQ)
	m.SpeedUpdates = append(m.SpeedUpdates, wire.SpeedUpdate{RemoteSessionID: uint16(s.peer)})
	m.Add(wire.ConnectSpeedUpdate)
	e.send(now, t, 0, fx)
	e.arm(t)
}

// speedsUpdated takes a CSUN. Its sessions are named by our ids.
func (e *Endpoint) speedsUpdated(t *tunnel, m *wire.Message, fx *Effects) {
	for _, u := range m.SpeedUpdates {
		el, ok := e.Lookup(t.local, SessionID(u.RemoteSessionID))
		if !ok || !e.space.at(el).lns {
			e.counters.Unexpected++
			continue
		}
		call := e.space.at(el).call
		call.TxSpeed, call.RxSpeed = uint64(u.Tx), uint64(u.Rx)
		f := e.callEffect(SpeedUpdate, t, el, fx)
		f.Value, f.Value2 = u.Tx, u.Rx
	}
}

// speedsRequested answers a CSURQ with a CSUN for "each of the Session IDs
// requested", but not for "unknown sessions, or (...) sessions for which it did
// not issue a Connect Speed Update Enable AVP", RFC 5515 §4.
func (e *Endpoint) speedsRequested(now time.Time, t *tunnel, m *wire.Message, fx *Effects) {
	out := &e.out
	out.Reset(wire.CSUN)
	for _, u := range m.SpeedUpdates {
		el, ok := e.Lookup(t.local, SessionID(u.RemoteSessionID))
		if !ok {
			continue
		}
		if s := e.space.at(el); !s.lns && s.call.SpeedUpdates && s.state == SessionEstablished {
			u := wire.SpeedUpdate{RemoteSessionID: uint16(s.peer), Tx: bps(s.call.TxSpeed), Rx: bps(s.call.RxSpeed)}
			out.SpeedUpdates = append(out.SpeedUpdates, u)
		}
	}
	if len(out.SpeedUpdates) > 0 {
		out.Add(wire.ConnectSpeedUpdate)
		e.send(now, t, 0, fx)
	}
}
