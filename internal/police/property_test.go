// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/police"
)

// tally is what a test counts itself from verdicts.
type tally struct {
	received uint64
	dropped  [4]uint64 // by Verdict
}

func (a *tally) add(v police.Verdict) {
	a.received++
	if v.Dropped() {
		a.dropped[v]++
	}
}

func (a *tally) equals(c *police.Counts) bool {
	return a.received == c.Received && a.dropped[police.DropPolicer] == c.DroppedIndividual &&
		a.dropped[police.DropAggregate] == c.DroppedAggregate && a.dropped[police.DropFlow] == c.DroppedFlow
}

// drawConfig is any configuration with policers that a test can violate.
func drawConfig(t *rapid.T) police.Config {
	c := police.Defaults()
	c.FlowDetection = rapid.Bool().Draw(t, "flows")
	c.FlowMode = police.Mode(rapid.IntRange(0, 2).Draw(t, "mode"))
	c.LevelControl = police.Control(rapid.IntRange(0, 2).Draw(t, "control"))
	for _, y := range police.Types() {
		if rapid.Bool().Draw(t, "configured") {
			set(&c, y, rapid.Uint32Range(0, 200).Draw(t, "bandwidth"), rapid.Uint32Range(0, 50).Draw(t, "burst"))
		}
		f := &c.Types[y]
		f.Priority = police.Priority(rapid.IntRange(0, 2).Draw(t, "priority"))
		f.BypassAggregate = !y.IsAggregate() && rapid.Bool().Draw(t, "bypass")
		f.RecoverTime, f.Flow.DetectTime, f.Flow.RecoverTime = 2*time.Second, time.Second, 2*time.Second
		for i := range f.Flow.Levels {
			f.Flow.Levels[i].Bandwidth = rapid.Uint32Range(1, 50).Draw(t, "flow bandwidth")
		}
		f.Slots = []police.SlotConfig{{Number: 1, Disable: rapid.Bool().Draw(t, "disable"), BandwidthScale: 50, BurstScale: 50}}
	}
	return c
}

// Whatever comes in whatever configuration, each packet is counted once, where
// it was met and by what it met; aggregates are sums of types, the whole is the
// sum of its parts, and violations are where drops are.
func TestCountersAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const slots = 2
		p, err := police.New(police.Options{Slots: slots, Flows: 64, Epoch: epoch}, drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		types := police.Types()
		counted := map[police.Type]*[slots + 1]tally{} // the last is the host
		for _, y := range types {
			counted[y] = &[slots + 1]tally{}
		}
		now := epoch
		events := []police.Event(nil)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "ms")) * time.Millisecond)
			y := rapid.SampledFrom(types).Draw(t, "type")
			d := datagram(y, byte(rapid.IntRange(1, 3).Draw(t, "lac")), 1, uint16(rapid.IntRange(1, 3).Draw(t, "session")))
			slot, established := rapid.IntRange(0, slots-1).Draw(t, "slot"), rapid.Bool().Draw(t, "established")
			for range rapid.IntRange(1, 40).Draw(t, "packets") {
				v := p.Ingress(now, slot, y, d, established)
				if counted[y][slot].add(v); v == police.Pass {
					counted[y][slots].add(p.Host(now, y, established))
				}
			}
			switch rapid.IntRange(0, 9).Draw(t, "owner") {
			case 0:
				if err := p.Configure(now, drawConfig(t)); err != nil {
					t.Fatal(err)
				}
			case 1:
				p.ClearStatistics(police.Selector{})
				for _, c := range counted {
					*c = [slots + 1]tally{}
				}
			case 2:
				p.ClearStates(police.Selector{})
			case 3:
				p.ClearCulprits(now, police.Selector{})
			default:
				events = p.Advance(now, events[:0])
			}
		}
		checkSums(t, p, now, counted)
	})
}

func checkSums(t *rapid.T, p *police.Police, now time.Time, counted map[police.Type]*[3]tally) {
	c := police.Defaults()
	c.Slots = []police.Slot{{Number: 0}, {Number: 1}}
	if err := p.Configure(now, c); err != nil {
		t.Fatal(err)
	}
	s := p.Snapshot(now)
	if s.FlowsTracked != 0 || s.Table.Used != 0 {
		t.Fatalf("flows without flow detection: %+v", s.Table)
	}
	for _, ts := range s.Types {
		var host tally
		var slots [2]tally
		for y, n := range counted {
			if y == ts.Type || ts.Type.IsAggregate() && y.Group() == ts.Type.Group() {
				host.join(&n[2])
				slots[0].join(&n[0])
				slots[1].join(&n[1])
			}
		}
		if !host.equals(&ts.Host.Counts) || !slots[0].equals(&ts.Slots[0].Counts) || !slots[1].equals(&ts.Slots[1].Counts) {
			t.Fatalf("%v: host %+v, slots %+v, want %+v %+v", ts.Type, ts.Host.Counts, ts.Slots, host, slots)
		}
		if ts.System.Received != slots[0].received+slots[1].received ||
			ts.System.Dropped() != ts.Host.Counts.Dropped()+ts.Slots[0].Counts.Dropped()+ts.Slots[1].Counts.Dropped() {
			t.Fatalf("%v: system %+v", ts.Type, ts.System)
		}
		if ts.Violation.Count != ts.Host.Violation.Count+ts.Slots[0].Violation.Count+ts.Slots[1].Violation.Count {
			t.Fatalf("%v: %d violations", ts.Type, ts.Violation.Count)
		}
	}
}

func (a *tally) join(b *tally) {
	a.received += b.received
	for i := range a.dropped {
		a.dropped[i] += b.dropped[i]
	}
}

// In no span of time does more pass than the burst and what the bandwidth gives.
func TestNeverMoreThanBandwidthAndBurst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := police.Defaults()
		bandwidth, burst := rapid.Uint32Range(1, 5_000).Draw(t, "bandwidth"), rapid.Uint32Range(1, 500).Draw(t, "burst")
		set(&c, police.L2TPAggregate, bandwidth, burst)
		p, err := police.New(police.Options{Slots: 1, Epoch: epoch}, c)
		if err != nil {
			t.Fatal(err)
		}
		var at []time.Duration // of each packet that passed
		now := time.Duration(0)
		for range rapid.IntRange(1, 50).Draw(t, "bursts") {
			now += time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "gap"))
			y := rapid.SampledFrom([]police.Type{police.SCCRQ, police.ICRQ, police.Hello}).Draw(t, "type")
			for range rapid.IntRange(1, 600).Draw(t, "packets") {
				if p.Ingress(epoch.Add(now), 0, y, nil, false) == police.Pass {
					at = append(at, now)
				}
			}
		}
		for i := 0; i < len(at); i += 37 {
			for j := i; j < len(at); j += 41 {
				most := float64(burst) + (at[j]-at[i]).Seconds()*float64(bandwidth)*1.0001 + 1
				if n := j - i + 1; float64(n) > most {
					t.Fatalf("%d packets from %v to %v at %d a second, burst %d", n, at[i], at[j], bandwidth, burst)
				}
			}
		}
	})
}
