// SPDX-License-Identifier: Apache-2.0

package shard

import "time"

// biteTime is how long the items taken from a lane at once should keep the
// shard: control, above all HELLO, waits no longer than a few of these.
const biteTime = 5 * time.Millisecond

// Places in Shard.bites.
const (
	ofPunts = iota
	ofBulk
	ofStrangers
	ofMessages
	ofAnswers
	ofDurable
	bites
)

// bite is how many items of a lane are taken at once: turnMax of cheap ones,
// fewer when they turn out to be dear.
type bite struct {
	cost time.Duration // of an item, smoothed
}

func (b *bite) size() int {
	if b.cost <= biteTime/turnMax {
		return turnMax
	}
	return max(int(biteTime/b.cost), 1)
}

// took notes how long n items have taken.
func (b *bite) took(d time.Duration, n int) {
	b.cost += (d/time.Duration(n) - b.cost) / 4
}
