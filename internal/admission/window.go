// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// Window bounds the requests in flight to something outside, such as RADIUS: it
// grows while answers come as quickly as ever and shrinks when they are lost or
// late, so that a slow server slows admission instead of filling queues.
type Window struct {
	inFlight int
	heardAt  time.Duration // when the last answer came, or the first of these requests went out
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

// Take claims a place at now, which counts from any fixed time; false: the window is full.
func (w *Window) Take(now time.Duration) bool {
	if w.inFlight >= w.Size() {
		return false
	}
	if w.inFlight == 0 {
		w.heardAt = now
	}
	w.inFlight++
	return true
}

// Stalled reports whether requests are out and none has been answered for longer
// than answers take: long before the first of them is lost.
func (w *Window) Stalled(now time.Duration) bool {
	return w.inFlight > 0 && float64(now-w.heardAt) > max(w.limit.threshold(), 2*w.limit.smooth)
}

// Answered gives the place back: the answer came after latency.
func (w *Window) Answered(now, latency time.Duration) {
	w.heardAt = now
	w.limit.done(int64(now), int64(latency), w.inFlight, &w.moves)
	w.inFlight--
}

// Lost gives the place back: no answer came.
func (w *Window) Lost(now time.Duration) {
	w.limit.lost(int64(now), &w.moves)
	w.inFlight--
}

// Cancelled gives the place back: the answer came, but nobody waits for it any more.
func (w *Window) Cancelled(now time.Duration) {
	w.heardAt = now
	w.inFlight--
}
