// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"

	"holdfast/radius"
)

// RADIUS is what the exchange with RADIUS servers has counted.
type RADIUS struct {
	Servers  []radius.ServerStatus
	Answers  Answers
	Exchange Exchange
	Dynamic  radius.DynamicCounters
}

// Answers counts queries of the engines and how they ended.
type Answers struct {
	Requests, Accepts, Rejects, Challenges, Timeouts uint64
	Refused                                          uint64 // too many were waiting
	Unsent                                           uint64 // did not fit a RADIUS packet
	Malformed                                        uint64 // accepts of which nothing was granted
	Ignored                                          uint64 // attributes that nobody acts upon
}

// Exchange counts what happened beneath the exchanges.
type Exchange struct{ SendErrors, SocketErrors, PacketsLost, Refused uint64 }

// serverMetrics are about RADIUS servers, each with its two services.
func serverMetrics() []metric[*snapshot] {
	one := func(name string, kind Kind, help string, of func(*radius.ServiceStatus) float64) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, kind, help, []string{"server", "service"}}, func(s *snapshot, out emit) {
			eachService(s, func(server, service string, st *radius.ServiceStatus) { out(of(st), server, service) })
		}}
	}
	return []metric[*snapshot]{
		one("holdfast_radius_server_alive", Gauge, "1 unless the service of the RADIUS server is dead: nothing but timeouts has come of it.",
			func(s *radius.ServiceStatus) float64 { return bit(s.State == radius.Alive) }),
		one("holdfast_radius_server_window", Gauge, "Requests that may be in flight to the server: it follows how fast the server answers.",
			func(s *radius.ServiceStatus) float64 { return float64(s.Window) }),
		one("holdfast_radius_server_ports", Gauge, "Source ports, or connections, in use.", func(s *radius.ServiceStatus) float64 { return float64(s.Ports) }),
		one("holdfast_radius_server_peak", Gauge, "The most requests there ever were in flight.", func(s *radius.ServiceStatus) float64 { return float64(s.Peak) }),
		one("holdfast_radius_server_round_trip_seconds", Gauge, "Smoothed time from request to reply.",
			func(s *radius.ServiceStatus) float64 { return s.Smoothed.Seconds() }),
		byService("holdfast_radius_server_outstanding", Gauge, "state", "Requests in flight, and those that wait for a place.", []part[*radius.ServiceStatus]{
			{"in_flight", func(s *radius.ServiceStatus) uint64 { return uint64(s.Pending) }},
			{"queued", func(s *radius.ServiceStatus) uint64 { return uint64(s.Queued) }},
		}),
		byService("holdfast_radius_server_packets_total", Counter, "event",
			"What went to the server and came from it, as RFC 4668 and RFC 4670 count it, and what became of requests.", serverEvents()),
	}
}

// serverEvents are the counters of a service.
func serverEvents() []part[*radius.ServiceStatus] {
	of := func(label string, f func(*radius.Counters) uint64) part[*radius.ServiceStatus] {
		return part[*radius.ServiceStatus]{label, func(s *radius.ServiceStatus) uint64 { return f(&s.Counters) }}
	}
	return []part[*radius.ServiceStatus]{
		of("request", func(c *radius.Counters) uint64 { return c.Requests }),
		of("retransmission", func(c *radius.Counters) uint64 { return c.Retransmissions }),
		of("accept", func(c *radius.Counters) uint64 { return c.Accepts }),
		of("reject", func(c *radius.Counters) uint64 { return c.Rejects }),
		of("challenge", func(c *radius.Counters) uint64 { return c.Challenges }),
		of("accounting_response", func(c *radius.Counters) uint64 { return c.Responses }),
		of("late", func(c *radius.Counters) uint64 { return c.Late }),
		of("abandoned", func(c *radius.Counters) uint64 { return c.Abandoned }),
		of("rollover", func(c *radius.Counters) uint64 { return c.Rollovers }),
		of("malformed", func(c *radius.Counters) uint64 { return c.Malformed }),
		of("bad_authenticator", func(c *radius.Counters) uint64 { return c.BadAuthenticators }),
		of("timeout", func(c *radius.Counters) uint64 { return c.Timeouts }),
		of("unknown_type", func(c *radius.Counters) uint64 { return c.UnknownTypes }),
		of("dropped", func(c *radius.Counters) uint64 { return c.Dropped }),
		of("wrong_source", func(c *radius.Counters) uint64 { return c.WrongSource }),
		of("exceeded", func(c *radius.Counters) uint64 { return c.Exceeded }),
		of("waited", func(c *radius.Counters) uint64 { return c.Waited }),
		of("refused", func(c *radius.Counters) uint64 { return c.Refused }),
		of("death", func(c *radius.Counters) uint64 { return c.Deaths }),
		of("probe", func(c *radius.Counters) uint64 { return c.Probes }),
	}
}

// byService declares a metric with several values for each service, by a label.
func byService(name string, kind Kind, label, help string, list []part[*radius.ServiceStatus]) metric[*snapshot] {
	return metric[*snapshot]{Declaration{name, kind, help, []string{"server", "service", label}}, func(s *snapshot, out emit) {
		eachService(s, func(server, service string, st *radius.ServiceStatus) {
			for _, p := range list {
				out(float64(p.of(st)), server, service, p.label)
			}
		})
	}}
}

// eachService visits both services of each server. One address may stand for
// several servers, which profiles of their own make differ; those are numbered.
func eachService(s *snapshot, visit func(server, service string, st *radius.ServiceStatus)) {
	seen := make(map[string]int)
	for i := range s.radius.Servers {
		one := &s.radius.Servers[i]
		name := one.Server.Address.String()
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s#%d", name, seen[name])
		}
		visit(name, radius.AuthenticationService.String(), &one.Authentication)
		visit(name, radius.AccountingService.String(), &one.Accounting)
	}
}

// exchangeMetrics are about the exchange with all servers.
func exchangeMetrics() []metric[*snapshot] {
	several := func(name, help string, list []part[*RADIUS]) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, Counter, help, []string{"event"}}, func(s *snapshot, out emit) {
			for _, p := range list {
				out(float64(p.of(&s.radius)), p.label)
			}
		}}
	}
	return []metric[*snapshot]{
		several("holdfast_radius_answers_total", "Authentications that RADIUS was asked for, and how they ended.", []part[*RADIUS]{
			{"request", func(r *RADIUS) uint64 { return r.Answers.Requests }},
			{"accept", func(r *RADIUS) uint64 { return r.Answers.Accepts }},
			{"reject", func(r *RADIUS) uint64 { return r.Answers.Rejects }},
			{"challenge", func(r *RADIUS) uint64 { return r.Answers.Challenges }},
			{"timeout", func(r *RADIUS) uint64 { return r.Answers.Timeouts }},
			{"refused", func(r *RADIUS) uint64 { return r.Answers.Refused }},
			{"unsent", func(r *RADIUS) uint64 { return r.Answers.Unsent }},
			{"malformed", func(r *RADIUS) uint64 { return r.Answers.Malformed }},
			{"attribute_ignored", func(r *RADIUS) uint64 { return r.Answers.Ignored }},
		}),
		several("holdfast_radius_exchange_errors_total", "What failed beneath the exchanges with RADIUS servers.", []part[*RADIUS]{
			{"send", func(r *RADIUS) uint64 { return r.Exchange.SendErrors }},
			{"socket", func(r *RADIUS) uint64 { return r.Exchange.SocketErrors }},
			{"packet_lost", func(r *RADIUS) uint64 { return r.Exchange.PacketsLost }},
			{"request_refused", func(r *RADIUS) uint64 { return r.Exchange.Refused }},
		}),
		several("holdfast_dynamic_packets_total", "CoA and Disconnect requests that came, and what became of them (RFC 5176).", dynamicEvents()),
	}
}

// dynamicEvents are the counters of Dynamic Authorization.
func dynamicEvents() (list []part[*RADIUS]) {
	add := func(label string, of func(*radius.DynamicCounters) uint64) {
		list = append(list, part[*RADIUS]{label, func(r *RADIUS) uint64 { return of(&r.Dynamic) }})
	}
	for _, code := range []struct {
		name string
		of   func(*radius.DynamicCounters) *radius.DynamicCodeCounters
	}{
		{"coa", func(c *radius.DynamicCounters) *radius.DynamicCodeCounters { return &c.CoA }},
		{"disconnect", func(c *radius.DynamicCounters) *radius.DynamicCodeCounters { return &c.Disconnect }},
	} {
		add(code.name+"_request", func(c *radius.DynamicCounters) uint64 { return code.of(c).Requests })
		add(code.name+"_ack", func(c *radius.DynamicCounters) uint64 { return code.of(c).Acks })
		add(code.name+"_nak", func(c *radius.DynamicCounters) uint64 { return code.of(c).Naks })
		add(code.name+"_duplicate", func(c *radius.DynamicCounters) uint64 { return code.of(c).Duplicates })
		add(code.name+"_stale", func(c *radius.DynamicCounters) uint64 { return code.of(c).Stale })
		add(code.name+"_full", func(c *radius.DynamicCounters) uint64 { return code.of(c).Full })
		add(code.name+"_unanswered", func(c *radius.DynamicCounters) uint64 { return code.of(c).Unanswered })
		add(code.name+"_pending", func(c *radius.DynamicCounters) uint64 { return code.of(c).Pending })
	}
	add("unknown_client", func(c *radius.DynamicCounters) uint64 { return c.UnknownClients })
	add("bad_authenticator", func(c *radius.DynamicCounters) uint64 { return c.BadAuthenticators })
	add("malformed", func(c *radius.DynamicCounters) uint64 { return c.Malformed })
	add("unknown_type", func(c *radius.DynamicCounters) uint64 { return c.UnknownTypes })
	return list
}
