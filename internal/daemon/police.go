// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/config"
	"holdfast/internal/police"
)

// guard is the one owner of the policers: whatever is not the packet path goes
// through it.
type guard struct {
	mu     sync.Mutex
	police *police.Police
}

var _ api.Police = (*guard)(nil)

// startPolice makes the policers.
func (d *daemon) startPolice(*config.Result) error {
	var key [16]byte
	if _, err := crand.Read(key[:]); err != nil {
		return fmt.Errorf("random key: %w", err)
	}
	p, err := police.New(police.Options{
		Slots: 1, Epoch: d.began,
		Key: [2]uint64{binary.NativeEndian.Uint64(key[:8]), binary.NativeEndian.Uint64(key[8:])},
	}, police.Defaults())
	if err != nil {
		return err
	}
	d.guard = &guard{police: p}
	return nil
}

// Police is the protection of the control plane.
func (d *daemon) Police() api.Police { return d.guard }

// Snapshot is the state of all policers.
func (g *guard) Snapshot(context.Context) (police.Snapshot, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.police.Snapshot(time.Now()), nil
}

// Culprits are the culprit flows of the types, in no particular order.
func (g *guard) Culprits(_ context.Context, s police.Selector) ([]police.Culprit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.police.Culprits(s, nil), nil
}

// ClearStatistics has counters begin at zero.
func (g *guard) ClearStatistics(_ context.Context, s police.Selector) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.police.ClearStatistics(s)
	return nil
}

// ClearStates forgets violations.
func (g *guard) ClearStates(_ context.Context, s police.Selector) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.police.ClearStates(s)
	return nil
}

// ClearCulprits lets culprit flows go and says how many.
func (g *guard) ClearCulprits(_ context.Context, s police.Selector) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.police.ClearCulprits(time.Now(), s), nil
}
