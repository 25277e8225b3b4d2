// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"strings"

	"holdfast/internal/police"
)

// ddosProtection reads system ddos-protection.
func (b *builder) ddosProtection() {
	v := b.root.sub("system", "ddos-protection")
	global, c := v.sub("global"), police.Defaults()
	c.DisableRoutingEngine, c.DisableFPC = global.has("disable-routing-engine"), global.has("disable-fpc")
	c.DisableLogging, c.FlowDetection = global.has("disable-logging"), global.has("flow-detection")
	c.ViolationReportRate, c.FlowReportRate = uint32(global.int("violation-report-rate")), uint32(global.int("flow-report-rate"))
	c.FlowMode, c.LevelControl = flowMode(global.text("flow-detection-mode")), flowControl(global.text("flow-level-control"))
	for _, g := range police.Groups() {
		for _, e := range v.sub("protocols", g.String()).entries("TYPE") {
			t, _ := police.ParseType(g.String(), e.key())
			b.policer(e, t, &c.Types[t])
		}
	}
	if err := c.Validate(police.SlotMax + 1); err != nil {
		text := strings.TrimPrefix(err.Error(), errors.Unwrap(err).Error()+": ")
		b.errorf(v.pos(), "ddos-protection: %s", text)
	}
	b.result.Police = c
}

// policer reads one packet type; c has the defaults.
func (b *builder) policer(v view, t police.Type, c *police.TypeConfig) {
	written := func(name string, k police.Knobs) bool {
		if v.has(name) {
			c.Configured |= k
		}
		return v.has(name)
	}
	if written("bandwidth", police.KnobBandwidth) {
		c.Bandwidth = uint32(v.int("bandwidth"))
	}
	if written("burst", police.KnobBurst) {
		c.Burst = uint32(v.int("burst"))
	}
	if written("recover-time", police.KnobRecoverTime) {
		c.RecoverTime = v.seconds("recover-time")
	}
	if written("priority", police.KnobPriority) {
		c.Priority = map[string]police.Priority{
			"low": police.PriorityLow, "medium": police.PriorityMedium, "high": police.PriorityHigh,
		}[v.text("priority")]
	}
	if t.IsAggregate() && v.has("bypass-aggregate") {
		b.errorf(v.posOf("bypass-aggregate"), "bypass-aggregate: the aggregate cannot bypass itself")
		return
	}
	c.BypassAggregate = written("bypass-aggregate", police.KnobBypassAggregate)
	c.DisableRoutingEngine = written("disable-routing-engine", police.KnobDisableRoutingEngine)
	c.DisableFPC = written("disable-fpc", police.KnobDisableFPC)
	c.DisableLogging = written("disable-logging", police.KnobDisableLogging)
	for _, s := range v.entries("fpc") {
		c.Configured |= police.KnobSlots
		c.Slots = append(c.Slots, police.SlotConfig{
			Number: number(s.key()), Disable: s.has("disable-fpc"),
			BandwidthScale: uint32(s.int("bandwidth-scale")), BurstScale: uint32(s.int("burst-scale")),
		})
	}
	flowDetection(v, written, &c.Flow)
}

// flowDetection reads what a packet type says about suspicious flows.
func flowDetection(v view, written func(string, police.Knobs) bool, f *police.FlowConfig) {
	if written("flow-detection-mode", police.KnobFlowMode) {
		f.Mode = flowMode(v.text("flow-detection-mode"))
	}
	if written("flow-detect-time", police.KnobDetectTime) {
		f.DetectTime = v.seconds("flow-detect-time")
	}
	if written("flow-recover-time", police.KnobFlowRecoverTime) {
		f.RecoverTime = v.seconds("flow-recover-time")
	}
	if written("flow-timeout-time", police.KnobFlowTimeout) {
		f.Timeout = v.seconds("flow-timeout-time")
	}
	f.TimeoutActive = written("timeout-active-flows", police.KnobTimeoutActive)
	f.NoLogging = written("no-flow-logging", police.KnobNoFlowLogging)
	for level := range police.FlowLevels {
		l, name := &f.Levels[level], level.String()
		if at := v.sub("flow-level-bandwidth"); at.has(name) {
			l.Bandwidth, l.Configured = uint32(at.int(name)), l.Configured|police.KnobLevelBandwidth
		}
		if at := v.sub("flow-level-detection"); at.has(name) {
			l.Mode, l.Configured = flowMode(at.text(name)), l.Configured|police.KnobLevelMode
		}
		if at := v.sub("flow-level-control"); at.has(name) {
			l.Control, l.Configured = flowControl(at.text(name)), l.Configured|police.KnobLevelControl
		}
	}
}

func flowMode(word string) police.Mode {
	return map[string]police.Mode{"automatic": police.Automatic, "on": police.On, "off": police.Off}[word]
}

func flowControl(word string) police.Control {
	return map[string]police.Control{"drop": police.ControlDrop, "keep": police.ControlKeep, "police": police.ControlPolice}[word]
}
