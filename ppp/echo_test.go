// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// "Upon reception of an Echo-Request in the LCP Opened state, an Echo-Reply MUST
// be transmitted. [...] Echo-Request and Echo-Reply packets received in any state
// other than the LCP Opened state SHOULD be silently discarded." RFC 1661 §5.8
//
// "If Magic-Number has been successfully negotiated, an implementation MUST
// transmit these packets with the Magic-Number field set to its negotiated
// Magic-Number." RFC 1661 §6.4
func TestEchoRequest(t *testing.T) {
	h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{PAP} })
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	own, _ := h.option(wire.OptionMagic)
	own = bytes.Clone(own)
	h.send(ProtoLCP, wire.EchoRequest, 1, magicData(0)...)
	h.wantNothing("before Opened")
	h.wantCount("before Opened", OutOfPhase, 1)
	h.ack(ProtoLCP)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.want("", ProtoLCP, wire.ConfigureAck)

	// pppd asks as soon as LCP is open, before it has authenticated.
	h.send(ProtoLCP, wire.EchoRequest, 42, magicData(peerMagic, 'd', 'a', 't', 'a')...)
	h.wantData("in Opened", ProtoLCP, wire.EchoReply, append(bytes.Clone(own), "data"...)...)
	if h.last.ID != 42 {
		t.Errorf("Identifier %d", h.last.ID)
	}
	h.send(ProtoLCP, wire.EchoRequest, 43, 1, 2, 3)
	h.wantNothing("without a Magic-Number")
	h.wantCount("without a Magic-Number", Malformed, 1)
	// "On reception, the receiver MUST silently discard any Discard-Request that it
	// receives." RFC 1661 §5.9
	h.send(ProtoLCP, wire.DiscardRequest, 44, magicData(peerMagic)...)
	h.send(ProtoLCP, wire.EchoReply, 45, magicData(peerMagic)...)
	h.wantNothing("Discard-Request and Echo-Reply")
}

// An Echo-Reply is no longer than the peer's MRU: "The Length MUST NOT exceed the
// MRU of the link." RFC 1661 §5
func TestEchoReplyIsTruncated(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp(mruOption(300)...)
	h.send(ProtoLCP, wire.EchoRequest, 1, magicData(peerMagic, make([]byte, 1000)...)...)
	if p := h.want("a long one", ProtoLCP, wire.EchoReply); wire.HeaderLen+len(p.Data) != 300 {
		t.Errorf("%d octets", wire.HeaderLen+len(p.Data))
	}
}

// "All received Magic-Number fields MUST be equal to either zero or the peer's
// unique Magic-Number." RFC 1661 §6.4
func TestEchoMagic(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		h := newHand(t, func(c *Config) { c.IgnoreMagic = ignore })
		h.lcpUp()
		h.send(ProtoLCP, wire.EchoRequest, 1, magicData(0)...)
		h.want("zero", ProtoLCP, wire.EchoReply)
		h.send(ProtoLCP, wire.EchoRequest, 1, magicData(99)...)
		if ignore {
			h.want("a stranger's", ProtoLCP, wire.EchoReply)
		} else {
			h.wantNothing("a stranger's")
			h.wantCount("a stranger's", WrongMagic, 1)
		}
		h.send(ProtoLCP, wire.EchoRequest, 1, magicData(h.link.local.magic)...)
		// "Reception of a Magic-Number field equal to the negotiated local Magic-Number
		// indicates a looped-back link." RFC 1661 §6.4
		h.want("our own", ProtoLCP, wire.TerminateRequest)
		h.advance(time.Minute)
		h.wantDown("our own", ErrLoopback)
	}
}

// "Until the Magic-Number Configuration Option has been successfully negotiated,
// the Magic-Number MUST be transmitted as zero." RFC 1661 §5.8
func TestEchoWithoutMagic(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	magic, _ := h.option(wire.OptionMagic)
	h.reply(ProtoLCP, wire.ConfigureReject, wire.AppendOption(nil, wire.OptionMagic, magic...)...)
	h.want("a Reject", ProtoLCP, wire.ConfigureRequest)
	h.ack(ProtoLCP)
	h.request(ProtoLCP)
	h.want("", ProtoLCP, wire.ConfigureAck)
	h.send(ProtoLCP, wire.EchoRequest, 1, magicData(0)...)
	h.wantData("not negotiated", ProtoLCP, wire.EchoReply, 0, 0, 0, 0)
	h.advance(30 * time.Second)
	h.wantData("not negotiated", ProtoLCP, wire.EchoRequest, 0, 0, 0, 0)
}

// An Echo-Request goes out each EchoInterval; a peer that leaves EchoMax of them
// unanswered is dead.
func TestEchoInterval(t *testing.T) {
	for _, tt := range []struct {
		change   func(*Config)
		interval time.Duration
		max      int
	}{
		{nil, 30 * time.Second, 3},
		{func(c *Config) { c.EchoInterval, c.EchoMax = 10*time.Second, 5 }, 10 * time.Second, 5},
	} {
		h := newHand(t, tt.change)
		h.lcpUp()
		for range 10 {
			h.advance(tt.interval)
			h.want("alive", ProtoLCP, wire.EchoRequest)
			h.reply(ProtoLCP, wire.EchoReply, magicData(peerMagic)...)
			h.wantNothing("alive")
		}
		id := h.last.ID
		for range tt.max {
			h.advance(tt.interval)
			if h.want("silent", ProtoLCP, wire.EchoRequest).ID == id {
				t.Error("the Identifier did not change")
			}
		}
		h.wantPhase("silent for that long", PhaseNetwork)
		h.advance(tt.interval)
		h.want("silent for longer", ProtoLCP, wire.TerminateRequest)
		h.advance(time.Minute)
		h.wantDown("silent for longer", ErrNoEcho)
		h.wantCount("silent", EchoUnanswered, uint64(tt.max))
		if c := h.link.Counters(); c.EchoRequestsSent != uint32(10+tt.max) || c.EchoRepliesReceived != 10 {
			t.Errorf("counters %+v", c)
		}
	}
}

// Whatever the peer sends proves it alive: data, its own echoes, NCP packets. An
// answer with a stranger's Magic-Number does not.
func TestAnythingIsLife(t *testing.T) {
	for _, tt := range []struct {
		why  string
		life func(h *hand)
		ok   bool
	}{
		{"data by the fast path", func(h *hand) { h.link.Alive(h.now) }, true},
		{"an IPv4 packet", func(h *hand) { h.sendFrame([]byte{0x21, 0x45}) }, true},
		{"its own Echo-Request", func(h *hand) { h.send(ProtoLCP, wire.EchoRequest, 1, magicData(peerMagic)...) }, true},
		{"Identification", func(h *hand) { h.send(ProtoLCP, wire.Identification, 1, magicData(peerMagic)...) }, true},
		{"an IPCP packet", func(h *hand) { h.send(ProtoIPCP, wire.TerminateAck, 1) }, true},
		{"a reply from somebody else", func(h *hand) { h.send(ProtoLCP, wire.EchoReply, 1, magicData(99)...) }, false},
		{"nothing", func(*hand) {}, false},
	} {
		h := newHand(t, nil)
		h.lcpUp()
		for range 20 {
			h.advance(30 * time.Second)
			tt.life(h)
		}
		if alive := h.link.Phase() != PhaseDead; alive != tt.ok {
			t.Errorf("%s: alive is %v", tt.why, alive)
		}
	}
}

// A negative interval means no Echo-Requests, and so does a peer that does not
// know them: "The implementation MUST stop sending the offending packet type."
// RFC 1661 §4.3
func TestNoEcho(t *testing.T) {
	h := newHand(t, func(c *Config) { c.EchoInterval = -1 })
	h.lcpUp()
	h.advance(time.Hour)
	h.wantNothing("switched off")

	h = newHand(t, nil)
	h.lcpUp()
	h.advance(30 * time.Second)
	p := h.want("", ProtoLCP, wire.EchoRequest)
	h.send(ProtoLCP, wire.CodeReject, 1, wire.AppendPacket(nil, p)...)
	h.advance(time.Hour)
	h.wantNothing("rejected")
	h.wantPhase("rejected", PhaseNetwork)
}

// An echo, both ways, costs no memory.
func TestEchoAllocatesNothing(t *testing.T) {
	h := newHand(t, func(c *Config) { c.EchoMax = 1 << 14 })
	h.lcpUp()
	request := append([]byte{0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8}, magicData(peerMagic)...)
	frames := 0
	if n := testing.AllocsPerRun(1000, func() {
		h.fx.Reset()
		h.link.Handle(h.now, request, &h.fx)
		h.now = h.link.Next()
		h.link.Advance(h.now, &h.fx)
		frames += len(h.fx.List)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if frames < 2000 {
		t.Errorf("only %d frames", frames)
	}
}
