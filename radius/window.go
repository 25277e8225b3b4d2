// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// window is how many requests may be in flight to one service. It doubles each
// round trip until something is lost, grows by one each round trip from then on,
// halves when requests are lost and shrinks when replies take a multiple of
// the time they took: a server that is slow gets fewer requests, not the same ones
// again.
type window struct {
	size      float64
	max       int     // OutstandingMax
	careful   bool    // something was lost since the beginning
	smooth    float64 // ns: smoothed round-trip time; zero: not known
	floor     float64 // ns: the least of it in this period and the last
	next      float64 // ns: the least of it in this period
	periodEnd int64
	reducedAt int64
}

const (
	windowFirst    = 64 // what a server that nothing is known of gets
	windowMin      = 4
	floorPeriod    = int64(30 * time.Second)
	inflated       = 4 // times the floor: congested
	inflatedMin    = float64(200 * time.Millisecond)
	inflatedShrink = 0.9
)

// setMax bounds the window; nothing is known of a new one.
func (w *window) setMax(n int) {
	if w.size == 0 {
		w.size = windowFirst
	}
	w.max = n
	w.size = min(w.size, float64(n))
}

func (w *window) least() float64 { return min(windowMin, float64(w.max)) }

func (w *window) places() int { return int(w.size) }

// restart is for a server that was dead: what was known of it no longer holds.
func (w *window) restart() {
	*w = window{size: min(windowMin, float64(w.max)), max: w.max}
}

// answered takes a reply when inFlight requests were in flight; roundTrip is zero
// when it is not known which transmission was answered.
func (w *window) answered(at, roundTrip int64, inFlight int) {
	if roundTrip > 0 {
		w.measure(at, float64(roundTrip))
	}
	if w.smooth > max(inflated*w.floor, inflatedMin) {
		if at-w.reducedAt >= int64(w.smooth) {
			w.reducedAt, w.careful = at, true
			w.size = max(w.size*inflatedShrink, w.least())
		}
		return
	}
	if 2*inFlight < w.places() {
		return // the window is not what holds requests back
	}
	if w.careful {
		w.size += 1 / w.size
	} else {
		w.size++
	}
	w.size = min(w.size, float64(w.max))
}

// lost takes a transmission that was not answered. What is lost together counts
// once: a second's losses say no more than the first of them.
func (w *window) lost(at int64) {
	if w.careful && at-w.reducedAt < int64(time.Second) {
		return
	}
	w.reducedAt, w.careful = at, true
	w.size = max(w.size/2, w.least())
}

// measure takes a round-trip time.
func (w *window) measure(at int64, x float64) {
	if w.smooth == 0 {
		w.smooth = x
	}
	w.smooth += (x - w.smooth) / 16
	if at >= w.periodEnd {
		if w.floor = w.next; w.floor == 0 {
			w.floor = w.smooth
		}
		w.next, w.periodEnd = w.smooth, at+floorPeriod
	}
	w.next, w.floor = min(w.next, w.smooth), min(w.floor, w.smooth)
}
