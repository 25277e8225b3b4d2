// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"errors"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/kernel"
)

// system is the computer as the API sees it.
type system struct {
	// profiling is held by who profiles: a program has one profiler.
	profiling chan struct{}
}

func newSystem() *system { return &system{profiling: make(chan struct{}, 1)} }

// Measure looks at the computer twice.
func (s *system) Measure(ctx context.Context, d time.Duration, processes bool) (m api.Measurement, err error) {
	if !processes {
		if m.Before.Host, err = (kernel.Tree{}).Host(); err != nil {
			return m, err
		}
		if err = pause(ctx, d); err != nil {
			return m, err
		}
		m.After.Host, err = kernel.Tree{}.Host()
		return m, err
	}
	select {
	case s.profiling <- struct{}{}:
		defer func() { <-s.profiling }()
	case <-ctx.Done():
		return m, ctx.Err()
	}
	if m.Before, err = sight(); err != nil {
		return m, err
	}
	m.Parts, err = profileParts(ctx, d, func() error {
		m.After, err = sight()
		return err
	})
	return m, err
}

// sight is the computer now.
func sight() (api.Sight, error) {
	h, err := kernel.Tree{}.Host()
	p, err2 := kernel.Tree{}.Processes()
	return api.Sight{Host: h, Processes: p}, errors.Join(err, err2)
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
