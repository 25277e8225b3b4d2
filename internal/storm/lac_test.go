// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// allUp reports whether every modem of the plan is online.
func allUp(n int) func(*Snapshot) bool { return func(s *Snapshot) bool { return s.Sessions == n } }

// The whole story: 20 tunnels with a secret, 200 modems with CHAP and both
// protocols, everybody comes up once, with a name and a number of his own, and
// after the hang-up neither end has anything left.
func TestEverybodyComesUpAndHangsUp(t *testing.T) {
	const modems = 200
	b := newLab(t, Plan{Tunnels: 20, Sessions: modems, Secret: "s3cret", IPv4: true, IPv6: true, Auth: []ppp.AuthMethod{ppp.CHAP}}).start()
	b.want("all up", b.run(10*time.Second, allUp(modems)), true)
	b.run(5*time.Second, nil) // Router Advertisements
	s := b.lac.Snapshot()
	b.want("calls offered", s.CallsOffered, uint64(modems))
	b.want("calls up", s.CallsUp, uint64(modems))
	b.want("set-up times taken", s.Setup.Count(), uint64(modems))
	b.want("tunnels up", s.Tunnels, 20)
	b.want("prefixes", s.Prefixes, uint64(modems))
	b.want("different users", len(b.lns.user), modems)
	b.want("different lines", len(b.lns.number), modems)
	b.want("one log-in of line 1", b.lns.user["user1@example"], 1)
	if s.Setup.Quantile(0) < 6*b.delay {
		t.Errorf("set-up took %v: less than the exchanges it is made of", s.Setup.Quantile(0))
	}

	b.lac.HangUp(b.now, &b.fx)
	b.collect()
	b.run(20*time.Second, func(*Snapshot) bool { return b.lac.Done() })
	s = b.lac.Snapshot()
	b.want("done", b.lac.Done(), true)
	b.want("hung up", s.HungUp, uint64(modems))
	b.want("dropped", s.DroppedAll(), uint64(0))
	b.want("failed", s.FailedAll(), uint64(0))
	b.want("sessions left at the LNS", b.lns.endpoint.Counters().Sessions, 0)
	b.want("tunnels up at the LNS", b.lns.endpoint.Counters().TunnelsUp, 0)
}

// A LAC as big operators have it: 2,000 tunnels and 8,000 modems behind one
// address and port, each tunnel known by its id alone.
func TestThousandsOfTunnelsBehindOneAddress(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 2000, Sessions: 8000, InFlight: 1024}).start()
	b.want("all up", b.run(time.Minute, allUp(8000)), true)
	s := b.lac.Snapshot()
	b.want("tunnels", s.Tunnels, 2000)
	b.want("calls, since none failed", s.CallsOffered, uint64(8000))
	b.want("different lines", len(b.lns.number), 8000)
	b.lac.HangUp(b.now, &b.fx)
	b.collect()
	b.run(time.Minute, func(*Snapshot) bool { return b.lac.Done() })
	b.want("sessions left at the LNS", b.lns.endpoint.Counters().Sessions, 0)
	b.want("tunnels up at the LNS", b.lns.endpoint.Counters().TunnelsUp, 0)
}

// Each method alone must do, whatever the LNS would prefer.
func TestAuthenticationMethods(t *testing.T) {
	for _, m := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
		b := newLab(t, Plan{Sessions: 3, Auth: []ppp.AuthMethod{m}}).start()
		b.want("all up", b.run(10*time.Second, allUp(3)), true)
		b.want("method", b.lac.modems[0].link.AuthUsed(), m)
	}
}

// A network that loses a fifth of everything costs time, not sessions.
func TestLossIsOvercome(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 5, Sessions: 50, Patience: time.Minute, Seed: 7, EchoInterval: -1})
	b.loss = 0.2
	b.start()
	b.want("all up", b.run(10*time.Minute, allUp(50)), true)
	if b.lac.Snapshot().Retransmissions == 0 {
		t.Error("a fifth of the packets is lost and nothing was sent again")
	}
}

// Two runs from one seed are the same, octet for octet; another seed is another run.
func TestSameSeedSameOctets(t *testing.T) {
	run := func(seed uint64) uint64 {
		b := newLab(t, Plan{Tunnels: 3, Sessions: 30, Seed: seed, IPv6: true, IPv4: true, Traffic: Traffic{Rate: 50}})
		b.loss = 0.1
		b.start()
		b.lac.Traffic(b.now, true)
		b.run(time.Minute, nil)
		return b.seen
	}
	if first := run(1); run(1) != first || run(2) == first {
		t.Fatal("what a LAC sends is not determined by its seed")
	}
}

// Rate is a promise about calls offered, InFlight one about calls in set-up.
func TestRateAndWindowAreKept(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 10, Sessions: 1000, Rate: 50}).start()
	b.run(10*time.Second, nil)
	if n := b.lac.Snapshot().CallsOffered; n < 490 || n > 501 {
		t.Errorf("%d calls in 10 s at 50/s", n)
	}

	b = newLab(t, Plan{Tunnels: 10, Sessions: 300, InFlight: 16}).start()
	b.want("all up", b.run(time.Minute, func(s *Snapshot) bool {
		if s.InFlight > 16 {
			t.Fatalf("%d calls in set-up, the window is 16", s.InFlight)
		}
		return s.Sessions == 300
	}), true)
}

// An LNS that acknowledges calls and says no more: modems lose patience, clear
// the call, wait and dial again.
func TestPatienceEndsAndModemsRedial(t *testing.T) {
	b := newLab(t, Plan{Sessions: 10, Patience: 10 * time.Second, RedialDelay: 5 * time.Second, RedialJitter: time.Second})
	b.lns.mute = true
	b.start()
	b.run(12*time.Second, nil)
	s := b.lac.Snapshot()
	b.want("no answer", s.Failed[NoAnswer], uint64(10))
	b.want("calls that the LNS still holds", b.lns.endpoint.Counters().Sessions, 0)
	b.lns.mute = false
	b.want("all up after redial", b.run(10*time.Second, allUp(10)), true)
	b.want("calls offered", b.lac.Snapshot().CallsOffered, uint64(20))
}

// Refusals are counted by their Result Code.
func TestRefusedCallsAreCountedByResult(t *testing.T) {
	b := newLab(t, Plan{Sessions: 10, RedialDelay: -1})
	b.lns.refuse = 4
	b.start()
	b.run(time.Minute, nil)
	s := b.lac.Snapshot()
	b.want("kinds of refusals", len(s.Refusals), 1)
	b.want("of a kind", s.Refusals[0], RefusalCount{Refusal{Result: 4, PPPCause: 17, PPPProtocol: 0xc021, PPPMessage: "busy"}, 10})
	b.want("refused", s.Failed[Refused], uint64(10))
	b.want("offered, since nobody redials", s.CallsOffered, uint64(10))
	b.want("tunnels stay", s.Tunnels, 1)
}

// A wrong password is a cause of its own.
func TestWrongPasswordIsRejected(t *testing.T) {
	for _, m := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
		b := newLab(t, Plan{Sessions: 5, RedialDelay: -1, Auth: []ppp.AuthMethod{m}})
		b.lns.password = "another"
		b.start()
		b.run(time.Minute, nil)
		b.want("rejected", b.lac.Snapshot().Failed[AuthRejected], uint64(5))
	}
}

// A call that the LNS ends before it is up has failed where its modem had come to,
// and the CDN says the rest.
func TestFailuresAreToldApartByPhase(t *testing.T) {
	enough := Refusal{Result: 2, Error: 4, Message: "enough"}
	for _, c := range []struct {
		name string
		lns  func(n *testLNS)
		want Cause
		told Refusal
	}{
		{"LCP", func(n *testLNS) { n.clearIn = ppp.PhaseEstablish }, LCPFailed, enough},
		{"authentication", func(n *testLNS) { n.clearIn = ppp.PhaseAuthenticate }, AuthFailed, enough},
		{"network", func(n *testLNS) { n.clearIn = ppp.PhaseNetwork }, NCPFailed, enough},
		{"no address", func(n *testLNS) { n.denial = &l2tp.DisconnectCause{Code: 20, Protocol: 0x8021, Direction: 2} }, NCPFailed,
			Refusal{Result: 1, PPPCause: 20, PPPProtocol: 0x8021}},
		{"wrong password", func(n *testLNS) { n.denial = &l2tp.DisconnectCause{Code: 16, Protocol: 0xc223, Direction: 1} }, AuthRejected,
			Refusal{Result: 1, PPPCause: 16, PPPProtocol: 0xc223}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newLab(t, Plan{Sessions: 4, RedialDelay: -1, Auth: []ppp.AuthMethod{ppp.CHAP}})
			c.lns(b.lns)
			b.start()
			b.run(30*time.Second, nil)
			s := b.lac.Snapshot()
			b.want(c.want.String(), s.Failed[c.want], uint64(4))
			b.want("failed in all", s.FailedAll(), uint64(4))
			b.want("kinds of refusals", len(s.Refusals), 1)
			b.want("what the CDN said", s.Refusals[0], RefusalCount{c.told, 4})
		})
	}
}

// A link that is cut for 35 s: modems notice after three echoes, the tunnels
// live, and everybody is back after the redial delay.
func TestFlapIsNoticedByEchoesAndOvercome(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 4, Sessions: 40, EchoInterval: 10 * time.Second, EchoMax: 3}).start()
	b.want("all up", b.run(10*time.Second, allUp(40)), true)
	b.cut = true
	b.run(45*time.Second, nil)
	b.want("online while cut", b.lac.Snapshot().Sessions, 0)
	b.cut = false
	b.want("all back", b.run(2*time.Minute, allUp(40)), true)
	s := b.lac.Snapshot()
	b.want("echo lost", s.Dropped[EchoLost], uint64(40))
	if s.EchoesLost < 3*40 {
		t.Errorf("%d echoes lost, at least 3 for each of 40 modems", s.EchoesLost)
	}
}

// A tunnel that the LNS closes takes its sessions along and is opened again.
func TestTunnelLostIsOpenedAgain(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 2, Sessions: 20}).start()
	b.want("all up", b.run(10*time.Second, allUp(20)), true)
	b.lns.closeTunnel(b.now, b.lns.tunnels[0])
	b.run(time.Second, nil)
	s := b.lac.Snapshot()
	b.want("tunnels lost", s.TunnelsLost, uint64(1))
	b.want("sessions lost with it", s.Dropped[TunnelLost], uint64(10))
	b.want("sessions of the other one", s.Sessions, 10)
	b.want("all back", b.run(time.Minute, allUp(20)), true)
}

// Every kind of probe comes back whole; what is changed on the way is noticed.
func TestProbesReturn(t *testing.T) {
	b := newLab(t, Plan{Sessions: 8, IPv4: true, IPv6: true, Traffic: Traffic{Rate: 1000, Size: 300, To: targets}}).start()
	b.want("all up", b.run(10*time.Second, allUp(8)), true)
	b.run(5*time.Second, nil)
	b.lac.Traffic(b.now, true)
	b.run(2*time.Second, nil)
	b.lac.Traffic(b.now, false)
	b.run(time.Second, nil)
	s := b.lac.Snapshot()
	if s.ProbesSent < 1990 || s.ProbesSent > 2001 {
		t.Errorf("%d probes in 2 s at 1000/s", s.ProbesSent)
	}
	b.want("all back", s.ProbesReceived, s.ProbesSent)
	b.want("corrupt", s.ProbesCorrupt, uint64(0))
	if d := s.RoundTrip.Quantile(0.5); d < 2*b.delay || d > 2*b.delay+b.delay/10 {
		t.Errorf("round trip of %v over a network with %v one way", d, b.delay)
	}

	b.lns.damage = true
	b.lac.Traffic(b.now, true)
	b.run(time.Second, nil)
	b.lac.Traffic(b.now, false)
	b.run(time.Second, nil)
	b.want("none came back whole", b.lac.Snapshot().ProbesReceived, s.ProbesReceived)
	b.want("all corrupt", b.lac.Snapshot().ProbesCorrupt, b.lac.Snapshot().ProbesSent-s.ProbesSent)
}

// Whatever is lost, cut or refused and whenever the hang-up comes: it ends, every
// call that was offered has ended once, and nothing is counted as open.
func TestEveryCallEndsOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newLab(t, Plan{
			Tunnels: rapid.IntRange(1, 4).Draw(rt, "tunnels"), Sessions: rapid.IntRange(4, 24).Draw(rt, "sessions"),
			Seed: rapid.Uint64().Draw(rt, "seed"), InFlight: rapid.IntRange(1, 8).Draw(rt, "window"),
		})
		b.loss = rapid.Float64Range(0, 0.5).Draw(rt, "loss")
		b.start()
		for range rapid.IntRange(1, 6).Draw(rt, "turns") {
			b.cut = rapid.Bool().Draw(rt, "cut")
			b.lns.mute = rapid.Bool().Draw(rt, "mute")
			b.lns.refuse = uint16(rapid.IntRange(0, 1).Draw(rt, "refuse"))
			b.run(time.Duration(rapid.IntRange(1, 60).Draw(rt, "seconds"))*time.Second, nil)
		}
		b.lac.HangUp(b.now, &b.fx)
		b.collect()
		b.run(10*time.Minute, func(*Snapshot) bool { return b.lac.Done() })
		s := b.lac.Snapshot()
		if !b.lac.Done() || s.Sessions+s.InFlight+s.Ending+s.Tunnels != 0 {
			rt.Fatalf("not done: %+v, up %d in flight %d ending %d tunnels %d", s.Counters, s.Sessions, s.InFlight, s.Ending, s.Tunnels)
		}
		if ended := s.FailedAll() + s.DroppedAll() + s.HungUp; ended != s.CallsOffered {
			rt.Fatalf("%d calls offered, %d ended: %+v", s.CallsOffered, ended, s.Counters)
		}
		for el, i := range b.lac.modemByElement {
			if i != 0 {
				rt.Fatalf("element %d still belongs to modem %d", el, i-1)
			}
		}
	})
}

// What a modem that is up does all day costs no allocation: echo requests and
// replies, probes.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	b := newLab(t, Plan{Sessions: 4, Traffic: Traffic{Rate: 1000}}).start()
	b.want("all up", b.run(10*time.Second, allUp(4)), true)
	echo := b.lns.endpoint.AppendData(nil, 0, []byte{0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0})
	peer, local, _, _, _, ok := b.lns.endpoint.DataHeader(0)
	b.want("the LNS has a session 0", ok, true)
	batch := []packet.Datagram{{Data: echo, Peer: local, Local: peer}}
	b.lac.Traffic(b.now, true)
	step := func() {
		b.now = b.now.Add(time.Millisecond)
		b.lac.Advance(b.now, &b.fx)
		b.lac.Handle(b.now, batch, &b.fx)
		b.fx.Reset()
	}
	for range 100 {
		step()
	}
	before := b.lac.Snapshot().ProbesSent
	if n := testing.AllocsPerRun(1000, step); n > 0 {
		t.Errorf("%v allocations for an echo and a probe", n)
	}
	if b.lac.Snapshot().ProbesSent < before+1000 {
		t.Error("no probes were sent while nothing was allocated")
	}
}

// BenchmarkLogin is what one log-in costs the LAC and the LNS of the tests
// together, without sockets.
func BenchmarkLogin(b *testing.B) {
	l := newLab(b, Plan{Tunnels: max(b.N/64, 1), Sessions: max(b.N, max(b.N/64, 1)), InFlight: 256, Auth: []ppp.AuthMethod{ppp.CHAP}})
	l.delay = 100 * time.Microsecond
	b.ReportAllocs()
	b.ResetTimer()
	l.start()
	if !l.run(time.Hour, allUp(b.N)) {
		b.Fatal("not all came up")
	}
}
