// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// layer is a group of tasks that start and stop together.
type layer struct {
	ctx    context.Context
	cancel context.CancelFunc
	tasks  errgroup.Group
	failed chan<- error // gets the first failure of any layer
}

func newLayer(failed chan<- error) *layer {
	l := &layer{failed: failed}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// run starts a task, which ends when the layer's context is done.
func (l *layer) run(task func(context.Context) error) {
	l.tasks.Go(func() error {
		err := task(l.ctx)
		if err != nil {
			select {
			case l.failed <- err:
			default: // the daemon stops already
			}
		}
		return nil // the failure has been reported once, that is enough
	})
}

// stop ends the tasks and waits for them.
func (l *layer) stop() error {
	l.cancel()
	return l.tasks.Wait()
}
