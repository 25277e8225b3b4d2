// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"testing"
	"time"
)

// The article's outage at a tenth of its size for each shard: 600 tunnels and
// 2,400 sessions of 3 LACs, two of which are cut off for 35 s, and an LNS that
// sets up 22.2 calls a second.
const (
	tenthTunnels, tenthSessions = 600, 2400
	tenthCapacity               = 22.2
	redialling                  = tenthSessions * 2 / 3
)

// article is that outage with an LNS of so many calls a second and shard.
func article(seed uint64, shards int, capacity float64) Scenario {
	return Article(seed, shards, shards*tenthTunnels, shards*tenthSessions, capacity)
}

// wantKept: the tunnels outlive the cut, and no session is lost but behind it.
func wantKept(t *testing.T, p *PhaseResult, shards int) {
	t.Helper()
	if lost := p.Groups[0].TunnelsLost; lost > 0 {
		t.Errorf("%d tunnels lost", lost)
	}
	if lost := p.Groups[0].Dropped; lost > uint64(shards*redialling) {
		t.Errorf("%d sessions lost, %d were behind the cut", lost, shards*redialling)
	}
}

// flap is the phase in which the link is cut and everybody dials again.
func flap(r *Result) *PhaseResult { return &r.Phases[2] }

// Everybody is back within five seconds of the modems' own schedule, which is
// what an LNS shows whose work costs nothing.
func TestArticleAtFullSpeed(t *testing.T) {
	for _, shards := range sizes() {
		seed := figureSeed()
		ideal := flap(play(t, article(seed, shards, 0)))
		real := flap(play(t, article(seed, shards, 1000)))
		t.Logf("%d shards: all back %v after the cut, with an ideal LNS %v", shards, real.LastUp, ideal.LastUp)
		if real.LastUp > ideal.LastUp+5*time.Second || real.Online() != shards*tenthSessions {
			t.Errorf("%d are back %v after the cut, with an ideal LNS %v", real.Online(), real.LastUp, ideal.LastUp)
		}
		wantKept(t, real, shards)
	}
}

// At the article's speed the LNS is busy until all are back, and no longer than
// it takes to set them up, one more round of patience and redialling aside.
func TestArticleAtItsSpeed(t *testing.T) {
	for _, shards := range sizes() {
		seed := figureSeed()
		ideal := flap(play(t, article(seed, shards, 0)))
		slow := flap(play(t, article(seed, shards, tenthCapacity)))
		work := time.Duration(float64(slow.Up()) / tenthCapacity / float64(shards) * float64(time.Second))
		const firstRedial, round = 35 * time.Second, 20 * time.Second
		t.Logf("%d shards: all back %v after the cut, with an ideal LNS %v; to set up %d calls takes %v", shards, slow.LastUp, ideal.LastUp, slow.Up(), work)
		if slow.LastUp > firstRedial+work+round || slow.Online() != shards*tenthSessions {
			t.Errorf("%d are back %v after the cut", slow.Online(), slow.LastUp)
		}
		wantKept(t, slow, shards)
	}
}

// Without admission the same LNS never recovers: Init high, Active flat. A model
// in which it did would prove nothing above.
func TestArticleWithoutAdmission(t *testing.T) {
	for _, shards := range sizes() {
		s := article(figureSeed(), shards, tenthCapacity)
		s.Admission.Disabled, s.Ruin = true, true
		r := play(t, s)
		f, after := flap(r), &r.Phases[3]
		n := shards * redialling
		t.Logf("%d shards: %d of %d are back after %v, %d in Init; up in the next minute: %d", shards, f.Up(), n, f.Took, f.InitMost, after.Up())
		if f.Up() > uint64(n/5) || after.Up() > uint64(n/20) || after.InitMost < n/4 {
			t.Errorf("it does not collapse: the model is too kind")
		}
	}
}
