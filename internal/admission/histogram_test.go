// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"
	"time"
)

// about reports whether a quantile is d as exactly as the bins are wide.
func about(got, d time.Duration) bool { return got >= d && got <= d+d/7 }

// A busy shard whose calls wait next to nothing and a quiet one whose calls wait
// long: the quantiles are those of all calls, not of the shard that is worst off.
func TestHistogramsAddUp(t *testing.T) {
	var busy, quiet, all Histogram
	for range 985 {
		busy.Count(10 * time.Millisecond)
	}
	for range 15 {
		quiet.Count(4 * time.Second)
	}
	all.Add(&busy)
	all.Add(&quiet)
	if got := quiet.Quantile(0.5); !about(got, 4*time.Second) {
		t.Errorf("the median of the quiet shard is %v", got)
	}
	for q, want := range map[float64]time.Duration{0.5: 10 * time.Millisecond, 0.98: 10 * time.Millisecond, 0.99: 4 * time.Second} {
		if got := all.Quantile(q); !about(got, want) {
			t.Errorf("of all calls, quantile %v is %v, want %v", q, got, want)
		}
	}
}

// What was long ago fades: after as many newer ones as are kept it is not seen.
func TestHistogramForgets(t *testing.T) {
	var h Histogram
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("of nothing the median is %v", got)
	}
	for range histogramMax {
		h.Count(time.Second)
	}
	for range 2 * histogramMax {
		h.Count(time.Millisecond)
	}
	if got := h.Quantile(0.5); !about(got, time.Millisecond) {
		t.Errorf("the median is %v", got)
	}
}
