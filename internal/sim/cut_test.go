// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"testing"
	"time"

	"holdfast/internal/testenv"
)

// However long the link was cut, hardly any work is done for callers who have left:
// what a LAC has kept for us all that time tells of calls that were given up long
// ago, and the CDN that says so is right behind.
func TestNoStaleWorkAfterACut(t *testing.T) {
	for _, cut := range []time.Duration{35 * time.Second, 45 * time.Second, 60 * time.Second} {
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("%v/shards=%d", cut, shards), func(t *testing.T) {
				if shards > 1 {
					testenv.Long(t)
				}
				t.Parallel()
				s := article(figureSeed(), shards, 100)
				s.Phases[2].FlapFor, s.Phases[2].AtLeast = cut, cut+10*time.Second
				r := play(t, s)
				f := flap(r)
				share := float64(f.Stale) / float64(f.Dear)
				t.Logf("%v: %d of %d steps for callers who had left, %.2f %%; all back %v after the cut", cut, f.Stale, f.Dear, 100*share, f.LastUp)
				if share > 0.01 {
					t.Errorf("%.2f %% of the work is for callers who have left", 100*share)
				}
			})
		}
	}
}
