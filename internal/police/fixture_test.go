// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"testing"
	"time"

	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

// target is this package as policetest sees it.
type target struct {
	p      *police.Police
	events []police.Event
}

func (g *target) Advance(at time.Duration) {
	for until := epoch.Add(at); !g.p.Next().After(until); {
		g.events = g.p.Advance(g.p.Next(), g.events[:0])
	}
}

func (g *target) Packet(s *policetest.Step) police.Verdict {
	now, t := epoch.Add(s.At), police.Classify(s.Datagram.Data)
	if s.Host {
		return g.p.Host(now, t, s.Established)
	}
	return g.p.Ingress(now, s.Slot, t, &s.Datagram, s.Established)
}

// The fixtures say what every implementation must do; this one first.
func TestFixtures(t *testing.T) {
	policetest.Run(t, func(t *testing.T, f *policetest.Fixture) policetest.Target {
		p, err := police.New(police.Options{Slots: f.Slots, Flows: 1024, Epoch: epoch}, f.Config)
		if err != nil {
			t.Fatal(err)
		}
		return &target{p: p}
	})
}
