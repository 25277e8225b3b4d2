// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"holdfast/internal/event"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// callRequested begins a session: an ICRQ came.
func (e *Engine) callRequested(ef *l2tp.Effect, fx *Effects) {
	t := e.tunnels[ef.Tunnel]
	if t == nil {
		e.l2.CloseCall(e.now, ef.Element, causes[CauseUnexpected].result, nil, &fx.l2tp)
		return
	}
	away, forgotten := e.sendAway(ef, t, fx)
	if forgotten {
		return
	}
	s := e.sessions.make(ef.Element)
	e.serial++
	s.serial, s.tunnel, s.id, s.bind, s.createdAt = e.serial, ef.Tunnel, ef.Session, t.bind, e.arrived
	s.call = e.l2.Call(ef.Element)
	e.states[StateInit]++
	e.watch.arm(e.now)
	e.byInstance[s.bind.Profile.Instance]++
	t.sessions++
	e.counters.CallsRequested++
	switch {
	case e.cfg.Drain || e.stopping:
		e.refuseCall(s, CauseDrain, fx)
	case t.bind.Client.TunnelSessionMax > 0 && t.sessions > t.bind.Client.TunnelSessionMax:
		e.refuseCall(s, CauseTunnelLimit, fx)
	case away:
		e.refuseCall(s, CauseTooBusy, fx)
	default:
		s.line = lineOf(e.call(s))
		if !e.standAside(s) {
			e.offer(s, fx)
		}
	}
}

// admitCall takes a token of each limit that the session falls under, now or
// when the limits' homes have answered, then says ICRP.
func (e *Engine) admitCall(s *session, fx *Effects) {
	if s.begunAt.IsZero() {
		s.begunAt = e.now
	}
	for i, l := range s.bind.limits {
		if s.held&(1<<i) != 0 {
			continue
		}
		ok, ask := l.Take()
		if !ok {
			l.calls = append(l.calls, s.ref())
			e.wanting++
			if ask {
				e.ask(l, fx)
			}
			return
		}
		s.held |= 1 << i
	}
	iface, ok := e.interfaces.join(s.bind.group.Interfaces)
	if !ok {
		e.refuseCall(s, CauseLimit, fx)
		return
	}
	if !e.dear(s, fx) {
		e.interfaces.leave(iface)
		return
	}
	s.answered, s.iface = true, iface
	s.unit = unitBase + uint32(s.element)*uint32(e.shards) + uint32(e.shard)
	s.bind.groupUsage.sessions++
	s.bind.clientUsage.sessions++
	e.l2.AcceptCall(e.now, s.element, &fx.l2tp)
}

// unitBase is where the units of dynamic logical interfaces begin, as in Junos.
const unitBase = 3221225472

// refuseCall answers a call with CDN before it was accepted.
func (e *Engine) refuseCall(s *session, cause Cause, fx *Effects) {
	fx.Log = append(fx.Log, e.record(s, event.SessionRefused, cause))
	e.endCall(s, cause, fx)
}

// callUp opens PPP: ICCN came.
func (e *Engine) callUp(ef *l2tp.Effect, fx *Effects) {
	s := e.sessions.at(ef.Element)
	if s == nil || !s.answered {
		return
	}
	e.counters.CallsConnected++
	e.adm.Connected(e.now, uint32(s.element))
	if !e.dear(s, fx) {
		return
	}
	t := e.tunnels[s.tunnel]
	t.dest.sessions++
	t.dest.sessionsTotal++
	s.connected = true
	if limit, _ := s.sessionTimeout(); limit > 0 {
		s.expiresAt = e.now.Add(limit)
	}
	s.link.Init(&s.bind.link, nil)
	if !e.openProxy(s, fx) {
		s.link.Open(e.now, &fx.ppp)
	}
	e.runLink(s, fx)
}

// openProxy takes over what the LAC negotiated, unless configured otherwise
// ("lcp-renegotiation", "local-chap"), and reports whether the link is begun.
func (e *Engine) openProxy(s *session, fx *Effects) bool {
	info, ok := e.l2.Session(s.element)
	if !ok || info.Call == nil {
		return false
	}
	call, client := info.Call, s.bind.Client
	defer e.l2.TrimCall(s.element)
	if call.ProxyLCP == nil || client.LCPRenegotiation {
		return false
	}
	proxy := ppp.Proxy{LastSent: call.ProxyLCP.LastSent, LastReceived: call.ProxyLCP.LastReceived}
	if !s.link.OpenProxy(e.now, proxy, &fx.ppp) {
		e.counters.ProxyLCPRenegotiated++
		return true
	}
	e.counters.ProxyLCPAccepted++
	if offer, ok := proxyOffer(call.ProxyAuth); ok && !client.LocalCHAP {
		e.counters.ProxyAuthUsed++
		s.proxied = true
		s.link.ProxyAuth(e.now, offer, &fx.ppp)
	}
	return true
}

// Proxy Authen Types (RFC 2661 §4.4.5).
const (
	proxyCHAP = 2
	proxyPAP  = 3
)

// proxyOffer is what the LAC collected, when it is complete and of a kind that we judge.
func proxyOffer(p *l2tp.ProxyAuth) (o ppp.AuthOffer, ok bool) {
	switch {
	case p == nil:
	case p.Type == proxyPAP:
		return ppp.AuthOffer{Method: ppp.PAP, Name: p.Name, ID: p.ID, Password: string(p.Response)}, true
	case p.Type == proxyCHAP && len(p.Challenge) > 0 && len(p.Response) == 16:
		return ppp.AuthOffer{Method: ppp.CHAP, Name: p.Name, ID: p.ID, Challenge: p.Challenge, Response: p.Response}, true
	}
	return o, false
}

// callDown ends a session that the endpoint or the peer has ended.
func (e *Engine) callDown(ef *l2tp.Effect, fx *Effects) {
	s := e.sessions.at(ef.Element)
	if s == nil || s.id != ef.Session || s.tunnel != ef.Tunnel {
		return
	}
	cause := l2tpCause(ef.Err)
	if cause == CauseReceivedCDN {
		e.suspectCut(s)
	}
	switch {
	case s.cause != causeNone:
		cause = s.cause // we had begun to close it ourselves
	case cause == CauseTunnelDown && e.stopping:
		cause = CauseShutdown
	case cause == CauseReceivedCDN && s.link.Phase() == ppp.PhaseTerminate:
		cause = CausePeerTerminated // the CDN only follows the Terminate-Request
	}
	e.end(s, cause, fx)
}

// data takes a PPP frame from the peer.
func (e *Engine) data(ef *l2tp.Effect, fx *Effects) {
	s := e.sessions.at(ef.Element)
	if s == nil || !s.connected {
		e.counters.EarlyData++
		return
	}
	e.l2.Alive(e.now, s.tunnel)
	proto, payload, ok := ppp.ParseFrame(ef.Packet)
	switch {
	case !ok || len(payload) == 0:
		e.counters.MalformedFrames++
		return
	case proto == ppp.ProtoIPv6 && s.link.Opened(ppp.ProtoIPV6CP) && e.discover(s, payload, fx):
		return
	case proto == ppp.ProtoIPv4 || proto == ppp.ProtoIPv6:
		e.inbound(s, payload, fx)
		return
	}
	s.controlRx++
	s.link.Handle(e.now, ef.Packet, &fx.ppp)
	e.runLink(s, fx)
	if s.live {
		e.rearm(s)
	}
}

// inbound takes an inner packet that came by way of the shard: the session is
// sequenced, or the plane did not have it yet.
func (e *Engine) inbound(s *session, ip []byte, fx *Effects) {
	s.link.Alive(e.now)
	if !s.installed {
		e.counters.EarlyData++
		return
	}
	e.counters.Inbound++
	fx.Inject = append(fx.Inject, Inject{Key: s.key(), Packet: fx.keep(ip)})
}
