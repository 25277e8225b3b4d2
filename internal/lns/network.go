// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/packet"
	"holdfast/ppp"
)

// runLink turns what a session's link asks for into events of the others.
func (e *Engine) runLink(s *session, fx *Effects) {
	for i := 0; i < len(fx.ppp.List) && s.live; i++ {
		switch ef := &fx.ppp.List[i]; ef.Kind {
		case ppp.SendFrame:
			s.controlTx++
			e.sendFrame(s, ef.Frame, fx)
		case ppp.AuthRequest:
			e.authenticate(s, ef.Auth, fx)
		case ppp.LinkUp:
			e.linkUp(s, fx)
		case ppp.NetworkUp:
			e.networkUp(s, ef.Protocol, fx)
		case ppp.NetworkDown:
			e.networkDown(s, ef.Protocol, fx)
		case ppp.Down:
			cause := s.cause
			if cause == causeNone {
				cause = pppCause(ef.Err)
			}
			e.endCall(s, cause, fx)
		}
	}
	clear(fx.ppp.List)
	fx.ppp.List = fx.ppp.List[:0]
	if s.live {
		e.rearm(s)
	}
}

// linkUp begins anew: what was proved and granted went with a link that was
// renegotiated, and a verdict still on its way is not about this one.
func (e *Engine) linkUp(s *session, fx *Effects) {
	s.granted, s.pending = false, false
	s.waits &^= waitRADIUS
	s.authenticated = s.link.AuthUsed() == ppp.AuthNone
	e.authorise(s, fx)
}

// sendFrame puts a PPP frame into the session's tunnel.
func (e *Engine) sendFrame(s *session, frame []byte, fx *Effects) {
	peer, local, _, _, _, ok := e.l2.DataHeader(s.element)
	if !ok {
		return
	}
	at := len(fx.arena)
	fx.arena = e.l2.AppendData(fx.arena, s.element, frame)
	fx.Transmit = append(fx.Transmit, packet.Datagram{Data: fx.arena[at:len(fx.arena):len(fx.arena)], Peer: peer, Local: local})
}

// sendIP puts an inner packet into the session's tunnel.
func (e *Engine) sendIP(s *session, ip []byte, fx *Effects) {
	proto := ppp.ProtoIPv4
	if ip[0]>>4 == 6 {
		proto = ppp.ProtoIPv6
	}
	e.frame = append(e.frame[:0], 0xff, 0x03, byte(proto>>8), byte(proto))
	e.frame = append(e.frame, ip...)
	e.sendFrame(s, e.frame, fx)
}

// networkUp installs the session in the plane, with the families that are open.
func (e *Engine) networkUp(s *session, proto ppp.Protocol, fx *Effects) {
	if !s.wasUp {
		e.step(s, fx) // however late: the caller is there, its answer has just opened the protocol
		s.wasUp = true
		e.adm.Up(e.now, uint32(s.element))
		e.watchIdle(s)
		e.startAccount(s, fx)
		e.counters.SessionsUp++
		e.counters.SetUpTime += e.now.Sub(s.createdAt)
		fx.Log = append(fx.Log, e.record(s, event.SessionUp, causeNone))
	}
	e.become(s, StateActive)
	if agreed := s.link.Network().PeerIPv4; proto == ppp.ProtoIPCP && agreed != s.ipv4 && s.grant != nil {
		e.choose(s, agreed, fx)
	}
	if s.cause != causeNone {
		return
	}
	e.install(s, fx)
	e.reportFamilies(s, fx)
	if proto == ppp.ProtoIPV6CP && s.ipv6.IsValid() {
		s.raLeft = initialAdvertisements
		e.advertise(s, fx)
	}
}

// networkDown takes what is not open any more out of the plane: the link is
// being renegotiated, or one protocol was closed by the peer.
func (e *Engine) networkDown(s *session, proto ppp.Protocol, fx *Effects) {
	if proto == ppp.ProtoIPV6CP {
		s.raAt = time.Time{}
	}
	e.reportFamilies(s, fx)
	if s.link.Opened(ppp.ProtoIPCP) || s.link.Opened(ppp.ProtoIPV6CP) {
		e.install(s, fx)
		return
	}
	if s.accounted() && s.installed && s.cause == causeNone {
		e.install(s, fx) // with no family: what was counted must not begin anew
	} else {
		e.uninstall(s, fx)
	}
	if s.state == StateActive {
		e.become(s, StateConfigured)
	}
}

func (e *Engine) install(s *session, fx *Effects) {
	peer, local, peerTunnel, peerSession, sequenced, ok := e.l2.DataHeader(s.element)
	if !ok {
		return
	}
	f := forward.Session{
		Key: s.key(), Element: uint32(s.element), PeerTunnelID: uint16(peerTunnel), PeerSessionID: uint16(peerSession),
		Local: local, Peer: peer, Instance: s.instance(), MTU: uint16(e.mtu(s)),
		PFC: s.link.PFC(), ACFC: s.link.ACFC(), Sequenced: sequenced,
	}
	ipv4, ipv6 := s.link.Opened(ppp.ProtoIPCP), s.link.Opened(ppp.ProtoIPV6CP)
	if ipv4 && s.link.Network().PeerIPv4 == s.ipv4 {
		f.IPv4 = s.ipv4
	}
	if ipv6 {
		f.IPv6 = s.ipv6
	}
	if s.grant != nil {
		s.grant.apply(&f, ipv4, ipv6)
	}
	s.installed = true
	fx.Install = append(fx.Install, f)
	e.removeStale(s.stale, fx) // only now: the address is never without an entry
	s.stale = forward.Key{}
}

func (e *Engine) uninstall(s *session, fx *Effects) {
	if s.installed {
		s.installed = false
		fx.Remove = append(fx.Remove, s.key())
	}
}

// framedMTUMin is the least Framed-MTU.
const framedMTUMin = 64

// mtu is the largest inner packet towards the subscriber: what its peer takes,
// and no more than is configured.
func (e *Engine) mtu(s *session) int {
	m := int(s.link.PeerMRU())
	if c := s.bind.PPP.MTU; c > 0 && c < m {
		m = c
	}
	// RFC 2865 §5.12 has it range from 64; a smaller one is taken for none.
	if a := s.attributes(); a != nil && a.MTU >= framedMTUMin && a.MTU < m {
		m = a.MTU
	}
	return m
}

// closeSession ends a session in good order: Terminate-Request first when there
// is a link, CDN when it is down.
func (e *Engine) closeSession(s *session, cause Cause, fx *Effects) {
	if s.cause != causeNone {
		return
	}
	if !s.connected {
		e.endCall(s, cause, fx)
		return
	}
	e.hangUp(s, cause, fx)
	e.runLink(s, fx)
}

// hangUp closes the link of a session; who calls it runs the link.
func (e *Engine) hangUp(s *session, cause Cause, fx *Effects) {
	s.cause = cause
	e.become(s, StateTerminating)
	s.link.Close(e.now, cause.String(), &fx.ppp)
}

// endCall sends CDN and ends the session.
func (e *Engine) endCall(s *session, cause Cause, fx *Effects) {
	if !s.live {
		return
	}
	s.cause = cause
	result := causes[cause].result
	if result.Code == 4 && s.bind.Client.OverrideResultCode {
		result.Code, result.Error = 2, 4
	}
	e.l2.CloseCall(e.now, s.element, result, cause.disconnect(s.auth), &fx.l2tp)
	e.end(s, cause, fx)
}

// end gives back all that a session holds. It is the only way a session goes.
func (e *Engine) end(s *session, cause Cause, fx *Effects) {
	if s.begunAt.IsZero() {
		e.endParked(s, cause)
		return
	}
	if s.wasUp {
		fx.Log = append(fx.Log, e.record(s, event.SessionDown, cause))
	}
	e.counters.Ended[cause]++
	e.leave(s, cause)
	e.remember(s, cause)
	storing := e.closeAccount(s, cause, fx)
	e.dropChange(s, ErrorSessionNotFound, fx)
	e.unlist(s)
	s.link.Abort(e.now)
	e.uninstall(s, fx)
	e.removeStale(s.stale, fx)
	e.releaseAddresses(s, fx)
	e.releaseClaims(s, fx)
	for i, l := range s.bind.limits {
		if s.held&(1<<i) != 0 {
			e.release(l, fx)
		}
	}
	if s.answered {
		e.interfaces.leave(s.iface)
		s.bind.groupUsage.sessions--
		s.bind.clientUsage.sessions--
	}
	if t := e.tunnels[s.tunnel]; t != nil {
		t.sessions--
		if s.connected {
			t.dest.sessions--
		} else if t.dest != nil {
			t.dest.sessionsFailed++
		}
	}
	e.states[s.state]--
	e.byInstance[s.instance()]--
	if s.wasUp {
		e.history.add(e.now, e.ended(s, cause), &e.counters)
	}
	if storing {
		e.history.await(s.ref())
	}
	e.wheel.Set(uint32(s.element), time.Time{})
	*s = session{facts: facts{element: s.element, generation: s.generation}}
}

// record is a log record about a session.
func (e *Engine) record(s *session, id event.ID, cause Cause) event.Record {
	r := event.Record{
		ID: id, Shard: e.shard, Tunnel: uint16(s.tunnel), Session: uint16(s.id), Group: s.bind.group.Name,
		User: s.user, Address: s.ipv4,
	}
	if cause != causeNone {
		r.Err = cause.Err()
	}
	r.Calling = e.call(s).CallingNumber
	r.Peer, r.LAC = e.l2.Peer(s.tunnel)
	return r
}
