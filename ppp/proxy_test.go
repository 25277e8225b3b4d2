// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// lacMagic is the Magic-Number that the LAC negotiated in our name.
const lacMagic = 0x0a0b0c0d

func (h *hand) openProxy(sent, received []byte) bool {
	ok := h.link.OpenProxy(h.now, Proxy{LastSent: sent, LastReceived: received}, &h.fx)
	h.collect()
	return ok
}

// What the LAC negotiated is taken if we would have negotiated the same (RFC 2661
// §4.4.5), else the link begins anew.
func TestOpenProxy(t *testing.T) {
	sent := join(mruOption(1492), authOption(CHAP), magicOption(lacMagic))
	received := join(mruOption(1492), magicOption(peerMagic), []byte{7, 2, 8, 2})
	for _, tt := range []struct {
		why            string
		sent, received []byte
		ok             bool
	}{
		{"all is well", sent, received, true},
		{"our other method", join(mruOption(1492), authOption(PAP), magicOption(lacMagic)), received, true},
		{"a smaller MRU", join(mruOption(1400), authOption(CHAP)), received, true},
		{"an ACCM", join(sent, []byte{2, 6, 0, 0, 0, 0}), received, true},
		{"a peer with defaults", sent, nil, true},
		{"a larger MRU", join(mruOption(1500), authOption(CHAP)), received, false},
		{"the default MRU, which is larger", authOption(CHAP), received, false},
		{"no authentication", join(mruOption(1492), magicOption(lacMagic)), received, false},
		{"a method that we do not want", join(mruOption(1492), authOption(MSCHAPv2)), received, false},
		{"a method that we do not know", join(mruOption(1492), []byte{3, 4, 0xc2, 0x27}), received, false},
		{"multilink", sent, join(received, []byte{17, 4, 5, 0xdc}), false},
		{"a peer that wants us to authenticate", sent, join(received, authOption(PAP)), false},
		{"an option that the LAC should not have", join(sent, []byte{13, 3, 6}), received, false},
		{"nothing sent", nil, received, false},
		{"garbage sent", []byte{1, 9, 9}, received, false},
		{"garbage received", sent, []byte{1, 9, 9}, false},
	} {
		h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{CHAP, PAP} })
		if ok := h.openProxy(tt.sent, tt.received); ok != tt.ok {
			t.Errorf("%s: accepted is %v", tt.why, ok)
			continue
		}
		if tt.ok {
			h.wantNothing(tt.why)
			h.wantEffects(tt.why, LinkUp)
			h.wantPhase(tt.why, PhaseAuthenticate)
		} else {
			h.want(tt.why, ProtoLCP, wire.ConfigureRequest)
			h.wantEffects(tt.why)
			h.wantPhase(tt.why, PhaseEstablish)
		}
	}
}

// The options hold as if we had negotiated them, and the first Challenge leaves
// with Advance.
func TestProxiedOptionsHold(t *testing.T) {
	h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{CHAP} })
	h.openProxy(join(mruOption(1400), authOption(CHAP), magicOption(lacMagic)), join(mruOption(1454), magicOption(peerMagic), []byte{7, 2}))
	if h.link.PeerMRU() != 1454 || !h.link.PFC() || h.link.ACFC() || h.link.AuthUsed() != CHAP {
		t.Error("the options do not hold")
	}
	h.send(ProtoLCP, wire.EchoRequest, 1, magicData(peerMagic)...)
	h.wantData("the LAC's Magic-Number is ours", ProtoLCP, wire.EchoReply, magicData(lacMagic)...)
	if at := h.link.Next(); !at.Equal(h.now) {
		t.Errorf("Next is %v", at)
	}
	h.advance(0)
	h.want("the Challenge is due at once", ProtoCHAP, wire.Challenge)
}

// What was judged and not taken does not count in the negotiation that follows.
func TestProxyRefusedIsForgotten(t *testing.T) {
	h := newHand(t, nil)
	h.openProxy(mruOption(1492), mruOption(1))
	h.want("an MRU of 1", ProtoLCP, wire.ConfigureRequest)
	for range 5 {
		h.request(ProtoLCP, mruOption(1)...)
		h.want("an MRU of 1", ProtoLCP, wire.ConfigureNak)
	}
	h.request(ProtoLCP, mruOption(1)...)
	h.want("the sixth time", ProtoLCP, wire.ConfigureReject)
}

// What the LAC has collected is judged without asking the peer.
func TestProxyAuth(t *testing.T) {
	received := magicOption(peerMagic)
	challenge := bytes.Repeat([]byte{3}, 16)
	sum := md5Response(21, "secret", challenge)
	for _, o := range []AuthOffer{
		{Method: CHAP, Name: "user", ID: 21, Challenge: challenge, Response: sum[:]},
		{Method: PAP, Name: "user", ID: 21, Password: "secret"},
	} {
		h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{CHAP, PAP} })
		h.openProxy(join(mruOption(1492), authOption(o.Method)), received)
		h.wantEffects("", LinkUp)
		h.link.ProxyAuth(h.now, o, &h.fx)
		h.collect()
		h.wantEffects("ProxyAuth", AuthRequest)
		v := Check(h.offer, "secret")
		if !v.OK {
			t.Fatalf("%v: %+v", o.Method, v)
		}
		h.advance(5 * time.Second)
		h.wantNothing("the peer is not asked")
		h.verdict(v)
		if o.Method == PAP {
			h.want("the verdict", ProtoPAP, wire.AuthenticateAck)
		} else {
			h.want("the verdict", ProtoCHAP, wire.Success)
			h.send(ProtoCHAP, wire.Response, 21, wire.AppendCHAPValue(nil, sum[:], "user")...)
			h.want("the Response to the LAC, repeated", ProtoCHAP, wire.Success)
		}
		if h.last.ID != 21 {
			t.Errorf("Identifier %d", h.last.ID)
		}
		h.wantPhase("the verdict", PhaseNetwork)
	}
}

// An offer that cannot be judged is passed over: the peer is asked.
func TestProxyAuthUnusable(t *testing.T) {
	sent := join(mruOption(1492), authOption(CHAP))
	for why, o := range map[string]AuthOffer{
		"another method":   {Method: PAP, Name: "user", Password: "secret"},
		"no challenge":     {Method: CHAP, Name: "user", Response: make([]byte, 16)},
		"a short response": {Method: CHAP, Name: "user", Challenge: []byte{1}, Response: make([]byte, 5)},
	} {
		h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{CHAP} })
		h.link.ProxyAuth(h.now, o, &h.fx)
		h.openProxy(sent, nil)
		h.link.ProxyAuth(h.now, o, &h.fx)
		h.collect()
		h.wantEffects(why, LinkUp)
		h.advance(0)
		h.want(why, ProtoCHAP, wire.Challenge)
	}
}

// A peer that begins again after all is negotiated with.
func TestProxyRenegotiated(t *testing.T) {
	h := newHand(t, func(c *Config) { c.Auth = []AuthMethod{PAP} })
	h.openProxy(join(mruOption(1492), authOption(PAP)), magicOption(peerMagic))
	h.wantEffects("", LinkUp)
	h.request(ProtoLCP, magicOption(9)...)
	h.want("a request", ProtoLCP, wire.ConfigureRequest)
	h.ack(ProtoLCP)
	h.want("a request", ProtoLCP, wire.ConfigureAck)
	h.wantEffects("a request", LinkUp)
	if h.openProxy(nil, nil) {
		t.Error("a link that has begun was opened again")
	}
	h.wantNothing("Open twice")
}
