// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"slices"
	"time"

	"holdfast/internal/lns"
	"holdfast/ppp"
)

// shardMetrics are those that each shard has of its own.
func shardMetrics() []metric[*shard] {
	return slices.Concat(subscriberMetrics(), admissionMetrics(), radiusMetrics(), l2tpMetrics(), pppMetrics(), loopMetrics())
}

// c is a shard's counters.
func (s *shard) c() *lns.Counters { return &s.summary.Counters }

// stateNames are the label values of subscriber states.
var stateNames = []string{
	lns.StateInit: "init", lns.StateConfigured: "configured", lns.StateActive: "active",
	lns.StateTerminating: "terminating", lns.StateTerminated: "terminated",
}

// subscriberMetrics are about subscribers and their sessions.
func subscriberMetrics() []metric[*shard] {
	return []metric[*shard]{
		gauges("holdfast_subscribers", "state", "Subscribers by state; terminated ones are kept for inspection.", func(s *shard, out emit) {
			for i, n := range s.summary.States {
				out(float64(n), stateNames[i])
			}
		}),
		count("holdfast_calls_requested_total", "Incoming calls (ICRQ).", func(s *shard) uint64 { return s.c().CallsRequested }),
		count("holdfast_calls_connected_total", "Calls that the LAC connected (ICCN).", func(s *shard) uint64 { return s.c().CallsConnected }),
		count("holdfast_call_steps_total", "Costly steps done for calls: ICRP, LCP, authentication, authorisation, forwarding.",
			func(s *shard) uint64 { return s.c().DearSteps }),
		count("holdfast_call_steps_wasted_total", "Of these, steps for calls whose caller left before they were up.",
			func(s *shard) uint64 { return s.c().StaleSteps }),
		count("holdfast_sessions_up_total", "Subscribers that came on line.", func(s *shard) uint64 { return s.c().SessionsUp }),
		{Declaration{"holdfast_session_setup_seconds_total", Counter, "Time from ICRQ to on line, summed over holdfast_sessions_up_total.",
			[]string{"shard"}}, func(s *shard, out emit) { out(s.c().SetUpTime.Seconds()) }},
		counts("holdfast_sessions_ended_total", "cause", "Sessions ended or refused, by terminate reason.", func(s *shard, out emit) {
			for i, n := range s.c().Ended {
				out(float64(n), lns.Cause(i).String())
			}
		}),
		counts("holdfast_authentications_total", "result", "Verdicts on subscribers.", parts(
			part[*shard]{"accepted", func(s *shard) uint64 { return s.c().AuthAccepted }},
			part[*shard]{"rejected", func(s *shard) uint64 { return s.c().AuthRejected }},
		)),
		counts("holdfast_log_ins_denied_total", "reason", "Why subscribers were turned away.", parts(
			part[*shard]{"unknown_user", func(s *shard) uint64 { return s.c().AuthUnknownUser }},
			part[*shard]{"user_limit", func(s *shard) uint64 { return s.c().UserLimitReached }},
			part[*shard]{"address_in_use", func(s *shard) uint64 { return s.c().AddressInUse }},
			part[*shard]{"route_in_use", func(s *shard) uint64 { return s.c().RouteInUse }},
			part[*shard]{"pool_exhausted", func(s *shard) uint64 { return s.c().PoolExhausted }},
			part[*shard]{"pool_ipv6_exhausted", func(s *shard) uint64 { return s.c().PoolIPv6Exhausted }},
		)),
		counts("holdfast_tunnels_denied_total", "reason", "Why the engine refused tunnels.", parts(
			part[*shard]{"not_authorized", func(s *shard) uint64 { return s.c().TunnelsNotAuthorized }},
			part[*shard]{"drain", func(s *shard) uint64 { return s.c().TunnelsRefusedDrain }},
			part[*shard]{"limit", func(s *shard) uint64 { return s.c().TunnelsRefusedLimit }},
			part[*shard]{"wrong_secret_before", func(s *shard) uint64 { return s.c().TunnelsUnheard }},
		)),
		count("holdfast_datagrams_total", "L2TP datagrams that the engine took in.", func(s *shard) uint64 { return s.c().Datagrams }),
		count("holdfast_datagrams_handed_over_total", "Datagrams that belonged to another shard.", func(s *shard) uint64 { return s.c().HandedOver }),
		counts("holdfast_shard_inner_packets_total", "direction", "Subscribers' packets that went through the shard and not the data plane.", parts(
			part[*shard]{"rx", func(s *shard) uint64 { return s.c().Inbound }},
			part[*shard]{"tx", func(s *shard) uint64 { return s.c().Outbound }},
		)),
		counts("holdfast_engine_dropped_total", "reason", "What the engine dropped.", parts(
			part[*shard]{"outbound_unknown", func(s *shard) uint64 { return s.c().OutboundUnknown }},
			part[*shard]{"early_data", func(s *shard) uint64 { return s.c().EarlyData }},
			part[*shard]{"malformed_frame", func(s *shard) uint64 { return s.c().MalformedFrames }},
			part[*shard]{"link_local", func(s *shard) uint64 { return s.c().LinkLocalDropped }},
		)),
		count("holdfast_history_dropped_total", "Ended sessions forgotten before destruct-timeout, because there were too many.",
			func(s *shard) uint64 { return s.c().HistoryDropped }),
	}
}

// pppMetrics are about PPP links and what runs over them.
func pppMetrics() []metric[*shard] {
	return []metric[*shard]{
		counts("holdfast_proxy_total", "use", "What was made of LCP and authentication that the LAC had done.", parts(
			part[*shard]{"lcp_accepted", func(s *shard) uint64 { return s.c().ProxyLCPAccepted }},
			part[*shard]{"lcp_renegotiated", func(s *shard) uint64 { return s.c().ProxyLCPRenegotiated }},
			part[*shard]{"authentication", func(s *shard) uint64 { return s.c().ProxyAuthUsed }},
		)),
		counts("holdfast_ppp_events_total", "event", "What PPP links met with, frames discarded among them.", func(s *shard, out emit) {
			for i, n := range s.c().PPP {
				out(float64(n), ppp.Counter(i).String())
			}
		}),
		counts("holdfast_link_local_packets_total", "type", "IPv6 of the link itself.", parts(
			part[*shard]{"router_solicitation", func(s *shard) uint64 { return s.c().RouterSolicitations }},
			part[*shard]{"router_advertisement", func(s *shard) uint64 { return s.c().RouterAdvertisements }},
			part[*shard]{"echo", func(s *shard) uint64 { return s.c().LinkLocalEchoes }},
		)),
		count("holdfast_keepalives_spared_total", "Keepalives put off: the whole tunnel was silent, or the shard was overloaded.",
			func(s *shard) uint64 { return s.c().KeepaliveSpared }),
		count("holdfast_link_info_total", "Set-Link-Info messages taken.", func(s *shard) uint64 { return s.c().LinkInfo }),
		count("holdfast_line_errors_total", "WAN-Error-Notify messages taken.", func(s *shard) uint64 { return s.c().LineErrors }),
	}
}

// loopMetrics are about the loop around the engine.
func loopMetrics() []metric[*shard] {
	return []metric[*shard]{
		count("holdfast_shard_recovered_total", "Faults of the program that were contained.", func(s *shard) uint64 { return s.loop.Recovered }),
		count("holdfast_shard_plane_errors_total", "Calls that the data plane refused.", func(s *shard) uint64 { return s.loop.PlaneErrors }),
		count("holdfast_shard_send_errors_total", "Batches that found their socket closed.", func(s *shard) uint64 { return s.loop.SendErrors }),
		count("holdfast_shard_messages_total", "Messages taken from other shards.", func(s *shard) uint64 { return s.loop.MessagesTaken }),
		counts("holdfast_shard_queue_dropped_total", "queue", "What did not fit a bounded queue of the shard.", parts(
			part[*shard]{"punts", func(s *shard) uint64 { return s.loop.PuntsDropped }},
			part[*shard]{"outbound", func(s *shard) uint64 { return s.loop.OutboundDropped }},
			part[*shard]{"datagrams", func(s *shard) uint64 { return s.loop.DatagramsDropped }},
			part[*shard]{"messages", func(s *shard) uint64 { return s.loop.MessagesLost }},
			part[*shard]{"strangers", func(s *shard) uint64 { return s.loop.StrangersDropped }},
		)),
	}
}

// seconds since the epoch, as Prometheus has times.
func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
