// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/packet"
	"holdfast/l2tp"
)

// Each limit admits exactly its number over all shards, refuses the rest with an
// honest CDN, and has room again when a session goes.
func TestSessionLimits(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
	}{
		{"chassis", func(c *Config) { c.SessionMax = 10 }},
		{"group", func(c *Config) { c.Groups[0].SessionMax = 10 }},
		{"client", func(c *Config) { c.terms().Client.SessionMax = 10 }},
		{"limit group", func(c *Config) { c.terms().Client.SessionLimitGroup = &SessionLimitGroup{"g", 10} }},
	} {
		for _, shards := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s %d shards", c.name, shards), func(t *testing.T) {
				cfg := testConfig()
				c.change(cfg)
				w := newWorld(t, cfg, shards)
				l := w.lac(0)
				var all []*modem
				for i := range 7 {
					id := l.tunnel()
					for j := range 2 {
						all = append(all, l.dial(id, fmt.Sprintf("user%d@example", 2*i+j), "pw"))
					}
				}
				w.advance(5 * time.Second)
				up, refused := 0, 0
				for _, m := range all {
					if m.up4 {
						up++
					}
					if m.gone {
						refused++
						if m.cdn.Code != 4 {
							t.Errorf("CDN %+v", m.cdn)
						}
					}
				}
				if up != 10 || refused != 4 {
					t.Fatalf("%d up, %d refused", up, refused)
				}
				if w.logs[event.SessionRefused] != 4 {
					t.Errorf("log %v", w.logs)
				}
				for _, m := range all {
					if m.up4 {
						l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
						l.settle()
						break
					}
				}
				w.run()
				l.login(l.tunnel(), "user99@example")
				for id := range l.up {
					l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
					l.settle()
				}
				w.advance(time.Second)
				w.wantClean()
			})
		}
	}
}

// Some LACs go elsewhere only for result code 2.
func TestOverrideResultCode(t *testing.T) {
	cfg := testConfig()
	cfg.SessionMax = 1
	cfg.terms().Client.OverrideResultCode = true
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	l.login(id, "user1@example")
	m := l.dial(id, "user2@example", "pw")
	w.run()
	if !m.gone || m.cdn.Code != 2 || m.cdn.Error != 4 {
		t.Errorf("CDN %+v", m.cdn)
	}
}

func TestTunnelSessionLimit(t *testing.T) {
	cfg := testConfig()
	cfg.terms().Client.TunnelSessionMax = 2
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	l.login(id, "user1@example")
	l.login(id, "user2@example")
	m := l.dial(id, "user3@example", "pw")
	w.run()
	if !m.gone || w.engines[0].Counters().Ended[CauseTunnelLimit] != 1 {
		t.Errorf("CDN %+v", m.cdn)
	}
	l.login(l.tunnel(), "user3@example")
}

func TestTunnelLimit(t *testing.T) {
	for _, shards := range []int{1, 3} {
		cfg := testConfig()
		cfg.TunnelMax = 4
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		for range 6 {
			l.open(&l2tp.TunnelConfig{HostName: "lac"})
		}
		w.advance(time.Second)
		if len(l.up) != 4 || len(l.downs) != 2 {
			t.Fatalf("%d shards: %d tunnels up, %d refused", shards, len(l.up), len(l.downs))
		}
		for _, d := range l.downs {
			if d.Result.Code != 2 || d.Result.Error != 4 {
				t.Errorf("StopCCN %+v", d.Result)
			}
		}
		for id := range l.up {
			l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
			l.settle()
			break
		}
		w.run()
		l.tunnel()
	}
}

// An LAC nobody has heard of, and a gateway that no group serves, are refused.
func TestNotAuthorized(t *testing.T) {
	cfg := testConfig()
	terms := cfg.Groups[0].TermsDefault
	cfg.Groups[0].TermsDefault, cfg.Groups[0].TermsByHostName = nil, map[string]*Terms{"known": terms}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	l.open(&l2tp.TunnelConfig{HostName: "unknown"})
	w.run()
	if len(l.downs) != 1 || l.downs[0].Result.Code != 4 {
		t.Fatalf("StopCCN %+v", l.downs)
	}
	id := l.open(&l2tp.TunnelConfig{HostName: "known"})
	w.run()
	if !l.up[id] {
		t.Error("the known LAC is refused")
	}
	if c := w.engines[0].Counters(); c.TunnelsNotAuthorized != 1 || w.logs[event.TunnelRefused] != 1 {
		t.Errorf("counters %+v log %v", c, w.logs)
	}
}

// When a pool is empty the pool linked to it serves; when all are, the
// subscriber is told, and the next to hang up makes room.
func TestPools(t *testing.T) {
	for _, shards := range []int{1, 2} {
		cfg := testConfig()
		small := &Pool{Name: "small", Prefix: netip.MustParsePrefix("203.0.113.0/30")} // 2 addresses
		more := &Pool{Name: "more", Prefix: netip.MustParsePrefix("203.0.113.8/31")}   // 2 addresses
		small.Linked = more
		cfg.Pools = append(cfg.Pools, small, more)
		cfg.terms().PPP.Pool = small
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		id := l.tunnel()
		seen := map[netip.Addr]bool{}
		var last *modem
		for i := range 4 {
			last = l.login(id, fmt.Sprintf("user%d@example", i))
			seen[last.link.Network().LocalIPv4] = true
		}
		if len(seen) != 4 || !seen[netip.MustParseAddr("203.0.113.9")] || !seen[netip.MustParseAddr("203.0.113.1")] {
			t.Fatalf("addresses %v", seen)
		}
		m := l.dial(id, "user9@example", "pw")
		w.until("refusal", func() bool { return m.gone })
		if m.cdn.Code != 3 && m.cdn.Code != 4 {
			t.Errorf("CDN %+v", m.cdn)
		}
		pools := w.request(Request{Kind: ShowPools, Filter: Filter{}}).Pools
		var dry uint64
		for _, p := range pools {
			dry += p.OutOfAddresses
		}
		if dry == 0 || w.logs[event.PoolExhausted] != 1 {
			t.Errorf("not counted: %+v %v", pools, w.logs)
		}
		l.ep.CloseCall(w.now, last.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
		w.run()
		l.login(id, "user9@example")
	}
}

// While any shard has a free address nobody is refused: small pools are used up
// to the last address, whoever holds the blocks.
func TestPoolIsUsedUpOverShards(t *testing.T) {
	cfg := testConfig()
	small := &Pool{Name: "small", Prefix: netip.MustParsePrefix("203.0.113.0/26")} // 62 addresses
	cfg.Pools = append(cfg.Pools, small)
	cfg.terms().PPP.Pool = small
	w := newWorld(t, cfg, 4)
	l := w.lac(0)
	var all []*modem
	for i := range 62 {
		all = append(all, l.login(l.tunnel(), fmt.Sprintf("user%d@example", i)))
	}
	// Every second one goes, which leaves holes everywhere; then one shard wants them all.
	for i := 0; i < len(all); i += 2 {
		l.ep.CloseCall(w.now, all[i].el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
	}
	w.run()
	id := l.tunnel()
	seen := map[netip.Addr]bool{}
	for i := range 31 {
		m := l.login(id, fmt.Sprintf("user%d@example", 100+i))
		if a := m.link.Network().LocalIPv4; seen[a] {
			t.Fatalf("%v twice", a)
		} else {
			seen[a] = true
		}
	}
	m := l.dial(id, "user200@example", "pw")
	w.until("refusal", func() bool { return m.gone })
	for id := range l.up {
		l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
		l.settle()
	}
	w.advance(time.Second)
	w.wantClean()
}

// An address that belongs to one subscriber is in no pool and on one session.
func TestFramedAddress(t *testing.T) {
	for _, shards := range []int{1, 3} {
		cfg := testConfig()
		fixed := netip.MustParseAddr("100.64.0.1")
		cfg.terms().AAA.Subscribers["user0@example"].FramedIPv4 = fixed
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		id := l.tunnel()
		for i := 1; i < 20; i++ {
			if m := l.login(id, fmt.Sprintf("user%d@example", i)); m.link.Network().LocalIPv4 == fixed {
				t.Fatal("the pool hands out a subscriber's own address")
			}
		}
		first := l.login(id, "user0@example")
		if got := first.link.Network().LocalIPv4; got != fixed {
			t.Fatalf("got %v", got)
		}
		l.number = "another line"
		second := l.dial(l.tunnel(), "user0@example", "pw")
		w.until("refusal", func() bool { return second.gone })
		l.ep.CloseCall(w.now, first.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
		w.run()
		l.login(l.tunnel(), "user0@example")
	}
}

func TestSessionLimitPerUserName(t *testing.T) {
	for _, shards := range []int{1, 3} {
		cfg := testConfig()
		cfg.terms().AAA.SessionLimitPerUserName = 2
		cfg.Redial.Disabled = true
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		a := l.login(l.tunnel(), "user1@example")
		l.login(l.tunnel(), "user1@example")
		m := l.dial(l.tunnel(), "user1@example", "pw")
		w.until("refusal", func() bool { return m.gone })
		l.login(l.tunnel(), "user2@example")
		l.ep.CloseCall(w.now, a.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
		w.run()
		l.login(l.tunnel(), "user1@example")
		for id := range l.up {
			l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
			l.settle()
		}
		w.advance(time.Second)
		w.wantClean()
	}
}

// Interfaces fill evenly, and never beyond what they may carry.
func TestServiceInterfaces(t *testing.T) {
	cfg := testConfig()
	cfg.Interfaces = []Interface{{"si-1/0/0", 2}, {"si-1/1/0", 4}}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	for i := range 4 {
		l.login(id, fmt.Sprintf("user%d@example", i))
	}
	w.wantInterfaces(2, 2)
	l.login(id, "user4@example")
	l.login(id, "user5@example")
	w.wantInterfaces(2, 4)
	m := l.dial(id, "user6@example", "pw")
	w.run()
	if !m.gone {
		t.Error("a seventh session found a place")
	}
}

func (w *world) wantInterfaces(a, b int) {
	w.t.Helper()
	got := Request{Kind: ShowSummary}
	w.engines[0].Request(w.now, &got, w.fx[0])
	w.carry(0)
	if f := got.Summary.Interfaces; f["si-1/0/0"] != a || f["si-1/1/0"] != b {
		w.t.Errorf("interfaces %v, want %d and %d", f, a, b)
	}
}

// Draining keeps what lives and takes nothing new.
func TestDrain(t *testing.T) {
	cfg := testConfig()
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	m := l.login(id, "user1@example")
	drained := testConfig()
	drained.Drain = true
	w.engines[0].Configure(w.now, drained, w.fx[0])
	w.carry(0)
	if w.logs[event.Draining] != 1 {
		t.Errorf("log %v", w.logs)
	}
	n := l.dial(id, "user2@example", "pw")
	l.open(&l2tp.TunnelConfig{HostName: "lac"})
	w.run()
	if !n.gone || len(l.downs) != 1 || l.downs[0].Result.Error != 7 {
		t.Errorf("call gone %v, tunnels refused %+v", n.gone, l.downs)
	}
	w.advance(2 * time.Minute)
	if m.gone {
		t.Error("a living session was lost")
	}
}

// A clean stop tells every tunnel, and is over when all have acknowledged.
func TestStop(t *testing.T) {
	for _, shards := range []int{1, 3} {
		w := newWorld(t, testConfig(), shards)
		l := w.lac(0)
		for range 20 {
			l.tunnel()
		}
		w.lose = func(*packet.Datagram) bool { return true }
		for i, e := range w.engines {
			e.Stop(w.now, w.fx[i])
			w.carry(i)
		}
		if w.stopped != 0 && shards == 1 {
			t.Error("stopped before anybody has acknowledged")
		}
		w.lose = nil
		w.advance(10 * time.Second)
		if len(l.up) != 0 || w.stopped != 1<<shards-1 {
			t.Fatalf("%d tunnels up, shards stopped %b", len(l.up), w.stopped)
		}
		for _, d := range l.downs {
			if d.Result.Code != 6 {
				t.Errorf("StopCCN %+v", d.Result)
			}
		}
	}
}
