// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/internal/police"
)

// Readers and shards go on while the owner reports, shows, configures and
// clears. The race detector watches; at the end every packet is counted.
func TestSharedWithItsOwner(t *testing.T) {
	const readers, packets = 4, 20_000
	c := police.Defaults()
	c.FlowDetection, c.FlowMode = true, police.On
	c.Slots = []police.Slot{{Number: 0}, {Number: 1}}
	set(&c, police.L2TPAggregate, 500, 500)
	for level := range police.PhysicalInterface {
		c.Types[police.L2TPAggregate].Flow.Levels[level].Bandwidth = 5
	}
	c.Types[police.L2TPAggregate].Flow.DetectTime = time.Second
	p, err := police.New(police.Options{Slots: 2, Flows: 64, Epoch: epoch}, c)
	if err != nil {
		t.Fatal(err)
	}
	var clock atomic.Int64
	var done sync.WaitGroup
	var running atomic.Int32
	var passed atomic.Uint64
	for r := range readers {
		running.Add(1)
		done.Go(func() {
			defer running.Add(-1)
			for i := range packets {
				now := epoch.Add(time.Duration(clock.Add(int64(100 * time.Microsecond))))
				d := datagram(police.ICRQ, byte(i%20), uint16(i*i%97), 0)
				if p.Ingress(now, r%2, police.ICRQ, d, i%7 == 0) == police.Pass {
					passed.Add(1)
					p.Host(now, police.ICRQ, false)
				}
			}
		})
	}
	events, culprits, rounds := []police.Event(nil), []police.Culprit(nil), 0
	for running.Load() > 0 {
		now := epoch.Add(time.Duration(clock.Load()))
		events = p.Advance(now, events[:0])
		culprits = p.Culprits(police.Selector{}, culprits[:0])
		p.Snapshot(now)
		switch rounds++; rounds % 10 {
		case 3:
			set(&c, police.L2TPAggregate, uint32(200+rounds%300), 300)
			if err := p.Configure(now, c); err != nil {
				t.Error(err)
			}
		case 5:
			p.ClearStates(police.Selector{})
		case 7:
			p.ClearCulprits(now, police.Selector{})
		case 9:
			c.FlowDetection = !c.FlowDetection
			if err := p.Configure(now, c); err != nil {
				t.Error(err)
			}
		}
	}
	done.Wait()
	s := p.Snapshot(epoch.Add(time.Duration(clock.Load())))
	ts := s.Of(police.L2TPAggregate)
	in := ts.Slots[0].Counts.Dropped() + ts.Slots[1].Counts.Dropped()
	if ts.System.Received != readers*packets || in+passed.Load() != readers*packets || ts.Host.Counts.Received != passed.Load() {
		t.Errorf("received %d, dropped %d, passed %d of %d", ts.System.Received, in, passed.Load(), readers*packets)
	}
}
