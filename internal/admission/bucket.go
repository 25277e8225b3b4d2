// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// bucket is a rate as a virtual clock (GCRA): full is when it has caught up.
type bucket struct {
	rate int64 // a second
	tat  int64 // theoretical arrival time, ns
}

// bucketBurst is how far the rate may be ahead.
const bucketBurst = int64(100 * time.Millisecond)

func (b *bucket) take(now int64) bool {
	b.tat = max(b.tat, now)
	if b.tat-now > bucketBurst {
		return false
	}
	b.tat += int64(time.Second) / b.rate
	return true
}
