// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"strings"
	"testing"
	"time"

	"holdfast/internal/police"
	"holdfast/internal/testenv"
)

// What modems and LACs do that the cure depends on.
var (
	impatient = Group{RedialDelay: time.Second, RedialJitter: 4 * time.Second}
	backOff   = Group{RedialDelay: time.Second, RedialJitter: 4 * time.Second, RedialMax: time.Minute}
)

// cured plays the outage with a remedy, at a tenth of its size unless -modems says
// otherwise: for each modem as much capacity, and a policer as wide, as in the
// outage of record.
func cured(t *testing.T, does Group, r Remedy, d time.Duration) (x cureResult) {
	n := modems(tenthSessions)
	t.Parallel()
	result := play(t, Cure(figureSeed(), n/4, n, tenthCapacity*float64(n)/tenthSessions, does, r, d))
	var b strings.Builder
	if err := result.WriteCurve(&b); err != nil {
		t.Fatal(err)
	}
	back, remedy := &result.Phases[2], &result.Phases[3]
	x = cureResult{all: n, cut: n * 2 / 3, up: remedy.Online(), after: back.Took + remedy.Took, allBack: remedy.Online() == n, Result: result}
	for i := range x.lost {
		x.lost[i] = back.Groups[i].TunnelsLost + remedy.Groups[i].TunnelsLost
		x.sessionsLost[i] = back.Groups[i].Dropped + remedy.Groups[i].Dropped
	}
	t.Logf("\n%safter %v %d of %d are up; tunnels lost of the LACs that were cut %d, untouched %d; sessions lost of the untouched %d",
		&b, x.after, x.up, n, x.lost[0], x.lost[1], x.sessionsLost[1])
	return x
}

// policed is the policer for the size that cured plays.
func policed() *police.Config { return Policer(uint32(250 * modems(tenthSessions) / 24000)) }

// alike is a policer that does not know one message from another.
func alike() *police.Config {
	c := policed()
	for t := range c.Types {
		c.Types[t].Priority = police.PriorityHigh
	}
	return c
}

// cureResult is what came of it, from the return of the link on.
type cureResult struct {
	*Result
	all, cut, up       int
	allBack            bool
	after              time.Duration // how long it was watched: until all were back, if they came back
	lost, sessionsLost [2]uint64     // tunnels and sessions, of the LACs that were cut and of the untouched
}

// Modems that wait twice as long after each call that fails come back when the
// policer is there, slowly, and only because their LACs have lost most tunnels, and
// with them what was queued there for callers who had left.
func TestCureWorksWhereModemsBackOff(t *testing.T) {
	x := cured(t, backOff, Remedy{Police: policed()}, 25*time.Minute)
	if !x.allBack || x.after < 5*time.Minute {
		t.Errorf("%d of %d are up after %v", x.up, x.all, x.after)
	}
	if x.lost[0] < uint64(x.cut/4/2) {
		t.Errorf("%d tunnels lost", x.lost[0])
	}
}

// The same modems do not come back by themselves.
func TestBackingOffAloneIsNoCure(t *testing.T) {
	x := cured(t, backOff, Remedy{}, 5*time.Minute)
	if back := x.up - (x.all - x.cut); back > x.cut/10 {
		t.Errorf("%d of %d are back", back, x.cut)
	}
}

// Those that dial again at once take longer, or do not all come back at all: when most
// tunnels are there again, the policer drops too much of what the rest needs. Which
// of the two it is depends on the seed.
func TestCureIsSlowWhereModemsDialAtOnce(t *testing.T) {
	testenv.Long(t)
	x := cured(t, impatient, Remedy{Police: policed()}, 14*time.Minute)
	if x.after < 12*time.Minute || x.lost[0] < uint64(x.cut/4/2) {
		t.Errorf("%d of %d are up after %v, %d tunnels lost", x.up, x.all, x.after, x.lost[0])
	}
}

// Where the policer does not know HELLO, acknowledgements and ICCN from ICRQ,
// tunnels are lost over and over.
func TestCureWithoutPriorities(t *testing.T) {
	testenv.Long(t)
	x := cured(t, backOff, Remedy{Police: alike()}, 14*time.Minute)
	if x.allBack || x.lost[0] < uint64(2*x.cut/4) {
		t.Errorf("%d of %d are up after %v, %d tunnels lost", x.up, x.all, x.after, x.lost[0])
	}
}

// With admission both kinds are back in little more than the time that their calls
// take, and no tunnel is lost.
func TestAdmissionNeedsNoCure(t *testing.T) {
	for name, does := range map[string]Group{"impatient": impatient, "back off": backOff} {
		t.Run(name, func(t *testing.T) {
			x := cured(t, does, Remedy{Admission: true}, 3*time.Minute)
			work := time.Duration(float64(x.cut) / (tenthCapacity * float64(x.all) / tenthSessions) * float64(time.Second))
			if !x.allBack || x.after > work+time.Minute {
				t.Errorf("%d of %d are up after %v, their calls take %v", x.up, x.all, x.after, work)
			}
			if x.lost != [2]uint64{} || x.sessionsLost[1] > 0 {
				t.Errorf("%d tunnels and %d sessions of the untouched lost", x.lost, x.sessionsLost[1])
			}
		})
	}
}

// The front drops what the policers drop, counts it, and lets pass what they let
// pass; without policers it is not there.
func TestFrontPolices(t *testing.T) {
	n := modems(tenthSessions)
	x := cured(t, impatient, Remedy{Police: Policer(uint32(n / 240))}, 2*time.Minute)
	rate := float64(n / 240) // and as much again that a pause has earned
	for i := 1; i < len(x.Curve); i++ {
		a, b := &x.Curve[i-1], &x.Curve[i]
		passed := (b.Received - a.Received) - (b.Policed - a.Policed)
		seconds := (b.At - a.At).Seconds()
		switch {
		case a.Phase != "remedy" && b.Phase != "remedy" && b.Policed > 0:
			t.Errorf("%v: %d were dropped before there was a policer", b.At, b.Policed)
		case a.Phase == "remedy" && float64(passed) > rate*(seconds+1):
			t.Errorf("%v: %d messages in %.0f s passed a policer of %.0f a second", b.At, passed, seconds, rate)
		case a.Phase == "remedy" && b.Policed == a.Policed:
			t.Errorf("%v: nothing was dropped", b.At)
		}
	}
}
