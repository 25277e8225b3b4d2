// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"holdfast/internal/admission"
	"holdfast/internal/lns"
)

// a is the shard's admission of calls.
func (s *shard) a() *lns.AdmissionRow { return &s.admission }

// admissionMetrics are about which calls are set up, and what they wait for.
func admissionMetrics() []metric[*shard] {
	return []metric[*shard]{
		gauge("holdfast_admission_enabled", "1 while calls are admitted; 0: each is set up as it comes.",
			func(s *shard) float64 { return bit(s.a().Enabled) }),
		gauge("holdfast_admission_slots", "Calls that may be in set-up at once.", func(s *shard) float64 { return float64(s.a().Slots) }),
		gauges("holdfast_admission_calls", "state", "Calls that hold a slot, that have given it up, and that wait for one.", parts(
			part[*shard]{"setup", func(s *shard) uint64 { return uint64(s.a().InSetUp) }},
			part[*shard]{"aside", func(s *shard) uint64 { return uint64(s.a().Aside) }},
			part[*shard]{"parked", func(s *shard) uint64 { return uint64(s.a().Parked) }},
		)),
		gauge("holdfast_admission_oldest_wait_seconds", "How long the oldest parked call has waited.",
			func(s *shard) float64 { return s.a().OldestWait.Seconds() }),
		gauges("holdfast_admission_latency_seconds", "measure", "How long set-up takes, smoothed, and the least it was of late; the number of slots follows it.",
			func(s *shard, out emit) {
				out(s.a().SetUpLatency.Seconds(), "recent")
				out(s.a().SetUpFloor.Seconds(), "least")
			}),
		gauge("holdfast_admission_gated", "1 while no call is begun because the RADIUS window is full.",
			func(s *shard) float64 { return bit(s.a().Gated) }),
		counts("holdfast_admission_calls_total", "event", "What became of calls, from ICRQ on.", parts(
			part[*shard]{"offered", func(s *shard) uint64 { return s.a().Counters.Offered }},
			part[*shard]{"admitted", func(s *shard) uint64 { return s.a().Counters.Admitted }},
			part[*shard]{"up", func(s *shard) uint64 { return s.a().Counters.Up }},
			part[*shard]{"failed", func(s *shard) uint64 { return s.a().Counters.Failed }},
			part[*shard]{"withdrawn_parked", func(s *shard) uint64 { return s.a().Counters.Withdrawn }},
			part[*shard]{"withdrawn_in_setup", func(s *shard) uint64 { return s.a().Counters.WithdrawnLate }},
			part[*shard]{"probed_in_vain", func(s *shard) uint64 { return s.a().Counters.ProbedInVain }},
			part[*shard]{"stood_aside", func(s *shard) uint64 { return s.a().Counters.StoodAside }},
			part[*shard]{"late_in_setup", func(s *shard) uint64 { return s.a().Counters.LateInSetUp }},
			part[*shard]{"superseded", func(s *shard) uint64 { return s.a().Counters.Superseded }},
			part[*shard]{"crowded_out", func(s *shard) uint64 { return s.a().Counters.Crowded }},
			part[*shard]{"expired", func(s *shard) uint64 { return s.a().Counters.Expired }},
			part[*shard]{"cleared", func(s *shard) uint64 { return s.a().Counters.Cleared }},
		)),
		count("holdfast_admission_unanswered_total", "Parked calls dropped without CDN, past the budget of refusals.",
			func(s *shard) uint64 { return s.a().Counters.Silent }),
		counts("holdfast_admission_slot_moves_total", "direction", "How often the number of slots was changed.", parts(
			part[*shard]{"up", func(s *shard) uint64 { return s.a().Counters.SlotsGrown }},
			part[*shard]{"down", func(s *shard) uint64 { return s.a().Counters.SlotsShrunk }},
		)),
		counts("holdfast_calls_failed_total", "cause", "Calls that ended before they were up, by terminate reason.", func(s *shard, out emit) {
			for i, n := range s.c().Failed {
				out(float64(n), lns.Cause(i).String())
			}
		}),
		count("holdfast_sessions_replaced_total", "Stale sessions that ended because their line had dialled again.",
			func(s *shard) uint64 { return s.c().Replaced }),
		gauges("holdfast_alarm", "alarm", "1 while the alarm is set.", func(s *shard, out emit) {
			active := [lns.AlarmCount]bool{}
			for _, a := range s.a().Alarms {
				active[a.Alarm] = true
			}
			for i, on := range active {
				out(bit(on), lns.Alarm(i).String())
			}
		}),
	}
}

// timeMetrics are how long calls waited and took. A percentile of all calls cannot
// be made of those of the shards: they are taken of what all shards have counted.
func timeMetrics() []metric[*snapshot] {
	percentiles := func(name, help string, of func(*lns.AdmissionRow) *admission.Histogram) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, Gauge, help, []string{"percentile"}}, func(s *snapshot, out emit) {
			var all admission.Histogram
			for i := range s.shards {
				all.Add(of(s.shards[i].a()))
			}
			out(all.Quantile(0.5).Seconds(), "50")
			out(all.Quantile(0.99).Seconds(), "99")
		}}
	}
	return []metric[*snapshot]{
		percentiles("holdfast_admission_wait_seconds", "How long recent calls were parked before they were set up, over all shards.",
			func(r *lns.AdmissionRow) *admission.Histogram { return &r.Waits }),
		percentiles("holdfast_admission_setup_seconds", "How long recent calls took from then until they were up, over all shards.",
			func(r *lns.AdmissionRow) *admission.Histogram { return &r.SetUps }),
	}
}

// bit is a yes or no as a gauge.
func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
