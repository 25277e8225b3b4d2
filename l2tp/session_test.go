// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// What a LAC says about a call arrives unchanged at the LNS, hidden or not.
func TestCallIsCarriedWhole(t *testing.T) {
	call := &l2tp.Call{
		Serial: 42, BearerType: 1, PhysicalChannel: 3, CalledNumber: "0800", CallingNumber: "5551234", SubAddress: "x",
		SpeedUpdates: true,
		Line: &l2tp.Line{
			AgentCircuitID: "dslam-1 atm 1/1:1.32", AgentRemoteID: "customer 7", ActualUp: 10_000_000, ActualDown: 100_000_000,
			MinimumUp: 1, MinimumDown: 2, AttainableUp: 3, AttainableDown: 4, MaximumUp: 5, MaximumDown: 6, MinimumLowPowerUp: 7,
			MinimumLowPowerDown: 8, DelayMaxUp: 9, DelayUp: 10, DelayMaxDown: 11, DelayDown: 12, Encapsulation: [3]byte{1, 2, 3},
			LineType: 5, Interworked: true,
		},
	}
	connect := &l2tp.Call{
		TxSpeed: 100_000_000, RxSpeed: 10_000_000, FramingType: 1, PrivateGroup: "blue", Sequencing: true,
		ProxyLCP:  &l2tp.ProxyLCP{InitialReceived: []byte{1, 4, 5, 220}, LastSent: []byte{3, 5, 0xc2, 0x23, 5}, LastReceived: []byte{1, 4, 5, 212}},
		ProxyAuth: &l2tp.ProxyAuth{Type: 2, Name: "user@example.net", Challenge: []byte("challenge"), ID: 9, Response: []byte("0123456789abcdef")},
	}
	for _, hide := range []bool{false, true} {
		p := l2tptest.New(1, l2tp.Config{})
		p.LAC.Config = &l2tp.TunnelConfig{HostName: "lac", Secret: "example", HideAVPs: hide}
		p.LNS.Config = &l2tp.TunnelConfig{HostName: "lns", Secret: "example"}
		p.LAC.Connect = connect
		p.Call(p.Open(), call)
		p.Run(time.Second)
		f, ok := p.LNS.Last(l2tp.CallUp)
		if !ok {
			t.Fatal("no call")
		}
		want := *call
		want.TxSpeed, want.RxSpeed, want.FramingType, want.PrivateGroup = connect.TxSpeed, connect.RxSpeed, connect.FramingType, connect.PrivateGroup
		want.Sequencing, want.ProxyLCP, want.ProxyAuth = true, connect.ProxyLCP, connect.ProxyAuth
		info, _ := p.LNS.Session(f.Element)
		if diff := cmp.Diff(&want, info.Call); diff != "" {
			t.Fatalf("hidden %v: %s", hide, diff)
		}
		p.LNS.TrimCall(f.Element)
		if info, _ = p.LNS.Session(f.Element); info.Call.ProxyLCP != nil || info.Call.ProxyAuth != nil {
			t.Fatal("TrimCall left the proxy AVPs")
		}
	}
}

// "When the optional Rx Connect Speed AVP is NOT present, the connection speed
// (...) is assumed to be symmetric", RFC 2661 §4.4.4.
func TestSpeedIsSymmetricByDefault(t *testing.T) {
	k, id, session := newSession(t, &l2tp.TunnelConfig{})
	if c := k.wantSession("", id, session, l2tp.SessionEstablished).Call; c.TxSpeed != 1_000_000 || c.RxSpeed != 1_000_000 {
		t.Fatalf("speeds %d and %d", c.TxSpeed, c.RxSpeed)
	}
}

// Messages that do not fit the state of a call: RFC 2661 §7.4.2, one row each.
func TestUnexpectedCallMessagesLNS(t *testing.T) {
	icrp := l2tptest.Message(wire.ICRP)
	icrp.AssignedSessionID = 5
	icrp.Add(wire.AssignedSessionID)
	for _, m := range []*wire.Message{icrp, l2tptest.ICRQ(99)} {
		k, id := newTunnel(t, &l2tp.TunnelConfig{})
		k.h.Send(0, l2tptest.ICRQ(5))
		session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
		k.wantSession("wait-connect", id, session, l2tp.SessionWaitConnect)
		k.h.Send(session, m)
		r := k.wantResult("wait-connect, "+m.Type.String(), wire.CDN, wire.CDNError, wire.ErrorSessionID)
		if r.Header.SessionID != 5 || r.Message.AssignedSessionID != session {
			t.Fatalf("CDN for session %d says %d", r.Header.SessionID, r.Message.AssignedSessionID)
		}
		k.wantSession("after the CDN", id, session, l2tp.SessionFree)
		k.wantDown("", l2tp.CallDown, l2tp.ErrUnexpected)
	}
	for _, m := range []*wire.Message{icrp, l2tptest.ICRQ(99), l2tptest.ICCN()} {
		k, id, session := newSession(t, &l2tp.TunnelConfig{})
		k.h.Send(session, m)
		k.wantResult("established, "+m.Type.String(), wire.CDN, wire.CDNError, wire.ErrorSessionID)
		k.wantTunnel("the tunnel lives on", id, l2tp.TunnelEstablished)
	}
	// A request that the owner has not answered yet.
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	k.p.LNS.OnCall = func(l2tp.Effect) {}
	k.h.Send(0, l2tptest.ICRQ(5))
	k.want("ICRQ while the owner thinks", zlb)
	f, _ := k.p.LNS.Last(l2tp.CallRequested)
	k.wantSession("", id, uint16(f.Session), l2tp.SessionIdle)
	k.h.Send(uint16(f.Session), l2tptest.ICCN())
	k.wantResult("idle, ICCN", wire.CDN, wire.CDNError, wire.ErrorSessionID)
}

// State idle: "Receive ICRP: Send CDN", "Receive ICCN: Clean up", RFC 2661 §7.4.2;
// and nothing at all when it crossed a CDN of ours.
func TestMessagesForNoCall(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{})
	icrp := l2tptest.Message(wire.ICRP)
	icrp.AssignedSessionID = 5
	icrp.Add(wire.AssignedSessionID)
	k.h.Send(1234, icrp)
	r := k.wantResult("ICRP", wire.CDN, wire.CDNError, wire.ErrorSessionID)
	if r.Header.SessionID != 5 || r.Message.AssignedSessionID != 1234 {
		t.Fatalf("CDN for session %d says %d", r.Header.SessionID, r.Message.AssignedSessionID)
	}
	k.h.Send(1234, l2tptest.ICCN())
	k.want("ICCN", zlb)
	k.h.Send(1234, l2tptest.CDN(5, 1))
	k.want("CDN", zlb)

	session := k.h.Dial(6)
	el, _ := k.p.LNS.Lookup(l2tp.TunnelID(k.h.Peer), l2tp.SessionID(session))
	k.p.LNS.CloseCall(k.p.Now, el, l2tp.Result{Code: 3}, nil, &k.p.LNS.FX)
	k.p.Settle()
	k.h.Send(session, icrp)
	k.want("ICRP that crossed our CDN", zlb)
}

// A call that its LAC has forgotten gives way to a new one of the same id. The
// CDN for the old one names only our id: the LAC must not take it for the new one.
func TestAssignedSessionIDAgain(t *testing.T) {
	k, id, old := newSession(t, &l2tp.TunnelConfig{})
	k.h.Send(0, l2tptest.ICRQ(5))
	icrp := k.want("the new ICRQ", wire.ICRP)
	cdn, ok := k.h.LastOf(wire.CDN)
	if !ok || cdn.Header.SessionID != 0 || cdn.Message.AssignedSessionID != old {
		t.Fatalf("CDN (sent: %v) for session %d says %d, want 0 and %d", ok, cdn.Header.SessionID, cdn.Message.AssignedSessionID, old)
	}
	k.wantDown("the old call", l2tp.CallDown, l2tp.ErrReplaced)
	k.wantSession("the old call", id, old, l2tp.SessionFree)
	k.h.Send(icrp.Message.AssignedSessionID, l2tptest.ICCN())
	k.wantSession("the new call", id, icrp.Message.AssignedSessionID, l2tp.SessionEstablished)
}

// The acknowledgement of a CDN names the session in its header, by the peer's id:
// xl2tpd looks the call up by it. A CDN that comes again is also acknowledged
// plainly, for peers that have forgotten the session already.
func TestAcknowledgementOfCDN(t *testing.T) {
	k, _, session := newSession(t, &l2tp.TunnelConfig{})
	second := k.h.Dial(6)
	cdn := l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, SessionID: session, Ns: k.h.Ns, Nr: k.h.Nr}, l2tptest.CDN(5, 1))
	k.h.Ns++
	k.h.Raw(cdn)
	if r := k.want("CDN", zlb); r.Header.SessionID != 5 || r.Header.Nr != k.h.Ns {
		t.Fatalf("ZLB for session %d with Nr %d", r.Header.SessionID, r.Header.Nr)
	}
	before := len(k.h.Got)
	k.h.Raw(cdn)
	var ids []uint16
	for _, r := range k.h.Got[before:] {
		ids = append(ids, r.Header.SessionID)
	}
	if diff := cmp.Diff([]uint16{0, 5}, ids); diff != "" {
		t.Fatalf("Session IDs of the ZLBs for a repeated CDN: %s", diff)
	}
	// A HELLO after it is acknowledged as ever.
	k.h.Send(0, l2tptest.Message(wire.HELLO))
	if r := k.want("HELLO", zlb); r.Header.SessionID != 0 {
		t.Fatalf("ZLB for session %d", r.Header.SessionID)
	}
	if _, ok := k.p.LNS.Lookup(l2tp.TunnelID(k.h.Peer), l2tp.SessionID(second)); !ok {
		t.Fatal("the other call is gone")
	}
}

// "permitting the peer to identify the appropriate tunnel even if CDN is sent
// before an Assigned Session ID is received", RFC 2661 §4.4.4.
func TestCDNWithSessionIDZero(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	k.h.Send(0, l2tptest.ICRQ(5))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	k.h.Send(0, l2tptest.CDN(5, 7))
	k.wantSession("CDN with Session ID 0", id, session, l2tp.SessionFree)
	if f := k.wantDown("", l2tp.CallDown, l2tp.ErrPeerClosed); f.Result.Code != 7 {
		t.Fatalf("result %v", f.Result)
	}
	k.wantCount("sessions", uint64(k.p.LNS.Counters().Sessions), 0)
}

// RFC 3145: the cause travels with the CDN, both ways, also in its old form.
func TestDisconnectCause(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.Call(p.Open(), &l2tp.Call{})
	p.Run(time.Second)
	f, _ := p.LNS.Last(l2tp.CallUp)
	cause := &l2tp.DisconnectCause{Code: 3, Protocol: 0, Direction: 1, Message: "user request"}
	p.LNS.CloseCall(p.Now, f.Element, l2tp.Result{Code: 3, Message: "bye"}, cause, &p.LNS.FX)
	p.Run(time.Second)
	down, _ := p.LAC.Last(l2tp.CallDown)
	if diff := cmp.Diff(cause, down.Cause); diff != "" || down.Result.Message != "bye" {
		t.Fatalf("%s %v", diff, down.Result)
	}
	k, _, session := newSession(t, &l2tp.TunnelConfig{})
	k.h.Send(session, l2tptest.CDN(5, 2), wire.AVP{Vendor: wire.Vendor3Com, Type: 46, Value: []byte{0, 16, 0xc2, 0x23, 1}})
	want := &l2tp.DisconnectCause{Code: 16, Protocol: 0xc223, Direction: 1}
	if diff := cmp.Diff(want, k.wantDown("", l2tp.CallDown, l2tp.ErrPeerClosed).Cause); diff != "" {
		t.Fatal(diff)
	}
}

// "If the M bit is set on an unrecognized AVP within a message associated with a
// particular session, the session associated with this message MUST be
// terminated", RFC 2661 §4.1: the session, not the tunnel.
func TestUnknownAVPInSessionMessage(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	k.h.Send(0, l2tptest.ICRQ(5), mandatory(9999, 3))
	r := k.wantResult("ICRQ", wire.CDN, wire.CDNError, wire.ErrorUnknownAVP)
	if r.Header.SessionID != 5 || r.Message.AssignedSessionID == 0 {
		t.Fatalf("CDN for session %d says %d", r.Header.SessionID, r.Message.AssignedSessionID)
	}
	k.h.Send(0, l2tptest.ICRQ(6))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	k.h.Send(session, l2tptest.ICCN(), wire.AVP{Mandatory: true, Reserved: true, Vendor: 0, Type: 99, Value: nil})
	k.wantResult("ICCN", wire.CDN, wire.CDNError, wire.ErrorUnknownAVP)
	k.wantDown("", l2tp.CallDown, l2tp.ErrUnknownAVP)
	session = k.h.Dial(7)
	k.h.Send(session, l2tptest.CDN(7, 1), mandatory(9999, 3))
	k.wantSession("a CDN ends the call whatever else it says", id, session, l2tp.SessionFree)
	k.wantTunnel("", id, l2tp.TunnelEstablished)
}

// What an ICRQ or ICCN must have: RFC 2661 §6.6, §6.8.
func TestMalformedCallMessages(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	rq := l2tptest.ICRQ(5)
	rq.Present[0] &^= 1 << wire.CallSerialNumber
	k.h.Send(0, rq)
	k.wantResult("ICRQ without serial number", wire.CDN, wire.CDNError, wire.ErrorValue)
	rq = l2tptest.ICRQ(5)
	rq.Present[0] &^= 1 << wire.AssignedSessionID
	k.h.Send(0, rq)
	k.want("ICRQ without id: whom could we answer", zlb)
	k.h.Send(0, l2tptest.ICRQ(6))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	k.h.Send(session, l2tptest.Message(wire.ICCN))
	k.wantResult("empty ICCN", wire.CDN, wire.CDNError, wire.ErrorValue)
	k.wantDown("", l2tp.CallDown, l2tp.ErrMalformed)
	k.wantTunnel("", id, l2tp.TunnelEstablished)
}

// Limits are answered with what they are, and a freed session makes room.
func TestSessionLimits(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{SessionMax: 2})
	first := k.h.Dial(1)
	k.h.Dial(2)
	k.h.Send(0, l2tptest.ICRQ(3))
	k.wantResult("third call", wire.CDN, wire.CDNNoFacility, 0)
	k.wantCount("refused", k.p.LNS.Counters().CallsRefused, 1)
	k.h.Send(first, l2tptest.CDN(1, 1))
	k.h.Send(0, l2tptest.ICRQ(3))
	k.want("third call after the first has ended", wire.ICRP)

	k = newTalk(t, l2tp.Config{SessionMax: 1}, &l2tp.TunnelConfig{})
	k.h.Establish("lac")
	k.h.Dial(1)
	k.h.Send(0, l2tptest.ICRQ(2))
	k.wantResult("second call of the endpoint", wire.CDN, wire.CDNNoFacility, 0)
}

// A call that is not established in time is given up, in any state of set-up.
func TestEstablishTimeoutOfCalls(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{EstablishTimeout: 20 * time.Second})
	k.h.Send(0, l2tptest.ICRQ(5))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	k.h.ZLB()
	k.p.Run(19 * time.Second)
	k.wantSession("19 s", id, session, l2tp.SessionWaitConnect)
	k.p.Run(2 * time.Second)
	k.wantResult("21 s", wire.CDN, wire.CDNTimeout, 0)
	k.wantDown("", l2tp.CallDown, l2tp.ErrTimeout)

	k, _ = newTunnel(t, &l2tp.TunnelConfig{EstablishTimeout: 20 * time.Second})
	k.p.LNS.OnCall = func(l2tp.Effect) {}
	k.h.Send(0, l2tptest.ICRQ(5))
	k.p.Run(21 * time.Second)
	k.wantResult("an owner that never answers", wire.CDN, wire.CDNTimeout, 0)
}

// A freed Session ID is not used again at once.
func TestSessionIDRests(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{})
	used := map[uint16]bool{}
	for i := range uint16(100) {
		session := k.h.Dial(i + 1)
		if used[session] {
			t.Fatalf("call %d has the id of one that ended a moment ago", i)
		}
		used[session] = true
		k.h.Send(session, l2tptest.CDN(i+1, 1))
	}
	k.p.Run(3 * time.Second)
	reused := 0
	for i := range uint16(100) {
		session := k.h.Dial(i + 1)
		if used[session] {
			reused++
		}
		k.h.Send(session, l2tptest.CDN(i+1, 1))
	}
	if reused < 80 {
		t.Fatalf("only %d ids of 100 are used again: they leak", reused)
	}
}

// WEN goes from LAC to LNS, SLI from LNS to LAC, neither the other way.
func TestLineMessages(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.Call(p.Open(), &l2tp.Call{SpeedUpdates: true})
	p.Run(time.Second)
	up, _ := p.LAC.Last(l2tp.CallUp)
	lac := up.Element
	up, _ = p.LNS.Last(l2tp.CallUp)
	lns := up.Element
	errs := l2tp.CallErrors{CRC: 1, Framing: 2, HardwareOverruns: 3, BufferOverruns: 4, Timeouts: 5, Alignment: 6}
	p.LAC.SendWEN(p.Now, lac, errs, &p.LAC.FX)
	p.LNS.SendSLI(p.Now, lns, 0xffffffff, 0x000a0000, &p.LNS.FX)
	p.LAC.UpdateSpeed(p.Now, lac, 7_000_000, 70_000, &p.LAC.FX)
	p.Run(time.Second)
	if info, _ := p.LNS.Session(lns); info.LineErrors != errs || p.LNS.Count(l2tp.LineErrors) != 1 {
		t.Fatalf("errors %+v", info.LineErrors)
	}
	if f, ok := p.LAC.Last(l2tp.LinkInfo); !ok || f.Value != 0xffffffff || f.Value2 != 0x000a0000 || f.Element != lac {
		t.Fatalf("link info %+v", f)
	}
	if f, ok := p.LNS.Last(l2tp.SpeedUpdate); !ok || f.Value != 7_000_000 || f.Value2 != 70_000 {
		t.Fatalf("speed update %+v", f)
	}
	p.LNS.QuerySpeed(p.Now, lns, &p.LNS.FX)
	p.Run(time.Second)
	if n := p.LNS.Count(l2tp.SpeedUpdate); n != 2 {
		t.Fatalf("%d speed updates: the query was not answered", n)
	}
	if info, _ := p.LNS.Session(lns); info.Call.TxSpeed != 7_000_000 || info.Call.RxSpeed != 70_000 {
		t.Fatalf("speeds %d and %d", info.Call.TxSpeed, info.Call.RxSpeed)
	}
	sent := p.LAC.Sent + p.LNS.Sent
	p.LNS.SendWEN(p.Now, lns, errs, &p.LNS.FX)
	p.LAC.SendSLI(p.Now, lac, 0, 0, &p.LAC.FX)
	p.LNS.UpdateSpeed(p.Now, lns, 1, 1, &p.LNS.FX)
	p.LAC.QuerySpeed(p.Now, lac, &p.LAC.FX)
	p.Run(time.Second)
	if p.LAC.Sent+p.LNS.Sent != sent {
		t.Fatal("a message went the wrong way")
	}
	// A LAC answers no query for a call that it has not announced updates for.
	l, _ := newTunnel(t, &l2tp.TunnelConfig{BearerCapabilities: 3})
	ocrq := l2tptest.ICRQ(5)
	ocrq.Type, ocrq.BearerType, ocrq.FramingType = wire.OCRQ, 1, 1
	ocrq.Add(wire.MinimumBPS, wire.MaximumBPS, wire.BearerType, wire.FramingType, wire.CalledNumber)
	l.h.Send(0, ocrq)
	rp, _ := l.h.LastOf(wire.OCRP)
	l.want("OCRQ", wire.OCCN)
	query := l2tptest.Message(wire.CSURQ)
	query.SpeedUpdates = []wire.SpeedUpdate{{RemoteSessionID: rp.Message.AssignedSessionID}, {RemoteSessionID: 1}}
	query.Add(wire.ConnectSpeedUpdate)
	l.h.Send(0, query)
	l.want("a query without leave", zlb)
	k, _, session := newSession(t, &l2tp.TunnelConfig{})
	sli := l2tptest.Message(wire.SLI)
	sli.Add(wire.ACCM)
	k.h.Send(session, sli)
	k.wantCount("an SLI from a LAC", k.p.LNS.Counters().Unexpected, 1)
}

// "An LNS MUST have received a Bearer Capabilities AVP during tunnel establishment
// from an LAC in order to request an outgoing call to that LAC", RFC 2661 §6.9.
func TestOutgoingCallNeedsBearerCapabilities(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{BearerCapabilities: 3})
	if _, err := k.p.LNS.OpenCall(k.p.Now, id, &l2tp.Call{Outgoing: true, BearerType: 1, FramingType: 1}, &k.p.LNS.FX); err == nil {
		t.Fatal("the peer has offered nothing")
	}
	// And we, as LAC, place none that asks for what we have not offered.
	ocrq := l2tptest.ICRQ(5)
	ocrq.Type, ocrq.BearerType, ocrq.FramingType, ocrq.CalledNumber = wire.OCRQ, 1, 1, []byte("1")
	ocrq.Add(wire.MinimumBPS, wire.MaximumBPS, wire.BearerType, wire.FramingType, wire.CalledNumber)
	k.h.Send(0, ocrq)
	k.want("what we have offered", wire.OCCN)
	for _, spoil := range []func(){func() { ocrq.BearerType = 4 }, func() { ocrq.BearerType, ocrq.FramingType = 1, 4 }} {
		ocrq.AssignedSessionID++
		spoil()
		k.h.Send(0, ocrq)
		k.wantResult("what we have not offered", wire.CDN, wire.CDNNeverFacility, 0)
	}
	k, _ = newTunnel(t, &l2tp.TunnelConfig{})
	ocrq.FramingType = 1
	k.h.Send(0, ocrq)
	k.wantResult("no bearer at all", wire.CDN, wire.CDNNeverFacility, 0)
}

// A framing type that we did not advertise, in an ICCN.
func TestFramingTypeNotAdvertised(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{FramingCapabilities: 1})
	k.h.Send(0, l2tptest.ICRQ(5))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	iccn := l2tptest.ICCN()
	iccn.FramingType = 2
	k.h.Send(session, iccn)
	k.wantResult("asynchronous framing", wire.CDN, wire.CDNError, wire.ErrorValue)
	k.wantDown("", l2tp.CallDown, l2tp.ErrCapability)
}

// Calls that were opened before their tunnel is established wait for it; those of
// a tunnel that is never established end with it.
func TestCallsWaitForTheTunnel(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	id, _ := p.LAC.OpenTunnel(p.Now, p.LNS.Addr, p.LAC.Addr, p.LAC.Config, &p.LAC.FX)
	var els []l2tp.Element
	for i := range uint32(3) {
		el, err := p.LAC.OpenCall(p.Now, id, &l2tp.Call{Serial: i}, &p.LAC.FX)
		if err != nil {
			t.Fatal(err)
		}
		els = append(els, el)
	}
	p.LAC.CloseCall(p.Now, els[1], l2tp.Result{Code: 3}, nil, &p.LAC.FX)
	p.Run(time.Second)
	if n := p.LNS.Counters().SessionsUp; n != 2 {
		t.Fatalf("%d sessions up, want 2", n)
	}
	p.SetWeather(l2tptest.Weather{Loss: 1})
	id, _ = p.LAC.OpenTunnel(p.Now, p.LNS.Addr, p.LAC.Addr, p.LAC.Config, &p.LAC.FX)
	p.LAC.OpenCall(p.Now, id, &l2tp.Call{}, &p.LAC.FX)
	p.Run(50 * time.Second)
	if f, _ := p.LAC.Last(l2tp.CallDown); f.Err != l2tp.ErrTunnelClosed {
		t.Fatalf("error %v", f.Err)
	}
	if f, _ := p.LAC.Last(l2tp.TunnelDown); f.Err != l2tp.ErrNoAnswer {
		t.Fatalf("error %v", f.Err)
	}
}

// Several CDNs in one batch have a ZLB each, so that each names its session.
func TestSeveralCDNsInABatch(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{})
	sessions := []uint16{k.h.Dial(11), k.h.Dial(12), k.h.Dial(13)}
	before := len(k.h.Got)
	e := k.p.LNS
	for i, session := range sessions {
		h := wire.ControlHeader{TunnelID: k.h.Peer, SessionID: session, Ns: k.h.Ns, Nr: k.h.Nr}
		k.h.Ns++
		e.Handle(k.p.Now, k.h.Addr, e.Addr, l2tptest.Bytes(h, l2tptest.CDN(uint16(11+i), 1)), &e.FX)
	}
	k.p.Settle()
	var ids []uint16
	for _, r := range k.h.Got[before:] {
		ids = append(ids, r.Header.SessionID)
	}
	if diff := cmp.Diff([]uint16{11, 12, 13}, ids); diff != "" {
		t.Fatal(diff)
	}
}

// reply is a message with nothing but an Assigned Session ID, and what an ICCN or
// OCCN has beside it.
func reply(t wire.MessageType, id uint16) *wire.Message {
	m := l2tptest.ICCN()
	m.Type, m.AssignedSessionID = t, id
	m.Add(wire.AssignedSessionID)
	if t == wire.ICRQ || t == wire.OCRQ {
		m.Add(wire.CallSerialNumber, wire.MinimumBPS, wire.MaximumBPS, wire.BearerType, wire.CalledNumber)
	}
	return m
}

// The rows of RFC 2661 §7.4.1 (LAC, incoming), §7.5.1 (LAC, outgoing) and §7.5.2
// (LNS, outgoing) that end in idle, and those that lead there. Our end is the
// Endpoint called LNS here, whatever its role in the call.
func TestCallTables(t *testing.T) {
	const ours, theirs = "we open", "the peer opens"
	for _, c := range []struct {
		who      string
		outgoing bool
		before   []wire.MessageType // after the request, before the event
		state    l2tp.SessionState
		event    wire.MessageType
		cdn      bool // "Send CDN"; else "Clean up" alone
	}{
		{ours, false, nil, l2tp.SessionWaitReply, wire.ICRQ, true},
		{ours, false, nil, l2tp.SessionWaitReply, wire.ICCN, false},
		{ours, false, nil, l2tp.SessionWaitReply, wire.CDN, false},
		{ours, false, []wire.MessageType{wire.ICRP}, l2tp.SessionEstablished, wire.ICRQ, true},
		{ours, false, []wire.MessageType{wire.ICRP}, l2tp.SessionEstablished, wire.ICRP, true},
		{ours, false, []wire.MessageType{wire.ICRP}, l2tp.SessionEstablished, wire.ICCN, true},
		{ours, false, []wire.MessageType{wire.ICRP}, l2tp.SessionEstablished, wire.CDN, false},
		{theirs, true, nil, l2tp.SessionWaitCSAnswer, wire.OCRQ, true},
		{theirs, true, nil, l2tp.SessionWaitCSAnswer, wire.OCRP, true},
		{theirs, true, nil, l2tp.SessionWaitCSAnswer, wire.OCCN, true},
		{theirs, true, nil, l2tp.SessionWaitCSAnswer, wire.CDN, false},
		{ours, true, nil, l2tp.SessionWaitReply, wire.OCCN, true},
		{ours, true, nil, l2tp.SessionWaitReply, wire.OCRQ, true},
		{ours, true, nil, l2tp.SessionWaitReply, wire.CDN, false},
		{ours, true, []wire.MessageType{wire.OCRP}, l2tp.SessionWaitConnect, wire.OCRQ, true},
		{ours, true, []wire.MessageType{wire.OCRP}, l2tp.SessionWaitConnect, wire.OCRP, true},
		{ours, true, []wire.MessageType{wire.OCRP}, l2tp.SessionWaitConnect, wire.CDN, false},
		{ours, true, []wire.MessageType{wire.OCRP, wire.OCCN}, l2tp.SessionEstablished, wire.OCRQ, true},
		{ours, true, []wire.MessageType{wire.OCRP, wire.OCCN}, l2tp.SessionEstablished, wire.OCRP, true},
		{ours, true, []wire.MessageType{wire.OCRP, wire.OCCN}, l2tp.SessionEstablished, wire.OCCN, true},
		{ours, true, []wire.MessageType{wire.OCRP, wire.OCCN}, l2tp.SessionEstablished, wire.CDN, false},
	} {
		k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{BearerCapabilities: 3})
		rq := k.h.SCCRQ("peer")
		rq.BearerCapabilities = 3
		rq.Add(wire.BearerCapabilities)
		k.h.Send(0, rq)
		k.h.Send(0, l2tptest.Message(wire.SCCCN))
		id := l2tp.TunnelID(k.h.Peer)
		k.p.LNS.OnCall = func(f l2tp.Effect) { k.p.LNS.AcceptCall(k.p.Now, f.Element, &k.p.LNS.FX) }
		var session uint16
		if c.who == ours {
			if _, err := k.p.LNS.OpenCall(k.p.Now, id, &l2tp.Call{Outgoing: c.outgoing, FramingType: 1, BearerType: 1}, &k.p.LNS.FX); err != nil {
				t.Fatal(err)
			}
			k.p.Settle()
			session = k.h.Last().Message.AssignedSessionID
		} else {
			k.h.Send(0, reply(wire.OCRQ, 5))
			session = k.h.Last().Message.AssignedSessionID
		}
		for _, mt := range c.before {
			k.h.Send(session, reply(mt, 5))
		}
		k.wantSession("before the event", id, session, c.state)
		_, already := k.h.LastOf(wire.CDN)
		event := reply(c.event, 5)
		if c.event == wire.CDN {
			event = l2tptest.CDN(5, 1)
		}
		k.h.Send(session, event)
		k.wantSession("after the event", id, session, l2tp.SessionFree)
		if _, sent := k.h.LastOf(wire.CDN); already || sent != c.cdn {
			t.Errorf("%s, outgoing %v, %v, %v: CDN sent %v, want %v", c.who, c.outgoing, c.state, c.event, sent, c.cdn)
		}
		k.wantTunnel("the tunnel lives on", id, l2tp.TunnelEstablished)
	}
}
