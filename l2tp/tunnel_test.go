// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// A retransmitted SCCRQ (same address, port, id) is the same tunnel; the SCCRP
// comes again at once with its old Ns.
func TestSCCRQAgainIsTheSameTunnel(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	rq := l2tptest.Bytes(wire.ControlHeader{}, k.h.SCCRQ("lac"))
	for range 3 {
		k.h.Raw(rq)
		r := k.want("SCCRQ", wire.SCCRP)
		if r.Header.Ns != 0 || r.Header.Nr != 1 {
			t.Fatalf("SCCRP has Ns %d Nr %d", r.Header.Ns, r.Header.Nr)
		}
	}
	if n := k.p.LNS.Count(l2tp.TunnelRequested); n != 1 {
		t.Fatalf("%d tunnels requested", n)
	}
	k.h.Ns = 1
	k.h.Send(0, l2tptest.Message(wire.SCCCN))
	k.wantTunnel("after SCCCN", l2tp.TunnelID(k.h.Peer), l2tp.TunnelEstablished)
	k.h.Raw(rq) // a late copy
	k.want("late copy of SCCRQ", zlb)
	k.wantTunnel("after a late copy of SCCRQ", l2tp.TunnelID(k.h.Peer), l2tp.TunnelEstablished)
}

// The same before the owner has answered: an acknowledgement, and one request.
func TestSCCRQAgainBeforeTheOwnerAnswers(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	k.p.LNS.OnTunnel = func(l2tp.Effect) {}
	rq := l2tptest.Bytes(wire.ControlHeader{}, k.h.SCCRQ("lac"))
	k.h.Raw(rq)
	k.want("SCCRQ while the owner thinks", zlb)
	k.h.Raw(rq)
	k.want("SCCRQ again", zlb)
	f, _ := k.p.LNS.Last(l2tp.TunnelRequested)
	k.p.LNS.AcceptTunnel(k.p.Now, f.Tunnel, &l2tp.TunnelConfig{}, &k.p.LNS.FX)
	k.p.Settle()
	k.want("accepted", wire.SCCRP)
	if n := k.p.LNS.Count(l2tp.TunnelRequested); n != 1 {
		t.Fatalf("%d tunnels requested", n)
	}
}

// A client that lost everything comes back from the same port with another
// Assigned Tunnel ID. It is answered at once, and the old tunnel stands.
func TestSecondTunnelFromTheSamePort(t *testing.T) {
	k, first := newTunnel(t, &l2tp.TunnelConfig{})
	again := k.p.NewHostile(k.h.Addr.String(), 8)
	second := again.Establish("lac")
	k.wantTunnel("the second", second, l2tp.TunnelEstablished)
	k.wantTunnel("the first", first, l2tp.TunnelEstablished)
	if first == second {
		t.Fatal("two tunnels with one id")
	}
}

// A peer that restarts may draw its old id again. The new tunnel takes the place
// of the old one when it is established, not before: a forger cannot end it.
func TestSameTunnelIDAfterRestart(t *testing.T) {
	k, first := newTunnel(t, &l2tp.TunnelConfig{})
	again := k.p.NewHostile(k.h.Addr.String(), k.h.ID)
	rq := again.SCCRQ("lac")
	rq.FirmwareRevision = 2
	rq.Add(wire.FirmwareRevision)
	again.Send(0, rq)
	k.wantTunnel("before the new one is established", first, l2tp.TunnelEstablished)
	again.Send(0, l2tptest.Message(wire.SCCCN))
	k.wantTunnel("the new one", l2tp.TunnelID(again.Peer), l2tp.TunnelEstablished)
	k.wantTunnel("the old one", first, l2tp.TunnelClosed)
	k.wantDown("the old one", l2tp.TunnelDown, l2tp.ErrReplaced)
}

// "permitting the peer to identify the appropriate tunnel even if a StopCCN is
// sent before an Assigned Tunnel ID AVP is received", RFC 2661 §4.4.3.
func TestStopCCNWithTunnelIDZero(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	k.h.Send(0, k.h.SCCRQ("lac"))
	id := l2tp.TunnelID(k.h.Peer)
	k.h.Peer = 0
	k.h.Send(0, k.h.StopCCN(6))
	k.want("StopCCN with Tunnel ID 0", zlb)
	k.wantTunnel("StopCCN with Tunnel ID 0", id, l2tp.TunnelClosed)
	if f := k.wantDown("", l2tp.TunnelDown, l2tp.ErrPeerClosed); f.Result.Code != 6 {
		t.Fatalf("result %v", f.Result)
	}
}

// "maintain enough control connection state to properly accept StopCCN
// retransmissions over at least a full retransmission cycle", RFC 2661 §5.7.
func TestStopCCNIsAcknowledgedForACycle(t *testing.T) {
	k, id, session := newSession(t, &l2tp.TunnelConfig{})
	stop := l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns, Nr: k.h.Nr}, k.h.StopCCN(1))
	for i, wait := range []time.Duration{0, 1, 2, 4, 8, 15} {
		k.p.Run(wait * time.Second)
		got := len(k.h.Got)
		k.h.Raw(stop)
		if r := k.want("StopCCN", zlb); len(k.h.Got) != got+1 || r.Header.Nr != k.h.Ns+1 {
			t.Fatalf("copy %d: %d answers, Nr %d", i, len(k.h.Got)-got, r.Header.Nr)
		}
	}
	k.h.Data(wire.DataHeader{SessionID: session}, []byte{1})
	k.wantCount("data for a closed tunnel is dropped", k.p.LNS.Counters().UnknownSession, 1)
	k.wantTunnel("30 s after StopCCN", id, l2tp.TunnelClosed)
	k.p.Run(2 * time.Second)
	k.h.Raw(stop)
	k.wantCount("after the cycle the tunnel is unknown", k.p.LNS.Counters().UnknownTunnel, 1)
	wantGone(t, "after the cycle", k.p.LNS)
}

// The sender of a StopCCN repeats it until it is acknowledged, and keeps its id
// as long.
func TestOurStopCCNIsRepeated(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	k.h.ZLB()
	k.p.LNS.CloseTunnel(k.p.Now, id, l2tp.Result{Code: 6, Message: "bye"}, &k.p.LNS.FX)
	k.p.Settle()
	first := k.wantResult("closed by the owner", wire.StopCCN, 6, 0)
	if first.Message.AssignedTunnelID != uint16(id) || string(first.Message.Result.Message) != "bye" {
		t.Fatalf("StopCCN says %+v", first.Message.Result)
	}
	if n := k.sentIn(40 * time.Second); n != 5 {
		t.Fatalf("repeated %d times, want 5", n)
	}
	k.p.Run(40 * time.Second)
	wantGone(t, "nobody answered", k.p.LNS)
}

// "all active sessions are implicitly cleared (without sending any explicit call
// control messages)", RFC 2661 §6.4; the owner hears of each, before the tunnel.
func TestStopCCNClearsSessions(t *testing.T) {
	k, _, _ := newSession(t, &l2tp.TunnelConfig{})
	k.h.Dial(6)
	k.h.Send(0, k.h.StopCCN(1))
	if _, ok := k.h.LastOf(wire.CDN); ok {
		t.Fatal("a CDN was sent")
	}
	kinds := []l2tp.EffectKind{}
	for _, f := range k.p.LNS.Events[len(k.p.LNS.Events)-3:] {
		kinds = append(kinds, f.Kind)
	}
	if want := []l2tp.EffectKind{l2tp.CallDown, l2tp.CallDown, l2tp.TunnelDown}; !slices.Equal(kinds, want) {
		t.Fatalf("told %v, want %v", kinds, want)
	}
	k.wantDown("", l2tp.CallDown, l2tp.ErrTunnelClosed)
}

// Messages that do not fit the state: RFC 2661 §7.2.1, one row each.
func TestUnexpectedTunnelMessages(t *testing.T) {
	for _, m := range []*wire.Message{
		(&l2tptest.Hostile{ID: 7}).SCCRQ("lac"), scc(wire.SCCRP), l2tptest.Message(wire.SCCCN),
	} {
		k, id := newTunnel(t, &l2tp.TunnelConfig{})
		k.h.Send(0, m)
		k.wantResult("established, "+m.Type.String(), wire.StopCCN, wire.StopFSM, 0)
		k.wantTunnel("established, "+m.Type.String(), id, l2tp.TunnelClosed)
		k.wantDown("", l2tp.TunnelDown, l2tp.ErrUnexpected)
	}
	for _, m := range []*wire.Message{(&l2tptest.Hostile{ID: 7}).SCCRQ("lac"), scc(wire.SCCRP), l2tptest.ICRQ(1)} {
		k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
		k.h.Send(0, k.h.SCCRQ("lac"))
		k.h.Send(0, m)
		k.wantResult("wait-ctl-conn, "+m.Type.String(), wire.StopCCN, wire.StopFSM, 0)
	}
}

// scc is an SCCRQ or SCCRP with what it must have.
func scc(t wire.MessageType) *wire.Message {
	m := (&l2tptest.Hostile{ID: 9}).SCCRQ("x")
	m.Type = t
	return m
}

// "wait-ctl-reply, Receive SCCCN: Send StopCCN, Clean up", RFC 2661 §7.2.1.
func TestUnexpectedInWaitCtlReply(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	h := p.NewHostile("192.0.2.9:4321", 0)
	id, _ := p.LNS.OpenTunnel(p.Now, h.Addr, p.LNS.Addr, &l2tp.TunnelConfig{}, &p.LNS.FX)
	p.Settle()
	h.Peer, h.Nr = uint16(id), 1
	h.Send(0, l2tptest.Message(wire.SCCCN))
	if info, _ := p.LNS.Tunnel(id); info.State != l2tp.TunnelClosed {
		t.Fatalf("state %v", info.State)
	}
	if f, _ := p.LNS.Last(l2tp.TunnelDown); f.Err != l2tp.ErrUnexpected {
		t.Fatalf("error %v", f.Err)
	}
}

// "If the expected response and response received from a peer does not match,
// establishment of the tunnel MUST be disallowed", RFC 2661 §5.1.1.
func TestTunnelAuthentication(t *testing.T) {
	cfg := &l2tp.TunnelConfig{Secret: "right", Authenticate: true}
	for name, response := range map[string]func(challenge []byte) []byte{
		"right": func(c []byte) []byte { r := wire.ComputeChallengeResponse(wire.SCCCN, "right", c); return r[:] },
		"wrong": func(c []byte) []byte { r := wire.ComputeChallengeResponse(wire.SCCCN, "wrong", c); return r[:] },
		"type":  func(c []byte) []byte { r := wire.ComputeChallengeResponse(wire.SCCRP, "right", c); return r[:] },
		"none":  func([]byte) []byte { return nil },
	} {
		k := newTalk(t, l2tp.Config{}, cfg)
		k.h.Send(0, k.h.SCCRQ("lac"))
		r := k.want(name, wire.SCCRP)
		if len(r.Message.Challenge) != 16 {
			t.Fatalf("challenge of %d octets", len(r.Message.Challenge))
		}
		cn := l2tptest.Message(wire.SCCCN)
		if v := response(r.Message.Challenge); v != nil {
			cn.ChallengeResponse = v
			cn.Add(wire.ChallengeResponse)
		}
		k.h.Send(0, cn)
		if name == "right" {
			k.wantTunnel(name, l2tp.TunnelID(k.h.Peer), l2tp.TunnelEstablished)
			continue
		}
		k.wantResult(name, wire.StopCCN, wire.StopNotAuthorized, 0)
		k.wantDown(name, l2tp.TunnelDown, l2tp.ErrWrongResponse)
	}
}

// "If a Challenge AVP is received in an SCCRQ or SCCRP, a Challenge Response AVP
// MUST be sent in the following SCCRP or SCCCN", RFC 2661 §5.1.1.
func TestPeersChallengeIsAnswered(t *testing.T) {
	challenge := []byte("who are you?")
	for _, secret := range []string{"example", ""} {
		k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{Secret: secret})
		rq := k.h.SCCRQ("lac")
		rq.Challenge = challenge
		rq.Add(wire.Challenge)
		k.h.Send(0, rq)
		if secret == "" {
			k.wantResult("no secret", wire.StopCCN, wire.StopNotAuthorized, 0)
			continue
		}
		r := k.want("secret", wire.SCCRP)
		if !wire.CheckChallengeResponse(wire.SCCRP, secret, challenge, r.Message.ChallengeResponse) {
			t.Fatal("wrong response")
		}
	}
}

// Both ends challenge each other and one of them has another secret.
func TestSecretsDiffer(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.LAC.Config = &l2tp.TunnelConfig{HostName: "lac", Secret: "one", Authenticate: true}
	p.LNS.Config = &l2tp.TunnelConfig{HostName: "lns", Secret: "two", Authenticate: true}
	p.Open()
	p.Run(time.Minute)
	if f, _ := p.LAC.Last(l2tp.TunnelDown); f.Err != l2tp.ErrWrongResponse {
		t.Fatalf("the LAC ends with %v", f.Err)
	}
	if f, _ := p.LNS.Last(l2tp.TunnelDown); f.Err != l2tp.ErrPeerClosed || f.Result.Code != wire.StopNotAuthorized {
		t.Fatalf("the LNS ends with %v, result %v", f.Err, f.Result)
	}
}

// "The protocol version of the requester is not supported. Error Code indicates
// highest version supported", RFC 2661 §4.4.2.
func TestProtocolVersion(t *testing.T) {
	for version, want := range map[uint16]wire.MessageType{0x0000: wire.StopCCN, 0x0100: wire.SCCRP, 0x0200: wire.SCCRP} {
		k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
		rq := k.h.SCCRQ("lac")
		rq.ProtocolVersion = version
		k.h.Send(0, rq)
		r := k.want("version", want)
		if want == wire.StopCCN && (r.Message.Result.Code != wire.StopVersion || r.Message.Result.Error != 0x0100) {
			t.Fatalf("result %+v", r.Message.Result)
		}
	}
}

// What an SCCRQ must have, and values it must not have: RFC 2661 §6.1, §4.4.3.
func TestMalformedSCCRQ(t *testing.T) {
	for name, spoil := range map[string]func(m *wire.Message) []wire.AVP{
		"no version": func(m *wire.Message) []wire.AVP { m.Present[0] &^= 1 << wire.ProtocolVersion; return nil },
		"no framing": func(m *wire.Message) []wire.AVP { m.Present[0] &^= 1 << wire.FramingCapabilities; return nil },
		"window 0":   func(m *wire.Message) []wire.AVP { m.Add(wire.ReceiveWindowSize); return nil },
		"framing of 2 octets": func(*wire.Message) []wire.AVP {
			return []wire.AVP{{Mandatory: true, Type: wire.FramingCapabilities, Value: []byte{0, 3}}}
		},
	} {
		k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
		rq := k.h.SCCRQ("lac")
		extra := spoil(rq)
		k.h.Send(0, rq, extra...)
		k.wantResult(name, wire.StopCCN, wire.StopError, wire.ErrorValue)
		k.wantDown(name, l2tp.TunnelDown, l2tp.ErrMalformed)
	}
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	rq := k.h.SCCRQ("lac")
	rq.Present[0] &^= 1 << wire.HostName
	k.h.Send(0, rq)
	if len(k.h.Got) != 0 || k.p.LNS.Counters().Tunnels != 0 {
		t.Fatal("a nameless SCCRQ made us remember something")
	}
}

// "If the M bit is set on an unrecognized AVP within a message associated with the
// overall tunnel, the entire tunnel (and all sessions within) MUST be terminated",
// RFC 2661 §4.1; "If the M-bit is not set, an unrecognized AVP MUST be ignored".
func TestUnknownAVPInTunnelMessage(t *testing.T) {
	k, id, _ := newSession(t, &l2tp.TunnelConfig{})
	k.h.Send(0, l2tptest.Message(wire.HELLO), wire.AVP{Vendor: 9999, Type: 1, Value: []byte{1}})
	k.want("unknown AVP without M bit", zlb)
	k.wantCount("ignored AVPs", k.p.LNS.Counters().BadAVP, 1)
	k.h.Send(0, l2tptest.Message(wire.HELLO), mandatory(9999, 1))
	r := k.wantResult("unknown AVP with M bit", wire.StopCCN, wire.StopError, wire.ErrorUnknownAVP)
	if got, want := string(r.Message.Result.Message), "unknown AVP 1 of vendor 9999 in HELLO"; got != want {
		t.Fatalf("message %q, want %q", got, want)
	}
	k.wantTunnel("", id, l2tp.TunnelClosed)
	k.wantDown("", l2tp.TunnelDown, l2tp.ErrUnknownAVP)
	k.wantDown("", l2tp.CallDown, l2tp.ErrTunnelClosed)

	k = newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	k.h.Send(0, k.h.SCCRQ("lac"), mandatory(9999, 1))
	k.wantResult("in an SCCRQ", wire.StopCCN, wire.StopError, wire.ErrorUnknownAVP)
}

// LACs do send mandatory AVPs of their vendor. Those on the list pass.
func TestToleratedAVP(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	for _, v := range l2tp.DefaultTolerated() {
		k.h.Send(0, l2tptest.Message(wire.HELLO), mandatory(v.Vendor, 0x7777))
	}
	k.wantTunnel("tolerated vendors", id, l2tp.TunnelEstablished)
	k.wantCount("tolerated AVPs", k.p.LNS.Counters().ToleratedAVP, uint64(len(l2tp.DefaultTolerated())))

	k = newTalk(t, l2tp.Config{Tolerated: []l2tp.VendorAVP{{Vendor: 9, Type: 3}}}, &l2tp.TunnelConfig{})
	id = k.h.Establish("lac")
	k.h.Send(0, l2tptest.Message(wire.HELLO), mandatory(9, 3))
	k.wantTunnel("the one on the list", id, l2tp.TunnelEstablished)
	k.h.Send(0, l2tptest.Message(wire.HELLO), mandatory(9, 4))
	k.wantTunnel("another one", id, l2tp.TunnelClosed)
}

// "if the M-bit is set within the Message Type AVP and the Message Type is unknown
// to the implementation, the tunnel MUST be cleared. If the M-bit is not set, then
// the implementation may ignore an unknown message type", RFC 2661 §4.4.1.
func TestUnknownMessageType(t *testing.T) {
	unknown := func(k *talk, m bool) {
		b := wire.AppendControlHeader(nil, wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns, Nr: k.h.Nr})
		b = wire.AppendAVP(b, wire.AVP{Mandatory: m, Type: wire.MessageTypeAVP, Value: []byte{0, 99}})
		wire.SetLength(b)
		k.h.Ns++
		k.h.Raw(b)
	}
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	unknown(k, false)
	if r := k.want("without M", zlb); r.Header.Nr != k.h.Ns {
		t.Fatalf("Nr %d, want %d: the message counts", r.Header.Nr, k.h.Ns)
	}
	k.wantCount("ignored", k.p.LNS.Counters().UnknownMessage, 1)
	unknown(k, true)
	k.wantResult("with M", wire.StopCCN, wire.StopError, wire.ErrorUnknownAVP)
	k.wantTunnel("with M", id, l2tp.TunnelClosed)
	k.wantDown("", l2tp.TunnelDown, l2tp.ErrUnknownMessage)
}

// FSQ is known by name, and answered by nothing but an acknowledgement.
func TestFailoverMessagesAreKnown(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	k.h.Send(0, l2tptest.Message(wire.FSQ))
	k.want("FSQ", zlb)
	k.wantTunnel("FSQ", id, l2tp.TunnelEstablished)
}

// HELLO "if a period of time (...) has passed without receiving any message (data
// or control) from the peer", RFC 2661 §6.5.
func TestDataPutsOffHello(t *testing.T) {
	k, id, session := newSession(t, &l2tp.TunnelConfig{})
	k.h.ZLB()
	for range 10 {
		if n := k.sentIn(50 * time.Second); n != 0 {
			t.Fatalf("%d messages sent although data came", n)
		}
		k.h.Data(wire.DataHeader{SessionID: session}, []byte{0xff, 3, 0xc0, 0x21})
	}
	for range 10 {
		if n := k.sentIn(50 * time.Second); n != 0 {
			t.Fatalf("%d messages sent although the plane saw data", n)
		}
		k.p.LNS.Alive(k.p.Now, id)
	}
	k.p.Run(61 * time.Second)
	if r := k.want("after a minute of silence", wire.HELLO); r.Header.SessionID != 0 {
		t.Fatalf("HELLO with Session ID %d", r.Header.SessionID)
	}
}

// IdleTimeout ends a tunnel without sessions, and only such a one.
func TestIdleTimeout(t *testing.T) {
	k, id, session := newSession(t, &l2tp.TunnelConfig{IdleTimeout: 80 * time.Second, HelloInterval: -1})
	k.h.ZLB()
	k.p.Run(10 * time.Minute)
	k.wantTunnel("with a session", id, l2tp.TunnelEstablished)
	k.h.Send(session, l2tptest.CDN(5, 1))
	k.p.Run(79 * time.Second)
	k.wantTunnel("79 s after the last session", id, l2tp.TunnelEstablished)
	k.p.Run(2 * time.Second)
	k.wantResult("81 s after the last session", wire.StopCCN, wire.StopGeneral, 0)
	k.wantDown("", l2tp.TunnelDown, l2tp.ErrIdle)
}

// "The lower value "wins", and the "loser" MUST silently discard its tunnel",
// RFC 2661 §4.4.3. With random tie breakers one of two tunnels is left.
func TestTieBreaker(t *testing.T) {
	for seed := range uint64(20) {
		p := l2tptest.New(seed, l2tp.Config{})
		p.SetWeather(l2tptest.Weather{Delay: 5 * time.Millisecond})
		p.LAC.Config = &l2tp.TunnelConfig{HostName: "lac", TieBreaker: true}
		p.LNS.Config = &l2tp.TunnelConfig{HostName: "lns", TieBreaker: seed%2 == 0}
		p.Open()
		if _, err := p.LNS.OpenTunnel(p.Now, p.LAC.Addr, p.LNS.Addr, p.LNS.Config, &p.LNS.FX); err != nil {
			t.Fatal(err)
		}
		p.Run(time.Second)
		a, b := p.LAC.Counters(), p.LNS.Counters()
		if a.TunnelsUp != 1 || b.TunnelsUp != 1 || a.TieBreaks != 1 || b.TieBreaks != 1 {
			t.Fatalf("seed %d: %d and %d tunnels up after %d and %d ties", seed, a.TunnelsUp, b.TunnelsUp, a.TieBreaks, b.TieBreaks)
		}
		if seed%2 == 1 && p.LNS.Count(l2tp.TunnelRequested) != 1 {
			t.Fatal("the initiator which included the tie breaker must win")
		}
		for _, e := range []*l2tptest.End{p.LAC, p.LNS} {
			if _, sent := e.Last(l2tp.TunnelDown); sent && e.Counters().SentControl > 5 {
				t.Fatalf("seed %d: %s lost and was not silent", seed, e.Name)
			}
		}
	}
}

// "In the case where a tie breaker is present on both sides, and the value is
// equal, both sides MUST discard their tunnels", RFC 2661 §4.4.3.
func TestTieBreakerEqual(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	h := p.NewHostile("192.0.2.9:1701", 7)
	var tie uint64
	p.Tap = func(_ *l2tptest.End, _ netip.AddrPort, b []byte) {
		var d wire.Decoder
		var m wire.Message
		d.Decode(b[wire.ControlLength:], &m)
		tie = m.TieBreaker
	}
	id, _ := p.LNS.OpenTunnel(p.Now, h.Addr, p.LNS.Addr, &l2tp.TunnelConfig{TieBreaker: true}, &p.LNS.FX)
	p.Settle()
	rq := h.SCCRQ("lac")
	rq.TieBreaker = tie
	rq.Add(wire.TieBreaker)
	h.Send(0, rq)
	if info, _ := p.LNS.Tunnel(id); info.State != l2tp.TunnelClosed {
		t.Fatalf("our tunnel is %v", info.State)
	}
	if p.LNS.Count(l2tp.TunnelRequested) != 0 {
		t.Fatal("theirs was taken")
	}
	if f, _ := p.LNS.Last(l2tp.TunnelDown); f.Err != l2tp.ErrTieBreaker {
		t.Fatalf("error %v", f.Err)
	}
}

// The lower value wins, whichever end has it; the value of ours is known by
// listening to the SCCRQ.
func TestTieBreakerLowerWins(t *testing.T) {
	for _, theirsWins := range []bool{false, true} {
		p := l2tptest.New(1, l2tp.Config{})
		h := p.NewHostile("192.0.2.9:1701", 7)
		var tie uint64
		p.Tap = func(_ *l2tptest.End, _ netip.AddrPort, b []byte) {
			var d wire.Decoder
			var m wire.Message
			if d.Decode(b[wire.ControlLength:], &m); m.Has(wire.TieBreaker) {
				tie = m.TieBreaker
			}
		}
		id, _ := p.LNS.OpenTunnel(p.Now, h.Addr, p.LNS.Addr, &l2tp.TunnelConfig{TieBreaker: true}, &p.LNS.FX)
		p.Settle()
		rq := h.SCCRQ("lac")
		if rq.TieBreaker = tie + 1; theirsWins {
			rq.TieBreaker = tie - 1
		}
		rq.Add(wire.TieBreaker)
		h.Send(0, rq)
		want := l2tp.TunnelWaitCtlReply
		if theirsWins {
			want = l2tp.TunnelClosed
		}
		if info, _ := p.LNS.Tunnel(id); info.State != want || (p.LNS.Count(l2tp.TunnelRequested) == 1) != theirsWins {
			t.Fatalf("theirs wins: %v, but ours is %v", theirsWins, info.State)
		}
	}
}

// A peer that has been refused, or has closed its tunnel, may ask again in the
// same words at once: that is a new tunnel.
func TestSameSCCRQAfterTheEnd(t *testing.T) {
	k, first := newTunnel(t, &l2tp.TunnelConfig{})
	k.h.Send(0, k.h.StopCCN(1))
	k.wantTunnel("stopped", first, l2tp.TunnelClosed)
	again := k.p.NewHostile(k.h.Addr.String(), k.h.ID)
	second := again.Establish("lac")
	k.wantTunnel("the same again", second, l2tp.TunnelEstablished)
	if first == second {
		t.Fatal("the id of a tunnel that still acknowledges was used again")
	}
}

// What tunnels held comes back: elements do not grow with the number of tunnels
// that ever were.
func TestElementsComeBack(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	var highest l2tp.Element
	for i := range uint16(100) {
		h := k.p.NewHostile("192.0.2.9:4321", i+1)
		id := h.Establish("lac")
		for c := range uint16(50) {
			el, _ := k.p.LNS.Lookup(id, l2tp.SessionID(h.Dial(c+1)))
			highest = max(highest, el)
		}
		h.Send(0, h.StopCCN(1))
		k.p.Run(time.Minute)
	}
	if highest > 2000 {
		t.Fatalf("element %d was used for 50 calls at a time", highest)
	}
}

// A peer may hide its Assigned Tunnel ID even in the SCCRQ, and what it hides in
// ICRQ and ICCN is read with the secret.
func TestHiddenAVPs(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{Secret: "example"})
	rq := k.h.SCCRQ("lac")
	rq.Present[0] &^= 1 << wire.AssignedTunnelID
	vector := []byte("0123456789abcdef")
	hidden := wire.AppendHidden(nil, wire.AssignedTunnelID, "example", vector, []byte{0, 7})
	b := l2tptest.Bytes(wire.ControlHeader{}, rq,
		wire.AVP{Mandatory: true, Type: wire.RandomVector, Value: vector},
		wire.AVP{Mandatory: true, Hidden: true, Type: wire.AssignedTunnelID, Value: hidden})
	k.h.Raw(b)
	k.want("hidden id", wire.SCCRP)
	k.h.Raw(b)
	k.wantCount("tunnels", uint64(k.p.LNS.Counters().Tunnels), 1)
}

// The limits of Config are answered with what they are.
func TestTunnelMax(t *testing.T) {
	k := newTalk(t, l2tp.Config{TunnelMax: 1}, &l2tp.TunnelConfig{})
	k.h.Establish("lac")
	again := k.p.NewHostile("192.0.2.10:1701", 8)
	again.Send(0, again.SCCRQ("lac"))
	r := again.Last().Message
	if r.Type != wire.StopCCN || r.Result.Code != wire.StopError || r.Result.Error != wire.ErrorResources {
		t.Fatalf("%v with result %+v", r.Type, r.Result)
	}
	k.wantCount("tunnels", uint64(k.p.LNS.Counters().Tunnels), 1)
	k.wantCount("refused", k.p.LNS.Counters().TunnelsRefused, 1)
}

// RefuseTunnel, and verbs at the wrong time or for nobody, which do nothing.
func TestRefuseTunnelAndStrayVerbs(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	k.p.LNS.OnTunnel = func(f l2tp.Effect) {
		k.p.LNS.RefuseTunnel(k.p.Now, f.Tunnel, l2tp.Result{Code: 4, Message: "who?"}, &k.p.LNS.FX)
	}
	k.h.Send(0, k.h.SCCRQ("stranger"))
	k.wantResult("refused", wire.StopCCN, wire.StopNotAuthorized, 0)
	id := l2tp.TunnelID(k.h.Peer)
	before := len(k.h.Got)
	k.h.Raw(l2tptest.Bytes(wire.ControlHeader{}, k.h.SCCRQ("stranger")))
	if r := k.wantResult("asked again", wire.StopCCN, wire.StopNotAuthorized, 0); len(k.h.Got) != before+1 || r.Header.Ns != 0 {
		t.Fatalf("%d answers, Ns %d", len(k.h.Got)-before, r.Header.Ns)
	}
	e, fx := k.p.LNS, &k.p.LNS.FX
	for _, id := range []l2tp.TunnelID{0, id, id + 1} {
		e.AcceptTunnel(k.p.Now, id, &l2tp.TunnelConfig{}, fx)
		e.RefuseTunnel(k.p.Now, id, l2tp.Result{Code: 4}, fx)
		e.CloseTunnel(k.p.Now, id, l2tp.Result{Code: 1}, fx)
		e.Alive(k.p.Now, id)
		if _, err := e.OpenCall(k.p.Now, id, &l2tp.Call{}, fx); err == nil {
			t.Fatal("a call in a tunnel that is not there")
		}
	}
	for _, el := range []l2tp.Element{0, 1, 1 << 20, 1<<32 - 1} {
		e.AcceptCall(k.p.Now, el, fx)
		e.ConnectCall(k.p.Now, el, nil, fx)
		e.CloseCall(k.p.Now, el, l2tp.Result{Code: 1}, nil, fx)
		e.SendSLI(k.p.Now, el, 0, 0, fx)
		e.SendWEN(k.p.Now, el, l2tp.CallErrors{}, fx)
		e.UpdateSpeed(k.p.Now, el, 1, 1, fx)
		e.QuerySpeed(k.p.Now, el, fx)
		e.TrimCall(el)
		e.SetSequencing(el, true)
		if b := e.AppendData(nil, el, []byte{1}); len(b) != 0 {
			t.Fatal("data of a session that is not there")
		}
	}
	if len(fx.List) != 0 {
		t.Fatalf("verbs for nobody asked for %v", fx.List)
	}
}

// Thousands of tunnels behind one address and port: RFC 2661 §5.3, "Multiple
// tunnels may exist between a given LNS-LAC pair". All are begun at once, with the
// bounds on half-open tunnels as they are by default.
func TestTwoThousandTunnelsFromOnePort(t *testing.T) {
	const tunnels = 2000
	p := l2tptest.New(3, l2tp.Config{})
	p.SetWeather(l2tptest.Weather{Delay: time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.02, Duplicate: 0.02})
	for range tunnels {
		id := p.Open()
		for range 2 {
			p.Call(id, &l2tp.Call{})
		}
	}
	up := func() bool {
		return p.LNS.Counters().SessionsUp == 2*tunnels && p.LAC.Counters().SessionsUp == 2*tunnels
	}
	if !p.RunUntil(p.Now.Add(time.Minute), up) {
		t.Fatalf("%d tunnels and %d sessions up", p.LNS.Counters().TunnelsUp, p.LNS.Counters().SessionsUp)
	}
	if n := p.LNS.Counters().HalfOpenEvicted; n != 0 {
		t.Fatalf("%d evicted", n)
	}
}

// Tunnel ids come from the buckets of the configuration, and are not in sequence.
func TestTunnelIDsFromBuckets(t *testing.T) {
	e := l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(1, 0)), Buckets: []uint8{0, 17}})
	var fx l2tp.Effects
	seen := map[l2tp.TunnelID]bool{}
	peer, local := netip.MustParseAddrPort("192.0.2.1:1701"), netip.MustParseAddrPort("198.51.100.1:1701")
	inSequence := 0
	var last l2tp.TunnelID
	for range 511 {
		id, err := e.OpenTunnel(l2tptest.Epoch, peer, local, &l2tp.TunnelConfig{}, &fx)
		if err != nil {
			t.Fatal(err)
		}
		if id == 0 || seen[id] || id>>8 != 0 && id>>8 != 17 {
			t.Fatalf("id %d", id)
		}
		if id == last+1 {
			inSequence++
		}
		seen[id], last = true, id
		fx.Reset()
	}
	if inSequence > 50 {
		t.Fatalf("%d ids of 511 follow the one before", inSequence)
	}
	if _, err := e.OpenTunnel(l2tptest.Epoch, peer, local, &l2tp.TunnelConfig{}, &fx); err == nil {
		t.Fatal("a 512th tunnel in two buckets")
	}
}
