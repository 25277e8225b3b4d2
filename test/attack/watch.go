// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

// watch notices when the machine stands still for us: it only sleeps, and what it
// oversleeps nobody else here can have done better. A HELLO that took as long may
// have waited for the machine, or for the emulator, and says nothing of the LNS.
type watch struct {
	most atomic.Int64 // overslept, ns
}

// nap is how long the watch sleeps at a time.
const nap = time.Millisecond

// begin begins to watch; what it returns ends it.
func (w *watch) begin() (end func()) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for {
			select {
			case <-stop:
				return
			default:
			}
			began := time.Now()
			time.Sleep(nap)
			if late := int64(time.Since(began) - nap); late > w.most.Load() {
				w.most.Store(late)
			}
		}
	}()
	return func() {
		close(stop)
		<-done
	}
}

// longest is the longest standstill since it was asked last.
func (w *watch) longest() time.Duration { return time.Duration(w.most.Swap(0)) }
