// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp/wire"
)

// victim is an LNS's end of an attack, without a network.
type victim struct {
	t   *testing.T
	lns *testLNS
	x   *attacker
	now time.Time
}

func newVictim(t *testing.T, kind AttackKind, secret string) *victim {
	plan := Plan{LNS: []netip.AddrPort{gateway}, Secret: secret, Seed: 5}.WithDefaults()
	a := Attack{Kind: kind, Rate: 1000, From: netip.MustParsePrefix("198.18.0.0/15")}
	return &victim{t, newTestLNS(&plan, rand.New(rand.NewPCG(1, 2)), epoch), newAttacker(a, &plan, 40000), epoch}
}

// attack sends n datagrams and takes in every answer; what was sent is returned.
func (v *victim) attack(n int) (sent []packet.Datagram) {
	for range n {
		b, d := v.x.next(nil)
		d.Data = append([]byte(nil), b...)
		sent = append(sent, d)
		v.give(d)
		v.now = v.now.Add(time.Millisecond)
	}
	return sent
}

func (v *victim) give(d packet.Datagram) {
	v.lns.handle(v.now, []packet.Datagram{turn(d)})
	answers := v.lns.out
	v.lns.out = nil
	for _, a := range answers {
		in := turn(a)
		if _, reply := v.x.handle(&in, nil); reply != nil {
			v.give(packet.Datagram{Data: reply, Peer: in.Peer, Local: in.Local})
		}
	}
}

// Spoofed SCCRQs come from everywhere, and none becomes a tunnel.
func TestAttackSCCRQ(t *testing.T) {
	v := newVictim(t, AttackSCCRQ, "s3cret")
	from := map[netip.Addr]bool{}
	for _, d := range v.attack(200) {
		from[d.Local.Addr()] = true
		if !v.x.From.Contains(d.Local.Addr()) {
			t.Fatalf("from %v", d.Local)
		}
	}
	if c := v.lns.endpoint.Counters(); len(from) < 190 || c.TunnelsUp != 0 || c.Tunnels == 0 || v.x.count.Back == 0 {
		t.Errorf("%d addresses, %+v, %+v", len(from), c, v.x.count)
	}
}

// A wrong secret gets as far as the SCCCN and no further.
func TestAttackSecret(t *testing.T) {
	v := newVictim(t, AttackSecret, "s3cret")
	v.attack(50)
	if c := v.lns.endpoint.Counters(); c.TunnelsUp != 0 || c.AuthenticationFailures != 50 {
		t.Errorf("%d up, %d failed authentication", c.TunnelsUp, c.AuthenticationFailures)
	}
}

// In a live tunnel the flood is in order and acknowledged, window or not: the
// LNS takes every message as one.
func TestAttackInLiveTunnels(t *testing.T) {
	for _, kind := range []AttackKind{AttackHello, AttackICRQ, AttackReplay} {
		v := newVictim(t, kind, "s3cret")
		v.lns.mute = true
		v.attack(2 * attackTunnels)
		if c := v.lns.endpoint.Counters(); c.TunnelsUp != attackTunnels || v.x.count.Tunnels != attackTunnels {
			t.Fatalf("%v: %d tunnels", kind, c.TunnelsUp)
		}
		before := v.lns.endpoint.Counters()
		v.attack(400)
		after := v.lns.endpoint.Counters()
		switch kind {
		case AttackHello:
			v.want("HELLOs", after.Received[wire.HELLO]-before.Received[wire.HELLO], 400)
		case AttackICRQ:
			v.want("calls", len(v.lns.number), 400+attackTunnels)
		case AttackReplay:
			v.want("HELLOs", after.Received[wire.HELLO]-before.Received[wire.HELLO], 0)
		}
		v.want("tunnels", after.TunnelsUp, attackTunnels)
	}
}

// A tunnel that the LNS closes is asked for again.
func TestAttackComesBack(t *testing.T) {
	v := newVictim(t, AttackHello, "")
	v.attack(2 * attackTunnels)
	v.lns.closeTunnel(v.now, v.lns.tunnels[0])
	v.attack(3 * attackTunnels)
	v.want("tunnels up over all", int(v.x.count.Tunnels), attackTunnels+1)
}

// What is malformed is nothing to anybody: no tunnel, no call, no crash.
func TestAttackMalformed(t *testing.T) {
	v := newVictim(t, AttackMalformed, "")
	kinds := map[bool]int{}
	for _, d := range v.attack(2000) {
		_, _, err := wire.ParseControlHeader(d.Data)
		kinds[err == nil]++
	}
	if kinds[true] < 200 || kinds[false] < 200 {
		t.Errorf("sound headers: %v", kinds)
	}
	v.want("calls", len(v.lns.number), 0)
}

// Data for nobody is well formed and gets no answer.
func TestAttackData(t *testing.T) {
	v := newVictim(t, AttackData, "")
	for _, d := range v.attack(500) {
		if wire.IsControl(d.Data) {
			t.Fatal("control")
		}
		if _, _, err := wire.ParseDataHeader(d.Data); err != nil {
			t.Fatal(err)
		}
	}
	v.want("answers", int(v.x.count.Back), 0)
}

// From behind the LNS only the addresses are strange.
func TestAttackNobody(t *testing.T) {
	plan := Plan{LNS: []netip.AddrPort{gateway}, Seed: 5}.WithDefaults()
	from, to := netip.MustParsePrefix("203.0.113.2/32"), netip.MustParsePrefix("100.67.0.0/16")
	x := newAttacker(Attack{Kind: AttackNobody, Rate: 1000, From: from, To: to}, &plan, 40000)
	peers := map[netip.Addr]bool{}
	for range 200 {
		_, d := x.next(nil)
		peers[d.Peer.Addr()] = true
		if !to.Contains(d.Peer.Addr()) || d.Local.Addr() != from.Addr() || d.Peer.Port() != discard || len(d.Data) == 0 {
			t.Fatalf("%+v", d)
		}
	}
	if len(peers) < 190 || x.count.Sent != 200 {
		t.Errorf("%d addresses, %+v", len(peers), x.count)
	}
}

// A subscriber sends with any source but his own, at the rate and as long as he is
// told. An LNS that lets that through is found out: every echo is corrupt.
func TestAttackSpoof(t *testing.T) {
	b := newLab(t, Plan{Sessions: 2, Traffic: Traffic{To: targets[:1]}}).start()
	b.want("all up", b.run(10*time.Second, allUp(2)), true)
	before := b.lac.Snapshot()
	b.lac.Spoof(b.now, 1000, netip.MustParsePrefix("100.64.0.0/14"))
	b.run(2*time.Second, nil)
	count := b.lac.Spoof(b.now, 0, netip.Prefix{})
	b.run(time.Second, nil)
	after := b.lac.Snapshot()
	if count.Sent < 1990 || count.Sent > 2001 || count.SentBytes < 128*count.Sent {
		t.Errorf("%+v in 2 s at 1000/s", count)
	}
	b.want("corrupt echoes", after.ProbesCorrupt-before.ProbesCorrupt, count.Sent)
	b.want("sent by those who are what they say", after.ProbesSent, before.ProbesSent)
	if again := b.lac.Spoof(b.now, 0, netip.Prefix{}); again.Sent != 0 {
		t.Errorf("%+v after the end", again)
	}
}

func (v *victim) want(what string, got, want any) {
	v.t.Helper()
	if toInt(got) != toInt(want) {
		v.t.Errorf("%v: %s: %v, want %v", v.x.Kind, what, got, want)
	}
}

func toInt(v any) int {
	switch n := v.(type) {
	case uint64:
		return int(n)
	case int:
		return n
	}
	return -1
}

// Over a real socket: paced, counted, ended.
func TestAttackOverSockets(t *testing.T) {
	plan := Plan{Sessions: 1}
	plan.LNS = append(plan.LNS, serveLNS(t, loopback, plan, nil))
	w, err := Open(Options{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Attack(Attack{Kind: AttackHello, Rate: 5000, From: netip.MustParsePrefix("127.9.0.0/16")}); err != nil {
		t.Fatal(err)
	}
	until(t, w, "the modem is up beside it", func(s *Snapshot) bool { return s.Sessions == 1 })
	until(t, w, "an echo or two", func(s *Snapshot) bool { return time.Since(w.began) > 300*time.Millisecond })
	if err := w.EndAttack(); err != nil {
		t.Fatal(err)
	}
	a := w.Attacks()
	if len(a) != 1 || a[0].Tunnels != attackTunnels || a[0].Sent < 100 || a[0].Sent > 50_000 || a[0].Back == 0 || a[0].Amplification() > 3 {
		t.Errorf("%+v", a)
	}
	if err := w.Attack(Attack{Kind: AttackNone}); err != nil || len(w.Attacks()) != 1 {
		t.Errorf("%v, %d attacks", err, len(w.Attacks()))
	}
}
