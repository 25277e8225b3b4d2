// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/l2tp"
)

// A modem that redials while its old session still seems up gets in at once,
// with the same addresses; the stale session goes, and the plane is never
// without an entry for the address.
func TestRedialReplaces(t *testing.T) {
	for _, shards := range []int{1, 4} {
		cfg := testConfig()
		cfg.terms().AAA.SessionLimitPerUserName = 1
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		var first *modem
		var addr netip.Addr
		for round := range 6 { // over several tunnels, so over several shards
			m := l.login(l.tunnel(), "user1@example")
			if got := m.link.Network().LocalIPv4; round > 0 && got != addr {
				t.Fatalf("%d shards, round %d: %v became %v", shards, round, addr, got)
			}
			addr = m.link.Network().LocalIPv4
			if first != nil && (!first.gone || first.cdn.Code != 3) {
				t.Fatalf("the stale session is still there, or was told %+v", first.cdn)
			}
			first = m
			first.silent = true
			if len(w.plane) != 1 {
				t.Fatalf("plane %v", w.plane)
			}
			for _, f := range w.plane {
				if f.IPv4 != addr || !f.IPv6.IsValid() {
					t.Errorf("installed %+v", f)
				}
			}
		}
		var replaced uint64
		for _, e := range w.engines {
			replaced += e.Counters().Replaced
		}
		if replaced != 5 {
			t.Errorf("%d replaced", replaced)
		}
		for id := range l.up {
			l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
			l.settle()
		}
		w.advance(time.Second)
		w.wantClean()
	}
}

// Before it has authenticated nobody replaces anybody: a calling number can be
// forged. Nor does another user on the same number.
func TestOnlyTheSubscriberReplacesHimself(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	victim := l.login(id, "user1@example")
	bad := l.dial(id, "user1@example", "wrong")
	w.until("refusal", func() bool { return bad.gone })
	l.number = "tel-user1@example"
	l.login(id, "user2@example")
	w.advance(time.Minute)
	if victim.gone {
		t.Error("a subscriber was evicted by somebody else")
	}
}

func TestRedialPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		policy   Redial
		replaced bool
	}{
		"default":        {Redial{}, true},
		"disabled":       {Redial{Disabled: true}, false},
		"by user":        {Redial{LineBy: []LineKey{LineByUserName}}, true},
		"by circuit":     {Redial{LineBy: []LineKey{LineByCircuitID}}, false}, // the LAC tells none
		"not too young":  {Redial{MinimumAge: time.Minute}, false},
		"old enough":     {Redial{MinimumAge: time.Second}, true},
		"first known of": {Redial{LineBy: []LineKey{LineByCircuitID, LineByCallingNumber}}, true},
	} {
		cfg := testConfig()
		cfg.Redial = c.policy
		w := newWorld(t, cfg, 1)
		l := w.lac(0)
		m := l.login(l.tunnel(), "user1@example")
		w.advance(5 * time.Second)
		l.login(l.tunnel(), "user1@example")
		if m.gone != c.replaced {
			t.Errorf("%s: replaced %v", name, m.gone)
		}
	}
}

// A newcomer that fails after it has taken the line leaves nothing behind.
func TestReplacementThatFails(t *testing.T) {
	for _, shards := range []int{1, 3} {
		w := newWorld(t, testConfig(), shards)
		l := w.lac(0)
		l.login(l.tunnel(), "user1@example")
		for range 4 {
			m := l.dial(l.tunnel(), "user1@example", "pw")
			w.advance(time.Millisecond)
			l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
			l.settle()
			w.run()
		}
		for id := range l.up {
			l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
			l.settle()
		}
		w.advance(time.Second)
		w.wantClean()
	}
}
