// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"math/bits"
	"time"
)

const (
	subBits    = 5 // 32 steps to each power of two: a value is known to 3 %
	subCount   = 1 << subBits
	histogramN = (64 - subBits) * subCount
)

// Histogram counts durations in log-linear buckets: exact below 32 µs, to 3 %
// above, without bound and without allocation. The zero value is empty.
type Histogram struct {
	counts [histogramN]uint32
	count  uint64
	sum    time.Duration
	max    time.Duration
}

// Add counts one duration; a negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d/time.Microsecond))]++
	h.count++
	h.sum += d
	h.max = max(h.max, d)
}

// Merge adds what o has counted.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.count += o.count
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// Since is what h has counted after the earlier copy o of it was made. Its Max
// is that of h, since a maximum cannot be taken back.
func (h *Histogram) Since(o *Histogram) Histogram {
	d := *h
	for i, n := range o.counts {
		d.counts[i] -= n
	}
	d.count -= o.count
	d.sum -= o.sum
	return d
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 { return h.count }

// Max is the longest duration added.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean is the average; zero when empty.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return h.sum / time.Duration(h.count)
}

// Quantile is a duration that the share q (0..1) of what was added does not
// exceed: the upper edge of its bucket, and never more than Max.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank := max(uint64(q*float64(h.count)+0.5), 1)
	seen := uint64(0)
	for i, n := range h.counts {
		if seen += uint64(n); seen >= rank {
			return min(time.Duration(upperEdge(i))*time.Microsecond, h.max)
		}
	}
	return h.max
}

// bucket finds the place of v: its power of two and the next five bits.
func bucket(v uint64) int {
	if v < subCount {
		return int(v)
	}
	power := bits.Len64(v) - subBits - 1
	return (power+1)*subCount + int(v>>power) - subCount
}

// upperEdge is the largest value in bucket i.
func upperEdge(i int) uint64 {
	if i < subCount {
		return uint64(i)
	}
	power := i/subCount - 1
	return (uint64(i%subCount)+subCount+1)<<power - 1
}
