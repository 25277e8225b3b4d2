// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// "Configuration Options SHOULD NOT be included with default values." RFC 1661 §5.1
func TestRequestOptions(t *testing.T) {
	for _, tt := range []struct {
		why    string
		change func(*Config)
		types  []wire.OptionType
	}{
		{"defaults", nil, []wire.OptionType{wire.OptionMRU, wire.OptionMagic}},
		{"an MRU of 1500", func(c *Config) { c.MRU = 1500 }, []wire.OptionType{wire.OptionMagic}},
		{"two methods", func(c *Config) { c.Auth = []AuthMethod{CHAP, PAP} }, []wire.OptionType{wire.OptionMRU, wire.OptionAuth, wire.OptionMagic}},
		{"a Peer's methods", func(c *Config) { c.Role, c.Auth = Peer, []AuthMethod{CHAP, PAP} }, []wire.OptionType{wire.OptionMRU, wire.OptionMagic}},
		{"compression", func(c *Config) { c.PFC, c.ACFC = true, true },
			[]wire.OptionType{wire.OptionMRU, wire.OptionMagic, wire.OptionPFC, wire.OptionACFC}},
	} {
		h := newHand(t, tt.change)
		h.open()
		rest := h.want(tt.why, ProtoLCP, wire.ConfigureRequest).Data
		var types []wire.OptionType
		for len(rest) > 0 {
			var o wire.Option
			o, rest, _ = wire.ParseOption(rest)
			types = append(types, o.Type)
			// "A Magic-Number of zero is illegal." RFC 1661 §6.4
			if m, ok := o.Uint32(); o.Type == wire.OptionMagic && (!ok || m == 0) {
				t.Errorf("%s: Magic-Number %x", tt.why, o.Data)
			}
		}
		if !bytes.Equal(typesToBytes(types), typesToBytes(tt.types)) {
			t.Errorf("%s: asks for %v, want %v", tt.why, types, tt.types)
		}
	}
}

// willing makes a Peer that authenticates itself by these methods.
func willing(methods ...AuthMethod) func(*Config) {
	return func(c *Config) { c.Role, c.Auth = Peer, methods }
}

func typesToBytes(types []wire.OptionType) (b []byte) {
	for _, t := range types {
		b = append(b, byte(t))
	}
	return b
}

// Each option of a Configure-Request and what becomes of it.
//
// "If every Configuration Option received in a Configure-Request is recognizable
// and all values are acceptable, then the implementation MUST transmit a
// Configure-Ack." RFC 1661 §5.2
func TestAnswerLCP(t *testing.T) {
	quality := []byte{4, 8, 0xc0, 0x25, 0, 0, 0, 100}
	callback := []byte{13, 3, 6}
	mrru := []byte{17, 4, 5, 0xdc}
	accm := []byte{2, 6, 0, 0, 0, 0}
	pfc, acfc := []byte{7, 2}, []byte{8, 2}
	magic, mru := magicOption(peerMagic), mruOption(1454)
	for _, tt := range []struct {
		why     string
		change  func(*Config)
		options []byte
		code    wire.Code
		want    []byte // nil: what was sent
	}{
		{"nothing", nil, nil, wire.ConfigureAck, nil},
		{"what pppd asks for", nil, join(mru, accm, magic, pfc, acfc), wire.ConfigureAck, nil},
		{"another order", nil, join(acfc, magic, mru, accm, pfc), wire.ConfigureAck, nil},
		{"an MRU of 9000", nil, mruOption(9000), wire.ConfigureAck, nil},
		{"an MRU of 100", nil, join(magic, mruOption(100)), wire.ConfigureNak, mruOption(1500)},
		{"an MRU of four octets", nil, []byte{1, 6, 0, 0, 5, 0xdc}, wire.ConfigureNak, mruOption(1500)},
		{"an ACCM of two octets", nil, []byte{2, 4, 0, 0}, wire.ConfigureNak, accm},
		{"no compression here", func(c *Config) { c.NoPFC, c.NoACFC = true, true }, join(mru, pfc, acfc),
			wire.ConfigureReject, join(pfc, acfc)},
		{"a boolean with a value", nil, []byte{7, 3, 1, 8, 3, 1}, wire.ConfigureReject, nil},
		{"options that nobody knows", nil, join(mru, quality, callback, magic, mrru), wire.ConfigureReject, join(quality, callback, mrru)},
		{"a Reject outranks a Nak", nil, join(mruOption(100), quality, mruOption(99)), wire.ConfigureReject, join(quality, mruOption(99))},
		{"an option twice", nil, join(mru, mru), wire.ConfigureReject, mru},
		{"we are to authenticate to the modem", nil, authOption(CHAP), wire.ConfigureReject, nil},
		{"a willing Peer", willing(CHAP), authOption(CHAP), wire.ConfigureAck, nil},
		{"a Peer that prefers CHAP", willing(CHAP, MSCHAPv2), authOption(PAP), wire.ConfigureNak, authOption(CHAP)},
		{"a Peer that is asked for EAP", willing(PAP), []byte{3, 4, 0xc2, 0x27}, wire.ConfigureNak, authOption(PAP)},
		{"a Peer that is asked for MS-CHAPv1", willing(MSCHAPv2), []byte{3, 5, 0xc2, 0x23, 0x80}, wire.ConfigureNak, authOption(MSCHAPv2)},
		{"a Peer that does not authenticate", willing(), authOption(PAP), wire.ConfigureReject, nil},
	} {
		h := newHand(t, tt.change)
		h.open()
		h.want("Open", ProtoLCP, wire.ConfigureRequest)
		h.request(ProtoLCP, tt.options...)
		if tt.want == nil {
			tt.want = tt.options
		}
		h.wantData(tt.why, ProtoLCP, tt.code, tt.want...)
		if h.last.ID != h.id {
			t.Errorf("%s: Identifier %d, want %d", tt.why, h.last.ID, h.id)
		}
		h.wantNothing(tt.why)
	}
}

// What the peer asked for holds when the request is acknowledged, not before.
func TestPeerOptionsHold(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.request(ProtoLCP, join(mruOption(1400), []byte{7, 2, 8, 2, 4, 4, 0, 0})...)
	h.want("an unknown option", ProtoLCP, wire.ConfigureReject)
	if h.link.PeerMRU() != 1500 || h.link.PFC() || h.link.ACFC() {
		t.Error("a rejected request took effect")
	}
	h.request(ProtoLCP, join(mruOption(1400), []byte{7, 2, 8, 2})...)
	h.want("a good one", ProtoLCP, wire.ConfigureAck)
	if h.link.PeerMRU() != 1400 || !h.link.PFC() || !h.link.ACFC() {
		t.Error("an acknowledged request did not take effect")
	}
	h.request(ProtoLCP)
	h.want("an empty one", ProtoLCP, wire.ConfigureAck)
	// "If a Configuration Option is not included in a Configure-Request packet, the
	// default value for that Configuration Option is assumed." RFC 1661 §6
	if h.link.PeerMRU() != 1500 || h.link.PFC() || h.link.ACFC() {
		t.Error("defaults did not come back")
	}
}

// "Max-Failure indicates the number of Configure-Nak packets sent without sending
// a Configure-Ack before assuming that configuration is not converging.  Any
// further Configure-Nak packets for peer requested options are converted to
// Configure-Reject packets. [...] Max-Failure MUST be configurable, but SHOULD
// default to five (5) transmissions." RFC 1661 §4.6
func TestMaxFailure(t *testing.T) {
	for _, tt := range []struct{ max, want int }{{0, 5}, {2, 2}} {
		h := newHand(t, func(c *Config) { c.FailureMax = tt.max })
		h.open()
		h.want("Open", ProtoLCP, wire.ConfigureRequest)
		for range tt.want {
			h.request(ProtoLCP, mruOption(1)...)
			h.want("an impossible MRU", ProtoLCP, wire.ConfigureNak)
		}
		h.request(ProtoLCP, mruOption(1)...)
		h.wantData("once more", ProtoLCP, wire.ConfigureReject, mruOption(1)...)
		h.request(ProtoLCP)
		h.want("without it", ProtoLCP, wire.ConfigureAck)
		h.request(ProtoLCP, mruOption(1)...)
		h.want("the count began again", ProtoLCP, wire.ConfigureNak)
	}
}

// "The Identifier field MUST be changed whenever the contents of the Options field
// changes, and whenever a valid reply has been received for a previous request."
// RFC 1661 §5.1
//
// "Reception of a valid Configure-Reject indicates that when a new
// Configure-Request is sent, it MUST NOT include any of the Configuration Options
// listed in the Configure-Reject." RFC 1661 §5.4
func TestRefusedOptions(t *testing.T) {
	h := newHand(t, func(c *Config) { c.PFC, c.ACFC = true, true })
	h.open()
	first := h.want("Open", ProtoLCP, wire.ConfigureRequest).ID
	// "the implementation MUST be able to handle an Option length which is
	// different from the original Configure-Request." RFC 1661 §5.3
	h.reply(ProtoLCP, wire.ConfigureNak, join(mruOption(1460), []byte{5, 3, 0, 2, 4, 0, 0})...)
	second := h.want("a Nak of the MRU", ProtoLCP, wire.ConfigureRequest).ID
	if mru, _ := h.option(wire.OptionMRU); first == second || !bytes.Equal(mru, []byte{0x05, 0xb4}) {
		t.Errorf("Identifiers %d and %d, MRU %x", first, second, mru)
	}
	h.reply(ProtoLCP, wire.ConfigureReject, 7, 2)
	h.want("a Reject of PFC", ProtoLCP, wire.ConfigureRequest)
	if _, ok := h.option(wire.OptionPFC); ok {
		t.Error("PFC was rejected and is still asked for")
	}
	h.reply(ProtoLCP, wire.ConfigureReject, h.last.Data...)
	h.wantData("a Reject of all the rest", ProtoLCP, wire.ConfigureRequest)
	if h.last.ID == second {
		t.Error("the Identifier did not change")
	}
	h.ack(ProtoLCP)
	h.request(ProtoLCP)
	h.want("a request", ProtoLCP, wire.ConfigureAck)
	h.wantEffects("up without options", LinkUp)
}

// A smaller MRU is taken, and so is up to 1500; beyond what we can receive, or
// below what can carry anything, ours stays.
func TestNakedMRU(t *testing.T) {
	for _, tt := range []struct{ offered, want uint16 }{{1400, 1400}, {1500, 0}, {9000, 1492}, {64, 1492}} {
		h := newHand(t, nil)
		h.open()
		h.want("Open", ProtoLCP, wire.ConfigureRequest)
		h.reply(ProtoLCP, wire.ConfigureNak, mruOption(tt.offered)...)
		h.want("a Nak", ProtoLCP, wire.ConfigureRequest)
		data, _ := h.option(wire.OptionMRU)
		if got, _ := (wire.Option{Data: data}).Uint16(); got != tt.want {
			t.Errorf("offered %d, asks for %d, want %d", tt.offered, got, tt.want)
		}
	}
}

// "If that protocol is Configure-Nak'd, then the implementation SHOULD attempt the
// next most desirable protocol in the next Configure-Request." RFC 1661 §6.2
//
// "An implementation MUST NOT include multiple Authentication-Protocol
// Configuration Options in its Configure-Request packets." RFC 1661 §6.2
func TestNextMethod(t *testing.T) {
	all := []AuthMethod{MSCHAPv2, CHAP, PAP}
	eap := []byte{3, 4, 0xc2, 0x27}
	for _, tt := range []struct {
		why     string
		replies [][]byte // Naks; nil: Reject
		want    []AuthMethod
	}{
		{"a suggestion is followed", [][]byte{authOption(PAP)}, []AuthMethod{MSCHAPv2, PAP}},
		{"if we know it", [][]byte{eap, eap}, all},
		{"and have not tried it", [][]byte{authOption(CHAP), authOption(MSCHAPv2)}, all},
		{"a Reject is about this method only", [][]byte{nil, nil}, all},
		{"until none is left", [][]byte{nil, nil, nil}, append(all[:3:3], AuthNone)},
		{"whatever is suggested", [][]byte{authOption(PAP), authOption(CHAP), authOption(MSCHAPv2)}, []AuthMethod{MSCHAPv2, PAP, CHAP, AuthNone}},
	} {
		h := newHand(t, func(c *Config) { c.Auth = all })
		h.open()
		for i, want := range tt.want {
			if want == AuthNone {
				h.wantData(tt.why, ProtoLCP, wire.TerminateRequest, []byte("no common authentication method")...)
				h.advance(time.Minute)
				h.wantDown(tt.why, ErrAuthRefused)
				break
			}
			h.want(tt.why, ProtoLCP, wire.ConfigureRequest)
			data, _ := h.option(wire.OptionAuth)
			if got := authMethod(wire.Option{Data: data}); got != want {
				t.Fatalf("%s: asks for %v, want %v", tt.why, got, want)
			}
			if n := bytes.Count(h.last.Data, []byte{byte(wire.OptionAuth), byte(2 + len(data)), 0xc2}); want != PAP && n != 1 {
				t.Errorf("%s: %d Authentication-Protocol options", tt.why, n)
			}
			if i < len(tt.replies) {
				if tt.replies[i] == nil {
					h.reply(ProtoLCP, wire.ConfigureReject, authOption(want)...)
				} else {
					h.reply(ProtoLCP, wire.ConfigureNak, tt.replies[i]...)
				}
			}
		}
	}
}

// "If the two Magic-Numbers are equal, [...] a Configure-Nak MUST be sent
// specifying a different Magic-Number value.  A new Configure-Request SHOULD NOT
// be sent to the peer until normal processing would cause it to be sent."
//
// "A Magic-Number of zero is illegal and MUST always be Nak'd, if it is not
// Rejected outright." RFC 1661 §6.4
func TestMagicCollision(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	own, _ := h.option(wire.OptionMagic)
	own = bytes.Clone(own)
	for _, m := range [][]byte{own, {0, 0, 0, 0}, {1, 2}} {
		h.request(ProtoLCP, wire.AppendOption(nil, wire.OptionMagic, m...)...)
		h.want("an illegal Magic-Number", ProtoLCP, wire.ConfigureNak)
		got, ok := h.option(wire.OptionMagic)
		if !ok || bytes.Equal(got, own) || bytes.Equal(got, make([]byte, 4)) || len(got) != 4 {
			t.Errorf("%x is Nak'd with %x", m, got)
		}
		h.wantNothing("no new request")
	}
	h.advance(3 * time.Second)
	h.want("the Restart timer", ProtoLCP, wire.ConfigureRequest)
	// "In either case, a new Configure-Request SHOULD be sent with the new
	// Magic-Number." RFC 1661 §6.4
	h.reply(ProtoLCP, wire.ConfigureNak, magicOption(5)...)
	h.want("a Nak of ours", ProtoLCP, wire.ConfigureRequest)
	if got, _ := h.option(wire.OptionMagic); bytes.Equal(got, own) {
		t.Error("the Magic-Number did not change")
	}
	// "If an implementation does receive a Configure-Reject in response to a
	// Configure-Request, it can only mean that the link is not looped-back [...]
	// an implementation SHOULD act as if the negotiation had been successful."
	magic, _ := h.option(wire.OptionMagic)
	h.reply(ProtoLCP, wire.ConfigureReject, wire.AppendOption(nil, wire.OptionMagic, magic...)...)
	h.want("a Reject of ours", ProtoLCP, wire.ConfigureRequest)
	if _, ok := h.option(wire.OptionMagic); ok {
		t.Error("the Magic-Number was rejected and is still asked for")
	}
	// "If an implementation does transmit a Configure-Request with a Magic-Number
	// Configuration Option, then it MUST NOT respond with a Configure-Reject when it
	// receives a Configure-Request with a Magic-Number Configuration Option."
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("the peer's own", ProtoLCP, wire.ConfigureAck)
}

// A wire whose far end is tied to its near end is found out and closed.
func TestLoopback(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	for n := 0; len(h.frames) > 0; n++ {
		if n > 100 {
			t.Fatal("the loop goes on")
		}
		b := h.frames[0]
		h.frames = h.frames[1:]
		h.sendFrame(b)
	}
	h.wantDown("our own frames come back", ErrLoopback)
	if h.cfg.Counters[LoopDetected] < 5 {
		t.Errorf("counted %d", h.cfg.Counters[LoopDetected])
	}
}

// "Reception of a LCP packet with an unknown Code [...] MUST be reported back to
// the sender of the unknown Code by transmitting a Code-Reject. [...] The
// Rejected-Packet MUST be truncated to comply with the peer's established MRU."
// RFC 1661 §5.6
func TestCodeReject(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp(mruOption(200)...)
	h.send(ProtoLCP, 99, 5, 1, 2, 3)
	h.wantData("code 99", ProtoLCP, wire.CodeReject, 99, 5, 0, 7, 1, 2, 3)
	first := h.last.ID
	h.send(ProtoLCP, 0, 5, make([]byte, 1000)...)
	p := h.want("code 0", ProtoLCP, wire.CodeReject)
	if p.ID == first {
		t.Error("the Identifier did not change")
	}
	if n := wire.HeaderLen + len(p.Data); n != 200 {
		t.Errorf("an Information field of %d octets for an MRU of 200", n)
	}
	h.wantPhase("afterwards", PhaseNetwork)

	// "Upon reception of the Code-Reject of a code which is fundamental to this
	// version of the protocol, the implementation SHOULD report the problem and drop
	// the connection." RFC 1661 §5.6
	h.send(ProtoLCP, wire.CodeReject, 1, byte(wire.Identification), 1, 0, 4)
	h.wantPhase("an extended code", PhaseNetwork)
	h.send(ProtoLCP, wire.CodeReject, 1, byte(wire.ConfigureRequest), 1, 0, 4)
	h.want("Configure-Request is rejected", ProtoLCP, wire.TerminateRequest)
	h.advance(time.Minute)
	h.wantDown("Configure-Request is rejected", ErrRejected)
}

// "If the LCP automaton is in the Opened state, then this MUST be reported back to
// the peer by transmitting a Protocol-Reject. [...] The Rejected-Information MUST
// be truncated to comply with the peer's established MRU." RFC 1661 §5.7
func TestUnknownProtocol(t *testing.T) {
	h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{PAP} })
	ccp := []byte{1, 1, 0, 10, 18, 6, 1, 0, 0, 0x60}
	frame := append(wire.AppendHeader(nil, ProtoCCP), ccp...)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.sendFrame(frame)
	// "Any non-LCP packets received during this phase MUST be silently discarded."
	// RFC 1661 §3.4
	h.wantNothing("in the establishment phase")
	h.ack(ProtoLCP)
	h.request(ProtoLCP, mruOption(140)...)
	h.want("", ProtoLCP, wire.ConfigureAck)
	h.sendFrame(frame)
	// "All other packets received during this phase MUST be silently discarded."
	// RFC 1661 §3.5
	h.wantNothing("in the authentication phase")
	h.wantCount("in both", OutOfPhase, 2)
	h.login()
	h.sendFrame(frame)
	h.wantData("in the network phase", ProtoLCP, wire.ProtocolReject, append([]byte{0x80, 0xfd}, ccp...)...)
	first := h.last.ID
	h.sendFrame(append([]byte{0x02, 0x81}, make([]byte, 500)...))
	p := h.want("MPLS, and long", ProtoLCP, wire.ProtocolReject)
	if n := wire.HeaderLen + len(p.Data); n != 140 || p.ID == first {
		t.Errorf("%d octets for an MRU of 140, Identifiers %d and %d", n, first, p.ID)
	}
	h.sendFrame([]byte{0xff, 0x03, 0xc0, 0x24, 1, 2, 3})
	h.wantData("a number that cannot be", ProtoLCP, wire.ProtocolReject, 0xc0, 0x24, 1, 2, 3)
	h.wantCount("in the network phase", UnknownProtocol, 3)

	h.link.Close(h.now, "", &h.fx)
	h.collect()
	h.want("Close", ProtoLCP, wire.TerminateRequest)
	h.sendFrame(frame)
	// "Any non-LCP packets received during this phase MUST be silently discarded."
	// RFC 1661 §3.7
	h.wantNothing("in the termination phase")
}

// login passes PAP.
func (h *hand) login() {
	h.Helper()
	h.send(ProtoPAP, wire.AuthenticateRequest, 1, wire.AppendPAPRequest(nil, "user", "secret")...)
	h.link.Authenticated(h.now, Verdict{OK: true}, &h.fx)
	h.collect()
	h.want("a good password", ProtoPAP, wire.AuthenticateAck)
	h.kinds = nil
}

// "Upon reception of a Protocol-Reject, the implementation MUST stop sending
// packets of the indicated protocol at the earliest opportunity. [...]
// Protocol-Reject packets received in any state other than the LCP Opened state
// SHOULD be silently discarded." RFC 1661 §5.7
func TestProtocolReject(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0xc0, 0x21)
	h.wantPhase("before LCP is Opened", PhaseEstablish)
	h.wantCount("before LCP is Opened", OutOfPhase, 1)

	h = newHand(t, nil)
	h.networkUp()
	h.want("Grant", ProtoIPCP, wire.ConfigureRequest)
	h.want("Grant", ProtoIPV6CP, wire.ConfigureRequest)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80)
	h.wantCount("cut off", Malformed, 1)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80, 0x57, 1, 1, 0, 4)
	h.advance(20 * time.Second)
	for len(h.frames) > 0 {
		h.want("IPCP goes on, IPV6CP does not", ProtoIPCP, wire.ConfigureRequest)
	}
	h.send(ProtoIPV6CP, wire.TerminateAck, 1)
	h.wantNothing("what is left of IPV6CP")
	h.wantCount("what is left of IPV6CP", IllegalTransition, 0)
	h.request(ProtoIPV6CP, wire.AppendOption64(nil, wire.OptionInterfaceID, 9)...)
	h.want("until the peer itself begins", ProtoIPV6CP, wire.ConfigureRequest)
	h.want("until the peer itself begins", ProtoIPV6CP, wire.ConfigureAck)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80, 0x21, 1, 1, 0, 4)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80, 0x57, 1, 1, 0, 4)
	h.want("both are refused", ProtoLCP, wire.TerminateRequest)
	h.reply(ProtoLCP, wire.TerminateAck)
	h.wantDown("both are refused", ErrNoNetwork)

	h = newHand(t, nil)
	h.lcpUp()
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80, 0xfd, 1, 1, 0, 4)
	h.wantPhase("CCP is refused, which nobody asked for", PhaseNetwork)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0xc0, 0x21, 1, 1, 0, 4)
	h.want("LCP is refused", ProtoLCP, wire.TerminateRequest)
	h.advance(time.Minute)
	h.wantDown("LCP is refused", ErrRejected)

	h = newHand(t, func(c *Config) { c.Auth = []AuthMethod{CHAP} })
	h.lcpUp()
	h.want("", ProtoCHAP, wire.Challenge)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0xc2, 0x23, 1, 1, 0, 4)
	h.want("CHAP is refused", ProtoLCP, wire.TerminateRequest)
	h.advance(time.Minute)
	h.wantDown("CHAP is refused", ErrAuthRefused)
}

// Codes of later RFCs that only tell something are taken in silence (RFC 1570
// §2.1, §2.2), in any state.
func TestIdentification(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.send(ProtoLCP, wire.Identification, 1, magicData(0, 'R', 'A', 'S')...)
	h.wantNothing("before Opened")
	h = newHand(t, nil)
	h.lcpUp()
	h.send(ProtoLCP, wire.Identification, 1, magicData(peerMagic, 'R', 'A', 'S')...)
	h.send(ProtoLCP, wire.TimeRemaining, 2, magicData(peerMagic, 0, 0, 0, 9)...)
	h.wantNothing("in Opened")
}

// A peer that starts to listen only now gets our Configure-Request again at
// once, before our Ack, and one whose request merely crosses ours does not.
func TestRepeatForListener(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	first := h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.advance(300 * time.Millisecond)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	if p := h.want("its first request", ProtoLCP, wire.ConfigureRequest); p.ID != first.ID || !bytes.Equal(p.Data, first.Data) {
		t.Errorf("the repetition %v differs from %v", p, first)
	}
	h.want("its first request", ProtoLCP, wire.ConfigureAck)
	h.send(ProtoLCP, wire.ConfigureAck, first.ID, first.Data...)
	h.wantEffects("acknowledged", LinkUp)
	h.send(ProtoLCP, wire.ConfigureAck, first.ID, first.Data...)
	h.wantEffects("acknowledged twice, since sent twice")

	h = newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.advance(listenGrace - 1)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("a request that crossed ours", ProtoLCP, wire.ConfigureAck)
	h.advance(time.Second)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("not its first", ProtoLCP, wire.ConfigureAck)
	h.wantNothing("not its first")

	h = newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	h.advance(300 * time.Millisecond)
	h.request(ProtoLCP, mruOption(1)...)
	h.want("its first request, a bad one", ProtoLCP, wire.ConfigureRequest)
	h.want("its first request, a bad one", ProtoLCP, wire.ConfigureNak)
	h.advance(300 * time.Millisecond)
	h.request(ProtoLCP)
	h.want("its second", ProtoLCP, wire.ConfigureAck)
	h.wantNothing("its second")
}

// With pppd started 400 ms late, a log-in takes no Restart interval.
func TestLateListener(t *testing.T) {
	p := newPair(4, CHAP)
	for i := range p.end {
		p.end[i].Init(&p.cfg[i], &p.cred)
	}
	p.end[0].Open(p.now, &p.fx[0])
	p.carryOut(0)
	p.wire = nil // nobody listens
	p.run(epoch.Add(400 * time.Millisecond))
	p.end[1].Open(p.now, &p.fx[1])
	p.carryOut(1)
	p.run(epoch.Add(600 * time.Millisecond))
	p.wantUp(t, "200 ms after the modem began to listen")
}
