// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

// Police is the real policers under a virtual clock that ends at the present.
type Police struct {
	mu     sync.Mutex
	p      *police.Police
	cfg    police.Config
	now    time.Time
	Broken error // what every call fails with
}

var _ api.Police = (*Police)(nil)

// policeSlots are the ingress devices of the sample.
var policeSlots = []police.Slot{{Number: 1, Name: "eth1"}, {Number: 2, Name: "eth2"}, {Number: 3, Name: "eth3"}}

// NewPolice has the defaults, and nothing has come by. Its clock begins at now.
func NewPolice(now time.Time) *Police {
	cfg := police.Defaults()
	cfg.Slots = policeSlots
	p, err := police.New(police.Options{Slots: 4, Flows: 4096, Epoch: now, Key: [2]uint64{1, 2}}, cfg)
	if err != nil {
		panic(fmt.Sprintf("apitest: %v", err)) // the test is wrong
	}
	return &Police{p: p, cfg: cfg, now: now}
}

// Configure changes the configuration.
func (w *Police) Configure(change func(*police.Config)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.cfg)
	if err := w.p.Configure(w.now, w.cfg); err != nil {
		panic(fmt.Sprintf("apitest: %v", err))
	}
}

// Traffic is packets of one kind.
type Traffic struct {
	Slot int
	Type police.Type
	Rate int // a second
	LAC  byte
}

// Run lets time pass, with that traffic at both levels.
func (w *Police) Run(d time.Duration, traffic ...Traffic) {
	w.mu.Lock()
	defer w.mu.Unlock()
	const step = time.Millisecond
	owed := make([]int, len(traffic))
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(step)
		for i, t := range traffic {
			for owed[i] += t.Rate; owed[i] >= int(time.Second/step); owed[i] -= int(time.Second / step) {
				packet := datagram(t)
				if w.p.Ingress(w.now, t.Slot, t.Type, packet, false) == police.Pass {
					w.p.Host(w.now, t.Type, false)
				}
			}
		}
		if !w.p.Next().After(w.now) {
			w.p.Advance(w.now, nil)
		}
	}
}

func datagram(t Traffic) *packet.Datagram {
	return &packet.Datagram{
		Data: policetest.Octets(t.Type, 7, 0), Local: netip.AddrPortFrom(gateway, 1701),
		Peer: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, t.LAC}), 1701),
	}
}

// Snapshot is the state at the end of the clock.
func (w *Police) Snapshot(context.Context) (police.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.p.Snapshot(w.now), w.Broken
}

// Culprits are those that there are.
func (w *Police) Culprits(_ context.Context, s police.Selector) ([]police.Culprit, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.p.Culprits(s, nil), w.Broken
}

// ClearStatistics has counters begin at zero.
func (w *Police) ClearStatistics(_ context.Context, s police.Selector) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.ClearStatistics(s)
	return w.Broken
}

// ClearStates forgets violations.
func (w *Police) ClearStates(_ context.Context, s police.Selector) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.ClearStates(s)
	return w.Broken
}

// ClearCulprits lets flows go.
func (w *Police) ClearCulprits(_ context.Context, s police.Selector) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.p.ClearCulprits(w.now, s), w.Broken
}
