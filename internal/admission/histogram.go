// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"math/bits"
	"time"
)

// Histogram counts recent durations in bins that are an eighth of a power of two
// wide. What several have counted can be added up, so that a quantile of all shards
// is one of all calls and not the worst of some.
type Histogram struct {
	bins  [64 * 8]uint32
	total uint32
}

// histogramMax is the count at which all bins are halved, so that what is read
// is recent.
const histogramMax = 4096

// Count takes one more duration.
func (h *Histogram) Count(d time.Duration) {
	h.bins[bin(d)]++
	if h.total++; h.total == histogramMax {
		h.total = 0
		for i := range h.bins {
			h.bins[i] /= 2
			h.total += h.bins[i]
		}
	}
}

// Add adds what another has counted. The sum is for reading: nothing is counted in
// it any more.
func (h *Histogram) Add(other *Histogram) {
	for i, n := range other.bins {
		h.bins[i] += n
	}
	h.total += other.total
}

func bin(d time.Duration) int {
	u := uint64(max(d/time.Microsecond, 1))
	e := bits.Len64(u) - 1
	f := (u << 3 >> e) & 7
	return e*8 + int(f)
}

// Quantile is the duration that a share q of what was counted does not exceed; zero
// if nothing was.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	want, sum := uint32(q*float64(h.total)), uint32(0)
	for i, n := range h.bins {
		if sum += n; sum > want {
			return time.Duration((uint64(9+i%8)<<(i/8))>>3) * time.Microsecond
		}
	}
	return 0
}
