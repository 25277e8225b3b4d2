// SPDX-License-Identifier: Apache-2.0

package police

import (
	"errors"
	"fmt"
	"time"
)

// Ranges of the statements.
const (
	BandwidthMax  = 100_000 // packets a second
	BurstMax      = 100_000 // packets
	RecoverMax    = time.Hour
	DetectMax     = time.Minute
	FlowTimeout   = 2 * time.Hour // the longest
	ReportRateMax = 50_000        // a second
	SlotMax       = 255           // the highest number of a slot
	FlowsMax      = 1 << 22       // of the flow table
)

// FlowBandwidthMax is the highest flow-level-bandwidth of each level.
var FlowBandwidthMax = [FlowLevels]uint32{Subscriber: 10_000, LogicalInterface: 30_000, PhysicalInterface: 50_000}

// FlowLevel is how finely packets are told apart into flows.
type FlowLevel uint8

// Levels, the finest first.
const (
	Subscriber        FlowLevel = iota // one call: LAC address and port, tunnel, session; or the caller of an ICRQ
	LogicalInterface                   // one LAC address at one local gateway address
	PhysicalInterface                  // one slot
	FlowLevels
)

// String is the level's name in configuration.
func (l FlowLevel) String() string {
	return [FlowLevels]string{"subscriber", "logical-interface", "physical-interface"}[l]
}

// Mode says when flows are looked for.
type Mode uint8

// Modes.
const (
	Automatic Mode = iota // while the policer is violated
	On                    // always
	Off                   // never
	modes
)

// String is the mode's name in configuration.
func (m Mode) String() string { return [modes]string{"automatic", "on", "off"}[m] }

// Control says what becomes of the packets of a culprit flow.
type Control uint8

// Controls.
const (
	ControlDrop   Control = iota // all are dropped
	ControlKeep                  // none is: it is only reported
	ControlPolice                // those above the level's bandwidth are dropped
	controls
)

// String is the control's name in configuration.
func (c Control) String() string { return [controls]string{"drop", "keep", "police"}[c] }

// Knobs is a set of statements of a TypeConfig.
type Knobs uint32

// The statements, as bits of Configured.
const (
	KnobBandwidth Knobs = 1 << iota
	KnobBurst
	KnobRecoverTime
	KnobPriority
	KnobBypassAggregate
	KnobDisableRoutingEngine
	KnobDisableFPC
	KnobDisableLogging
	KnobSlots
	KnobFlowMode
	KnobDetectTime
	KnobFlowRecoverTime
	KnobFlowTimeout
	KnobTimeoutActive
	KnobNoFlowLogging
	KnobLevelBandwidth // these three in LevelConfig.Configured
	KnobLevelMode
	KnobLevelControl

	knobsPolicer = KnobBandwidth | KnobBurst
	knobsFlow    = KnobFlowMode | KnobDetectTime | KnobFlowRecoverTime | KnobFlowTimeout | KnobTimeoutActive |
		KnobNoFlowLogging | KnobLevelBandwidth | KnobLevelMode | KnobLevelControl
)

// Config is "system ddos-protection". Make it with Defaults and change that.
type Config struct {
	DisableRoutingEngine bool // no policing at the host level
	DisableFPC           bool // no policing at the ingress level
	DisableLogging       bool // no events about violations
	FlowDetection        bool // look for suspicious flows
	ViolationReportRate  uint32
	FlowReportRate       uint32
	FlowMode             Mode    // of types that configure none
	LevelControl         Control // of types that configure none
	Types                [typeCount]TypeConfig
	Slots                []Slot // the ingress interfaces there are, in the order in which they are shown
}

// Slot is one ingress interface.
type Slot struct {
	Number int // its "FPC slot", below Options.Slots; what Ingress is given
	Name   string
	Device uint32 // index of the network device; 0: none
}

// TypeConfig is "protocols GROUP TYPE". Configured tells what the operator
// wrote from what Defaults did; a value without its bit counts as a default. In
// particular a packet type has a policer of its own only with KnobBandwidth or
// KnobBurst, and only these two on an aggregate put established tunnels under it.
type TypeConfig struct {
	Configured           Knobs
	Bandwidth            uint32 // packets a second; 0: none may pass
	Burst                uint32 // packets; 0 is as good as 1, since a packet cannot be smaller
	RecoverTime          time.Duration
	Priority             Priority
	BypassAggregate      bool
	DisableRoutingEngine bool
	DisableFPC           bool
	DisableLogging       bool
	Slots                []SlotConfig // exceptions from scale 100 and enabled
	Flow                 FlowConfig
}

// SlotConfig is "fpc SLOT" of a type.
type SlotConfig struct {
	Number         int
	Disable        bool
	BandwidthScale uint32 // percent of Bandwidth
	BurstScale     uint32 // percent of Burst
}

// FlowConfig is what a type says about suspicious flows.
type FlowConfig struct {
	Mode          Mode
	DetectTime    time.Duration // above its bandwidth for that long, a flow is a culprit
	RecoverTime   time.Duration // below it for that long, it no longer is
	Timeout       time.Duration // with TimeoutActive: a culprit is let go after that, whatever it does
	TimeoutActive bool
	NoLogging     bool
	Levels        [FlowLevels]LevelConfig
}

// LevelConfig is one row of "Flow aggregation level configuration".
type LevelConfig struct {
	Bandwidth uint32 // packets a second
	Mode      Mode
	Control   Control
	// Configured tells what of this level the operator wrote:
	// KnobLevelBandwidth, KnobLevelMode, KnobLevelControl.
	Configured Knobs
}

// Defaults is the configuration of an operator who wrote nothing.
func Defaults() Config {
	c := Config{ViolationReportRate: 100, FlowReportRate: 100}
	for t := range c.Types {
		c.Types[t] = TypeConfig{
			Bandwidth: 20_000, Burst: 20_000, RecoverTime: 300 * time.Second, Priority: kinds[t].priority,
			Flow: FlowConfig{
				DetectTime: 3 * time.Second, RecoverTime: 60 * time.Second, Timeout: 300 * time.Second,
				// See "Flow rates" in the package comment.
				Levels: [FlowLevels]LevelConfig{{Bandwidth: 100}, {Bandwidth: 2_000}, {Bandwidth: 20_000}},
			},
		}
	}
	return c
}

// Effective is a type's configuration with the global statements applied where
// the type has none of its own.
func (c *Config) Effective(t Type) TypeConfig {
	e := c.Types[t]
	if e.Configured&KnobFlowMode == 0 {
		e.Flow.Mode = c.FlowMode
	}
	for i := range e.Flow.Levels {
		if l := &e.Flow.Levels[i]; l.Configured&KnobLevelControl == 0 {
			l.Control = c.LevelControl
		}
	}
	e.DisableRoutingEngine = e.DisableRoutingEngine || c.DisableRoutingEngine
	e.DisableFPC = e.DisableFPC || c.DisableFPC
	e.DisableLogging = e.DisableLogging || c.DisableLogging
	return e
}

// Policed says whether t has a policer of its own: an aggregate always has, a
// packet type only if the operator gave it a bandwidth or a burst.
func (c *Config) Policed(t Type) bool {
	return t.IsAggregate() || c.Types[t].Configured&knobsPolicer != 0
}

// FlowType is the type whose flow detection the packets of t are subject to:
// its own if the operator configured anything about it, else its aggregate's.
func (c *Config) FlowType(t Type) Type {
	if c.Types[t].AllConfigured()&(knobsPolicer|knobsFlow) != 0 {
		return t
	}
	return t.Group().Aggregate()
}

// AllConfigured is what the operator wrote about the type, its levels included.
func (c *TypeConfig) AllConfigured() Knobs {
	k := c.Configured
	for _, l := range c.Flow.Levels {
		k |= l.Configured
	}
	return k
}

// slot finds what t says about a slot.
func (c *TypeConfig) slot(number int) SlotConfig {
	for _, s := range c.Slots {
		if s.Number == number {
			return s
		}
	}
	return SlotConfig{Number: number, BandwidthScale: 100, BurstScale: 100}
}

// ErrConfig is wrapped by every error of Validate.
var ErrConfig = errors.New("police: configuration out of range")

// Validate checks all ranges.
func (c *Config) Validate(slots int) error {
	for _, r := range []uint32{c.ViolationReportRate, c.FlowReportRate} {
		if r < 1 || r > ReportRateMax {
			return fmt.Errorf("%w: report rate %d", ErrConfig, r)
		}
	}
	if c.FlowMode >= modes || c.LevelControl >= controls {
		return fmt.Errorf("%w: flow-detection-mode %d, flow-level-control %d", ErrConfig, c.FlowMode, c.LevelControl)
	}
	seen := map[int]bool{}
	for _, s := range c.Slots {
		if s.Number < 0 || s.Number >= slots || seen[s.Number] {
			return fmt.Errorf("%w: slot %d of %d", ErrConfig, s.Number, slots)
		}
		seen[s.Number] = true
	}
	for _, t := range Types() {
		if t.IsAggregate() && c.Types[t].BypassAggregate {
			return fmt.Errorf("%w: %v: bypass-aggregate", ErrConfig, t)
		}
		if err := c.Types[t].validate(); err != nil {
			return fmt.Errorf("%w: %v: %s", ErrConfig, t, err.Error())
		}
	}
	return nil
}

func (c *TypeConfig) validate() error {
	if c.Bandwidth > BandwidthMax || c.Burst > BurstMax || c.Priority >= priorities {
		return fmt.Errorf("bandwidth %d, burst %d, priority %d", c.Bandwidth, c.Burst, c.Priority)
	}
	for _, s := range c.Slots {
		if s.Number < 0 || s.Number > SlotMax || !percent(s.BandwidthScale) || !percent(s.BurstScale) {
			return fmt.Errorf("slot %d: bandwidth-scale %d, burst-scale %d", s.Number, s.BandwidthScale, s.BurstScale)
		}
	}
	f := &c.Flow
	if f.Mode >= modes {
		return fmt.Errorf("flow-detection-mode %d", f.Mode)
	}
	for _, d := range []struct {
		name       string
		value, max time.Duration
	}{
		{"recover-time", c.RecoverTime, RecoverMax}, {"flow-detect-time", f.DetectTime, DetectMax},
		{"flow-recover-time", f.RecoverTime, RecoverMax}, {"flow-timeout-time", f.Timeout, FlowTimeout},
	} {
		if d.value < time.Second || d.value > d.max {
			return fmt.Errorf("%s %v", d.name, d.value)
		}
	}
	for i, l := range f.Levels {
		if l.Bandwidth < 1 || l.Bandwidth > FlowBandwidthMax[i] || l.Mode >= modes || l.Control >= controls {
			return fmt.Errorf("%v: bandwidth %d, mode %d, control %d", FlowLevel(i), l.Bandwidth, l.Mode, l.Control)
		}
	}
	return nil
}

func percent(n uint32) bool { return n >= 1 && n <= 100 }
