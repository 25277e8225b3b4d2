// SPDX-License-Identifier: Apache-2.0

package police

import (
	"net/netip"
	"time"
)

// State is what a policer has seen. The numbers are those of the YANG model of
// the original.
type State uint8

// States.
const (
	NeverViolated    State = 0
	WasViolated      State = 2
	IsViolated       State = 4
	WasAndIsViolated State = 6
)

// Is says whether the policer is violated now.
func (s State) Is() bool { return s&IsViolated != 0 }

// String is the state as in "Aggregate policer is ...".
func (s State) String() string {
	switch {
	case s.Is():
		return "currently being violated!"
	case s == WasViolated:
		return "no longer being violated"
	}
	return "never violated"
}

// Violation is the history of one policer, or of all of one type together.
type Violation struct {
	State State
	Count uint64 // violations so far, the present one included
	// Start and LastSeen are the first and the last excess drop: of the present
	// violation if there is one, else of the last. Zero: there was none.
	Start, LastSeen time.Time
}

// Duration is from the first to the last excess drop.
func (v *Violation) Duration() time.Duration { return v.LastSeen.Sub(v.Start) }

// Counts is what came by. Of an aggregate it is the sum over the group's types.
type Counts struct {
	Received          uint64
	ArrivalRate       uint64 // packets a second, in the last full second
	MaxArrivalRate    uint64
	DroppedIndividual uint64 // by the policers of packet types
	DroppedAggregate  uint64 // by the group's aggregate policer
	DroppedFlow       uint64 // because the flow is a culprit
}

// Dropped is the sum.
func (c *Counts) Dropped() uint64 { return c.DroppedIndividual + c.DroppedAggregate + c.DroppedFlow }

// FlowCount counts the culprit flows of one level.
type FlowCount struct {
	Current, Detected uint64
	Active            bool // the level is looked at when its time comes
}

// Location is one type's policer at the host or at one ingress slot.
type Location struct {
	Slot           Slot // of an ingress level
	Bandwidth      uint32
	Burst          uint32
	BandwidthScale uint32 // percent
	BurstScale     uint32
	Enabled        bool
	Violation      Violation
	Counts         Counts
	Flows          [FlowLevels]FlowCount // zero at the host: flows are told apart where packets come in
}

// TypeSnapshot is all about one type.
type TypeSnapshot struct {
	Type   Type
	Config TypeConfig // effective
	// Policed is false for a packet type without a policer of its own: only its
	// aggregate's acts, and it is counted.
	Policed   bool
	FlowType  Type   // whose flow detection is in force
	Tracked   uint64 // culprit flows now
	Detected  uint64 // culprit flows ever
	System    Counts // received: by all slots; dropped: by slots and host
	Violation Violation
	// SlotsViolated have excess now, SlotsWereViolated now or before.
	SlotsViolated, SlotsWereViolated int
	Host                             Location
	Slots                            []Location // in the order of Config.Slots
}

// Snapshot is a copy of everything, for show commands and metrics.
type Snapshot struct {
	At                   time.Time
	DisableRoutingEngine bool
	DisableFPC           bool
	DisableLogging       bool
	FlowDetection        bool
	ViolationReportRate  uint32
	FlowReportRate       uint32
	FlowMode             Mode
	LevelControl         Control
	Types                []TypeSnapshot // in the order of Types()
	TypesViolated        int            // now
	TypesWereViolated    int            // now or before
	Violations           uint64
	FlowsTracked         uint64 // culprits
	FlowsDetected        uint64
	Table                FlowTable
	ReportsSuppressed    uint64 // events above the report rates
}

// Of finds a type's part; t must be known.
func (s *Snapshot) Of(t Type) *TypeSnapshot { return &s.Types[t-1] }

// FlowTable is the state of the table of flows.
type FlowTable struct {
	Size, Used uint64
	Evicted    uint64 // flows that had to make room for others
	Untracked  uint64 // packets whose flow found no room
	Aggregated uint64 // times that flows were merged into those of the level above
}

// Culprit is one culprit flow.
type Culprit struct {
	ID            uint64 // tells flows of one table apart
	Type          Type
	Level         FlowLevel
	Slot          int            // where it was first seen
	Peer          netip.AddrPort // without port above the subscriber level; invalid at the physical level
	Local         netip.Addr     // at the logical level
	TunnelID      uint16         // as in the header; subscriber level, as are the next two
	SessionID     uint16
	Caller        uint64 // keyed hash of the caller's number or the like; zero: none
	Found         time.Time
	LastViolation time.Time
	Rate          uint64 // packets a second, in the last full second
	Packets       uint64
	Dropped       uint64
}
