// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/police"
)

// attacked is a world with flow detection and an aggregate that a flood violates.
func attacked(t testing.TB, change func(*police.Config)) *world {
	return newWorld(t, func(c *police.Config) {
		c.FlowDetection = true
		set(c, police.L2TPAggregate, 1_000, 1_000)
		if change != nil {
			change(c)
		}
	})
}

// One LAC of three goes wild, over thousands of calls. It is found after the
// detect time and suppressed, and the others get back what they had before.
func TestWildLACIsSuppressed(t *testing.T) {
	w := attacked(t, nil)
	dice := rand.New(rand.NewPCG(1, 0))
	var sent, passed [4]int
	during := func(from, to time.Duration) {
		sent, passed = [4]int{}, [4]int{}
		w.pps(5_000, to-from, func(i int) police.Verdict {
			lac, tunnel := byte(1), uint16(i) // 4,950 a second over all tunnels
			if dice.IntN(100) == 0 {
				lac, tunnel = byte(2+dice.IntN(2)), uint16(dice.IntN(500))
			}
			v := w.in(police.CDN, lac, tunnel, 1)
			sent[lac]++
			if v == police.Pass {
				passed[lac]++
			}
			return v
		})
	}
	during(0, 2900*time.Millisecond)
	if passed[2] > sent[2]*9/10 {
		t.Errorf("the flood did no harm: %v of %v", passed, sent)
	}
	w.wantEvents("before the detect time", "DDOS_PROTOCOL_VIOLATION_SET L2TP:aggregate eth0 1 from 249.8ms")
	during(2900*time.Millisecond, 3400*time.Millisecond) // hunting began with the violation, at 249.8 ms
	during(3400*time.Millisecond, 20*time.Second)
	if passed[1] != 0 || passed[2] != sent[2] || passed[3] != sent[3] {
		t.Errorf("after it: passed %v of %v", passed, sent)
	}
	w.wantEvents("found", "DDOS_SCFD_FLOW_FOUND L2TP:aggregate logical-interface 192.0.2.1:0 at 3.2502s")
	s := w.of(police.L2TPAggregate)
	if f := s.Slots[0].Flows[police.LogicalInterface]; f.Current != 1 || f.Detected != 1 || !f.Active || s.Tracked != 1 || s.Detected != 1 {
		t.Errorf("%+v", s.Slots[0].Flows)
	}
	if s.Slots[0].Counts.DroppedFlow == 0 || s.System.Dropped() != s.Slots[0].Counts.Dropped() {
		t.Errorf("%+v", s.Slots[0].Counts)
	}
	c := w.Culprits(police.Selector{}, nil)
	if len(c) != 1 || c[0].Peer.Addr() != netip.MustParseAddr("192.0.2.1") || c[0].Local != netip.MustParseAddr("198.51.100.1") || c[0].Slot != 0 ||
		c[0].Rate < 4_850 || c[0].Rate > 5_000 || c[0].Dropped == 0 || c[0].Packets < c[0].Dropped {
		t.Errorf("%+v", c)
	}

	// It behaves again, and is trusted again after the recover time.
	w.pps(100, 59*time.Second, func(i int) police.Verdict { return w.in(police.CDN, 1, uint16(i), 1) })
	w.wantEvents("before the recover time")
	w.until(81 * time.Second)
	w.wantEvents("recovered", "DDOS_SCFD_FLOW_RETURN_NORMAL L2TP:aggregate logical-interface 192.0.2.1:0 at 3.2502s")
	if w.in(police.CDN, 1, 1, 1) != police.Pass {
		t.Error("still suppressed")
	}
}

// A single call is found at the finest level; its LAC is not blamed for it.
func TestWildSubscriberIsSuppressedAlone(t *testing.T) {
	w := attacked(t, func(c *police.Config) { set(c, police.PPPAggregate, 1_000, 100) })
	passed := 0
	w.pps(5_000, 10*time.Second, func(i int) police.Verdict {
		if i%50 == 0 {
			v := w.in(police.EchoRequest, 1, 1, uint16(2+i/50%1_000))
			if v == police.Pass && w.now.Sub(epoch) > 4*time.Second {
				passed++
			}
			return v
		}
		// Established, as a subscriber's session is.
		return w.Ingress(w.now, 0, police.EchoRequest, datagram(police.EchoRequest, 1, 1, 1), true)
	})
	w.wantEvents("found", "DDOS_PROTOCOL_VIOLATION_SET PPP:aggregate eth0 1 from 24.8ms",
		"DDOS_SCFD_FLOW_FOUND PPP:aggregate subscriber 192.0.2.1:1701 at 3.0252s")
	if passed < 599 {
		t.Errorf("%d of the others' 600 passed", passed)
	}
	if c := w.Culprits(police.Selector{Types: []police.Type{police.PPPAggregate}}, nil); len(c) != 1 || c[0].TunnelID != 1 || c[0].SessionID != 1 {
		t.Errorf("%+v", c)
	}
}

// Not when it alone exceeds what its LAC may send, and not when it is let through.
func TestCoarserLevelIsNotBlamed(t *testing.T) {
	w := attacked(t, func(c *police.Config) { c.LevelControl = police.ControlKeep })
	w.pps(10_000, 10*time.Second, func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) })
	if c := w.Culprits(police.Selector{}, nil); len(c) != 1 || c[0].Level != police.Subscriber {
		t.Errorf("%+v", c)
	}
}

// A culprit stays under control when the policer has recovered because of that.
func TestHuntGoesOnWhileThereAreCulprits(t *testing.T) {
	w := attacked(t, func(c *police.Config) { c.Types[police.L2TPAggregate].RecoverTime = 2 * time.Second })
	flood := func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) }
	w.pps(5_000, 8*time.Second, flood)
	if s := w.of(police.L2TPAggregate); s.Violation.State != police.WasViolated {
		t.Fatalf("%+v", s.Violation)
	}
	if passed := w.pps(5_000, 8*time.Second, flood); passed != 0 {
		t.Errorf("%d passed", passed)
	}
	w.until(80 * time.Second)
	if w.in(police.CDN, 1, 1, 1); w.Snapshot(w.now).Table.Used != 0 {
		t.Error("flows are looked for though all is well")
	}
}

// Control messages in the window of a standing tunnel pass, whatever its LAC has done.
func TestFlowControlSparesEstablishedTunnels(t *testing.T) {
	w := attacked(t, func(c *police.Config) { c.Types[police.L2TPAggregate].Configured = 0 })
	w.pps(30_000, 6*time.Second, func(int) police.Verdict { return w.in(police.SCCRQ, 1, 0, 0) })
	if w.in(police.SCCRQ, 1, 0, 0) != police.DropFlow {
		t.Fatal("the LAC is no culprit")
	}
	if w.Ingress(w.now, 0, police.Hello, datagram(police.Hello, 1, 5, 0), true) != police.Pass {
		t.Error("a Hello in the window was dropped")
	}
}

// Keep only reports; police lets the level's bandwidth through.
func TestFlowControls(t *testing.T) {
	for _, c := range []struct {
		control  police.Control
		from, to int
	}{{police.ControlDrop, 0, 0}, {police.ControlKeep, 5_000, 5_000}, {police.ControlPolice, 998, 1_002}} {
		w := newWorld(t, func(cfg *police.Config) {
			cfg.FlowDetection = true
			f := &cfg.Types[police.L2TPAggregate].Flow
			f.Mode, f.Levels[police.Subscriber].Control = police.On, c.control
			cfg.Types[police.L2TPAggregate].Configured = police.KnobFlowMode
			f.Levels[police.Subscriber].Configured = police.KnobLevelControl
		})
		send := func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) }
		w.pps(500, 5*time.Second, send)
		if passed := w.pps(500, 10*time.Second, send); passed < c.from || passed > c.to {
			t.Errorf("%v: %d of 5,000 passed, want %d to %d", c.control, passed, c.from, c.to)
		}
		if s := w.of(police.L2TPAggregate); s.Detected != 1 {
			t.Errorf("%v: %d found", c.control, s.Detected)
		}
	}
}

// When and where flows are looked for.
func TestFlowModes(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*police.Config)
		found  uint64
	}{
		{"automatic, policer not violated", nil, 0},
		{"on", func(c *police.Config) { c.FlowMode = police.On }, 1},
		{"off", func(c *police.Config) { c.FlowMode = police.Off; set(c, police.L2TPAggregate, 10, 10) }, 0},
		{"automatic, violated", func(c *police.Config) { set(c, police.L2TPAggregate, 10, 10) }, 1},
		{"level on", func(c *police.Config) { c.Types[police.L2TPAggregate].Flow.Levels[police.Subscriber].Mode = police.On }, 1},
		{"level off", func(c *police.Config) {
			c.FlowMode = police.On
			c.Types[police.L2TPAggregate].Flow.Levels[police.Subscriber].Mode = police.Off
		}, 0},
		{"a type of its own is not its aggregate's business", func(c *police.Config) {
			c.FlowMode, c.Types[police.CDN].Configured = police.On, police.KnobFlowMode
			c.Types[police.CDN].Flow.Mode = police.Off
		}, 0},
		{"switched off altogether", func(c *police.Config) { c.FlowDetection, c.FlowMode = false, police.On }, 0},
	} {
		w := newWorld(t, func(cfg *police.Config) {
			cfg.FlowDetection = true
			if c.change != nil {
				c.change(cfg)
			}
		})
		w.pps(300, 6*time.Second, func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) })
		if s := w.Snapshot(w.now); s.FlowsDetected != c.found || s.FlowsTracked != c.found {
			t.Errorf("%s: %d found", c.name, s.FlowsDetected)
		}
	}
}

// The original's rates would shut out an honest LAC that restarts in an attack:
// 2,000 tunnels in twenty seconds. Ours do not.
func TestDefaultFlowRatesSpareRestartingLAC(t *testing.T) {
	for _, original := range []bool{true, false} {
		w := attacked(t, func(c *police.Config) {
			c.FlowMode = police.On
			if original {
				for level := range police.PhysicalInterface {
					c.Types[police.L2TPAggregate].Flow.Levels[level].Bandwidth = 10
				}
			}
		})
		w.pps(200, 20*time.Second, func(i int) police.Verdict {
			return w.in([]police.Type{police.SCCRQ, police.SCCCN}[i%2], 1, uint16(i%2*i), 0)
		})
		if got := w.Snapshot(w.now).FlowsDetected != 0; got != original {
			t.Errorf("original rates %v: culprit %v", original, got)
		}
	}
}

// A culprit is let go after the timeout if that is configured, by an operator,
// and when flow detection is switched off.
func TestCulpritsLetGo(t *testing.T) {
	flood := func(w *world, during time.Duration) {
		w.pps(300, during, func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) })
	}
	on := func(c *police.Config) { c.FlowMode = police.On }
	w := attacked(t, func(c *police.Config) {
		on(c)
		f := &c.Types[police.L2TPAggregate].Flow
		f.TimeoutActive, f.Timeout = true, 10*time.Second
	})
	flood(w, 14500*time.Millisecond)
	w.wantEvents("timed out though it goes on", "DDOS_SCFD_FLOW_FOUND L2TP:aggregate subscriber 192.0.2.1:1701 at 3.003333333s",
		"DDOS_SCFD_FLOW_TIMEOUT L2TP:aggregate subscriber 192.0.2.1:1701 at 3.003333333s")

	w = attacked(t, on)
	flood(w, 5*time.Second)
	if n := w.ClearCulprits(w.now, police.Selector{Slots: []int{1}}); n != 0 {
		t.Errorf("%d cleared of another slot", n)
	}
	if n := w.ClearCulprits(w.now, police.Selector{Types: police.GroupL2TP.Types(), Slots: []int{0}}); n != 1 || len(w.Culprits(police.Selector{}, nil)) != 0 {
		t.Errorf("%d cleared", n)
	}
	if w.in(police.CDN, 1, 1, 1) != police.Pass {
		t.Error("still suppressed after clear")
	}
	flood(w, 5*time.Second)
	off := police.Defaults()
	if err := w.Configure(w.now, off); err != nil {
		t.Fatal(err)
	}
	w.until(12 * time.Second)
	if s := w.Snapshot(w.now); s.FlowsTracked != 0 || s.Table.Used != 0 || s.FlowsDetected != 2 {
		t.Errorf("after switching off: %+v", s.Table)
	}
	w.wantEvents("clear and switch off", "DDOS_SCFD_FLOW_FOUND L2TP:aggregate subscriber 192.0.2.1:1701 at 3.003333333s",
		"DDOS_SCFD_FLOW_CLEARED L2TP:aggregate subscriber 192.0.2.1:1701 at 3.003333333s",
		"DDOS_SCFD_FLOW_FOUND L2TP:aggregate subscriber 192.0.2.1:1701 at 8.003333333s",
		"DDOS_SCFD_FLOW_CLEARED L2TP:aggregate subscriber 192.0.2.1:1701 at 8.003333333s")
}

// A million forged sources fill the table and no more; they are merged level by
// level, the culprit found before stays in hand, and when it is over flows are
// told apart again.
func TestMillionForgedFlowsStayBounded(t *testing.T) {
	w := attacked(t, func(c *police.Config) {
		f := &c.Types[police.L2TPAggregate].Flow
		f.RecoverTime = 5 * time.Second
		f.Levels[police.Subscriber].Bandwidth, f.Levels[police.LogicalInterface].Bandwidth = 2, 2
	})
	before := w.Snapshot(w.now).Table.Size
	w.pps(2_000, 5*time.Second, func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) })
	d := datagram(police.CDN, 0, 1, 1)
	forged := 1_000_000
	if testing.Short() {
		forged /= 10
	}
	dropped, wild := 0, 0
	w.pps(forged/5, 5*time.Second, func(i int) police.Verdict {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 10<<24|uint32(i))
		d.Peer = netip.AddrPortFrom(netip.AddrFrom4(a), 1701)
		if i%100 == 0 {
			if w.in(police.CDN, 1, 1, 1) != police.DropFlow {
				wild++
			}
		}
		v := w.Ingress(w.now, 0, police.CDN, d, false)
		if v.Dropped() {
			dropped++
		}
		return v
	})
	s := w.Snapshot(w.now)
	if s.Table.Size != before || s.Table.Used > s.Table.Size || s.Table.Aggregated < 2 || s.Table.Evicted == 0 {
		t.Errorf("table %+v", s.Table)
	}
	if wild != 0 {
		t.Errorf("the culprit slipped %d times", wild)
	}
	if dropped < forged-7_000 { // what the aggregate gives in that time
		t.Errorf("%d of %d dropped", dropped, forged)
	}
	var aggregated, deaggregated int
	w.until(60 * time.Second)
	for _, e := range w.events {
		switch e.Kind {
		case police.FlowsAggregated:
			aggregated++
		case police.FlowsDeaggregated:
			deaggregated++
		}
	}
	if s = w.Snapshot(w.now); aggregated != 2 || deaggregated != 1 || s.Table.Used != 0 {
		t.Errorf("%d aggregated, %d deaggregated, table %+v", aggregated, deaggregated, s.Table)
	}
}

// When culprits themselves fill the table, they too are merged.
func TestTooManyCulpritsAreMerged(t *testing.T) {
	w := newWorld(t, func(c *police.Config) {
		c.FlowDetection, c.FlowMode, c.FlowReportRate = true, police.On, police.ReportRateMax
		f := &c.Types[police.L2TPAggregate].Flow
		f.DetectTime, f.Levels[police.Subscriber].Bandwidth, f.Levels[police.LogicalInterface].Bandwidth = time.Second, 1, 30_000
		f.Levels[police.PhysicalInterface].Mode = police.Off
	})
	w.pps(8_000, 3*time.Second, func(i int) police.Verdict { return w.in(police.CDN, 1, uint16(i%2_000), 1) })
	culprits := w.Snapshot(w.now).FlowsTracked
	if culprits < 1_500 {
		t.Fatalf("%d culprits", culprits)
	}
	w.pps(8_000, time.Second, func(i int) police.Verdict { return w.in(police.CDN, 1, uint16(2_000+i%4_000), 1) })
	s := w.Snapshot(w.now)
	if s.Table.Aggregated != 1 || s.FlowsTracked != 0 {
		t.Errorf("%d of %d culprits are left, %+v", s.FlowsTracked, culprits, s.Table)
	}
}

// Callers of one tunnel are told apart by Calling Number, tunnels of one LAC by
// Assigned Tunnel ID.
func TestCallersAreToldApart(t *testing.T) {
	w := newWorld(t, func(c *police.Config) { c.FlowDetection, c.FlowMode = true, police.On })
	icrq := func(number string) police.Verdict {
		d := datagram(police.ICRQ, 1, 1, 0)
		d.Data = append(append(d.Data, 0x80, byte(6+len(number)), 0, 0, 0, 22), number...)
		binary.BigEndian.PutUint16(d.Data[2:], uint16(len(d.Data)))
		return w.Ingress(w.now, 0, police.ICRQ, d, false)
	}
	w.pps(300, 5*time.Second, func(i int) police.Verdict {
		if i%30 == 0 {
			icrq("555-0100")
		}
		return icrq("555-0199")
	})
	if icrq("555-0100") != police.Pass || icrq("555-0199") != police.DropFlow {
		t.Error("the wrong caller was suppressed")
	}
	if c := w.Culprits(police.Selector{}, nil); len(c) != 1 || c[0].Caller == 0 {
		t.Errorf("%+v", c)
	}
}
