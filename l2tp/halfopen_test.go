// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// flood sends n SCCRQs, each with another id, from address number i.
func flood(p *l2tptest.Pair, i, n int) {
	h := &l2tptest.Hostile{Pair: p, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 1701)}
	for id := range n {
		h.ID = uint16(id + 1)
		h.Raw(l2tptest.Bytes(wire.ControlHeader{}, h.SCCRQ(fmt.Sprintf("forged-%d", i))))
	}
}

// An SCCRQ costs a forger nothing: what it makes us remember is bounded, whatever
// the owner answers, and is forgotten by itself.
func TestFloodOfSCCRQsIsBounded(t *testing.T) {
	for name, owner := range map[string]func(p *l2tptest.Pair, f l2tp.Effect){
		"accepted": func(p *l2tptest.Pair, f l2tp.Effect) { p.LNS.AcceptTunnel(p.Now, f.Tunnel, p.LNS.Config, &p.LNS.FX) },
		"refused": func(p *l2tptest.Pair, f l2tp.Effect) {
			p.LNS.RefuseTunnel(p.Now, f.Tunnel, l2tp.Result{Code: 4}, &p.LNS.FX)
		},
		"unanswered": func(*l2tptest.Pair, l2tp.Effect) {},
	} {
		p := l2tptest.New(1, l2tp.Config{HalfOpenMax: 200, HalfOpenPeerMax: 50})
		p.LNS.OnTunnel = func(f l2tp.Effect) { owner(p, f) }
		flood(p, 1, 500)
		if c := p.LNS.Counters(); c.Tunnels != 50 || c.TunnelsHalfOpen != 50 {
			t.Fatalf("%s: one address holds %d tunnels, %d half-open", name, c.Tunnels, c.TunnelsHalfOpen)
		}
		p.Run(time.Second)
		for i := range 20 {
			flood(p, i, 100)
		}
		c := p.LNS.Counters()
		if c.Tunnels != 200 || c.HalfOpenEvicted != c.TunnelsRequested-200 || c.TunnelsRequested+c.HalfOpenDropped < 2400 || c.HalfOpenDropped < 450 {
			t.Fatalf("%s: %d tunnels, %d of %d evicted, %d dropped", name, c.Tunnels, c.HalfOpenEvicted, c.TunnelsRequested, c.HalfOpenDropped)
		}
		if sent := p.LNS.Sent; uint64(sent) > 2*c.TunnelsRequested {
			t.Fatalf("%s: %d datagrams for %d SCCRQs", name, sent, c.TunnelsRequested)
		}
		p.Run(5 * time.Minute)
		wantGone(t, name, p.LNS)
	}
}

// While one address floods, a LAC elsewhere that repeats its SCCRQ gets in.
func TestHonestPeerGetsInDuringFlood(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{HalfOpenMax: 200, HalfOpenPeerMax: 150})
	p.SetWeather(l2tptest.Weather{Delay: 20 * time.Millisecond})
	for i := range 3 {
		flood(p, i, 150)
	}
	for range 20 {
		p.Open()
	}
	for range 60 { // 1,000 forged SCCRQs a second, for a minute
		for i := range 3 {
			flood(p, i, 300)
		}
		p.Run(time.Second)
	}
	if up := p.LAC.Counters().TunnelsUp; up != 20 {
		t.Fatalf("%d of 20 tunnels are up", up)
	}
}

// Forged addresses shall not get six answers to one question: an SCCRP is repeated
// as long as no more than three octets go out for each that came and, while many
// are half-open, only for a repeated SCCRQ.
func TestNoAmplifier(t *testing.T) {
	for n, want := range map[int]int{50: 2, 150: 1} {
		p := l2tptest.New(1, l2tp.Config{HalfOpenMax: 200})
		flood(p, 1, n)
		p.Run(50 * time.Second)
		if p.LNS.Sent != n*want {
			t.Fatalf("%d SCCRQs had %d answers, want %d each", n, p.LNS.Sent, want)
		}
	}
}

// An established tunnel is never evicted.
func TestEstablishedTunnelsAreSafe(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{HalfOpenMax: 10})
	id := p.Open()
	p.Run(time.Second)
	for i := range 10 {
		flood(p, i, 100)
	}
	p.Run(time.Second)
	if info, _ := p.LAC.Tunnel(id); info.State != l2tp.TunnelEstablished || p.LNS.Counters().TunnelsUp != 1 {
		t.Fatalf("tunnel is %v", info.State)
	}
}

// Whatever octets come, nothing is asked for but answers, and nothing stays.
func TestGarbage(t *testing.T) {
	k, id, _ := newSession(t, &l2tp.TunnelConfig{Secret: "example"})
	rng := rand.New(rand.NewPCG(1, 0))
	valid := [][]byte{
		l2tptest.Bytes(wire.ControlHeader{}, k.h.SCCRQ("lac")), l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: 4, Nr: 2}, l2tptest.ICRQ(9)),
		l2tptest.Bytes(wire.ControlHeader{TunnelID: uint16(id) ^ 1}, k.h.StopCCN(1)),
	}
	for range 50_000 {
		b := append([]byte(nil), valid[rng.IntN(len(valid))]...)
		for range 1 + rng.IntN(4) {
			b[rng.IntN(len(b))] = byte(rng.Uint32())
		}
		k.h.Raw(b[:rng.IntN(len(b)+1)])
	}
	k.p.Run(10 * time.Minute)
	if c := k.p.LNS.Counters(); c.BadHeader == 0 || c.UnknownTunnel == 0 || c.TunnelsHalfOpen != 0 {
		t.Fatalf("%+v", c)
	}
}
