// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/police"
)

// Scenario is a whole simulation as data. Zero fields mean the default in
// brackets.
type Scenario struct {
	Name   string
	Seed   uint64
	Shards int // [1]
	Groups []Group
	Link   Link
	Cost   Cost
	RADIUS RADIUS
	Phases []Phase

	Admission  admission.Config
	Accounting bool          // sessions are accounted
	NoHello    bool          // the LNS sends none
	SocketMax  int           // datagrams that a shard's socket buffer holds; 0: no bound
	CurveEvery time.Duration // how often a point of the curve is taken down, whole seconds; 0: never
	Ruin       bool          // it is meant to go wrong: load may cost sessions, HELLOs and work for nobody
}

// Group is a number of LACs that are alike, and the modems behind them.
type Group struct {
	Name     string
	LACs     int     // [1]
	Tunnels  int     // in all [LACs]
	Sessions int     // modems in all [Tunnels]
	Rate     float64 // calls offered a second in all from the start; 0: as InFlight lets; negative: none before a phase says so
	InFlight int     // calls in set-up at once, of each LAC [unbounded]

	Patience, RedialDelay, RedialJitter time.Duration // as in storm.Plan
	EchoInterval, HelloInterval         time.Duration // likewise
	RedialMax, RetransmitIntervalMax    time.Duration // likewise
	EchoMax, RetransmitMax              int           // likewise
	Idle                                bool          // tunnels only: nobody dials, so that HELLOs are seen
}

// Link is the path between a LAC and us, each way.
type Link struct {
	Delay     time.Duration // [5 ms]
	Jitter    time.Duration // up to this much more; datagrams stay in order
	Loss      float64
	Duplicate float64
	Reorder   float64       // share of datagrams that others may overtake
	ReorderBy time.Duration // by up to this much [20 ms]
}

// Cost is what work costs the processor of a shard.
type Cost struct {
	Cheap time.Duration // a datagram [5 µs]
	Dear  time.Duration // a dear step of call set-up, on top [0]
}

// RADIUS is a model of a RADIUS server. Without a Rate subscribers are judged
// in the engine.
type RADIUS struct {
	Rate    float64       // answers a second, at full speed
	Latency time.Duration // beside the queue [2 ms]
	Retry   time.Duration // after which a query that was lost is sent again [2 s]
	Timeout time.Duration // after which it is given up [10 s]
	Grants  bool          // it grants some subscribers something, see grants.go
}

// Phase is a part of a scenario.
type Phase struct {
	Name    string
	For     time.Duration
	UntilUp bool          // it ends when all modems of all groups are on line, For at the latest
	AtLeast time.Duration // and not before this

	Offer []float64 // calls a second in all, by group; 0: unchanged, negative: none, AtWill

	Flap    int           // LACs of the first group that are cut off, from the phase's beginning
	FlapFor time.Duration // for so long

	RADIUSSpeed float64       // of full speed; 0: unchanged
	RADIUSDead  time.Duration // from the phase's beginning, for so long

	Police *police.Config // from the phase's beginning; nil: unchanged

	Drain bool // modems hang up, tunnels are closed; it ends when that is done
}

// AtWill has modems dial when they like.
var AtWill = math.Inf(1)

// withDefaults fills zero fields in.
func (s Scenario) withDefaults() Scenario {
	orInt(&s.Shards, 1)
	s.Groups = append([]Group(nil), s.Groups...)
	for i := range s.Groups {
		g := &s.Groups[i]
		orInt(&g.LACs, 1)
		orInt(&g.Tunnels, g.LACs)
		orInt(&g.Sessions, g.Tunnels)
		orInt(&g.InFlight, 1<<30)
	}
	orDuration(&s.Link.Delay, 5*time.Millisecond)
	orDuration(&s.Link.ReorderBy, 20*time.Millisecond)
	orDuration(&s.Cost.Cheap, 5*time.Microsecond)
	orDuration(&s.RADIUS.Latency, 2*time.Millisecond)
	orDuration(&s.RADIUS.Retry, 2*time.Second)
	orDuration(&s.RADIUS.Timeout, 10*time.Second)
	return s
}

func orInt(v *int, d int) {
	if *v == 0 {
		*v = d
	}
}

func orDuration(v *time.Duration, d time.Duration) {
	if *v == 0 {
		*v = d
	}
}

// modems is how many dial.
func (s *Scenario) modems() (n int) {
	for _, g := range s.Groups {
		if !g.Idle {
			n += g.Sessions
		}
	}
	return n
}
