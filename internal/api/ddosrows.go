// SPDX-License-Identifier: Apache-2.0

package api

import (
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/police"
)

// stateWords are the states of a policer on the wire.
var stateWords = map[police.State]string{
	police.NeverViolated: "never", police.WasViolated: "was", police.IsViolated: "is", police.WasAndIsViolated: "was-and-is",
}

// statements are the names of what an operator may write about a type.
var statements = []struct {
	knob police.Knobs
	name string
}{
	{police.KnobBandwidth, "bandwidth"},
	{police.KnobBurst, "burst"},
	{police.KnobRecoverTime, "recover-time"},
	{police.KnobPriority, "priority"},
	{police.KnobBypassAggregate, "bypass-aggregate"},
	{police.KnobDisableRoutingEngine, "disable-routing-engine"},
	{police.KnobDisableFPC, "disable-fpc"},
	{police.KnobDisableLogging, "disable-logging"},
	{police.KnobSlots, "fpc"},
}

// flowStatements are those about flows.
var flowStatements = []struct {
	knob police.Knobs
	name string
}{
	{police.KnobFlowMode, "flow-detection-mode"},
	{police.KnobDetectTime, "flow-detect-time"},
	{police.KnobFlowRecoverTime, "flow-recover-time"},
	{police.KnobFlowTimeout, "flow-timeout-time"},
	{police.KnobTimeoutActive, "timeout-active-flows"},
	{police.KnobNoFlowLogging, "no-flow-logging"},
}

// levelStatements are those about one level of flows.
var levelStatements = []struct {
	knob police.Knobs
	name string
}{
	{police.KnobLevelBandwidth, "flow-level-bandwidth"},
	{police.KnobLevelMode, "flow-level-detection"},
	{police.KnobLevelControl, "flow-level-control"},
}

func ddosType(shot *police.Snapshot, t *police.TypeSnapshot) *pb.DDoSType {
	m := &pb.DDoSType{
		Group: t.Type.Group().String(), Title: t.Type.Group().Title(), Type: t.Type.Name(), About: t.Type.About(),
		Aggregate: t.Type.IsAggregate(), Policed: t.Policed, Parameters: ddosParameters(shot, t), FlowType: t.FlowType.Name(),
		FlowsTracked: t.Tracked, FlowsDetected: t.Detected, System: ddosTraffic(&t.System), Violation: ddosViolation(&t.Violation),
		SlotsViolated: count(t.SlotsViolated), SlotsWereViolated: count(t.SlotsWereViolated),
		RoutingEngine: ddosLocation(&t.Host),
	}
	for i := range t.Slots {
		l := ddosLocation(&t.Slots[i])
		for level, n := range t.Slots[i].Flows {
			l.Flows = append(l.Flows, &pb.DDoSFlowCount{
				Level: police.FlowLevel(level).String(), Current: n.Current, Detected: n.Detected, Active: n.Active,
			})
		}
		m.Slots = append(m.Slots, l)
	}
	return m
}

// ddosParameters are the settings in force: those about flows may be another
// type's.
func ddosParameters(shot *police.Snapshot, t *police.TypeSnapshot) *pb.DDoSParameters {
	c := &t.Config
	flow := c
	for i := range shot.Types {
		if shot.Types[i].Type == t.FlowType {
			flow = &shot.Types[i].Config
		}
	}
	f := &flow.Flow
	m := &pb.DDoSParameters{
		Bandwidth: c.Bandwidth, Burst: c.Burst, RecoverSeconds: seconds(c.RecoverTime), Priority: c.Priority.String(),
		BypassAggregate: c.BypassAggregate, RoutingEngine: !c.DisableRoutingEngine, Fpc: !c.DisableFPC, Logging: !c.DisableLogging,
		DetectionMode: f.Mode.String(), DetectSeconds: seconds(f.DetectTime), FlowRecoverSeconds: seconds(f.RecoverTime),
		FlowTimeoutSeconds: seconds(f.Timeout), TimeoutActiveFlows: f.TimeoutActive, LogFlows: !f.NoLogging,
	}
	for _, s := range statements {
		if c.Configured&s.knob != 0 {
			m.Configured = append(m.Configured, s.name)
		}
	}
	for _, s := range flowStatements {
		if flow.Configured&s.knob != 0 {
			m.Configured = append(m.Configured, s.name)
		}
	}
	for level, l := range f.Levels {
		row := &pb.DDoSLevel{Level: police.FlowLevel(level).String(), DetectionMode: l.Mode.String(), Control: l.Control.String(), Bandwidth: l.Bandwidth}
		for _, s := range levelStatements {
			if l.Configured&s.knob != 0 {
				row.Configured = append(row.Configured, s.name)
			}
		}
		m.Levels = append(m.Levels, row)
	}
	return m
}

func ddosTraffic(c *police.Counts) *pb.DDoSTraffic {
	return &pb.DDoSTraffic{
		Received: c.Received, ArrivalRate: c.ArrivalRate, MaxArrivalRate: c.MaxArrivalRate, Dropped: c.Dropped(),
		DroppedIndividual: c.DroppedIndividual, DroppedAggregate: c.DroppedAggregate, DroppedFlow: c.DroppedFlow,
	}
}

func ddosViolation(v *police.Violation) *pb.DDoSViolation {
	return &pb.DDoSViolation{State: stateWords[v.State], Count: v.Count, StartUnix: unix(v.Start), LastUnix: unix(v.LastSeen)}
}

func ddosLocation(l *police.Location) *pb.DDoSLocation {
	return &pb.DDoSLocation{
		Slot: count(l.Slot.Number), Interface: l.Slot.Name, Bandwidth: l.Bandwidth, Burst: l.Burst,
		BandwidthScale: l.BandwidthScale, BurstScale: l.BurstScale, Enabled: l.Enabled,
		Violation: ddosViolation(&l.Violation), Traffic: ddosTraffic(&l.Counts),
	}
}
