// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"testing"
	"time"

	"holdfast/internal/testenv"
)

// costs are what a call costs the processor: s one that comes up, c one that is
// offered and does not.
type costs struct{ c, s time.Duration }

// costOf measures them: s in the quiet, c as what is left of the surge's busy
// time, beside the dear work and the calls that came up.
func costOf(quiet, surge *PhaseResult, dear time.Duration) (k costs) {
	k.s = quiet.Busy / time.Duration(quiet.Up())
	cheap := func(p *PhaseResult) time.Duration { return p.Busy - time.Duration(p.Dear)*dear }
	if turned := surge.Offered() - min(surge.Up(), surge.Offered()); turned > surge.Up()/2 {
		left := cheap(surge) - time.Duration(surge.Up())*(cheap(quiet)/time.Duration(quiet.Up()))
		k.c = left / time.Duration(turned)
	}
	return k
}

// slower is how many times longer a set-up may take while those who came in the
// surge are still being served: a processor without a pause alone doubles it.
const slower = 3

// However many calls are offered, those that can be served are served: at k
// times the capacity goodput is 0.95 of what one processor can do at best,
// which is the capacity less the k calls' cheap work. Nobody else notices, and
// two seconds later it is over.
func TestOverload(t *testing.T) {
	for _, shards := range []int{1, 4} {
		for _, k := range []float64{1, 2, 5, 10, 30, 100} {
			t.Run(fmt.Sprintf("shards=%d/%gx", shards, k), func(t *testing.T) {
				if shards > 1 || k > 10 {
					testenv.Long(t)
				}
				t.Parallel()
				d := 20 * time.Second
				if float64(shards)*k > 100 {
					d /= 2 // millions of calls
				}
				r := play(t, Overload(figureSeed(), shards, k, d))
				quiet, surge, after := &r.Phases[1], &r.Phases[2], &r.Phases[4]
				cost := costOf(quiet, surge, r.Scenario.Cost.Dear)
				capacity := float64(shards) / cost.s.Seconds()
				bound := max(0, 1-k*float64(cost.c)/float64(cost.s))
				best := 0.0 // shards do not share their calls
				for _, n := range surge.Shards {
					best += min(float64(n)/surge.Took.Seconds(), capacity*bound/float64(shards))
				}
				t.Logf("%gx: c = %v, s = %v, capacity %.1f/s, 1 - k*c/s = %.3f, goodput %.1f/s = %.3f of the best possible",
					k, cost.c, cost.s, capacity, bound, surge.Goodput(), surge.Goodput()/best)
				if surge.Goodput() < 0.95*best {
					t.Errorf("goodput %.2f/s, %.2f/s is possible", surge.Goodput(), best)
				}
				if p99 := surge.Hello.Quantile(0.99); p99 > helloLatest || surge.Hello.Count() == 0 {
					t.Errorf("%d HELLOs in the surge, acknowledged within %v at p99", surge.Hello.Count(), p99)
				}
				was, is := quiet.Groups[0].Setup.Quantile(0.9), after.Groups[0].Setup.Quantile(0.9)
				t.Logf("steady callers: set-up within %v at p90 before, %v in the surge, %v from 2 s after it", was,
					surge.Groups[0].Setup.Quantile(0.9), is)
				if is > slower*was {
					t.Errorf("two seconds after the surge steady callers are set up within %v at p90, before it %v", is, was)
				}
			})
		}
	}
}

// One LAC that dials ten times as much as each of the others does not keep
// them waiting.
func TestFairness(t *testing.T) {
	for _, shards := range sizes() {
		r := play(t, Unfair(figureSeed(), shards))
		quiet, loud := &r.Phases[1].Groups[0], &r.Phases[2].Groups[0]
		was, is := quiet.Setup.Quantile(0.99), loud.Setup.Quantile(0.99)
		t.Logf("%d shards: the others' set-up within %v at p99 in the quiet, %v beside the loud LAC", shards, was, is)
		most := 2 * was
		if shards > 1 { // a set-up waits for the processors of other shards too: 2.1 to 3.1 times over seeds
			most = 4 * was
		}
		if is > most {
			t.Errorf("the others are set up within %v at p99, in the quiet %v", is, was)
		}
		if loud.Failed > 0 {
			t.Errorf("%d of the others' calls failed", loud.Failed)
		}
	}
}
