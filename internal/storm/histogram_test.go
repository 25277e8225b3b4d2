// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A bucket's upper edge must lie in the bucket, and the value after it in the next.
func TestHistogramBucketEdges(t *testing.T) {
	for i := range histogramN - subCount {
		edge := upperEdge(i)
		if bucket(edge) != i || bucket(edge+1) != i+1 {
			t.Fatalf("bucket %d: edge %d falls into %d, edge+1 into %d", i, edge, bucket(edge), bucket(edge+1))
		}
	}
}

// What is printed as p50 and p99 must be what sorting all values would give, to 4 %.
func TestHistogramQuantileIsTheSortedValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		n := rapid.IntRange(1, 2000).Draw(t, "n")
		var h, first Histogram
		values := make([]time.Duration, n)
		for i := range values {
			values[i] = time.Duration(r.ExpFloat64() * float64(20*time.Millisecond))
			h.Add(values[i])
			if i == n/2 {
				first = h
			}
		}
		slices.Sort(values)
		for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
			want := values[min(max(int(q*float64(n)+0.5)-1, 0), n-1)]
			got := h.Quantile(q)
			if got < want-time.Microsecond || float64(got) > float64(want)*1.04+float64(time.Microsecond) {
				t.Fatalf("quantile %v of %d: %v, sorted says %v", q, n, got, want)
			}
		}
		rest := h.Since(&first)
		rest.Merge(&first)
		if rest != h {
			t.Fatal("a histogram is not the sum of its halves")
		}
	})
}
