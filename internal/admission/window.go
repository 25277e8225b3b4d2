// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// Window bounds the requests in flight to something outside, such as RADIUS: it
// grows while answers come as quickly as ever and shrinks when they are lost or
// late, so that a slow server slows admission instead of filling queues.
type Window struct {
	inFlight int
	limit    limit
	moves    Counters // only its Slots fields count
}

// Bounds of a Window.
const (
	windowMin = 4
	windowMax = 4096
)

// NewWindow makes a Window that begins small.
func NewWindow() *Window {
	w := &Window{}
	w.limit.init(windowMin, windowMax)
	return w
}

// Size is how many requests may be in flight.
func (w *Window) Size() int { return w.limit.slots() }

// InFlight is how many are.
func (w *Window) InFlight() int { return w.inFlight }

// Take claims a place; false: the window is full.
func (w *Window) Take() bool {
	if w.inFlight >= w.Size() {
		return false
	}
	w.inFlight++
	return true
}

// Answered gives the place back: the answer came after latency. now counts from
// any fixed time.
func (w *Window) Answered(now, latency time.Duration) {
	w.limit.done(int64(now), int64(latency), w.inFlight, &w.moves)
	w.inFlight--
}

// Lost gives the place back: no answer came.
func (w *Window) Lost(now time.Duration) {
	w.limit.lost(int64(now), &w.moves)
	w.inFlight--
}

// Cancelled gives the place back: nobody waits for the answer any more.
func (w *Window) Cancelled() { w.inFlight-- }
