// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/ppp/wire"
)

// FuzzLink feeds a link a sequence of frames with time between them. Whatever
// comes, it does not panic, sends only well-formed frames, keeps its deadlines in
// the future and never meets an impossible event.
//
// The input is a role, and then for each frame its length, a wait and its octets.
func FuzzLink(f *testing.F) {
	f.Add(record(func(p *pair) {}, PAP))
	f.Add(record(func(p *pair) {}, CHAP))
	f.Add(record(func(p *pair) { p.loss = 0.3 }, MSCHAPv2))
	f.Add(record(func(p *pair) { p.cfg[1].IPV6CP = false }))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 {
			return
		}
		cfg := Config{
			Role: Role(in[0] & 1), Rand: rand.New(rand.NewPCG(1, 1)), Counters: new(Counters),
			Auth: []AuthMethod{MSCHAPv2, CHAP, PAP}[in[0]>>1&3%3:], IPCP: in[0]&8 != 0, IPV6CP: in[0]&16 != 0,
			SuggestDNS: in[0]&32 != 0, PeerAddressOptional: in[0]&64 != 0,
		}
		var l Link
		var fx Effects
		l.Init(&cfg, &Credentials{Name: "user", Password: "secret"})
		now := epoch
		l.Open(now, &fx)
		for in = in[1:]; len(in) >= 2; {
			n, wait := min(int(in[0]), len(in)-2), time.Duration(in[1])*100*time.Millisecond
			frame := in[2 : 2+n]
			in = in[2+n:]
			now = now.Add(wait)
			l.Advance(now, &fx)
			check(t, &l, now, &fx)
			l.Handle(now, frame, &fx)
			check(t, &l, now, &fx)
		}
		if n := cfg.Counters[IllegalTransition]; n != 0 {
			t.Fatalf("%d impossible events", n)
		}
	})
}

// check carries the effects out and looks at them.
func check(t *testing.T, l *Link, now time.Time, fx *Effects) {
	t.Helper()
	for k := 0; k < len(fx.List); k++ {
		switch e := fx.List[k]; e.Kind {
		case SendFrame:
			p, info, ok := wire.ParseFrame(e.Frame)
			packet, err := wire.ParsePacket(info)
			if !ok || err != nil || p != e.Protocol || len(packet.Data)+wire.HeaderLen != len(info) {
				t.Fatalf("sent %x: %v", e.Frame, err)
			}
			configure := packet.Code >= wire.ConfigureRequest && packet.Code <= wire.ConfigureReject
			if p != ProtoPAP && p != ProtoCHAP && configure && !wire.ValidOptions(packet.Data) {
				t.Fatalf("sent options %x", packet.Data)
			}
		case AuthRequest:
			l.Authenticated(now, Check(e.Auth, "secret"), fx)
			l.Grant(now, standard, fx)
		case LinkUp:
			if l.AuthUsed() == AuthNone {
				l.Grant(now, standard, fx)
			}
		case Down:
			if k != len(fx.List)-1 || l.Phase() != PhaseDead {
				t.Fatal("something followed Down")
			}
		}
	}
	fx.Reset()
	if at := l.Next(); !at.IsZero() && !at.After(now) {
		// A Challenge may be due at once; nothing else may.
		l.Advance(now, fx)
		if at = l.Next(); !at.IsZero() && !at.After(now) {
			t.Fatalf("at %v Next is %v", now, at)
		}
	}
}

// record makes a corpus entry of what end 0 of a pair hears.
func record(change func(*pair), methods ...AuthMethod) []byte {
	p := newPair(1, methods...)
	change(p)
	out := []byte{8 | 16}
	p.onFrame = func(f *frame) {
		if f.to == 0 && len(f.b) < 256 {
			out = append(append(out, byte(len(f.b)), 0), f.b...)
		}
	}
	p.open()
	p.run(epoch.Add(time.Minute))
	return out
}
