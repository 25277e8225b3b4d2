// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"

	"holdfast/internal/police"
)

// policerMetrics are about the protection of the control plane. Counters start
// again at zero when an operator clears them.
func policerMetrics() []metric[*snapshot] {
	byType := []string{"protocol", "type"}
	byPlace := []string{"protocol", "type", "location"}
	one := func(name string, k Kind, help string, of func(*police.Snapshot) uint64) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, k, help, nil}, func(s *snapshot, out emit) { out(float64(of(&s.policers))) }}
	}
	return []metric[*snapshot]{
		{Declaration{"holdfast_ddos_received_packets_total", Counter,
			"Packets for the control plane, where they are read (fpc and its number) and at the shards (routing-engine).", byPlace},
			places(func(l *police.Location, out emit) { out(float64(l.Counts.Received)) })},
		{Declaration{"holdfast_ddos_dropped_packets_total", Counter,
			"Those of them that were dropped: by the policer of the type, by that of the group, or by flow control.", append(byPlace[:3:3], "verdict")},
			places(func(l *police.Location, out emit) {
				out(float64(l.Counts.DroppedIndividual), "policer")
				out(float64(l.Counts.DroppedAggregate), "aggregate")
				out(float64(l.Counts.DroppedFlow), "flow")
			})},
		{Declaration{"holdfast_ddos_arrival_rate", Gauge, "Packets that came in the last full second.", byType},
			types(func(t *police.TypeSnapshot) float64 { return float64(t.System.ArrivalRate) })},
		{Declaration{"holdfast_ddos_violated", Gauge, "1 while a policer of the type, or aggregate, is being violated.", byType},
			types(func(t *police.TypeSnapshot) float64 { return bit(t.Violation.State.Is()) })},
		{Declaration{"holdfast_ddos_violations_total", Counter, "Violations that began.", byType},
			types(func(t *police.TypeSnapshot) float64 { return float64(t.Violation.Count) })},
		{Declaration{"holdfast_ddos_culprit_flows", Gauge, "Flows whose packets are controlled.", byType},
			types(func(t *police.TypeSnapshot) float64 { return float64(t.Tracked) })},
		{Declaration{"holdfast_ddos_culprit_flows_found_total", Counter, "Flows that were found to be culprits.", byType},
			types(func(t *police.TypeSnapshot) float64 { return float64(t.Detected) })},
		one("holdfast_ddos_flow_table_size", Gauge, "Places of the table of flows; 0: flows have not been looked for.",
			func(s *police.Snapshot) uint64 { return s.Table.Size }),
		one("holdfast_ddos_flow_table_used", Gauge, "Places of the table of flows that are taken.",
			func(s *police.Snapshot) uint64 { return s.Table.Used }),
		one("holdfast_ddos_flows_evicted_total", Counter, "Flows that had to make room for others.",
			func(s *police.Snapshot) uint64 { return s.Table.Evicted }),
		one("holdfast_ddos_packets_untracked_total", Counter, "Packets whose flow found no room.",
			func(s *police.Snapshot) uint64 { return s.Table.Untracked }),
		one("holdfast_ddos_flows_aggregated_total", Counter, "Times that flows were told apart one level less finely for want of room.",
			func(s *police.Snapshot) uint64 { return s.Table.Aggregated }),
		one("holdfast_ddos_reports_suppressed_total", Counter, "Log events above the report rates.",
			func(s *police.Snapshot) uint64 { return s.ReportsSuppressed }),
	}
}

// types shows one value for each packet type and aggregate.
func types(of func(*police.TypeSnapshot) float64) func(*snapshot, emit) {
	return func(s *snapshot, out emit) {
		for i := range s.policers.Types {
			t := &s.policers.Types[i]
			out(of(t), t.Type.Group().String(), t.Type.Name())
		}
	}
}

// places shows values of each packet type at each level. Aggregates are left out:
// they are the sum of their types.
func places(of func(*police.Location, emit)) func(*snapshot, emit) {
	return func(s *snapshot, out emit) {
		for i := range s.policers.Types {
			t := &s.policers.Types[i]
			if t.Type.IsAggregate() {
				continue
			}
			at := func(l *police.Location, name string) {
				of(l, func(v float64, more ...string) {
					out(v, append([]string{t.Type.Group().String(), t.Type.Name(), name}, more...)...)
				})
			}
			at(&t.Host, "routing-engine")
			for j := range t.Slots {
				if t.Slots[j].Counts.Received == 0 {
					continue // a host may have many devices, of which few matter
				}
				at(&t.Slots[j], fmt.Sprintf("fpc %d", t.Slots[j].Slot.Number))
			}
		}
	}
}
