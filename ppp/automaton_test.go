// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// Every cell of the table is carried out: the new state, the packets, the news
// and the Restart timer.
func TestFireCarriesOutTheTable(t *testing.T) {
	for e := range eventCount {
		for s := range stateCount {
			h := newHand(t, nil)
			h.link.layers[ipcp].state = s
			h.link.net.peer = [4]byte{198, 51, 100, 7}
			in := input{Packet: wire.Packet{Code: wire.ConfigureRequest, ID: 9}}
			c := transitions[e][s]
			code := wire.ConfigureAck
			if c != no && c&scn != 0 {
				code = wire.ConfigureNak
			}
			in.reply = wire.AppendPacket(wire.AppendHeader(nil, ProtoIPCP), wire.Packet{Code: code})
			h.link.fire(h.now, ipcp, e, in, &h.fx)
			h.collect()
			if c == no {
				h.wantNothing("an impossible event")
				h.wantCount("an impossible event", IllegalTransition, 1)
				if h.link.layers[ipcp].state != s {
					t.Errorf("%v in %v moved to %v", e, s, h.link.layers[ipcp].state)
				}
				continue
			}
			if got := h.link.layers[ipcp].state; got != c.to() {
				t.Errorf("%v in %v leads to %v", e, s, got)
			}
			for _, a := range []struct {
				action cell
				code   wire.Code
			}{
				{scr, wire.ConfigureRequest}, {sca, wire.ConfigureAck}, {scn, wire.ConfigureNak},
				{str, wire.TerminateRequest}, {sta, wire.TerminateAck}, {scj, wire.CodeReject},
			} {
				if c&a.action != 0 {
					h.want(e.String()+" in "+s.String(), ProtoIPCP, a.code)
				}
			}
			h.wantNothing(e.String() + " in " + s.String())
			var kinds []EffectKind
			if c&tld != 0 {
				kinds = append(kinds, NetworkDown)
			}
			if c&tlu != 0 {
				kinds = append(kinds, NetworkUp)
			}
			h.wantEffects(e.String()+" in "+s.String(), kinds...)
			if c&(scr|str|zrc) != 0 == h.link.layers[ipcp].restartAt.IsZero() {
				t.Errorf("%v in %v: Restart timer %v", e, s, h.link.layers[ipcp].restartAt)
			}
		}
	}
}

// "Max-Configure indicates the number of Configure-Request packets sent without
// receiving a valid Configure-Ack, Configure-Nak or Configure-Reject before
// assuming that the peer is unable to respond.  Max-Configure MUST be
// configurable, but SHOULD default to ten (10) transmissions." RFC 1661 §4.6
//
// "The Restart timer MUST be configurable, but SHOULD default to three (3)
// seconds." RFC 1661 §4.6
func TestMaxConfigure(t *testing.T) {
	for _, tt := range []struct {
		max, want int
		interval  time.Duration
		took      time.Duration
	}{
		{0, 10, 0, 30 * time.Second},
		{4, 4, time.Second, 4 * time.Second},
	} {
		h := newHand(t, func(c *Config) { c.ConfigureMax, c.RestartInterval = tt.max, tt.interval })
		h.open()
		first := h.want("Open", ProtoLCP, wire.ConfigureRequest)
		h.advance(tt.took - time.Millisecond)
		for range tt.want - 1 {
			// "For retransmissions, the Identifier MAY remain unchanged." RFC 1661 §5.1
			if p := h.want("silence", ProtoLCP, wire.ConfigureRequest); p.ID != first.ID || !bytes.Equal(p.Data, first.Data) {
				t.Errorf("retransmission %v differs from %v", p, first)
			}
		}
		h.wantNothing("before the last timeout")
		h.wantEffects("before the last timeout")
		h.advance(time.Millisecond)
		h.wantNothing("after the last timeout")
		h.wantEffects("after the last timeout", Down)
		h.wantDown("after the last timeout", ErrNoAnswer)
	}
}

// "Max-Terminate MUST be configurable, but SHOULD default to two (2)
// transmissions." RFC 1661 §4.6
func TestMaxTerminate(t *testing.T) {
	for _, tt := range []struct{ max, want int }{{0, 2}, {5, 5}} {
		h := newHand(t, func(c *Config) { c.TerminateMax = tt.max })
		h.lcpUp()
		h.link.Close(h.now, "because", &h.fx)
		h.collect()
		h.wantPhase("Close", PhaseTerminate)
		h.advance(time.Minute)
		ids := map[uint8]bool{}
		for range tt.want {
			h.wantData("Close", ProtoLCP, wire.TerminateRequest, []byte("closed: because")...)
			ids[h.last.ID] = true
		}
		// "For retransmissions, the Identifier MAY remain unchanged." RFC 1661 §5.5
		if len(ids) != 1 {
			t.Errorf("Identifiers %v", ids)
		}
		h.wantNothing("then no more")
		h.wantDown("nobody answers", ErrClosed)
	}
}

// "An implementation wishing to close a connection SHOULD transmit a
// Terminate-Request.  Terminate-Request packets SHOULD continue to be sent until
// Terminate-Ack is received." RFC 1661 §5.5
func TestCloseEndsWithTerminateAck(t *testing.T) {
	h := newHand(t, nil)
	h.lcpUp()
	h.link.Close(h.now, "", &h.fx)
	h.collect()
	h.want("Close", ProtoLCP, wire.TerminateRequest)
	h.link.Close(h.now, "again", &h.fx)
	h.collect()
	h.wantNothing("a second Close")
	h.reply(ProtoLCP, wire.TerminateAck)
	h.wantEffects("Terminate-Ack", Down)
	h.wantDown("Terminate-Ack", ErrClosed)
	h.request(ProtoLCP, magicOption(peerMagic)...)
	h.wantNothing("a dead link is silent")
}

// "The receiver of a Terminate-Request SHOULD wait for the peer to disconnect,
// and MUST NOT disconnect until at least one Restart time has passed after
// sending a Terminate-Ack." RFC 1661 §3.7
func TestPeerTerminates(t *testing.T) {
	h := newHand(t, nil)
	h.networkUp()
	h.frames, h.kinds = nil, nil
	h.send(ProtoLCP, wire.TerminateRequest, 77)
	// "On reception, the Identifier field of the Terminate-Request is copied into
	// the Identifier field of the Terminate-Ack packet." RFC 1661 §5.5
	if p := h.want("Terminate-Request", ProtoLCP, wire.TerminateAck); p.ID != 77 {
		t.Errorf("Identifier %d", p.ID)
	}
	h.wantPhase("Terminate-Request", PhaseTerminate)
	h.send(ProtoLCP, wire.TerminateRequest, 78)
	h.want("a second one", ProtoLCP, wire.TerminateAck)
	h.advance(3*time.Second - time.Millisecond)
	h.wantEffects("before a Restart time has passed")
	h.advance(time.Millisecond)
	h.wantEffects("after it", Down)
	h.wantDown("after it", ErrTerminated)
}

// "On reception of a Configure-Ack, the Identifier field MUST match that of the
// last transmitted Configure-Request.  Additionally, the Configuration Options
// in a Configure-Ack MUST exactly match those of the last transmitted
// Configure-Request." RFC 1661 §5.2
func TestInvalidReplies(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	options := bytes.Clone(h.last.Data)
	h.send(ProtoLCP, wire.ConfigureAck, h.last.ID+1, options...)
	h.send(ProtoLCP, wire.ConfigureNak, h.last.ID+1, mruOption(1400)...)
	h.send(ProtoLCP, wire.ConfigureReject, h.last.ID+1, options...)
	h.wantCount("a wrong Identifier", Unmatched, 3)
	h.reply(ProtoLCP, wire.ConfigureAck, options[:4]...)
	h.reply(ProtoLCP, wire.ConfigureAck, append(bytes.Clone(options), 7, 2)...)
	h.wantCount("other options", Malformed, 2)
	// "the Configuration Options in a Configure-Reject MUST be a proper subset of
	// those in the last transmitted Configure-Request." RFC 1661 §5.4
	h.reply(ProtoLCP, wire.ConfigureReject, mruOption(1400)...)
	h.reply(ProtoLCP, wire.ConfigureReject, 7, 2)
	h.reply(ProtoLCP, wire.ConfigureReject, join(options[4:], options[:4])...)
	h.reply(ProtoLCP, wire.ConfigureNak, 1, 9, 0)
	h.wantCount("rejected what was not asked for", Malformed, 6)
	h.wantNothing("all were silently discarded")
	h.reply(ProtoLCP, wire.ConfigureAck, options...)
	if s := h.link.layers[lcp].state; s != ackRcvd {
		t.Errorf("after the right Ack the state is %v", s)
	}
	h.reply(ProtoLCP, wire.ConfigureAck, options...)
	if s := h.link.layers[lcp].state; s != ackRcvd {
		t.Errorf("a second Ack moved the state to %v", s)
	}
}

// "When a packet is received with an invalid Length field, the packet is
// silently discarded without affecting the automaton." RFC 1661 §5
//
// "When the Data field is indicated by the Length to extend beyond the end of the
// Information field, the entire packet is silently discarded." RFC 1661 §6
func TestMalformedPackets(t *testing.T) {
	h := newHand(t, nil)
	h.open()
	h.want("Open", ProtoLCP, wire.ConfigureRequest)
	for i, b := range [][]byte{
		{}, {0xff, 0x03}, {0xff, 0x03, 0xc0}, {0xff, 0x03, 0xc0, 0x21},
		{0xc0, 0x21, 1, 1, 0}, {0xc0, 0x21, 1, 1, 0, 3}, {0xc0, 0x21, 1, 1, 0, 5},
		{0xc0, 0x21, 1, 1, 0, 5, 1}, {0xc0, 0x21, 1, 1, 0, 6, 1, 1}, {0xc0, 0x21, 1, 1, 0, 8, 1, 5, 5, 0xdc},
		{0xc0, 0x21, 7, 1, 0, 4},
	} {
		h.sendFrame(b)
		h.wantNothing("malformed")
		h.wantCount("malformed", Malformed, uint64(i+1))
	}
	// "Octets outside the range of the Length field are treated as padding and are
	// ignored on reception." RFC 1661 §5
	h.sendFrame([]byte{0xc0, 0x21, 1, 1, 0, 8, 1, 4, 5, 0xdc, 0, 0, 0})
	h.wantData("padding", ProtoLCP, wire.ConfigureAck, mruOption(1500)...)
}

// A peer that answers each request and never agrees is given up.
//
// "Implementors SHOULD implement loop detection mechanisms or higher level
// timeouts." RFC 1661 §4.5
func TestEndlessNegotiation(t *testing.T) {
	t.Run("Naks", func(t *testing.T) {
		h := newHand(t, nil)
		h.open()
		n := 0
		for ; len(h.frames) > 0 && n < 100; n++ {
			h.want("a new request", ProtoLCP, wire.ConfigureRequest)
			h.reply(ProtoLCP, wire.ConfigureNak, magicOption(uint32(n+1))...)
		}
		h.wantDown("a Nak each time", ErrNotConverging)
		if n > 20 {
			t.Errorf("after %d requests", n)
		}
	})
	t.Run("never asks", func(t *testing.T) {
		h := newHand(t, nil)
		h.open()
		for i := 0; h.err == nil && i < 100; i++ {
			for len(h.frames) > 0 {
				h.want("a request", ProtoLCP, wire.ConfigureRequest)
				h.ack(ProtoLCP)
			}
			h.advance(3 * time.Second)
		}
		h.wantDown("acknowledges without asking for anything", ErrNotConverging)
	})
	t.Run("asks for the impossible", func(t *testing.T) {
		h := newHand(t, nil)
		h.open()
		start := h.now
		for h.err == nil && h.now.Sub(start) < time.Hour {
			for len(h.frames) > 0 && h.err == nil {
				if _, c := code(h.frames[0]); c == wire.ConfigureRequest {
					h.want("", ProtoLCP, c)
					h.ack(ProtoLCP)
				} else {
					h.frames = h.frames[1:]
				}
			}
			h.request(ProtoLCP, mruOption(1)...)
			h.advance(time.Second)
		}
		h.wantDown("an MRU of 1", ErrNotConverging)
	})
}
