// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"
	"time"
)

// Calls that could never be set up in time are not parked: after a backlog has
// shown how many are begun a second there is room for twice as many as can be set
// up within the deadline. A minute after the backlog nothing is known any more.
func TestShortQueue(t *testing.T) {
	c := New(Config{}, epoch)
	now, element := epoch, uint32(0)
	run := func(d time.Duration, offers, begins int) {
		for end := now.Add(d); now.Before(end); now = now.Add(10 * time.Millisecond) {
			for range offers {
				c.Offer(now, Call{Element: element, LAC: lacAddr(int(element % 3)), Tunnel: uint16(element % 100)}, nil)
				element++
			}
			for range begins {
				if el, ok := c.Next(now); ok {
					c.Up(now, el)
				}
			}
		}
	}
	run(500*time.Millisecond, 200, 4)
	if n := c.Snapshot(now).Parked; n < 9500 {
		t.Fatalf("%d parked before the rate is known", n)
	}
	run(10*time.Second, 200, 4)
	if n := c.Snapshot(now).Parked; n < 6000 || n > 6700 {
		t.Errorf("%d parked, want room for 400 calls a second, 8 s, twice", n)
	}
	run(10*time.Second, 200, 0) // nothing is begun, as while RADIUS is dead: that says nothing of what can be
	if n := c.Snapshot(now).Parked; n < 6000 {
		t.Errorf("%d parked while none is begun", n)
	}
	for c.Expire(now.Add(20*time.Second), 1000, nil) != nil {
	}
	now = now.Add(2 * time.Minute)
	run(time.Second, 100, 0)
	if n := c.Snapshot(now).Parked; n < 9900 {
		t.Errorf("%d parked long after", n)
	}
}

// With a backlog in thousands of tunnels a caller who dials now is set up soon: three
// of four turns are the newest call's, unless its tunnel is the one that floods.
func TestNewcomerIsSoon(t *testing.T) {
	c := New(Config{SlotsMin: 1000}, epoch)
	element := uint32(0)
	offer := func(now time.Time, tunnel int) {
		c.Offer(now, Call{Element: element, LAC: lacAddr(1), Tunnel: uint16(tunnel)}, nil)
		element++
	}
	for i := range 4000 {
		offer(epoch, i%2000)
	}
	now := epoch.Add(time.Second)
	offer(now, 7)
	newest := element - 1
	if a, b := next(t, c, now), next(t, c, now); a != newest && b != newest {
		t.Errorf("calls %d and %d come before the newest", a, b)
	}
	for range 100 { // now tunnel 9 floods
		offer(now, 9)
	}
	flooded := 0
	for range 200 {
		if next(t, c, now) >= newest {
			flooded++
		}
	}
	if flooded > 1 {
		t.Errorf("a tunnel that floods got %d of 200 turns among 2000", flooded)
	}
}

func next(t *testing.T, c *Controller, now time.Time) uint32 {
	t.Helper()
	el, ok := c.Next(now)
	if !ok {
		t.Fatal("none may be begun")
	}
	return el
}

// When there is no room a newcomer is turned away, unless his LAC has less than its
// share of it, his tunnel no call there, or others have waited so long that he is
// worth more than they are.
func TestTurnAway(t *testing.T) {
	c := New(Config{ParkMax: 300, RefusalsRate: 10}, epoch)
	element := uint32(0)
	park := func(now time.Time, lac, tunnel, n int) {
		for range n {
			c.Offer(now, Call{Element: element, LAC: lacAddr(lac), Tunnel: uint16(tunnel)}, nil)
			element++
		}
	}
	away := func(ms, lac, tunnel int) bool {
		yes, _ := c.TurnAway(at(ms), Call{LAC: lacAddr(lac), Tunnel: uint16(tunnel)})
		return yes
	}
	park(epoch, 1, 1, 200)
	if away(1, 1, 1) {
		t.Error("turned away though there is room")
	}
	park(epoch, 2, 2, 100)
	for _, x := range []struct {
		what            string
		ms, lac, tunnel int
		want            bool
	}{
		{"a LAC that has its share", 10, 1, 1, true},
		{"a LAC that has less", 10, 2, 2, false},
		{"another tunnel", 10, 1, 7, false},
		{"another LAC", 10, 3, 3, false},
		{"when others have waited long", 1500, 1, 1, false},
	} {
		if got := away(x.ms, x.lac, x.tunnel); got != x.want {
			t.Errorf("%s: turned away: %v", x.what, got)
		}
	}
	was := c.Snapshot(at(20)).Counters
	silent := uint64(0)
	for range 100 {
		if yes, quiet := c.TurnAway(at(20), Call{LAC: lacAddr(1), Tunnel: 1}); yes && quiet {
			silent++
		}
	}
	is := c.Snapshot(at(20)).Counters
	if is.Offered-was.Offered != 100 || is.Crowded-was.Crowded != 100 || is.Silent-was.Silent != silent || silent < 95 || silent == 100 {
		t.Errorf("%d of 100 in silence, %+v after %+v", silent, is, was)
	}
}
