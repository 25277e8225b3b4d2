// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"testing"
	"time"

	"holdfast/ppp"
)

// The link of half the tunnels is cut for 35 s. Modems that hear nothing for 30 s
// hang up; those behind them, and only those, and all of them come back.
func TestCutDropsWhatIsBehindIt(t *testing.T) {
	const modems, tunnels = 80, 8
	b := newLab(t, Plan{Tunnels: tunnels, Sessions: modems, EchoMax: 2, RedialDelay: time.Second, Pulse: 1}).start()
	b.want("all up", b.run(10*time.Second, allUp(modems)), true)
	b.want("tunnels, that without modems too", b.lac.Snapshot().Tunnels, tunnels+1)
	b.run(20*time.Second, nil)
	b.lac.Cut(tunnels / 2)
	b.want("online behind the cut", b.lac.OnlineBehind(tunnels/2), modems/2)
	b.run(19*time.Second, nil)
	b.want("after 19 s nobody has noticed", b.lac.Snapshot().Sessions, modems)
	b.run(16*time.Second, nil)
	b.want("after 35 s those behind the cut have gone", b.lac.Snapshot().Sessions, modems/2)
	b.lac.Mend(b.now)
	b.want("all back", b.run(time.Minute, allUp(modems)), true)
	s := b.lac.Snapshot()
	b.want("dropped", s.Dropped[EchoLost], uint64(modems/2))
	b.want("dropped elsewhere", s.DroppedElsewhere, uint64(0))
	if s.Back.Max() > 10*time.Second { // retransmissions of the tunnels, up to 8 s apart
		t.Errorf("the last was back %v after the link", s.Back.Max())
	}
	b.want("came back", s.Back.Count(), uint64(modems/2))
	b.want("tunnels lost", s.TunnelsLost, uint64(0))
	if n := s.Hello.Count(); n < 50 || s.Hello.Max() > 4*b.delay {
		t.Errorf("%d HELLOs measured, at most %v; the way there and back takes %v", n, s.Hello.Max(), 2*b.delay)
	}
}

// Drops behind tunnels that were not cut are told apart.
func TestDropsElsewhereAreCounted(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 4, Sessions: 8, EchoMax: 2}).start()
	b.want("all up", b.run(10*time.Second, allUp(8)), true)
	b.lac.Cut(1)
	b.lns.closeTunnel(b.now, b.lns.tunnels[3])
	b.run(35*time.Second, func(s *Snapshot) bool { return s.DroppedAll() == 4 })
	b.want("elsewhere", b.lac.Snapshot().DroppedElsewhere, uint64(2))
}

// Callers dial at their rate beside the residents, are hung up on after their
// talk, and end when told to; the residents do not notice.
func TestOverloadKeepsItsRate(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 4, Sessions: 20, Callers: 200}).start()
	b.want("residents up", b.run(10*time.Second, allUp(20)), true)
	b.run(time.Second, nil)
	b.want("no caller has dialled", b.lac.Snapshot().CallsOffered, uint64(20))
	b.lac.Overload(b.now, 100, 500*time.Millisecond)
	b.run(10*time.Second, nil)
	b.lac.Overload(b.now, -1, 0)
	offered := b.lac.Snapshot().CallsOffered - 20
	if offered < 990 || offered > 1010 {
		t.Errorf("%d calls in 10 s at 100 a second", offered)
	}
	if n := b.lac.Snapshot().Sessions - 20; n < 40 || n > 60 {
		t.Errorf("%d callers talk, each for half a second", n)
	}
	b.want("quiet", b.run(5*time.Second, func(s *Snapshot) bool { return s.Sessions == 20 && s.InFlight == 0 }), true)
	s := b.lac.Snapshot()
	b.want("came up", s.CallsUp, 20+offered)
	b.want("hung up", s.HungUp, offered)
	b.want("missed", s.CallsMissed, uint64(0))
	b.want("dropped", s.DroppedAll(), uint64(0))
	b.run(5*time.Second, nil)
	b.want("nobody dials any more", b.lac.Snapshot().CallsOffered, 20+offered)
}

// With fewer callers than the rate takes, what could not be offered is counted.
func TestOverloadMissesAreCounted(t *testing.T) {
	b := newLab(t, Plan{Sessions: 1, Callers: 10}).start()
	b.want("resident up", b.run(10*time.Second, allUp(1)), true)
	b.lac.Overload(b.now, 100, 10*time.Second)
	b.run(5*time.Second, nil)
	s := b.lac.Snapshot()
	b.want("offered", s.CallsOffered, uint64(11))
	if s.CallsMissed < 480 || s.CallsMissed > 495 {
		t.Errorf("%d missed", s.CallsMissed)
	}
}

// Without a rate callers keep the window full: that measures the capacity.
func TestOverloadByWindow(t *testing.T) {
	b := newLab(t, Plan{Sessions: 1, Callers: 100}).start()
	b.want("resident up", b.run(10*time.Second, allUp(1)), true)
	b.lac.Window(8)
	b.lac.Overload(b.now, 0, 0)
	most := 0
	b.run(5*time.Second, func(s *Snapshot) bool { most = max(most, s.InFlight); return false })
	b.want("in flight at most", most, 8)
	if n := b.lac.Snapshot().CallsUp; n < 300 { // 8 at once, some 75 ms each
		t.Errorf("only %d came up in 5 s", n)
	}
}

// What is killed comes back, in whichever of the three ways it went.
func TestKilledModemsComeBack(t *testing.T) {
	const modems = 60
	b := newLab(t, Plan{Tunnels: 3, Sessions: modems, RedialDelay: time.Second, Seed: 5}).start()
	b.want("all up", b.run(10*time.Second, allUp(modems)), true)
	b.lac.Kill(b.now, 30, &b.fx)
	b.collect()
	b.run(500*time.Millisecond, nil)
	s := b.lac.Snapshot()
	b.want("killed", s.Killed, uint64(30))
	b.want("still up", s.Sessions, modems-30)
	b.want("all back", b.run(20*time.Second, allUp(modems)), true)
	s = b.lac.Snapshot()
	b.want("hung up", s.HungUp, uint64(30))
	b.want("none counts as dropped", s.DroppedAll(), uint64(0))
}

// A silent modem leaves without a CDN: all that the tunnel has to deliver is the ICRQ.
func TestSilentModemsSayNothing(t *testing.T) {
	for _, silent := range []float64{0, 1} {
		b := newLab(t, Plan{Patience: time.Second, RedialDelay: -1, Silent: silent, Auth: []ppp.AuthMethod{ppp.PAP}})
		b.lns.mute = true
		b.start()
		b.want("given up", b.run(10*time.Second, func(s *Snapshot) bool { return s.Failed[NoAnswer] == 1 }), true)
		b.run(5*time.Second, nil)
		b.want("calls that the LNS still holds", b.lns.endpoint.Counters().Sessions, int(silent))
	}
}

// A plan may not ask for less than nothing.
func TestControlPlan(t *testing.T) {
	for _, p := range []Plan{{Callers: -1}, {Pulse: -1}, {Silent: 1.5}} {
		p.LNS = targets[:1]
		p = p.WithDefaults()
		if p.Check() == nil {
			t.Errorf("%+v is fine", p)
		}
	}
}
