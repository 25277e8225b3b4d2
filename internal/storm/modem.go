// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// modemState is where a modem is in its life; see the drawing in doc.go.
type modemState uint8

const (
	onHook      modemState = iota // in a queue, or waiting to redial, or never again
	dialling                      // ICRQ sent
	negotiating                   // ICCN sent, PPP talks
	online
	hangingUp // Terminate-Request sent
)

// modem is one subscriber's line. It is kept by value in LAC.modems; its index
// there is its number at this LAC.
type modem struct {
	link      ppp.Link
	offeredAt time.Time    // when its call was offered
	deadline  time.Time    // set-up: end of patience; on hook: redial; online: the next Router Solicitation; zero: none
	wantedAt  time.Time    // when it dialled first after its session was dropped; zero: it did not
	prefix    uint64       // upper half of its IPv6 address; zero: none advertised yet
	element   l2tp.Element // of its call; meaningless on hook
	next      uint32       // in the queue that it stands in
	iccn      uint16       // Ns of its call's ICCN
	place     uint32       // in LAC.online
	state     modemState
	up        bool      // this call has been online
	dropped   bool      // a session was dropped, and none has come up since
	refused   bool      // the LNS has refused its credentials
	ipv6      bool      // IPV6CP has opened
	phase     ppp.Phase // of PPP that the call has come to: until it ends, not later than network
	failures  uint8     // calls that have not come up, one after the other; no more than failuresMax
	solicited uint8     // Router Solicitations sent
}

// Router Solicitations of a host: RFC 4861 §10.
const (
	solicitationMax      = 3
	solicitationInterval = 4 * time.Second
)

// line is the number of modem i over all LACs, from 1.
func (l *LAC) line(i uint32) int { return int(i)*l.plan.LACs + l.number + 1 }

// tunnelOf is the tunnel that modem i dials through.
func (l *LAC) tunnelOf(i uint32) *tunnel { return &l.tunnels[int(i)%l.Tunnels()] }

// become is the only place that changes a modem's state. It keeps the number of
// calls in set-up and the list of those online.
func (l *LAC) become(i uint32, s modemState) {
	m := &l.modems[i]
	l.leave(m)
	m.state = s
	switch s {
	case dialling, negotiating:
		l.callsOpen++
	case online:
		m.place = uint32(len(l.online))
		l.online = append(l.online, i)
	case hangingUp:
		l.hangingUp++
		l.count.Ending++
	}
}

// leave undoes what become did for the state that m is in.
func (l *LAC) leave(m *modem) {
	switch m.state {
	case dialling, negotiating:
		l.callsOpen--
	case online:
		last := l.online[len(l.online)-1]
		l.online[m.place] = last
		l.modems[last].place = m.place
		l.online = l.online[:len(l.online)-1]
	case hangingUp:
		l.hangingUp--
		l.count.Ending--
	}
}

// dial offers a call for modem i, whose tunnel is up.
func (l *LAC) dial(now time.Time, i uint32, fx *Effects) {
	m, line := &l.modems[i], l.line(i)
	l.serial++
	call := l2tp.Call{
		Serial:        l.serial,
		CallingNumber: expand(l.plan.Calling, line),
		CalledNumber:  l.plan.Called,
	}
	if l.plan.CircuitID != "" {
		call.Line = &l2tp.Line{AgentCircuitID: expand(l.plan.CircuitID, line), ActualUp: 40_000_000, ActualDown: 100_000_000}
	}
	l.count.CallsOffered++
	if m.dropped && m.wantedAt.IsZero() {
		m.wantedAt = now
	}
	if l.count.FirstCallAt.IsZero() {
		l.count.FirstCallAt = now
	}
	element, err := l.endpoint.OpenCall(now, l.tunnelOf(i).id, &call, &fx.l2tp)
	if err != nil {
		l.count.Failed[LocalLimit]++
		l.redial(now, i)
		return
	}
	for int(element) >= len(l.modemByElement) {
		l.modemByElement = append(l.modemByElement, 0)
	}
	l.modemByElement[element] = i + 1
	m.element, m.offeredAt = element, now
	m.deadline = l.patienceFrom(now)
	l.become(i, dialling)
	l.arm(i)
}

// callEffect takes what the endpoint says of a call to its modem.
func (l *LAC) callEffect(now time.Time, e *l2tp.Effect, fx *Effects) {
	if int(e.Element) >= len(l.modemByElement) || l.modemByElement[e.Element] == 0 {
		if e.Kind == l2tp.Data {
			l.count.Stray++ // the modem has hung up already
		}
		return
	}
	i := l.modemByElement[e.Element] - 1
	switch e.Kind {
	case l2tp.CallAccepted:
		l.connect(now, i, fx)
	case l2tp.CallUp:
		l.called(now, i, fx)
	case l2tp.CallDown:
		l.callDown(now, i, e)
	case l2tp.Data:
		l.frame(now, i, e.Packet, fx)
	}
}

// beginPPP has modem i talk.
func (l *LAC) beginPPP(now time.Time, i uint32, fx *Effects) {
	l.become(i, negotiating)
	if m := &l.modems[i]; m.link.Phase() == ppp.PhaseDead { // otherwise it talked to the LAC before
		l.initLink(i)
		m.link.Open(now, &fx.ppp)
	}
	l.linkEffects(now, i, fx)
}

// initLink makes a new link of modem i.
func (l *LAC) initLink(i uint32) {
	line := l.line(i)
	l.modems[i].link.Init(&l.linkConfig, &ppp.Credentials{Name: expand(l.plan.User, line), Password: expand(l.plan.Password, line)})
}

// callDown takes note that the LNS cleared a call, or that its tunnel is gone.
func (l *LAC) callDown(now time.Time, i uint32, e *l2tp.Effect) {
	m := &l.modems[i]
	m.link.Abort(now)
	cause := Cleared
	if errors.Is(e.Err, l2tp.ErrTunnelClosed) {
		cause = TunnelLost
	} else if m.state != hangingUp {
		l.count.Refusals.add(newRefusal(e.Result, e.Cause), 1)
		if !m.up {
			cause = m.failure(e.Cause)
		}
	}
	l.end(now, i, cause)
}

// failure is how far a call had come that is not up and that the LNS has ended, as
// its modem saw it. An LNS may have found a name and password right and yet have to
// say no in the authentication protocol, for want of an address, say: it tells so
// with the CDN, if at all.
func (m *modem) failure(told *l2tp.DisconnectCause) Cause {
	switch {
	case m.state == dialling:
		return Refused
	case m.refused && (told == nil || told.Code < pppCauseNCP):
		return AuthRejected
	case m.refused || m.phase == ppp.PhaseNetwork:
		return NCPFailed
	case m.phase == ppp.PhaseAuthenticate:
		return AuthFailed
	}
	return LCPFailed
}

// frame takes a PPP frame from the LNS.
func (l *LAC) frame(now time.Time, i uint32, frame []byte, fx *Effects) {
	m := &l.modems[i]
	protocol, payload, ok := ppp.ParseFrame(frame)
	switch {
	case !ok || m.state < negotiating:
		l.count.Stray++
	case protocol == ppp.ProtoIPv4 || protocol == ppp.ProtoIPv6:
		m.link.Alive(now)
		l.receive(i, payload)
	default:
		m.refused = m.refused || refuses(protocol, payload)
		m.link.Handle(now, frame, &fx.ppp)
		l.linkEffects(now, i, fx)
	}
}

// refuses recognises the authenticator's no: an LNS may clear the call before
// the link has gone down in order.
func refuses(protocol ppp.Protocol, packet []byte) bool {
	const papNak, chapFailure = 3, 4
	return len(packet) > 0 &&
		(protocol == ppp.ProtoPAP && packet[0] == papNak || protocol == ppp.ProtoCHAP && packet[0] == chapFailure)
}

// linkEffects does what the link of modem i asked for.
func (l *LAC) linkEffects(now time.Time, i uint32, fx *Effects) {
	m := &l.modems[i]
	if p := m.link.Phase(); p != ppp.PhaseDead && p <= ppp.PhaseNetwork {
		m.phase = p
	}
	for k := range fx.ppp.List {
		switch e := &fx.ppp.List[k]; e.Kind {
		case ppp.SendFrame:
			l.send(m, e.Frame, fx)
		case ppp.NetworkUp:
			l.networkUp(now, i, e.Protocol, fx)
		case ppp.NetworkDown:
			l.networkDown(now, i, e.Protocol)
		case ppp.Down:
			l.linkDown(now, i, e.Err, fx)
		}
	}
	fx.ppp.Reset()
	l.arm(i)
}

// networkUp counts the session as up once the protocol that it is for has opened.
func (l *LAC) networkUp(now time.Time, i uint32, p ppp.Protocol, fx *Effects) {
	m := &l.modems[i]
	m.ipv6 = m.ipv6 || p == ppp.ProtoIPV6CP
	if m.state == negotiating && p == l.mainProtocol() {
		l.become(i, online)
		m.deadline = time.Time{}
		if m.up {
			l.count.Renegotiated++
		} else {
			l.back(m)
			l.count.CallsUp++
			l.count.Setup.Add(l.arrived.Sub(m.offeredAt))
			if !m.offeredAt.Before(l.control.since) {
				l.count.Fresh.Add(l.arrived.Sub(m.offeredAt))
			}
			l.count.LastUpAt = l.arrived
		}
		m.up, m.failures = true, 0
	}
	if m.state == online && m.ipv6 && m.prefix == 0 && m.solicited == 0 {
		l.solicit(now, m, fx)
	}
	if m.state == online && l.isCaller(i) {
		m.deadline = now.Add(l.control.talk)
	}
}

// networkDown has the modem wait for its address again: the LNS renegotiates.
func (l *LAC) networkDown(now time.Time, i uint32, p ppp.Protocol) {
	if m := &l.modems[i]; m.state == online && p == l.mainProtocol() {
		l.become(i, negotiating)
		m.deadline = l.patienceFrom(now)
	}
}

// mainProtocol is the network protocol that makes a session count as up.
func (l *LAC) mainProtocol() ppp.Protocol {
	if l.plan.IPv4 {
		return ppp.ProtoIPCP
	}
	return ppp.ProtoIPV6CP
}

// patienceFrom is when patience that begins now ends; zero: never.
func (l *LAC) patienceFrom(now time.Time) time.Time {
	if l.plan.Patience < 0 {
		return time.Time{}
	}
	return now.Add(l.plan.Patience)
}

// solicit asks for a Router Advertisement, a few times until one comes.
func (l *LAC) solicit(now time.Time, m *modem, fx *Effects) {
	m.solicited++
	m.deadline = now.Add(solicitationInterval)
	fx.frame = append(fx.frame[:0], 0xff, 0x03, byte(ppp.ProtoIPv6>>8), byte(ppp.ProtoIPv6))
	fx.frame = appendSolicitation(fx.frame, m.link.Network().LocalIfID)
	l.send(m, fx.frame, fx)
}

// linkDown ends the call of a link that has died.
func (l *LAC) linkDown(now time.Time, i uint32, why error, fx *Effects) {
	m := &l.modems[i]
	cause := LinkFailed
	switch {
	case errors.Is(why, ppp.ErrNoEcho):
		cause = EchoLost
	case errors.Is(why, ppp.ErrAuthTimeout):
		cause = AuthTimeout
	case !m.up:
		cause = m.failure(nil)
	case errors.Is(why, ppp.ErrTerminated):
		cause = PeerTerminatedLink
	}
	l.endpoint.CloseCall(now, m.element, l2tp.Result{Code: cdnCarrierLost}, nil, &fx.l2tp)
	l.end(now, i, cause)
}

// modemTimer does what is due for modem i.
func (l *LAC) modemTimer(now time.Time, i uint32, fx *Effects) {
	m := &l.modems[i]
	if m.state >= negotiating {
		m.link.Advance(now, &fx.ppp)
		l.linkEffects(now, i, fx)
	}
	if m.deadline.IsZero() || m.deadline.After(now) {
		l.arm(i)
		return
	}
	m.deadline = time.Time{}
	switch m.state {
	case onHook:
		l.dialQueue.push(l.modems, i)
	case dialling, negotiating:
		l.giveUp(now, i, fx)
	case online:
		if l.isCaller(i) {
			l.clear(now, i, fx)
		} else if m.prefix == 0 && m.solicited < solicitationMax {
			l.solicit(now, m, fx)
		}
	}
	l.arm(i)
}

// giveUp ends a call whose patience has ended.
func (l *LAC) giveUp(now time.Time, i uint32, fx *Effects) {
	m := &l.modems[i]
	cause := NoAnswer
	if m.state == negotiating {
		switch m.link.Phase() {
		case ppp.PhaseAuthenticate:
			cause = AuthTimeout
		case ppp.PhaseNetwork:
			cause = NCPTimeout
		default:
			cause = LCPTimeout
		}
	}
	m.link.Abort(now)
	if l.plan.Silent > 0 && l.rand.Float64() < l.plan.Silent {
		l.endpoint.ForgetCall(now, m.element, &fx.l2tp)
	} else {
		l.endpoint.CloseCall(now, m.element, l2tp.Result{Code: cdnTooSlow}, nil, &fx.l2tp)
	}
	l.end(now, i, cause)
}

// end puts modem i on hook and counts why. Every call that was offered ends here.
func (l *LAC) end(now time.Time, i uint32, cause Cause) {
	m := &l.modems[i]
	switch {
	case m.state == hangingUp || l.draining:
		l.count.HungUp++
	case m.up:
		l.count.Dropped[cause]++
		m.dropped = true
		if c := &l.control; c.watched && int(i)%l.Tunnels() >= c.touched {
			l.count.DroppedElsewhere++
		}
	default:
		l.count.Failed[cause]++
		m.failures = min(m.failures+1, failuresMax)
	}
	l.modemByElement[m.element] = 0
	l.become(i, onHook)
	m.prefix, m.solicited, m.up, m.ipv6, m.refused = 0, 0, false, false, false
	m.phase = ppp.PhaseDead
	l.redial(now, i)
}

// redial has modem i, which is on hook, dial again after its delay.
func (l *LAC) redial(now time.Time, i uint32) {
	m := &l.modems[i]
	m.deadline = time.Time{}
	if l.isCaller(i) {
		l.control.idle.push(l.modems, i)
	} else if !l.draining {
		m.deadline = l.redialAt(now, m.failures)
	}
	l.arm(i)
}

// arm sets the one timer of modem i.
func (l *LAC) arm(i uint32) {
	m := &l.modems[i]
	at := m.deadline
	if m.state >= negotiating {
		at = earlier(at, m.link.Next())
	}
	l.timers.Set(i, at)
}

// send has a PPP frame leave through the tunnel.
func (l *LAC) send(m *modem, frame []byte, fx *Effects) {
	peer, local, _, _, _, ok := l.endpoint.DataHeader(m.element)
	if !ok || l.cutModem(m) {
		return // the call has ended in this very batch
	}
	start := len(fx.arena)
	fx.arena = l.endpoint.AppendData(fx.arena, m.element, frame)
	fx.Transmit = append(fx.Transmit, packet.Datagram{Data: fx.arena[start:len(fx.arena):len(fx.arena)], Peer: peer, Local: local})
}

// pumpHangUp has modems hang up, a window of them at a time, then closes the tunnels.
func (l *LAC) pumpHangUp(now time.Time, fx *Effects) {
	for ; l.hungUp < len(l.modems) && l.hangingUp < l.callWindow; l.hungUp++ {
		i := uint32(l.hungUp)
		switch m := &l.modems[i]; m.state {
		case onHook:
			l.redial(now, i) // that is: never
		case dialling, negotiating:
			m.link.Abort(now)
			l.endpoint.CloseCall(now, m.element, l2tp.Result{Code: cdnCarrierLost}, nil, &fx.l2tp)
			l.end(now, i, LinkFailed)
		case online:
			m.deadline = time.Time{}
			l.become(i, hangingUp)
			m.link.Close(now, "hanging up", &fx.ppp)
			l.linkEffects(now, i, fx)
		}
	}
	if l.hungUp == len(l.modems) && l.hangingUp == 0 && !l.tunnelsEnd {
		l.tunnelsEnd = true
		l.closeTunnels(now, fx)
	}
	l.carryOut(now, fx)
}
