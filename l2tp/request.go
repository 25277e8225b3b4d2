// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"time"

	"holdfast/l2tp/wire"
)

// requestKey tells the SCCRQs of one peer apart. A retransmission has the same
// key. A peer that hides its Assigned Tunnel ID is known by the sum of its AVPs.
type requestKey struct {
	peer netip.AddrPort
	id   TunnelID // Assigned Tunnel ID; 0: hidden
	sum  uint64   // of the AVPs when id is 0
}

// repeatTime is how long the same SCCRQ is taken for a repetition. A peer that
// restarts and draws the same id may well say the same again, but not so soon.
const repeatTime = 2 * retention

func sum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

func (e *Endpoint) forgetRequest(t *tunnel) {
	if e.requests[t.key] == t {
		delete(e.requests, t.key)
	}
}

// handleUnassigned takes a control message with Tunnel ID 0: "Before the Assigned
// Tunnel ID AVP is received from a peer, messages MUST be sent to that peer with a
// Tunnel ID value of 0", RFC 2661 §4.4.3.
func (e *Endpoint) handleUnassigned(now time.Time, peer, local netip.AddrPort, h wire.ControlHeader, payload []byte, fx *Effects) {
	e.decoder.Secret = ""
	fault := e.decoder.Decode(payload, &e.in)
	m := &e.in
	key := requestKey{peer: peer, id: TunnelID(m.AssignedTunnelID)}
	checksum := sum(payload)
	if key.id == 0 {
		key.sum = checksum
	}
	t := e.requests[key]
	switch {
	case m.Type == wire.StopCCN && t != nil:
		// "permitting the peer to identify the appropriate tunnel even if a StopCCN is
		// sent before an Assigned Tunnel ID AVP is received", RFC 2661 §4.4.3.
		e.receive(now, t, peer, h, payload, fx)
	case m.Type != wire.SCCRQ:
		e.counters.UnknownTunnel++
	case t != nil && t.repeats(checksum, now):
		e.receive(now, t, peer, h, payload, fx)
		if t.state != TunnelEstablished && t.xmit.first != nil {
			e.repeat(t, t.xmit.first, fx) // the SCCRP or StopCCN was lost: it comes again at once, with its Ns
		}
	case h.Ns != 0 || h.Nr != 0 || !m.Has(wire.HostName):
		// No first message of a tunnel. Without a name nobody can say whose it is.
		e.counters.BadHeader++
	case e.tieLost(now, m, peer, fx):
		e.counters.TieBreaks++
	default:
		e.request(now, peer, local, key, checksum, payload, fault, fx)
	}
}

// repeats says whether an SCCRQ with this sum is the one that opened t, sent again.
func (t *tunnel) repeats(checksum uint64, now time.Time) bool {
	if t.requestSum != checksum || now.Sub(t.createdAt) > repeatTime {
		return false
	}
	// A tunnel that both ends have closed has nothing left to repeat.
	return t.state != TunnelClosed || !(t.stopped || t.xmit.idle())
}

// tieLost decides a collision of SCCRQs by their tie breakers, RFC 2661 §4.4.3.
// It closes our own tunnels that have lost, and says whether the peer's has.
func (e *Endpoint) tieLost(now time.Time, m *wire.Message, peer netip.AddrPort, fx *Effects) (lost bool) {
	theirs := m.Has(wire.TieBreaker)
	// Closing one changes the list.
	for _, t := range slices.Clone(e.asked[peer.Addr()]) {
		ours := t.opening.hasTie
		switch {
		case !ours && !theirs: // "then two separate tunnels are opened"
			continue
		case ours && (!theirs || t.opening.tie < m.TieBreaker):
			lost = true
			continue
		case ours && t.opening.tie == m.TieBreaker:
			lost = true // "both sides MUST discard their tunnels"
		}
		// "the "loser" MUST silently discard its tunnel"
		e.counters.TieBreaks++
		e.dropQueue(&t.xmit)
		e.close(now, t, ErrTieBreaker, Result{}, false, fx)
	}
	return lost
}

// request makes a tunnel of an SCCRQ and asks the owner about it.
func (e *Endpoint) request(now time.Time, peer, local netip.AddrPort, key requestKey, checksum uint64, payload []byte, fault wire.Fault, fx *Effects) {
	if !e.makeRoom(now, peer.Addr(), fx) {
		return
	}
	t := e.newTunnel(now, peer, local)
	if t == nil {
		e.refuseStateless(peer, local, key.id, fx)
		return
	}
	e.count(t, wire.ControlLength+len(payload))
	e.counters.TunnelsRequested++
	e.counters.Received[wire.SCCRQ]++
	t.key, t.requestSum, t.peer = key, checksum, key.id
	t.hostName, t.vendorName = string(e.in.HostName), string(e.in.VendorName)
	t.opening.request = slices.Clone(payload)
	if old := e.requests[key]; old != nil {
		if t.replaces = old; old.state != TunnelEstablished {
			t.replaces = old.replaces
		}
	}
	e.requests[key] = t
	e.half.add(t)
	t.xmit.nr = 1
	e.owe(t, false)
	e.become(now, t, TunnelIdle)
	fx.List = append(fx.List, Effect{Kind: TunnelRequested, Tunnel: t.local, Peer: peer, Local: local, HostName: t.hostName})
	if fault.Kind == wire.FaultMalformed || fault.Kind == wire.FaultMissing {
		e.fault(now, t, fault, fx) // no configuration can make it acceptable
	}
	e.arm(t)
}

// refuseStateless says that there is no room for another tunnel, and remembers
// nothing. The peer will hear it again when it asks again.
func (e *Endpoint) refuseStateless(peer, local netip.AddrPort, id TunnelID, fx *Effects) {
	e.counters.TunnelsRefused++
	if id == 0 {
		return
	}
	e.out.Reset(wire.StopCCN)
	e.out.AssignedTunnelID = uint16(e.cfg.Rand.Uint32N(indexMax) + 1)
	setResult(&e.out, Result{Code: wire.StopError, Error: wire.ErrorResources, Message: "no tunnel to spare"})
	e.out.Add(wire.AssignedTunnelID)
	var scratch [128]byte
	b := wire.AppendControlHeader(scratch[:0], wire.ControlHeader{TunnelID: uint16(id), Nr: 1})
	b = wire.AppendMessage(b, &e.out, wire.Hiding{})
	wire.SetLength(b)
	e.counters.SentControl++
	e.counters.SentControlBytes += uint64(len(b))
	fx.List = append(fx.List, Effect{Kind: Send, Peer: peer, Local: local, Packet: fx.copy(b)})
}

// OpenTunnel sends an SCCRQ. The tunnel is reported up, or down, later; calls may
// be opened at once and wait for it.
func (e *Endpoint) OpenTunnel(now time.Time, peer, local netip.AddrPort, cfg *TunnelConfig, fx *Effects) (TunnelID, error) {
	e.since(now)
	t := e.newTunnel(now, peer, local)
	if t == nil {
		return 0, fmt.Errorf("open tunnel to %v: %w", peer, ErrLimit)
	}
	t.cfg, t.initiator = cfg, true
	m := &e.out
	m.Reset(wire.SCCRQ)
	e.describe(t, m)
	if cfg.TieBreaker {
		t.opening.hasTie, t.opening.tie = true, e.cfg.Rand.Uint64()
		m.TieBreaker = t.opening.tie
		m.Add(wire.TieBreaker)
	}
	e.ask(t)
	e.become(now, t, TunnelWaitCtlReply)
	e.send(now, t, 0, fx)
	e.arm(t)
	return t.local, nil
}

// describe fills what SCCRQ and SCCRP say about us.
func (e *Endpoint) describe(t *tunnel, m *wire.Message) {
	cfg := t.cfg
	m.ProtocolVersion = protocolVersion
	m.HostName = append(m.HostName, cfg.hostName()...)
	m.FramingCapabilities = cfg.framing()
	m.AssignedTunnelID = uint16(t.local)
	m.ReceiveWindowSize = uint16(cfg.receiveWindow())
	m.Add(wire.ProtocolVersion, wire.HostName, wire.FramingCapabilities, wire.AssignedTunnelID, wire.ReceiveWindowSize)
	if cfg.BearerCapabilities != 0 {
		m.BearerCapabilities = cfg.BearerCapabilities
		m.Add(wire.BearerCapabilities)
	}
	if cfg.FirmwareRevision != 0 {
		m.FirmwareRevision = cfg.FirmwareRevision
		m.Add(wire.FirmwareRevision)
	}
	if cfg.VendorName != "" {
		m.VendorName = append(m.VendorName, cfg.VendorName...)
		m.Add(wire.VendorName)
	}
	if cfg.Authenticate && cfg.Secret != "" {
		t.opening.challenge = make([]byte, challengeLength)
		e.random(t.opening.challenge)
		m.Challenge = t.opening.challenge
		m.Add(wire.Challenge)
	}
}

// AcceptTunnel answers a TunnelRequested: the SCCRQ is read with the secret of
// cfg and answered with SCCRP, or with StopCCN when it is not acceptable. It does
// nothing for a tunnel that does not wait for it.
func (e *Endpoint) AcceptTunnel(now time.Time, id TunnelID, cfg *TunnelConfig, fx *Effects) {
	t := e.tunnel(id)
	if t == nil || t.state != TunnelIdle {
		return
	}
	t.cfg = cfg
	m := &e.in
	if f := e.decode(t, t.opening.request); !f.OK() {
		e.fault(now, t, f, fx)
		return
	}
	if !e.learn(now, t, m, fx) {
		return
	}
	t.opening.request = nil
	challenge := m.Challenge
	out := &e.out
	out.Reset(wire.SCCRP)
	e.describe(t, out)
	if m.Has(wire.Challenge) {
		response := wire.ComputeChallengeResponse(wire.SCCRP, cfg.Secret, challenge)
		out.ChallengeResponse = response[:]
		out.Add(wire.ChallengeResponse)
	}
	e.become(now, t, TunnelWaitCtlConn)
	e.send(now, t, 0, fx)
	e.arm(t)
}

// RefuseTunnel answers a TunnelRequested with StopCCN. It does nothing for a
// tunnel that does not wait for it.
func (e *Endpoint) RefuseTunnel(now time.Time, id TunnelID, why Result, fx *Effects) {
	if t := e.tunnel(id); t != nil && t.state == TunnelIdle {
		e.counters.TunnelsRefused++
		e.close(now, t, ErrClosed, why, true, fx)
	}
}

// CloseTunnel sends StopCCN and clears all sessions. It is legal in every state,
// and does nothing when the tunnel is closed or unknown.
func (e *Endpoint) CloseTunnel(now time.Time, id TunnelID, why Result, fx *Effects) {
	if t := e.tunnel(id); t != nil {
		e.close(now, t, ErrClosed, why, true, fx)
	}
}
