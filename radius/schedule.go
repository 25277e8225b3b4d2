// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math/rand/v2"
	"time"
)

// The variables of RFC 5080 §2.2.1 that are not configured. IRT is Server.Timeout
// and MRC is Server.Retry + 1.
const (
	mrt = int64(16 * time.Second)

	// "MRD MUST be set, and SHOULD have a value between 5 and 30 seconds." It
	// counts from Submit, so that the time in a queue is the subscriber's too, and
	// it holds for all servers of the set together.
	mrd = int64(30 * time.Second)
)

// firstInterval is RT of the first transmission.
//
// "Each of the computations of a new RT include a randomization factor (RAND),
// which is a random number chosen with a uniform distribution between -0.1 and
// +0.1." RFC 5080 §2.2.1
func firstInterval(r *rand.Rand, irt int64) int64 { return jitter(r, irt, irt) }

// nextInterval is RT of a retransmission: "RT = 2*RTprev + RAND*RTprev", and "if
// (RT > MRT) RT = MRT + RAND*MRT". RFC 5080 §2.2.1
func nextInterval(r *rand.Rand, previous, irt int64) int64 {
	bound := max(mrt, irt)
	if rt := jitter(r, 2*previous, previous); rt <= bound {
		return rt
	}
	return jitter(r, bound, bound)
}

// jitter is base + RAND*of, and at least one nanosecond.
func jitter(r *rand.Rand, base, of int64) int64 {
	return max(base+int64((r.Float64()*0.2-0.1)*float64(of)), 1)
}

// patience is the schedule of a server without its jitter: how long a request that
// it never answers takes, at most mrd.
func patience(irt int64, retry int) int64 {
	sum, rt := int64(0), irt
	for range retry + 1 {
		if sum += rt; sum >= mrd {
			return mrd
		}
		rt = min(2*rt, max(mrt, irt))
	}
	return sum
}
