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

// Mix puts the modems that wait for their turn to dial into random order. They
// come tunnel by tunnel, as tunnels come up; subscribers do not.
func (l *LAC) Mix() {
	var waiting []uint32
	for !l.dialQueue.empty() {
		waiting = append(waiting, l.dialQueue.pop(l.modems))
	}
	l.rand.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	for _, i := range waiting {
		l.dialQueue.push(l.modems, i)
	}
}

// Online is how many modems are on line.
func (l *LAC) Online() int { return len(l.online) }

// Counters is a copy of what was counted, at less cost than a Snapshot.
func (l *LAC) Counters() Counters { return l.count.Counters }
