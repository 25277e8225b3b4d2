// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

func (h *hand) verdict(v Verdict) {
	h.link.Authenticated(h.now, v, &h.fx)
	h.collect()
}

// authUp opens LCP with an authentication method of ours.
func authUp(t *testing.T, m AuthMethod) *hand {
	t.Helper()
	h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{m} })
	h.lcpUp()
	h.wantPhase("LCP is open", PhaseAuthenticate)
	return h
}

// "Because the Authenticate-Ack might be lost, the authenticator MUST allow
// repeated Authenticate-Request packets after completing the Authentication
// phase." They "MUST return the same reply Code returned when the Authentication
// phase completed." RFC 1334 §2.2.1
func TestPAPRepeated(t *testing.T) {
	h := authUp(t, PAP)
	request := wire.AppendPAPRequest(nil, "user", "secret")
	h.send(ProtoPAP, wire.AuthenticateRequest, 5, request...)
	h.wantEffects("a request", AuthRequest)
	if o := h.offer; o.Method != PAP || o.Name != "user" || o.Password != "secret" || o.ID != 5 {
		t.Errorf("offer %+v", o)
	}
	h.send(ProtoPAP, wire.AuthenticateRequest, 6, request...)
	h.send(ProtoPAP, wire.AuthenticateRequest, 7, request...)
	h.wantEffects("repeated while the owner thinks")
	h.wantNothing("repeated while the owner thinks")
	h.verdict(Verdict{OK: true, Message: "hi"})
	h.wantData("the verdict", ProtoPAP, wire.AuthenticateAck, 2, 'h', 'i')
	if h.last.ID != 7 {
		t.Errorf("Identifier %d, want that of the latest request", h.last.ID)
	}
	h.wantPhase("the verdict", PhaseNetwork)
	h.verdict(Verdict{OK: false})
	h.wantNothing("a second verdict")
	h.advance(35 * time.Second)
	h.wantPhase("long after the verdict", PhaseNetwork)
	h.frames = nil
	h.send(ProtoPAP, wire.AuthenticateRequest, 8, request...)
	h.want("repeated in the network phase", ProtoPAP, wire.AuthenticateAck)
	if h.last.ID != 8 {
		t.Errorf("Identifier %d", h.last.ID)
	}
	h.grant(standard)
	h.frames = nil
	h.request(ProtoIPCP)
	h.frames = nil
	h.send(ProtoPAP, wire.AuthenticateRequest, 9, wire.AppendPAPRequest(nil, "other", "wrong")...)
	h.wantData("repeated after NCPs began", ProtoPAP, wire.AuthenticateAck, 0)
	h.wantEffects("nobody is asked again")
}

// "the authenticator MUST transmit a PAP packet with the Code field set to 3
// (Authenticate-Nak), and SHOULD take action to terminate the link." RFC 1334 §2.2.2
func TestPAPNak(t *testing.T) {
	h := authUp(t, PAP)
	h.send(ProtoPAP, wire.AuthenticateRequest, 5, wire.AppendPAPRequest(nil, "user", "wrong")...)
	h.verdict(Check(h.offer, "secret"))
	h.want("a wrong password", ProtoPAP, wire.AuthenticateNak)
	h.want("a wrong password", ProtoLCP, wire.TerminateRequest)
	if strings.Contains(string(h.last.Data), "wrong") {
		t.Error("the password is in the reason")
	}
	h.send(ProtoPAP, wire.AuthenticateRequest, 6, wire.AppendPAPRequest(nil, "user", "secret")...)
	// "Any Authenticate-Request packets received during any other phase MUST be
	// silently discarded." RFC 1334 §2.2.1
	h.wantNothing("another attempt")
	h.send(ProtoLCP, wire.TerminateAck, h.last.ID)
	h.wantDown("a wrong password", ErrAuthFailed)
}

// Malformed PAP is discarded, and so is PAP where CHAP was agreed upon.
func TestPAPDiscarded(t *testing.T) {
	h := authUp(t, PAP)
	for _, data := range [][]byte{nil, {4, 'u', 's'}, {1, 'u', 9, 'p'}, {1, 'u'}} {
		h.send(ProtoPAP, wire.AuthenticateRequest, 5, data...)
	}
	h.send(ProtoPAP, 9, 5, 1, 'u', 1, 'p')
	h.sendFrame([]byte{0xc0, 0x23, 1, 1, 0, 9})
	h.wantCount("malformed", Malformed, 6)
	h.send(ProtoCHAP, wire.Response, 5, wire.AppendCHAPValue(nil, make([]byte, 16), "user")...)
	h.wantCount("CHAP", OutOfPhase, 1)
	h.send(ProtoPAP, wire.AuthenticateAck, 5, 0)
	h.wantCount("an answer to nothing", Unmatched, 1)
	h.wantEffects("all discarded")

	h = newHand(t, func(c *Config) { c.Auth = []AuthMethod{PAP} })
	h.open()
	h.send(ProtoPAP, wire.AuthenticateRequest, 5, wire.AppendPAPRequest(nil, "user", "secret")...)
	h.send(ProtoCHAP, wire.Response, 5, wire.AppendCHAPValue(nil, make([]byte, 16), "user")...)
	h.wantEffects("no response before LCP is Opened")
	h.wantCount("no response before LCP is Opened", OutOfPhase, 2)
}

// An Authenticate-Request that overtakes the Configure-Ack before it is taken up when
// that has come; not if the peer has begun LCP anew meanwhile, nor before it can have
// had our Configure-Ack.
func TestPAPOvertakesConfigureAck(t *testing.T) {
	var ours wire.Packet
	overtaken := func() *hand {
		h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{PAP} })
		h.open()
		ours = h.want("Open", ProtoLCP, wire.ConfigureRequest)
		h.request(ProtoLCP, magicOption(peerMagic)...)
		h.want("a good request", ProtoLCP, wire.ConfigureAck)
		h.send(ProtoPAP, wire.AuthenticateRequest, 5, wire.AppendPAPRequest(nil, "user", "secret")...)
		h.wantEffects("before the Configure-Ack")
		return h
	}
	h := overtaken()
	h.send(ProtoLCP, wire.ConfigureAck, ours.ID, ours.Data...)
	h.wantEffects("the Configure-Ack", LinkUp, AuthRequest)
	if o := h.offer; o.Method != PAP || o.Name != "user" || o.Password != "secret" || o.ID != 5 {
		t.Errorf("offer %+v", o)
	}
	h.verdict(Verdict{OK: true})
	h.want("the verdict", ProtoPAP, wire.AuthenticateAck)
	h.wantCount("taken up", OutOfPhase, 0)

	h = overtaken()
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("the peer begins anew", ProtoLCP, wire.ConfigureAck)
	h.send(ProtoLCP, wire.ConfigureAck, ours.ID, ours.Data...)
	h.wantEffects("the Configure-Ack", LinkUp)

	h = overtaken()
	h.send(ProtoPAP, wire.AuthenticateAck, 5, 0)
	h.wantCount("an answer to nothing", OutOfPhase, 1)
	h.send(ProtoPAP, wire.AuthenticateRequest, 6, 9, 'u')
	h.wantCount("a name that is cut off", Malformed, 1)
}

// "The authenticator MUST transmit a CHAP packet with the Code field set to 1
// (Challenge).  Additional Challenge packets MUST be sent until a valid Response
// packet is received, or an optional retry counter expires. [...] The Identifier
// field MUST be changed each time a Challenge is sent. [...] The Challenge Value
// MUST be changed each time a Challenge is sent." RFC 1994 §4.1
func TestChallenges(t *testing.T) {
	h := newHand(t, func(c *Config) {
		c.Auth, c.AuthTimeout, c.ConfigureMax = []AuthMethod{CHAP}, time.Hour, 50
		c.ChallengeMin, c.ChallengeMax = 18, 25
		c.EchoInterval = -1
	})
	h.lcpUp()
	ids, values, lengths := map[uint8]bool{}, map[string]bool{}, map[int]bool{}
	for range 50 {
		p := h.want("no Response", ProtoCHAP, wire.Challenge)
		value, name, err := wire.ParseCHAPValue(p.Data)
		if err != nil || string(name) != "lns.example.net" {
			t.Fatalf("%x: name %q, %v", p.Data, name, err)
		}
		if ids[p.ID] || values[string(value)] {
			t.Error("an Identifier or a Value came again")
		}
		ids[p.ID], values[string(value)], lengths[len(value)] = true, true, true
		h.advance(3 * time.Second)
	}
	for n := range lengths {
		if n < 18 || n > 25 {
			t.Errorf("a challenge of %d octets", n)
		}
	}
	if len(lengths) < 4 {
		t.Errorf("lengths %v", lengths)
	}
	h.want("the retry counter has expired", ProtoLCP, wire.TerminateRequest)
	h.advance(time.Minute)
	h.wantDown("the retry counter has expired", ErrAuthTimeout)
}

// "any Response packets received having the current Challenge Identifier MUST
// return the same reply Code previously returned for that specific Challenge."
// RFC 1994 §4.1
func TestCHAPRepeated(t *testing.T) {
	h := authUp(t, CHAP)
	p := h.want("LCP is open", ProtoCHAP, wire.Challenge)
	value, _, _ := wire.ParseCHAPValue(p.Data)
	sum := md5Response(p.ID, "secret", value)
	response := wire.AppendCHAPValue(nil, sum[:], "user@example.net")
	h.send(ProtoCHAP, wire.Response, p.ID+1, response...)
	h.wantCount("another Identifier", Unmatched, 1)
	h.send(ProtoCHAP, wire.Response, p.ID, wire.AppendCHAPValue(nil, sum[:15], "u")...)
	h.wantCount("a short Value", Malformed, 1)
	h.send(ProtoCHAP, wire.Response, p.ID, response...)
	h.wantEffects("the right one", AuthRequest)
	h.send(ProtoCHAP, wire.Response, p.ID, response...)
	h.wantEffects("repeated while the owner thinks")
	h.advance(10 * time.Second)
	h.wantNothing("no more Challenges")
	if o := h.offer; o.Method != CHAP || o.Name != "user@example.net" || !bytes.Equal(o.Challenge, value) || !bytes.Equal(o.Response, sum[:]) {
		t.Errorf("offer %+v", o)
	}
	v := Check(h.offer, "secret")
	if !v.OK {
		t.Fatal("the right response was refused")
	}
	h.verdict(v)
	h.want("the verdict", ProtoCHAP, wire.Success)
	// "The Identifier field MUST be copied from the Identifier field of the Response
	// which caused this reply." RFC 1994 §4.2
	if h.last.ID != p.ID {
		t.Errorf("Identifier %d", h.last.ID)
	}
	h.grant(standard)
	h.frames = nil
	for range 2 {
		h.send(ProtoCHAP, wire.Response, p.ID, wire.AppendCHAPValue(nil, make([]byte, 16), "other")...)
		h.want("repeated in the network phase", ProtoCHAP, wire.Success)
		h.wantEffects("nobody is asked again")
		h.request(ProtoIPCP)
		h.frames = nil
	}
}

// "If the Value received in a Response is not equal to the expected value, then
// the implementation MUST transmit a CHAP packet with the Code field set to 4
// (Failure), and SHOULD take action to terminate the link." RFC 1994 §4.2
func TestCHAPFailure(t *testing.T) {
	for _, m := range []AuthMethod{CHAP, MSCHAPv2} {
		h := authUp(t, m)
		p := h.want("LCP is open", ProtoCHAP, wire.Challenge)
		h.send(ProtoCHAP, wire.Response, p.ID, wire.AppendCHAPValue(nil, make([]byte, responseLen(m)), "user")...)
		h.verdict(Check(h.offer, "secret"))
		h.want("a wrong password", ProtoCHAP, wire.Failure)
		h.want("a wrong password", ProtoLCP, wire.TerminateRequest)
		h.advance(time.Minute)
		h.wantDown("a wrong password", ErrAuthFailed)
	}
}

// "An implementation SHOULD NOT fail authentication simply due to timeout or lack
// of response. [...] proceed to the Link Termination phase only after a number of
// authentication attempts has been exceeded." RFC 1661 §3.5: but not for ever.
func TestAuthTimeout(t *testing.T) {
	for _, tt := range []struct{ configured, want time.Duration }{{0, 30 * time.Second}, {7 * time.Second, 7 * time.Second}} {
		h := newHand(t, func(c *Config) { c.Auth, c.AuthTimeout = []AuthMethod{PAP}, tt.configured })
		h.lcpUp()
		h.advance(tt.want - 1)
		h.wantPhase("before", PhaseAuthenticate)
		h.advance(1)
		h.wantPhase("after", PhaseTerminate)
		h.advance(time.Minute)
		h.wantDown("after", ErrAuthTimeout)
	}
	// An owner who answers too late answers nobody.
	h := authUp(t, PAP)
	h.send(ProtoPAP, wire.AuthenticateRequest, 5, wire.AppendPAPRequest(nil, "user", "secret")...)
	h.advance(31 * time.Second)
	h.frames = nil
	h.verdict(Verdict{OK: true})
	h.wantNothing("a verdict that came too late")
	h.wantPhase("a verdict that came too late", PhaseTerminate)
}

// "Advancement from the Authentication phase to the Network-Layer Protocol phase
// MUST NOT occur until authentication has completed." RFC 1661 §3.5
func TestNoNetworkBeforeAuthentication(t *testing.T) {
	h := authUp(t, PAP)
	h.request(ProtoIPCP, wire.AppendOption32(nil, wire.OptionIPAddress, 0)...)
	h.request(ProtoIPV6CP)
	h.wantNothing("not authenticated")
	h.wantCount("not authenticated", OutOfPhase, 2)
	// "Any supported network-layer protocol packets received when the corresponding
	// NCP is not in the Opened state MUST be silently discarded." RFC 1661 §3.6
	h.sendFrame([]byte{0xff, 0x03, 0x00, 0x21, 0x45})
	h.sendFrame([]byte{0x57, 0x60})
	h.wantNothing("network-layer packets")
	h.grant(standard)
	h.wantNothing("granted too early")
	h.login()
	h.want("now", ProtoIPCP, wire.ConfigureRequest)
	h.want("now", ProtoIPV6CP, wire.ConfigureRequest)
}

// peerUp opens LCP of a Peer that is asked for m.
func peerUp(t *testing.T, m AuthMethod) *hand {
	t.Helper()
	h := newHand(t, func(c *Config) { c.Role, c.Auth, c.SuggestDNS = Peer, []AuthMethod{m}, true })
	h.lcpUp(authOption(m)...)
	h.wantPhase("LCP is open", PhaseAuthenticate)
	return h
}

// "The link peer MUST transmit a PAP packet with the Code field set to 1 [...] The
// Authenticate-Request packet MUST be repeated until a valid reply packet is
// received, or an optional retry counter expires. [...] The Identifier field MUST
// be changed each time an Authenticate-Request packet is issued." RFC 1334 §2.2.1
func TestPeerPAP(t *testing.T) {
	h := peerUp(t, PAP)
	want := wire.AppendPAPRequest(nil, "user@example.net", "secret")
	h.wantData("LCP is open", ProtoPAP, wire.AuthenticateRequest, want...)
	first := h.last.ID
	h.advance(3 * time.Second)
	h.wantData("no reply", ProtoPAP, wire.AuthenticateRequest, want...)
	if h.last.ID == first {
		t.Error("the Identifier did not change")
	}
	h.send(ProtoPAP, wire.AuthenticateAck, first, 0)
	h.wantPhase("a reply to the first", PhaseAuthenticate)
	h.reply(ProtoPAP, wire.AuthenticateAck)
	h.wantPhase("a reply to the second, without a Msg-Length", PhaseNetwork)
	h.want("then", ProtoIPCP, wire.ConfigureRequest)
	h.advance(10 * time.Second)
	for _, f := range h.frames {
		if p, _ := code(f); p == ProtoPAP {
			t.Error("an Authenticate-Request after the verdict")
		}
	}

	h = peerUp(t, PAP)
	h.advance(time.Hour)
	for range 10 {
		h.want("no reply at all", ProtoPAP, wire.AuthenticateRequest)
	}
	h.wantDown("no reply at all", ErrAuthTimeout)

	h = peerUp(t, PAP)
	h.want("", ProtoPAP, wire.AuthenticateRequest)
	h.reply(ProtoPAP, wire.AuthenticateNak, 2, 'n', 'o')
	h.wantNothing("the authenticator ends the link")
	h.send(ProtoLCP, wire.TerminateRequest, 1)
	h.want("", ProtoLCP, wire.TerminateAck)
	h.advance(time.Minute)
	h.wantDown("refused", ErrAuthFailed)

	h = peerUp(t, PAP)
	h.want("", ProtoPAP, wire.AuthenticateRequest)
	h.reply(ProtoPAP, wire.AuthenticateNak, 0)
	h.frames = nil
	h.advance(time.Hour)
	h.wantDown("refused by an authenticator that forgets to terminate", ErrAuthFailed)
}

// "Whenever a Challenge packet is received, the peer MUST transmit a CHAP packet
// with the Code field set to 2 (Response)." RFC 1994 §4.1: in the network phase too.
func TestPeerCHAP(t *testing.T) {
	for _, m := range []AuthMethod{CHAP, MSCHAPv2} {
		h := peerUp(t, m)
		challenge := bytes.Repeat([]byte{7}, 16)
		for round, phase := range []Phase{PhaseAuthenticate, PhaseNetwork, PhaseNetwork} {
			h.wantPhase("challenged", phase)
			h.frames = nil
			id := uint8(40 + round)
			h.send(ProtoCHAP, wire.Challenge, id, wire.AppendCHAPValue(nil, challenge, "lns")...)
			p := h.want("challenged", ProtoCHAP, wire.Response)
			value, name, _ := wire.ParseCHAPValue(p.Data)
			o := AuthOffer{Method: m, Name: string(name), ID: p.ID, Challenge: challenge, Response: value}
			v := Check(&o, "secret")
			if !v.OK || p.ID != id {
				t.Fatalf("%v: Identifier %d, response %x", m, p.ID, value)
			}
			h.send(ProtoCHAP, wire.Success, id+1, []byte(v.Message)...)
			h.wantPhase("another Identifier", phase)
			h.send(ProtoCHAP, wire.Success, id, []byte(v.Message)...)
			h.wantPhase("success", PhaseNetwork)
		}
		h.frames = nil
		h.send(ProtoCHAP, wire.Challenge, 50, wire.AppendCHAPValue(nil, challenge, "lns")...)
		h.want("challenged", ProtoCHAP, wire.Response)
		h.reply(ProtoCHAP, wire.Failure)
		h.send(ProtoLCP, wire.TerminateRequest, 1)
		h.advance(time.Minute)
		h.wantDown("failed a later challenge", ErrAuthFailed)
	}
}

// A Peer repeats its Response while no verdict comes, and not for ever: the Success
// may have been lost.
func TestPeerRepeatsResponse(t *testing.T) {
	h := peerUp(t, CHAP)
	h.send(ProtoCHAP, wire.Challenge, 9, wire.AppendCHAPValue(nil, make([]byte, 16), "lns")...)
	first := h.want("challenged", ProtoCHAP, wire.Response)
	h.advance(29 * time.Second)
	for range 9 {
		if p := h.want("no verdict", ProtoCHAP, wire.Response); p.ID != 9 || !bytes.Equal(p.Data, first.Data) {
			t.Errorf("%v is not %v again", p, first)
		}
	}
	h.wantNothing("no verdict")
	h.reply(ProtoCHAP, wire.Success)
	h.wantPhase("at last", PhaseNetwork)
	h.advance(10 * time.Second)
	for _, f := range h.frames {
		if p, _ := code(f); p == ProtoCHAP {
			t.Error("a Response after the verdict")
		}
	}
	h = peerUp(t, CHAP)
	h.send(ProtoCHAP, wire.Challenge, 9, wire.AppendCHAPValue(nil, make([]byte, 16), "lns")...)
	h.frames = nil
	h.advance(time.Minute)
	h.wantDown("no verdict at all", ErrAuthTimeout)
}

// "If the authenticator response is either missing or incorrect, the peer MUST end
// the session." RFC 2759 §5
func TestPeerVerifiesAuthenticator(t *testing.T) {
	for _, message := range []string{"", "S=0000000000000000000000000000000000000000 M=Welcome", "M=Welcome"} {
		h := peerUp(t, MSCHAPv2)
		h.send(ProtoCHAP, wire.Challenge, 1, wire.AppendCHAPValue(nil, make([]byte, 16), "lns")...)
		h.want("", ProtoCHAP, wire.Response)
		h.reply(ProtoCHAP, wire.Success, []byte(message)...)
		h.want(message, ProtoLCP, wire.TerminateRequest)
		h.advance(time.Minute)
		h.wantDown(message, ErrAuthFailed)
	}
}

// A lost Success is sent again with its "S=", which the peer cannot do without.
func TestLostSuccess(t *testing.T) {
	p := newPair(11, MSCHAPv2)
	lost := 0
	p.onFrame = func(f *frame) {
		proto, c := code(f.b)
		if f.to == 1 && proto == ProtoCHAP && c == wire.Success && lost == 0 {
			lost++
			f.b = nil
		}
	}
	p.open()
	var response []byte
	p.onEffects = func(end int, e Effect) {
		if proto, c := code(e.Frame); end == 1 && proto == ProtoCHAP && c == wire.Response {
			response = bytes.Clone(e.Frame)
		}
	}
	p.run(epoch.Add(time.Second))
	if lost != 1 || p.end[1].Phase() != PhaseAuthenticate {
		t.Fatalf("lost %d, the modem is in phase %v", lost, p.end[1].Phase())
	}
	p.end[0].Handle(p.now, response, &p.fx[0]) // the modem repeats itself
	p.carryOut(0)
	p.run(epoch.Add(10 * time.Second))
	p.wantUp(t, "after the repetition")
	if p.asked != 1 {
		t.Errorf("asked %d times", p.asked)
	}
}

// The Authenticator never agrees to authenticate itself, so that a Challenge to it
// is out of place.
func TestAuthenticatorIsNotAuthenticated(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	h.send(ProtoCHAP, wire.Challenge, 1, wire.AppendCHAPValue(nil, make([]byte, 16), "modem")...)
	h.send(ProtoCHAP, wire.Success, 1)
	h.send(ProtoCHAP, 9, 1)
	h.wantNothing("challenged without having agreed")
	h.wantPhase("challenged without having agreed", PhaseNetwork)
}
