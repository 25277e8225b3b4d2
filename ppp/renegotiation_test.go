// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// "The implementation MUST be prepared to immediately renegotiate the
// Configuration Options." RFC 1661 §4.3
//
// "The receipt of the LCP Configure-Request causes a return to the Link
// Establishment phase from the Network-Layer Protocol phase or Authentication
// phase." RFC 1661 §3.4
func TestRenegotiation(t *testing.T) {
	p := newPair(3, CHAP)
	p.open()
	p.run(epoch.Add(time.Second))
	p.wantUp(t, "at first")
	if p.asked != 1 {
		t.Fatalf("asked %d times", p.asked)
	}
	// The modem's process dies and a new one dials on the same session.
	p.log = nil
	p.networks[1] = [2]bool{}
	p.end[1].Abort(p.now)
	p.end[1].Init(&p.cfg[1], &p.cred)
	p.end[1].Open(p.now, &p.fx[1])
	p.carryOut(1)
	p.run(epoch.Add(2 * time.Second))
	p.wantUp(t, "after the modem began again")
	want := []string{
		"lns NetworkDown IPCP", "lns NetworkDown IPV6CP", "lns LinkUp", "lns AuthRequest CHAP user@example.net",
		"lns NetworkUp IPCP", "lns NetworkUp IPV6CP",
	}
	var got []string
	for _, line := range p.log {
		if line[:4] == "lns " {
			got = append(got, line)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("the owner heard %q", got)
	}
	for _, line := range want {
		if !bytes.Contains([]byte(joinLines(got)), []byte(line)) {
			t.Errorf("the owner did not hear %q: %q", line, got)
		}
	}
	if p.cfg[0].Counters[Renegotiation] != 1 {
		t.Errorf("counted %d renegotiations", p.cfg[0].Counters[Renegotiation])
	}
}

func joinLines(lines []string) (s string) {
	for _, l := range lines {
		s += l + "\n"
	}
	return s
}

// again renegotiates an Opened link from the peer's side.
func (h *hand) again() {
	h.Helper()
	h.frames, h.kinds = nil, nil
	h.request(ProtoLCP, magicOption(peerMagic)...)
	request := h.want("the peer begins again", ProtoLCP, wire.ConfigureRequest)
	h.want("the peer begins again", ProtoLCP, wire.ConfigureAck)
	h.wantPhase("the peer begins again", PhaseEstablish)
	h.last = request
}

// What one negotiation has taught or counted does not weigh on the next.
func TestNegotiationsAreApart(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	for range 25 {
		h.again()
		h.reply(ProtoLCP, wire.ConfigureNak, mruOption(1400)...)
		h.want("a Nak", ProtoLCP, wire.ConfigureRequest)
		if mru, _ := h.option(wire.OptionMRU); !bytes.Equal(mru, []byte{0x05, 0x78}) {
			t.Fatalf("asks for an MRU of %x", mru)
		}
		h.ack(ProtoLCP)
		h.wantPhase("up again", PhaseNetwork)
	}
	h.again()
	if mru, _ := h.option(wire.OptionMRU); !bytes.Equal(mru, []byte{0x05, 0xd4}) {
		t.Errorf("what was learned is still asked for: an MRU of %x", mru)
	}
}

// Methods that one peer has refused are offered to the next.
func TestMethodsComeBack(t *testing.T) {
	h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{MSCHAPv2, CHAP, PAP} })
	h.open()
	for range 2 {
		h.want("a method", ProtoLCP, wire.ConfigureRequest)
		h.reply(ProtoLCP, wire.ConfigureNak, 3, 4, 0xc2, 0x27)
	}
	h.want("PAP is left", ProtoLCP, wire.ConfigureRequest)
	h.ack(ProtoLCP)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("", ProtoLCP, wire.ConfigureAck)
	h.again()
	h.reply(ProtoLCP, wire.ConfigureNak, authOption(CHAP)...)
	h.want("the next peer suggests CHAP", ProtoLCP, wire.ConfigureRequest)
	if data, _ := h.option(wire.OptionAuth); authMethod(wire.Option{Data: data}) != CHAP {
		t.Errorf("asks for %x", data)
	}
}

// A grant, and the knowledge that a network was up, go with the link.
func TestGrantIsGone(t *testing.T) {
	h := newHand(t, nil)
	h.networkUp()
	h.want("Grant", ProtoIPCP, wire.ConfigureRequest)
	h.ack(ProtoIPCP)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.wantEffects("up", NetworkUp)
	h.again()
	h.wantEffects("down", NetworkDown)
	h.ack(ProtoLCP)
	h.wantEffects("up again", LinkUp)
	h.wantPhase("up again", PhaseNetwork)
	h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
	h.wantNothing("nothing is granted")
	h.grant(standard)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80, 0x21)
	h.send(ProtoLCP, wire.ProtocolReject, 1, 0x80, 0x57)
	h.advance(time.Minute)
	h.wantDown("this time the peer speaks neither protocol", ErrNoNetwork)
}

// A reason to go down is forgotten when the link comes up after all.
func TestReasonIsForgotten(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	request := h.last
	h.send(ProtoLCP, wire.TerminateRequest, 1)
	h.want("while negotiating", ProtoLCP, wire.TerminateAck)
	h.last = request
	h.ack(ProtoLCP)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.wantPhase("up after all", PhaseNetwork)
	h.again()
	h.advance(time.Minute)
	h.wantDown("silence", ErrNoAnswer)
}

// What an NCP's peer rejected is asked for again when the NCP begins again.
func TestRejectsAreForgotten(t *testing.T) {
	for _, p := range []Protocol{ProtoIPCP, ProtoIPV6CP} {
		h := newHand(t, func(c *Config) { c.IPCP, c.IPV6CP = p == ProtoIPCP, p == ProtoIPV6CP })
		h.lcpUp()
		h.grant(standard)
		first := h.want("Grant", p, wire.ConfigureRequest).Data
		h.reply(p, wire.ConfigureReject, first...)
		h.wantData("rejected", p, wire.ConfigureRequest)
		h.ack(p)
		good := ipOption(wire.OptionIPAddress, "198.51.100.7")
		if p == ProtoIPV6CP {
			good = idOption(2)
		}
		h.request(p, good...)
		h.want("up", p, wire.ConfigureAck)
		h.request(p, good...)
		again := h.want("the peer begins again", p, wire.ConfigureRequest).Data
		if len(again) != len(first) {
			t.Errorf("%v asks for %x, at first for %x", p, again, first)
		}
	}
}

// Collisions of Magic-Numbers before and after a link was up are not one loop.
func TestCollisionsAreForgotten(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	for range 3 {
		for range 3 {
			h.frames = nil
			h.request(ProtoLCP, magicOption(h.link.local.magic)...)
		}
		h.request(ProtoLCP, magicOption(peerMagic)...)
		h.send(ProtoLCP, wire.ConfigureAck, h.link.layers[lcp].requestID, h.link.appendLCPRequest(nil)...)
		h.wantPhase("three collisions", PhaseNetwork)
	}
}

// An NCP that gave up begins with a clean slate when the peer comes back: it Naks
// again before it rejects.
func TestNaksAreForgotten(t *testing.T) {
	h := ipcpUp(t, standard, func(c *Config) { c.IPV6CP = true })
	h.want("Grant", ProtoIPV6CP, wire.ConfigureRequest)
	h.ack(ProtoIPV6CP)
	h.request(ProtoIPV6CP, idOption(2)...)
	h.want("", ProtoIPV6CP, wire.ConfigureAck)
	other := ipOption(wire.OptionIPAddress, "203.0.113.9")
	for range 2 {
		for range 5 {
			h.frames = nil
			h.request(ProtoIPCP, other...)
		}
		h.want("the fifth time", ProtoIPCP, wire.ConfigureNak)
		h.request(ProtoIPCP, other...)
		h.want("the sixth time", ProtoIPCP, wire.ConfigureReject)
		h.request(ProtoIPCP)
		if s := h.link.layers[ipcp].state; s != stopped {
			t.Fatalf("IPCP is %v", s)
		}
		h.frames = nil
		h.request(ProtoIPCP, other...) // the first of five again
		h.want("begun again", ProtoIPCP, wire.ConfigureRequest)
		h.want("begun again", ProtoIPCP, wire.ConfigureNak)
		h.request(ProtoIPCP, ipOption(wire.OptionIPAddress, "198.51.100.7")...)
		h.want("a good one, so that the count is new", ProtoIPCP, wire.ConfigureAck)
	}
}

// A way that keeps no order may bring an old Configure-Request last. Then both
// ends are Opened and neither knows the other's Magic-Number: the third frame with
// a wrong one has LCP begin anew, and one with the right one in between does not.
func TestStrangerBeginsAnew(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	for _, m := range []uint32{99, 99, peerMagic, 99, 99} {
		h.send(ProtoLCP, wire.EchoReply, 7, magicData(m)...)
	}
	h.wantNothing("two in a row")
	h.send(ProtoLCP, wire.EchoRequest, 8, magicData(99)...)
	h.want("the third", ProtoLCP, wire.ConfigureRequest)
	h.wantCount("the third", Renegotiation, 1)
	h.ack(ProtoLCP)
	h.request(ProtoLCP, magicOption(99)...)
	h.want("the peer as it is now", ProtoLCP, wire.ConfigureAck)
	h.send(ProtoLCP, wire.EchoRequest, 9, magicData(99)...)
	h.want("it is known again", ProtoLCP, wire.EchoReply)
}

// A peer that does not know its own Magic-Number is not negotiated with for ever.
func TestStrangerStaysAStranger(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	for range strangeMax {
		h.send(ProtoLCP, wire.EchoReply, 7, magicData(99)...)
	}
	h.want("the third", ProtoLCP, wire.ConfigureRequest)
	h.ack(ProtoLCP)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("it says what it said before", ProtoLCP, wire.ConfigureAck)
	for range 3 * strangeMax {
		h.send(ProtoLCP, wire.EchoReply, 8, magicData(99)...)
	}
	h.wantNothing("and does what it did")
	h.wantCount("once", Renegotiation, 1)
}
