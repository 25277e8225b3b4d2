// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

func BenchmarkClassify(b *testing.B) {
	for _, t := range []police.Type{police.ZLB, police.ICRQ, police.EchoRequest, police.None, police.BadPacket} {
		octets := policetest.Octets(t, 1, 2)
		b.Run(t.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if police.Classify(octets) != t {
					b.Fatal("wrong type")
				}
			}
		})
	}
}

// verdicts are situations in which every packet meets the same end.
func verdicts(t testing.TB) map[string]func() police.Verdict {
	d := datagram(police.CDN, 1, 1, 1)
	plain := newWorld(t, nil)
	own := newWorld(t, func(c *police.Config) { set(c, police.CDN, 0, 0) })
	dry := newWorld(t, func(c *police.Config) { set(c, police.L2TPAggregate, 1, 1) })
	dry.in(police.CDN, 1, 1, 1)
	hunted := func(control police.Control) *world {
		w := newWorld(t, func(c *police.Config) { c.FlowDetection, c.FlowMode, c.LevelControl = true, police.On, control })
		w.pps(1_000, 5*time.Second, func(int) police.Verdict { return w.in(police.CDN, 1, 1, 1) })
		return w
	}
	ingress := func(w *world, d *packet.Datagram, established bool) func() police.Verdict {
		return func() police.Verdict {
			w.now = w.now.Add(time.Millisecond)
			return w.Ingress(w.now, 0, police.CDN, d, established)
		}
	}
	calm := newWorld(t, func(c *police.Config) { c.FlowDetection, c.FlowMode = true, police.On })
	return map[string]func() police.Verdict{
		"pass":              ingress(plain, d, false),
		"pass, established": ingress(plain, d, true),
		"pass, three flow levels": func() police.Verdict {
			calm.now = calm.now.Add(20 * time.Millisecond)
			return calm.Ingress(calm.now, 0, police.CDN, d, false)
		},
		"pass, culprit kept": ingress(hunted(police.ControlKeep), d, false),
		"drop-flow":          ingress(hunted(police.ControlDrop), d, false),
		"drop-policer":       ingress(own, d, false),
		"drop-aggregate":     func() police.Verdict { return dry.Ingress(dry.now, 0, police.CDN, d, false) },
	}
}

func BenchmarkIngress(b *testing.B) {
	for name, packet := range verdicts(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				packet()
			}
		})
	}
}

// A flood of ever new flows: the dearest packet there is.
func BenchmarkIngressNewFlow(b *testing.B) {
	w := newWorld(b, func(c *police.Config) { c.FlowDetection, c.FlowMode = true, police.On })
	d := datagram(police.ICRQ, 1, 0, 0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Data[4], d.Data[5], d.Data[6] = byte(i), byte(i>>8), byte(i>>16)
		w.now = w.now.Add(time.Microsecond)
		w.Ingress(w.now, 0, police.ICRQ, d, false)
	}
}

// A second's work of the owner with a full table of the default size.
func BenchmarkAdvance(b *testing.B) {
	c := police.Defaults()
	c.FlowDetection, c.FlowMode = true, police.On
	c.Types[police.L2TPAggregate].Flow.Levels[police.Subscriber].Bandwidth = 1
	p, err := police.New(police.Options{Slots: 4, Epoch: epoch}, c)
	if err != nil {
		b.Fatal(err)
	}
	now := epoch
	var events []police.Event
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for i := range 48_000 {
			p.Ingress(now, 0, police.CDN, datagram(police.CDN, 1, uint16(i), uint16(i>>16)), false)
		}
		now = now.Add(time.Second)
		b.StartTimer()
		events = p.Advance(now, events[:0])
	}
}

// No packet allocates, whatever becomes of it.
func TestNoAllocationPerPacket(t *testing.T) {
	for name, packet := range verdicts(t) {
		if n := testing.AllocsPerRun(1_000, func() { packet() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	octets := policetest.Octets(police.ICRQ, 1, 0)
	if n := testing.AllocsPerRun(1_000, func() { police.Classify(octets) }); n != 0 {
		t.Errorf("Classify: %v allocations", n)
	}
	w := newWorld(t, func(c *police.Config) { c.FlowDetection, c.FlowMode = true, police.On })
	d, n := datagram(police.ICRQ, 1, 0, 0), 0
	if got := testing.AllocsPerRun(10_000, func() {
		n++
		d.Data[4], d.Data[5] = byte(n), byte(n>>8)
		w.Ingress(w.now, 0, police.ICRQ, d, false)
		w.Host(w.now, police.ICRQ, false)
	}); got != 0 {
		t.Errorf("new flows: %v allocations", got)
	}
	events := make([]police.Event, 0, 64)
	w.until(time.Hour)
	if got := testing.AllocsPerRun(100, func() {
		w.now = w.now.Add(time.Second)
		events = w.Advance(w.now, events[:0])
	}); got != 0 {
		t.Errorf("Advance: %v allocations", got)
	}
}

// The situations above are what they say.
func TestVerdictSituations(t *testing.T) {
	for name, packet := range verdicts(t) {
		for range 10 {
			if got := packet().String(); len(name) < len(got) || name[:len(got)] != got {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}
