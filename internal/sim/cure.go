// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"holdfast/internal/police"
)

// Remedy is what is done about an outage of the article's kind.
type Remedy struct {
	Admission bool           // from the beginning
	Police    *police.Config // from a minute after the link is back; nil: nothing
}

// cutTime is for how long the link fails: longer than modems wait for echoes.
const cutTime = 35 * time.Second

// Cure is the outage with a remedy, which is watched until everybody is back, for d
// at the latest. modems is what the modems and the LACs do; counts and rates are
// those of Article. HELLO is off on the LNS.
func Cure(seed uint64, tunnels, sessions int, capacity float64, modems Group, r Remedy, d time.Duration) Scenario {
	modems.EchoMax = 2 // dead 30 s after the last answer
	cut, untouched := modems, modems
	cut.Name, cut.LACs, cut.Tunnels, cut.Sessions = "cut", 2, tunnels*2/3, sessions*2/3
	untouched.Name, untouched.Tunnels, untouched.Sessions = "untouched", tunnels/3, sessions/3
	cut.Rate, untouched.Rate = 0.8*capacity*2/3, 0.8*capacity/3
	s := Scenario{
		Name: "cure", Seed: seed, SocketMax: socketMax, Ruin: true, NoHello: true, CurveEvery: 10 * time.Second,
		Groups: []Group{cut, untouched},
		Cost:   Cost{Dear: time.Duration(float64(time.Second) / capacity / StepsPerCall)},
		Phases: []Phase{
			{Name: "ramp", For: 10 * time.Minute, UntilUp: true},
			{Name: "cut", For: cutTime, Flap: 2, FlapFor: cutTime, Offer: []float64{AtWill, AtWill}},
			{Name: "back", For: time.Minute},
			{Name: "remedy", For: d, UntilUp: true, Police: r.Police},
		},
	}
	s.Admission.Disabled = !r.Admission
	return s
}

// Policer lets so many L2TP control messages a second through, and as many at once.
func Policer(bandwidth uint32) *police.Config {
	c := police.Defaults()
	aggregate := &c.Types[police.L2TPAggregate]
	aggregate.Configured = police.KnobBandwidth | police.KnobBurst | police.KnobRecoverTime
	aggregate.Bandwidth, aggregate.Burst, aggregate.RecoverTime = bandwidth, bandwidth, 90*time.Second
	return &c
}
