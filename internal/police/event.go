// SPDX-License-Identifier: Apache-2.0

package police

import "time"

// EventKind says what an Event is about.
type EventKind uint8

// Events.
const (
	ViolationSet      EventKind = iota // a policer had its first excess drop
	ViolationClear                     // it had none for its recover time
	FlowFound                          // a flow is a culprit
	FlowNormal                         // it kept within its bandwidth for the flow recover time
	FlowTimedOut                       // it was let go after the flow timeout
	FlowCleared                        // an operator let it go, or flow detection was switched off
	FlowsAggregated                    // too many flows: the type's are told apart one level less finely
	FlowsDeaggregated                  // as finely as configured again
	eventKinds
)

// String is the name as in log messages.
func (k EventKind) String() string {
	return [eventKinds]string{
		"DDOS_PROTOCOL_VIOLATION_SET", "DDOS_PROTOCOL_VIOLATION_CLEAR", "DDOS_SCFD_FLOW_FOUND", "DDOS_SCFD_FLOW_RETURN_NORMAL",
		"DDOS_SCFD_FLOW_TIMEOUT", "DDOS_SCFD_FLOW_CLEARED", "DDOS_SCFD_FLOW_AGGREGATED", "DDOS_SCFD_FLOW_DEAGGREGATED",
	}[k]
}

// Event is something to log.
type Event struct {
	Kind  EventKind
	Type  Type
	Host  bool // of a violation: at the host level, else at Slot
	Slot  Slot
	Count uint64    // of a violation: how many it had; of FlowsAggregated: how many flows
	Start time.Time // of a violation: first excess drop; of a flow: when it was found
	End   time.Time // of ViolationClear: last excess drop; of a flow let go: its last violation
	Level FlowLevel // FlowsAggregated: the level given up
	Flow  Culprit   // of a flow
}
