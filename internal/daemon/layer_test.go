// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	"errors"
	"testing"
)

// The first failure of any layer reaches the daemon; later ones do not block,
// and stopping a layer waits for all of its tasks.
func TestLayer(t *testing.T) {
	failed := make(chan error, 1)
	a, b := newLayer(failed), newLayer(failed)
	broken := errors.New("broken")
	a.run(func(context.Context) error { return broken })
	if err := <-failed; err != broken {
		t.Errorf("failure %v", err)
	}
	ended := false
	b.run(func(ctx context.Context) error {
		<-ctx.Done()
		ended = true
		return errors.New("late")
	})
	b.run(func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("later")
	})
	if err := errors.Join(a.stop(), b.stop()); err != nil || !ended {
		t.Errorf("stop: %v, ended %v", err, ended)
	}
}
