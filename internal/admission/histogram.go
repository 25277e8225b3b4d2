// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"math/bits"
	"time"
)

// histogram counts durations in bins that are an eighth of a power of two wide.
type histogram struct {
	bins  [64 * 8]uint32
	total uint64
}

// histogramMax is the count at which all bins are halved, so that what is read
// is recent.
const histogramMax = 4096

func (h *histogram) add(d time.Duration) {
	h.bins[bin(d)]++
	if h.total++; h.total == histogramMax {
		h.total = 0
		for i := range h.bins {
			h.bins[i] /= 2
			h.total += uint64(h.bins[i])
		}
	}
}

func bin(d time.Duration) int {
	u := uint64(max(d/time.Microsecond, 1))
	e := bits.Len64(u) - 1
	f := (u << 3 >> e) & 7
	return e*8 + int(f)
}

// quantile is the duration that a share q of what was counted does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	want, sum := uint64(q*float64(h.total)), uint64(0)
	for i, n := range h.bins {
		if sum += uint64(n); sum > want {
			return time.Duration((uint64(9+i%8)<<(i/8))>>3) * time.Microsecond
		}
	}
	return 0
}
