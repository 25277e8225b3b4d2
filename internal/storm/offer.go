// SPDX-License-Identifier: Apache-2.0

package storm

import "time"

// Offer changes how many calls a second are offered from now on; 0: as many as
// the window lets, negative: none.
func (l *LAC) Offer(now time.Time, rate float64) {
	l.paused = rate < 0
	l.pace = newPace(rate)
	l.pace.start(now)
}
