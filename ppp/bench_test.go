// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"testing"
	"time"
)

// BenchmarkLogin is a whole log-in, both ends of it, LCP to both NCPs.
func BenchmarkLogin(b *testing.B) {
	for _, m := range []AuthMethod{PAP, CHAP, MSCHAPv2} {
		b.Run(m.String(), func(b *testing.B) {
			p := newPair(1, m)
			b.ReportAllocs()
			for b.Loop() {
				if !quickLogin(p) {
					b.Fatal("did not come up")
				}
			}
		})
	}
}

// quickLogin runs a log-in with nothing between the ends but two buffers.
func quickLogin(p *pair) bool {
	up := 0
	for i := range p.end {
		p.end[i].Init(&p.cfg[i], &p.cred)
		p.fx[i].Reset()
	}
	for i := range p.end {
		p.end[i].Open(epoch, &p.fx[i])
	}
	for from := 0; up < 4; from = 1 - from {
		fx, peer := &p.fx[from], 1-from
		for k := 0; k < len(fx.List); k++ {
			switch e := fx.List[k]; e.Kind {
			case SendFrame:
				p.end[peer].Handle(epoch, e.Frame, &p.fx[peer])
			case AuthRequest:
				p.end[from].Authenticated(epoch, Check(e.Auth, p.secret), fx)
				p.end[from].Grant(epoch, standard, fx)
			case NetworkUp:
				up++
			case Down:
				return false
			}
		}
		if len(fx.List) == 0 && len(p.fx[peer].List) == 0 {
			return false
		}
		fx.Reset()
	}
	return true
}

// BenchmarkEcho is an Echo-Request answered.
func BenchmarkEcho(b *testing.B) {
	p := newPair(1)
	p.open()
	p.run(epoch.Add(time.Second))
	request := append([]byte{0xff, 0x03, 0xc0, 0x21, 9, 1, 0, 8}, magicData(p.end[0].peer.magic)...)
	b.ReportAllocs()
	for b.Loop() {
		p.fx[0].Reset()
		p.end[0].Handle(p.now, request, &p.fx[0])
	}
}

// A log-in allocates little, and nothing of it stays when the link is up.
func TestLoginAllocatesLittle(t *testing.T) {
	for m, most := range map[AuthMethod]float64{PAP: 6, CHAP: 8} {
		p := newPair(1, m)
		if n := testing.AllocsPerRun(100, func() {
			if !quickLogin(p) {
				t.Fatal("did not come up")
			}
		}); n > most {
			t.Errorf("%v: %v allocations for both ends", m, n)
		}
		for i := range p.end {
			if p.end[i].login != nil {
				t.Errorf("end %d keeps what only the log-in needed", i)
			}
		}
	}
}
