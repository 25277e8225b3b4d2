// SPDX-License-Identifier: Apache-2.0

package metrics

// Accounting is what accounting and its spool have counted; all zero where nobody
// is accounted.
type Accounting struct {
	Requests, Responses AccountingTypes // that were to be sent; acknowledged

	DroppedStarts, DroppedStops uint64 // given up by a bound
	InterimsTimedOut            uint64
	InterimsReplaced            uint64 // by a newer one, or the Stop
	InterimsDropped             uint64 // waited with too many others
	Malformed                   uint64
	Deferred                    uint64 // left to the next boot
	CheckpointsDropped          uint64
	RecoveredSessions           uint64 // that an earlier run has left open

	PendingStarts, PendingStops int
	Unwritten                   int // changes that are not on disk yet

	Transactions, Changes, Bytes, Failures uint64 // of the spool
	Failing                                bool   // the last transaction failed
}

// AccountingTypes is a number for each type of Accounting-Request.
type AccountingTypes struct{ On, Off, Start, Interim, Stop uint64 }

// accountingMetrics are about what lies between the shards and the servers.
func accountingMetrics() []metric[*snapshot] {
	one := func(name string, kind Kind, help string, of func(*Accounting) float64) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, kind, help, nil}, func(s *snapshot, out emit) { out(of(&s.accounting)) }}
	}
	several := func(name string, kind Kind, label, help string, list ...part[*Accounting]) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, kind, help, []string{label}}, func(s *snapshot, out emit) {
			for _, p := range list {
				out(float64(p.of(&s.accounting)), p.label)
			}
		}}
	}
	types := func(of func(*Accounting) *AccountingTypes) []part[*Accounting] {
		return []part[*Accounting]{
			{"on", func(a *Accounting) uint64 { return of(a).On }},
			{"off", func(a *Accounting) uint64 { return of(a).Off }},
			{"start", func(a *Accounting) uint64 { return of(a).Start }},
			{"interim", func(a *Accounting) uint64 { return of(a).Interim }},
			{"stop", func(a *Accounting) uint64 { return of(a).Stop }},
		}
	}
	return []metric[*snapshot]{
		several("holdfast_accounting_requests_total", Counter, "type", "Accounting-Requests that were to be sent.",
			types(func(a *Accounting) *AccountingTypes { return &a.Requests })...),
		several("holdfast_accounting_responses_total", Counter, "type", "Accounting-Requests that a server has acknowledged.",
			types(func(a *Accounting) *AccountingTypes { return &a.Responses })...),
		several("holdfast_accounting_pending_records", Gauge, "type", "Records on disk that no server has taken yet.",
			part[*Accounting]{"start", func(a *Accounting) uint64 { return uint64(a.PendingStarts) }},
			part[*Accounting]{"stop", func(a *Accounting) uint64 { return uint64(a.PendingStops) }}),
		several("holdfast_accounting_dropped_total", Counter, "reason",
			"Records not sent: by a bound, no answer to an interim update, a newer record, or no request can be made of them. Deferred ones come after a restart.",
			part[*Accounting]{"start_bound", func(a *Accounting) uint64 { return a.DroppedStarts }},
			part[*Accounting]{"stop_bound", func(a *Accounting) uint64 { return a.DroppedStops }},
			part[*Accounting]{"interim_timeout", func(a *Accounting) uint64 { return a.InterimsTimedOut }},
			part[*Accounting]{"interim_replaced", func(a *Accounting) uint64 { return a.InterimsReplaced }},
			part[*Accounting]{"interim_bound", func(a *Accounting) uint64 { return a.InterimsDropped }},
			part[*Accounting]{"checkpoint_bound", func(a *Accounting) uint64 { return a.CheckpointsDropped }},
			part[*Accounting]{"malformed", func(a *Accounting) uint64 { return a.Malformed }},
			part[*Accounting]{"deferred", func(a *Accounting) uint64 { return a.Deferred }}),
		one("holdfast_accounting_recovered_sessions_total", Counter, "Sessions that an earlier run has left open and that got their Stop.",
			func(a *Accounting) float64 { return float64(a.RecoveredSessions) }),
		one("holdfast_spool_unwritten_changes", Gauge, "Changes that are not on disk yet.", func(a *Accounting) float64 { return float64(a.Unwritten) }),
		one("holdfast_spool_transactions_total", Counter, "Groups of changes that are on disk: two fsyncs each.",
			func(a *Accounting) float64 { return float64(a.Transactions) }),
		one("holdfast_spool_changes_total", Counter, "Changes in them.", func(a *Accounting) float64 { return float64(a.Changes) }),
		one("holdfast_spool_written_bytes_total", Counter, "Octets of their keys and values.", func(a *Accounting) float64 { return float64(a.Bytes) }),
		one("holdfast_spool_failures_total", Counter, "Groups that could not be written and were tried again.",
			func(a *Accounting) float64 { return float64(a.Failures) }),
		one("holdfast_spool_failing", Gauge, "1 while the spool cannot be written.", func(a *Accounting) float64 {
			if a.Failing {
				return 1
			}
			return 0
		}),
	}
}
