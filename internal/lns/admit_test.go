// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// storm puts more calls on the wire at once than are begun inline.
func storm(w *world, l *lac, tunnels, calls int) (all []*modem) {
	for i := range tunnels {
		id := l.tunnel()
		for j := range calls {
			all = append(all, l.dial(id, fmt.Sprintf("user%d@example", (i*calls+j)%300), "pw"))
		}
	}
	return all
}

// Every ICRQ is acknowledged in the input that brought it, whether or not its
// call may be begun: "the receiver MUST NOT withhold acknowledgments" as flow
// control (RFC 2661 §5.8).
func TestParkedCallsAreAcknowledged(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	w.holdBegin = true
	all := storm(w, l, 4, 25)
	w.run()
	e := w.engines[0]
	if s := e.adm.Snapshot(w.now); s.Parked < 50 || e.states[StateInit] != s.Parked {
		t.Fatalf("%d parked, %d in state Init", s.Parked, e.states[StateInit])
	}
	for id, ok := l.ep.TunnelAfter(0); ok; id, ok = l.ep.TunnelAfter(id) {
		if info, _ := l.ep.Tunnel(id); info.Unacknowledged != 0 {
			t.Errorf("tunnel %d waits for %d acknowledgements", id, info.Unacknowledged)
		}
	}
	w.holdBegin = false
	w.begin()
	w.until("all up", func() bool {
		for _, m := range all {
			if !m.up4 {
				return false
			}
		}
		return true
	})
	if s := e.adm.Snapshot(w.now); s.Parked != 0 || s.InSetUp != 0 || s.Counters.Up != 100 {
		t.Errorf("afterwards %+v", s)
	}
}

// A caller who leaves while parked costs no dear step; one who leaves in set-up
// is counted as stale work.
func TestWithdrawn(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	w.holdBegin = true
	all := storm(w, l, 1, 30)
	w.run()
	e := w.engines[0]
	before := e.counters.DearSteps
	for _, m := range all {
		l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
	}
	w.run()
	if c := e.adm.Snapshot(w.now).Counters; c.Withdrawn != 30-c.Admitted || c.Withdrawn < 10 {
		t.Errorf("withdrawn %+v", c)
	}
	if e.counters.DearSteps != before || e.counters.StaleSteps != 0 {
		t.Errorf("%d dear steps for callers who left, %d stale", e.counters.DearSteps-before, e.counters.StaleSteps)
	}
	w.holdBegin = false
	m := l.dial(l.tunnel(), "user1@example", "pw")
	m.silent = true
	w.advance(time.Second)
	l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
	l.settle()
	w.run()
	if e.counters.StaleSteps != 2 || e.adm.Snapshot(w.now).Counters.WithdrawnLate != 1 {
		t.Errorf("stale %d: ICRP and LCP were for nobody", e.counters.StaleSteps)
	}
	w.advance(5 * time.Second)
	w.wantClean()
}

// Parked calls whose deadline passes are refused with an honest CDN; those past
// the budget are forgotten, and the tunnel lives.
func TestDeadlineOfParkedCalls(t *testing.T) {
	cfg := testConfig()
	cfg.Admission = admission.Config{Deadline: 2 * time.Second, RefusalsRate: 20}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	w.holdBegin = true
	all := storm(w, l, 2, 40)
	w.advance(5 * time.Second)
	e := w.engines[0]
	s := e.adm.Snapshot(w.now)
	if s.Parked != 0 || s.Counters.Expired < 60 || s.Counters.Silent == 0 || s.Counters.Silent == s.Counters.Expired {
		t.Fatalf("after the deadline %+v", s)
	}
	refused := 0
	for _, m := range all {
		if m.gone && m.cdn.Code == 4 {
			refused++
		}
	}
	if uint64(refused) != s.Counters.Expired-s.Counters.Silent {
		t.Errorf("%d CDNs, %+v", refused, s.Counters)
	}
	if len(l.up) != 2 {
		t.Error("a tunnel was lost")
	}
	w.holdBegin = false
	l.login(l.tunnel(), "user299@example")
}

// A modem that redials finds its own older call out of the way.
func TestParkedLineDialsAgain(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	w.holdBegin = true
	for i := range 20 {
		l.dial(id, fmt.Sprintf("user%d@example", i), "pw")
	}
	w.run()
	old := l.dial(id, "user100@example", "pw")
	w.advance(2 * time.Second)
	l.dial(id, "user100@example", "pw")
	w.run()
	if !old.gone || w.engines[0].Counters().Ended[CauseSuperseded] != 1 {
		t.Errorf("old call gone %v", old.gone)
	}
}

// A call that is past its caller's patience gets no further dear step.
func TestLateInSetUp(t *testing.T) {
	cfg := testConfig()
	cfg.Admission.Deadline = 3 * time.Second
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	m := l.dial(id, "user1@example", "pw")
	m.silent = true // its LCP hears nothing
	w.advance(4 * time.Second)
	m.silent = false
	w.advance(4 * time.Second) // now it speaks, too late
	if !m.gone || m.up4 || w.engines[0].adm.Snapshot(w.now).Counters.LateInSetUp == 0 {
		t.Errorf("gone %v up %v", m.gone, m.up4)
	}
	w.wantClean()
}

// With admission off calls are begun as they come, and nothing is parked.
func TestAdmissionDisabled(t *testing.T) {
	cfg := testConfig()
	cfg.Admission.Disabled = true
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	w.holdBegin = true
	all := storm(w, l, 2, 40)
	w.until("all up", func() bool {
		for _, m := range all {
			if !m.up4 {
				return false
			}
		}
		return true
	})
}

// A wrong password is no sign of load.
func TestFailureIsNoLoad(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	for range 50 {
		m := l.dial(id, "user1@example", "wrong", ppp.PAP)
		w.until("refusal", func() bool { return m.gone })
	}
	s := w.engines[0].adm.Snapshot(w.now)
	if s.Counters.Failed != 50 || s.Counters.SlotsShrunk != 0 || s.InSetUp != 0 {
		t.Errorf("%+v", s)
	}
}

// A caller whose network opens past the deadline is there: its answer has opened
// it. It is not sent away with all the work done.
func TestLateButThere(t *testing.T) {
	cfg := testConfig()
	cfg.Admission.Deadline = 3 * time.Second
	cfg.terms().Profile.IPv6 = false
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	lost := 0
	w.lose = func(d *packet.Datagram) bool {
		g, ok := l2tp.Peek(d.Data)
		isAck := ok && !g.Control && d.Peer == l.addr && bytes.Contains(d.Data, []byte{0x80, 0x21, 2})
		if isAck {
			lost++
		}
		return isAck && lost == 1 // our Configure-Request is sent again after 3 s
	}
	m := l.dial(l.tunnel(), "user1@example", "pw")
	w.advance(10 * time.Second)
	if lost < 2 || !m.up4 || m.gone {
		t.Errorf("%d Configure-Acks, up %v, gone %v", lost, m.up4, m.gone)
	}
}

// While a call waits for tokens of a limit no other is begun: all of them would
// go on in one input when the tokens come, and control behind it would wait.
func TestNoBurstAtTokens(t *testing.T) {
	cfg := testConfig()
	cfg.SessionMax = 100 // twelve tokens at once for each of two shards
	w := newWorld(t, cfg, 2)
	l := w.lac(0)
	w.holdBegin = true
	storm(w, l, 8, 10)
	w.run()
	e, fx := w.engines[0], &Effects{}
	for e.Begin(w.now, fx) {
	}
	if s := e.adm.Snapshot(w.now); e.wanting != 1 || len(fx.Messages) != 1 || s.Parked < 10 {
		t.Errorf("%d calls wait for tokens, asked for %d times; %d are parked", e.wanting, len(fx.Messages), s.Parked)
	}
}

// A parked call that an operator clears is parked no longer: its element may be
// another call's before its deadline comes.
func TestParkedCallCleared(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	w.holdBegin = true
	all := storm(w, l, 2, 20)
	w.run()
	e := w.engines[0]
	if e.adm.Snapshot(w.now).Parked < 20 {
		t.Fatal("nothing is parked")
	}
	w.request(Request{Kind: ClearSessions})
	w.run()
	if s := e.adm.Snapshot(w.now); s.Parked != 0 || s.Counters.Cleared < 20 {
		t.Errorf("after all were cleared %d are parked, %d cleared", s.Parked, s.Counters.Cleared)
	}
	for _, m := range all[8:] {
		if !m.gone {
			t.Fatal("a call was not told")
		}
	}
}

// With a backlog an ICRQ is acknowledged late where many tunnels share the work,
// and at once where they are few: their LACs wait for it with a small window.
func TestLateAcknowledgement(t *testing.T) {
	for _, tunnels := range []int{2, fewTunnels + 1} {
		w := newWorld(t, testConfig(), 1)
		l := w.lac(0)
		w.holdBegin = true
		var id l2tp.TunnelID
		for range tunnels {
			id = l.tunnel()
		}
		for i := range 40 {
			l.dial(id, fmt.Sprintf("user%d@example", i), "pw")
		}
		w.advance(time.Second)
		e := w.engines[0]
		if !e.adm.Overloaded(w.now) {
			t.Fatalf("no backlog with %d parked", e.adm.Snapshot(w.now).Parked)
		}
		l.dial(id, "user100@example", "pw")
		w.run()
		info, _ := l.ep.Tunnel(id)
		if late := info.Unacknowledged > 0; late != (tunnels > fewTunnels) {
			t.Errorf("%d tunnels: late %v", tunnels, late)
		}
		w.advance(20 * time.Millisecond)
		if info, _ := l.ep.Tunnel(id); info.Unacknowledged > 0 {
			t.Errorf("%d tunnels: no acknowledgement within 20 ms", tunnels)
		}
		for id, ok := l.ep.TunnelAfter(0); ok; id, ok = l.ep.TunnelAfter(id) {
			l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
			l.settle()
		}
		w.run()
		if e.tunnelsUp != 0 {
			t.Errorf("%d tunnels are still counted", e.tunnelsUp)
		}
	}
}
