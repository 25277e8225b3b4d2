// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"testing"
	"time"
	"unsafe"
)

// A million links live in slabs, so their size is part of the interface.
func TestLinkIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Link{}); n > 450 {
		t.Errorf("a Link is %d octets, want at most 450", n)
	}
}

// L2TP brings frames with FF 03 and without, and a peer to whom we have said that
// we take them sends Protocol fields of one octet.
func TestFrameForms(t *testing.T) {
	p := newPair(2, PAP)
	p.onFrame = func(f *frame) { f.b = f.b[2:] }
	p.open()
	p.run(epoch.Add(time.Second))
	p.wantUp(t, "without Address and Control")

	h := newHand(t, func(c *Config) { c.EchoMax = 1 })
	h.lcpUp()
	for range 5 {
		h.advance(30 * time.Second)
		h.sendFrame([]byte{0x21, 0x45})
	}
	h.wantPhase("frames of one octet of Protocol are heard", PhaseNetwork)
}

// The package splits frames as its codec does.
func TestParseFrameIsTheCodecs(t *testing.T) {
	if p, info, ok := ParseFrame([]byte{0x21, 0x45}); p != ProtoIPv4 || len(info) != 1 || !ok {
		t.Errorf("%v %x %v", p, info, ok)
	}
}

// Each method brings two links up, with what the Authenticator grants.
func TestLogin(t *testing.T) {
	for _, m := range []AuthMethod{AuthNone, PAP, CHAP, MSCHAPv2} {
		t.Run(m.String(), func(t *testing.T) {
			var methods []AuthMethod
			if m != AuthNone {
				methods = append(methods, m)
			}
			p := newPair(1, methods...)
			p.open()
			p.run(epoch.Add(time.Second))
			p.wantUp(t, "after a second")
			got := p.end[1].Network()
			if got.LocalIPv4 != userAddr || got.PeerIPv4 != lnsAddr || got.DNS != standard.DNS {
				t.Errorf("the modem ended up with %+v", got)
			}
			lns := p.end[0].Network()
			if lns.PeerIfID != got.LocalIfID || lns.LocalIfID != got.PeerIfID || lns.PeerIfID == 0 {
				t.Errorf("interface identifiers do not agree: %+v and %+v", lns, got)
			}
			for _, proto := range []Protocol{ProtoLCP, ProtoIPCP, ProtoIPV6CP} {
				if !p.end[0].Opened(proto) {
					t.Errorf("%v is not open", proto)
				}
			}
			if p.end[0].Opened(ProtoPAP) {
				t.Error("PAP is open")
			}
			if used := p.end[0].AuthUsed(); used != m {
				t.Errorf("AuthUsed is %v", used)
			}
			if p.end[0].PeerMRU() != 1492 || p.end[1].PeerMRU() != 1492 {
				t.Errorf("MRUs %d and %d", p.end[0].PeerMRU(), p.end[1].PeerMRU())
			}
		})
	}
}
