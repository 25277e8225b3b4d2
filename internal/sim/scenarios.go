// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// watch is a LAC with tunnels and no calls, whose HELLOs are watched.
var watch = Group{Name: "watch", Tunnels: 20, Idle: true, HelloInterval: 2 * time.Second}

// socketMax is about what a socket buffer of 4 MB holds.
const socketMax = 4096

// Day is a scenario drawn from a seed: modems come up, stay, lose their link,
// RADIUS fails or slows down, the network loses, repeats and overtakes; in the
// end all hang up. Its virtual time is about d.
func Day(seed uint64, shards, modems int, d time.Duration) Scenario {
	r := rand.New(rand.NewPCG(seed, 2))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	lacs := 2 + r.IntN(8)
	quiet := d / 5
	return Scenario{
		Name: "day", Seed: seed, Shards: shards, SocketMax: socketMax,
		Groups: []Group{{
			Name: "all", LACs: lacs, Tunnels: lacs * (1 + r.IntN(1+modems/lacs/8)), Sessions: modems,
			RedialDelay: time.Duration(between(1, 10) * float64(time.Second)),
		}, watch},
		Link: Link{
			Delay: time.Duration(between(1, 30) * float64(time.Millisecond)), Jitter: time.Duration(between(0, 3) * float64(time.Millisecond)),
			Loss: between(0, 0.01), Duplicate: between(0, 0.005), Reorder: between(0, 0.005),
		},
		Cost:       Cost{Dear: time.Duration(between(0.05, 3) * float64(time.Millisecond))},
		RADIUS:     RADIUS{Rate: between(200, 2000), Latency: time.Duration(between(1, 20) * float64(time.Millisecond)), Grants: true},
		Accounting: true,
		Phases: []Phase{
			{Name: "ramp", For: 10 * time.Minute, UntilUp: true},
			{Name: "hold", For: quiet},
			{Name: "flap", For: quiet, Flap: 1 + r.IntN(lacs), FlapFor: time.Duration(between(5, 40) * float64(time.Second))},
			{Name: "radius slow", For: quiet, Flap: 1 + r.IntN(lacs), FlapFor: 35 * time.Second, RADIUSSpeed: between(0.3, 0.7)},
			{Name: "radius dead", For: quiet, Flap: 1 + r.IntN(lacs), FlapFor: 35 * time.Second, RADIUSSpeed: 1, RADIUSDead: time.Minute},
			{Name: "back", For: quiet},
			{Name: "drain", For: 10 * time.Minute, Drain: true},
		},
	}
}

// Overload offers calls at k times the capacity for d, open loop: callers come
// whatever becomes of others. A steady group dials all the time, so that one
// sees what the surge does to others, and how soon it is over.
func Overload(seed uint64, shards int, k float64, d time.Duration) Scenario {
	const dear = 4 * time.Millisecond
	capacity := float64(shards) / (StepsPerCall * dear).Seconds()
	steady, offered := 0.2*capacity, max(k-0.2, 0.1)*capacity
	total := 2*time.Minute + d
	return Scenario{
		Name: fmt.Sprintf("overload %gx", k), Seed: seed, Shards: shards, SocketMax: socketMax, Cost: Cost{Dear: dear},
		Groups: []Group{
			{Name: "steady", LACs: 2, Tunnels: 160, Sessions: int(steady * total.Seconds()), Rate: -1, RedialDelay: time.Second},
			{
				Name: "surge", LACs: 4, Tunnels: 320, Sessions: int(offered*12) + int(capacity*d.Seconds()),
				Rate: -1, RedialDelay: time.Second, RedialJitter: time.Second,
			},
			watch,
		},
		Phases: []Phase{
			{Name: "begin", For: 5 * time.Second},
			{Name: "quiet", For: 30 * time.Second, Offer: []float64{steady}},
			{Name: "surge", For: d, Offer: []float64{0, offered}},
			{Name: "settle", For: 2 * time.Second, Offer: []float64{0, -1}},
			{Name: "after", For: 30 * time.Second},
			{Name: "drain", For: 10 * time.Minute, Drain: true},
		},
	}
}

// StepsPerCall is how many dear steps a call takes.
const StepsPerCall = 5

// Article is the outage: two of three LACs are cut off for 35 s, and all their
// modems dial again. capacity is how many calls a second a shard can set up; 0:
// its work costs nothing, which shows the modems' own schedule.
func Article(seed uint64, shards, tunnels, sessions int, capacity float64) Scenario {
	s := Scenario{
		Name: "article", Seed: seed, Shards: shards, SocketMax: socketMax,
		Groups: []Group{{Name: "all", LACs: 3, Tunnels: tunnels, Sessions: sessions, Rate: 100}, watch},
		Phases: []Phase{
			{Name: "ramp", For: 10 * time.Minute, UntilUp: true},
			{Name: "hold", For: time.Minute},
			{Name: "flap", For: 5 * time.Minute, UntilUp: true, AtLeast: 45 * time.Second, Flap: 2, FlapFor: 35 * time.Second, Offer: []float64{AtWill}},
			{Name: "after", For: time.Minute},
			{Name: "drain", For: 10 * time.Minute, Drain: true},
		},
	}
	if capacity > 0 {
		s.Cost.Dear = time.Duration(float64(time.Second) / capacity / StepsPerCall)
		s.Groups[0].Rate = 0.8 * capacity * float64(shards)
	} else {
		s.Cost.Cheap = time.Nanosecond
	}
	return s
}

// Unfair has one LAC dial ten times as much as the others, beyond the capacity.
func Unfair(seed uint64, shards int) Scenario {
	const dear = 4 * time.Millisecond
	capacity := float64(shards) / (StepsPerCall * dear).Seconds()
	quiet := 0.3 * capacity // of the three together
	return Scenario{
		Name: "unfair", Seed: seed, Shards: shards, SocketMax: socketMax, Cost: Cost{Dear: dear},
		Groups: []Group{
			{Name: "quiet", LACs: 3, Tunnels: 240, Sessions: int(quiet * 200), Rate: -1, RedialDelay: time.Second},
			{Name: "loud", Tunnels: 80, Sessions: int(20*capacity) + int(60*capacity), Rate: -1, RedialDelay: time.Second},
			watch,
		},
		Phases: []Phase{
			{Name: "begin", For: 5 * time.Second},
			{Name: "quiet", For: time.Minute, Offer: []float64{quiet}},
			{Name: "loud", For: time.Minute, Offer: []float64{0, 10 * quiet / 3}},
			{Name: "after", For: 10 * time.Second, Offer: []float64{0, -1}},
			{Name: "drain", For: 10 * time.Minute, Drain: true},
		},
	}
}
