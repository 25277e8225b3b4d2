// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
)

// scale maps values to 0..1 of an axis.
type scale struct {
	low, high float64
	log       bool
	ticks     []float64
}

// linear is an axis from zero to at least high, with about n round ticks.
func linear(high float64, n int) scale {
	if !(high > 0) {
		high = 1
	}
	step := round(high / float64(n))
	s := scale{high: math.Ceil(high/step-1e-9) * step}
	for i := 0; ; i++ {
		v := float64(i) * step
		if v > s.high+step/2 {
			return s
		}
		s.ticks = append(s.ticks, v)
	}
}

// round is the next of 1, 2, 5, 10, 20 ... that is not below v.
func round(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// decades is a logarithmic axis of whole decades around low and high.
func decades(low, high float64) scale {
	low, high = max(low, 0.1), max(high, 1)
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high)-1e-9)
	if to <= from {
		to = from + 1
	}
	s := scale{low: math.Pow(10, from), high: math.Pow(10, to), log: true}
	for e := from; e <= to; e++ {
		s.ticks = append(s.ticks, math.Pow(10, e))
	}
	return s
}

// at is where v is on the axis, inside it in any case.
func (s scale) at(v float64) float64 {
	if s.log {
		return clamp((math.Log10(max(v, s.low)) - math.Log10(s.low)) / (math.Log10(s.high) - math.Log10(s.low)))
	}
	return clamp((v - s.low) / (s.high - s.low))
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }

// short writes a tick: 1500 as 1.5k.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%gk", v/1e3)
	default:
		return fmt.Sprintf("%g", v)
	}
}
