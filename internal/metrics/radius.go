// SPDX-License-Identifier: Apache-2.0

package metrics

// radiusMetrics are about requests to RADIUS, as the shard sees them.
func radiusMetrics() []metric[*shard] {
	return []metric[*shard]{
		gauge("holdfast_radius_window", "RADIUS requests that the shard may have in flight.", func(s *shard) float64 { return float64(s.a().RADIUSWindow) }),
		gauges("holdfast_radius_outstanding", "state", "Authentications in flight, and those that wait for a place in the window.", parts(
			part[*shard]{"in_flight", func(s *shard) uint64 { return uint64(s.a().RADIUSInFlight) }},
			part[*shard]{"queued", func(s *shard) uint64 { return uint64(s.a().RADIUSQueued) }},
		)),
		counts("holdfast_radius_requests_total", "event", "Authentications that RADIUS was asked for.", parts(
			part[*shard]{"sent", func(s *shard) uint64 { return s.c().RADIUSRequests }},
			part[*shard]{"timeout", func(s *shard) uint64 { return s.c().RADIUSTimeouts }},
			part[*shard]{"queued", func(s *shard) uint64 { return s.c().RADIUSQueued }},
			part[*shard]{"fell_back", func(s *shard) uint64 { return s.c().AuthFellBack }},
		)),
		counts("holdfast_radius_grants_total", "event", "What became of what RADIUS granted.", parts(
			part[*shard]{"refused", func(s *shard) uint64 { return s.c().GrantsRefused }},
			part[*shard]{"attribute_ignored", func(s *shard) uint64 { return s.c().AttributesIgnored }},
			part[*shard]{"attribute_unused", func(s *shard) uint64 { return s.c().AttributesUnused }},
			part[*shard]{"filter_ignored", func(s *shard) uint64 { return s.c().FiltersIgnored }},
		)),
		counts("holdfast_dynamic_requests_total", "event", "Sessions changed or ended on the demand of a server (RFC 5176).", parts(
			part[*shard]{"changed", func(s *shard) uint64 { return s.c().Changed }},
			part[*shard]{"change_refused", func(s *shard) uint64 { return s.c().ChangesRefused }},
			part[*shard]{"disconnected", func(s *shard) uint64 { return s.c().Disconnected }},
		)),
		counts("holdfast_accounting_records_total", "event", "What was told of sessions for accounting.", parts(
			part[*shard]{"open", func(s *shard) uint64 { return s.c().AccountsOpened }},
			part[*shard]{"start", func(s *shard) uint64 { return s.c().AccountsStarted }},
			part[*shard]{"interim", func(s *shard) uint64 { return s.c().AccountInterims }},
			part[*shard]{"stop", func(s *shard) uint64 { return s.c().AccountsStopped }},
			part[*shard]{"discard", func(s *shard) uint64 { return s.c().AccountsDiscarded }},
			part[*shard]{"failed", func(s *shard) uint64 { return s.c().AccountsFailed }},
		)),
		counts("holdfast_accounting_late_total", "event", "What did not wait for the disk any longer: log-ins, and the end of sessions.", parts(
			part[*shard]{"log_in", func(s *shard) uint64 { return s.c().DurableLate }},
			part[*shard]{"stop", func(s *shard) uint64 { return s.c().StopsLate }},
		)),
	}
}
