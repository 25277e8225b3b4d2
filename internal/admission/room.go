// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// room is how many calls may be parked: as many as can be set up while their
// callers wait, twice over. More would wait for nothing, and every one of them
// would cost memory, cache and a look at its deadline. It follows the rate at which
// calls are begun while there is a backlog; before that is known there is no bound
// but the configured one.
type room struct {
	end      int64   // of the window
	admitted uint64  // when the window began
	rate     float64 // the best of the last minute, calls a second; 0: not known
	bestAt   int64   // when it was measured
}

const (
	roomWindow = int64(time.Second)
	roomMemory = int64(time.Minute) // a rate is forgotten after so long
	roomLeast  = 4096               // calls cost next to nothing up to here
)

// look ends the window when it is over. oldest is when the longest parked call
// arrived: there was a backlog all the time if that was before the window.
func (r *room) look(now, oldest int64, admitted uint64) {
	if now < r.end {
		return
	}
	began := r.end - roomWindow
	rate := float64(admitted-r.admitted) * float64(time.Second) / float64(now-began)
	if now-r.bestAt > roomMemory {
		r.rate = 0
	}
	if r.end > 0 && oldest <= began && rate > 0 && rate >= r.rate {
		r.rate, r.bestAt = rate, now
	}
	r.end, r.admitted = now+roomWindow, admitted
}

// calls is how many may be parked when callers wait for patience.
func (r *room) calls(patience time.Duration, most int) int {
	if r.rate == 0 {
		return most
	}
	return min(most, max(roomLeast, int(2*r.rate*patience.Seconds())))
}
