// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// l is the counters of the shard's endpoint.
func (s *shard) l() *l2tp.Counters { return &s.summary.Counters.L2TP }

// l2tpMetrics are the endpoint's.
func l2tpMetrics() []metric[*shard] {
	list := []metric[*shard]{
		gauges("holdfast_tunnels", "state", "Tunnels by state.", func(s *shard, out emit) {
			c := s.l()
			out(float64(c.TunnelsUp), "established")
			out(float64(c.TunnelsHalfOpen), "half_open")
			out(float64(c.TunnelsLive-c.TunnelsUp-c.TunnelsHalfOpen), "initiated")
			out(float64(c.Tunnels-c.TunnelsLive), "closing")
		}),
		gauges("holdfast_sessions", "state", "L2TP sessions by state.", func(s *shard, out emit) {
			out(float64(s.l().SessionsUp), "established")
			out(float64(s.l().Sessions-s.l().SessionsUp), "setup")
		}),
		counts("holdfast_l2tp_tunnels_total", "event", "What happened to tunnels.", parts(
			part[*shard]{"requested", func(s *shard) uint64 { return s.l().TunnelsRequested }},
			part[*shard]{"refused", func(s *shard) uint64 { return s.l().TunnelsRefused }},
			part[*shard]{"established", func(s *shard) uint64 { return s.l().TunnelsEstablished }},
			part[*shard]{"closed", func(s *shard) uint64 { return s.l().TunnelsClosed }},
			part[*shard]{"half_open_evicted", func(s *shard) uint64 { return s.l().HalfOpenEvicted }},
			part[*shard]{"half_open_dropped", func(s *shard) uint64 { return s.l().HalfOpenDropped }},
			part[*shard]{"tie_break", func(s *shard) uint64 { return s.l().TieBreaks }},
			part[*shard]{"authentication_failed", func(s *shard) uint64 { return s.l().AuthenticationFailures }},
			part[*shard]{"no_answer", func(s *shard) uint64 { return s.l().NoAnswer }},
			part[*shard]{"address_changed", func(s *shard) uint64 { return s.l().AddressChanges }},
		)),
		counts("holdfast_l2tp_calls_total", "event", "What happened to calls.", parts(
			part[*shard]{"requested", func(s *shard) uint64 { return s.l().CallsRequested }},
			part[*shard]{"refused", func(s *shard) uint64 { return s.l().CallsRefused }},
			part[*shard]{"established", func(s *shard) uint64 { return s.l().CallsEstablished }},
			part[*shard]{"closed", func(s *shard) uint64 { return s.l().CallsClosed }},
		)),
		counts("holdfast_l2tp_messages_received_total", "type", "Control messages taken in order, by Message Type.", messages),
	}
	return append(list, transportMetrics()...)
}

// messages shows control messages by type; what is no known type is "unknown".
func messages(s *shard, out emit) {
	unknown := uint64(0)
	for i, n := range s.l().Received {
		if t := wire.MessageType(i); t.Known() {
			out(float64(n), t.String())
		} else {
			unknown += n
		}
	}
	out(float64(unknown), "unknown")
}

// transportMetrics are about the control connections' packets.
func transportMetrics() []metric[*shard] {
	return []metric[*shard]{
		counts("holdfast_l2tp_control_packets_total", "direction", "Control packets, acknowledgements and repetitions among them.", parts(
			part[*shard]{"rx", func(s *shard) uint64 { return s.l().ReceivedControl }},
			part[*shard]{"tx", func(s *shard) uint64 { return s.l().SentControl }},
		)),
		counts("holdfast_l2tp_control_bytes_total", "direction", "Octets of control packets.", parts(
			part[*shard]{"rx", func(s *shard) uint64 { return s.l().ReceivedControlBytes }},
			part[*shard]{"tx", func(s *shard) uint64 { return s.l().SentControlBytes }},
		)),
		count("holdfast_l2tp_data_packets_total", "Data packets that the shard took, PPP control among them.",
			func(s *shard) uint64 { return s.l().ReceivedData }),
		count("holdfast_l2tp_data_bytes_total", "Octets of data packets that the shard took.",
			func(s *shard) uint64 { return s.l().ReceivedDataBytes }),
		count("holdfast_l2tp_retransmissions_total", "Control messages sent again.", func(s *shard) uint64 { return s.l().Retransmissions }),
		counts("holdfast_l2tp_irregular_total", "reason", "Packets that did not fit: dropped, held or ignored as RFC 2661 has it.", parts(
			part[*shard]{"duplicate", func(s *shard) uint64 { return s.l().Duplicates }},
			part[*shard]{"out_of_order", func(s *shard) uint64 { return s.l().OutOfOrder }},
			part[*shard]{"window_exceeded", func(s *shard) uint64 { return s.l().WindowExceeded }},
			part[*shard]{"bad_header", func(s *shard) uint64 { return s.l().BadHeader }},
			part[*shard]{"unknown_tunnel", func(s *shard) uint64 { return s.l().UnknownTunnel }},
			part[*shard]{"unknown_session", func(s *shard) uint64 { return s.l().UnknownSession }},
			part[*shard]{"early_data", func(s *shard) uint64 { return s.l().EarlyData }},
			part[*shard]{"late_data", func(s *shard) uint64 { return s.l().LateData }},
			part[*shard]{"missing_sequence", func(s *shard) uint64 { return s.l().MissingSequence }},
			part[*shard]{"wrong_address", func(s *shard) uint64 { return s.l().WrongAddress }},
			part[*shard]{"bad_avp", func(s *shard) uint64 { return s.l().BadAVP }},
			part[*shard]{"tolerated_avp", func(s *shard) uint64 { return s.l().ToleratedAVP }},
			part[*shard]{"unknown_message", func(s *shard) uint64 { return s.l().UnknownMessage }},
			part[*shard]{"unexpected_message", func(s *shard) uint64 { return s.l().Unexpected }},
		)),
	}
}
