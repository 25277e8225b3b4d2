// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"sync/atomic"
	"time"
)

// bucket is a token bucket in one word: the virtual scheduling form of GCRA.
// Any number of goroutines may take from it.
type bucket struct {
	due      atomic.Int64  // theoretical arrival time of the next token, on the caller's clock
	interval time.Duration // between tokens
	burst    time.Duration // how far ahead of it one may take
}

func newBucket(rate, burst int) *bucket {
	interval := time.Second / time.Duration(rate)
	return &bucket{interval: interval, burst: interval * time.Duration(burst)}
}

// take asks for a token. now is the time since some fixed moment.
func (b *bucket) take(now time.Duration) bool {
	for {
		due := b.due.Load()
		next := max(due, int64(now)) + int64(b.interval)
		if next-int64(now) > int64(b.burst) {
			return false
		}
		if b.due.CompareAndSwap(due, next) {
			return true
		}
	}
}
