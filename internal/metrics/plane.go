// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"slices"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// planeMetrics are the data plane's.
func planeMetrics() []metric[*forward.Totals] {
	one := func(name, help string, of func(*forward.Totals) uint64) metric[*forward.Totals] {
		return metric[*forward.Totals]{Declaration{name, Counter, help, nil}, func(t *forward.Totals, out emit) { out(float64(of(t))) }}
	}
	dropped := []part[*forward.Totals]{
		{"punt_lane_full", func(t *forward.Totals) uint64 { return t.PuntDropped }},
		{"unknown_session", func(t *forward.Totals) uint64 { return t.UnknownSession }},
		{"malformed", func(t *forward.Totals) uint64 { return t.Malformed }},
		{"wrong_peer", func(t *forward.Totals) uint64 { return t.WrongPeer }},
		{"no_route", func(t *forward.Totals) uint64 { return t.NoRoute }},
		{"send", func(t *forward.Totals) uint64 { return t.SendDropped }},
		{"device", func(t *forward.Totals) uint64 { return t.DeviceDropped }},
	}
	return []metric[*forward.Totals]{
		one("holdfast_plane_punted_total", "Packets that the data plane gave to shards.", func(t *forward.Totals) uint64 { return t.PuntedControl }),
		{Declaration{"holdfast_plane_dropped_total", Counter, "Packets that the data plane dropped and that belong to no session.", []string{"reason"}},
			func(t *forward.Totals, out emit) {
				for _, p := range dropped {
					out(float64(p.of(t)), p.label)
				}
			}},
		one("holdfast_plane_icmp_sent_total", "ICMP errors sent for packets that are too big.", func(t *forward.Totals) uint64 { return t.ICMPSent }),
		one("holdfast_plane_icmp_suppressed_total", "ICMP errors not sent: rate-limited, or not allowed.",
			func(t *forward.Totals) uint64 { return t.ICMPSuppressed }),
		one("holdfast_plane_mss_clamped_total", "TCP SYNs whose maximum segment size was lowered.", func(t *forward.Totals) uint64 { return t.MSSClamped }),
		one("holdfast_plane_ttl_expired_total", "Packets whose time to live ended here.", func(t *forward.Totals) uint64 { return t.TTLExpired }),
		one("holdfast_plane_spoofed_total", "Subscribers' packets dropped because their source is not the subscriber's.",
			func(t *forward.Totals) uint64 { return t.Spoofed }),
		one("holdfast_plane_policed_total", "Subscribers' packets dropped above the rate of their session, both ways.",
			func(t *forward.Totals) uint64 { return t.Policed }),
		one("holdfast_plane_reads_unsettled_total", "Final counters of sessions that were read while a packet may have been under way.",
			func(t *forward.Totals) uint64 { return t.ReadsUnsettled }),
		one("holdfast_plane_routes_added_total", "Kernel routes added for prefixes of subscribers that no pool covers.",
			func(t *forward.Totals) uint64 { return t.RoutesAdded }),
		one("holdfast_plane_routes_deleted_total", "Kernel routes removed when subscribers' prefixes went.",
			func(t *forward.Totals) uint64 { return t.RoutesDeleted }),
		one("holdfast_plane_routes_failed_total", "Times that the kernel refused such a change; it is tried again.",
			func(t *forward.Totals) uint64 { return t.RoutesFailed }),
		{Declaration{"holdfast_plane_routes_pending", Gauge, "Prefixes of subscribers that the kernel does not have as it should.", nil},
			func(t *forward.Totals, out emit) { out(float64(t.RoutesPending)) }},
	}
}

// wholeMetrics are about the daemon as a whole: shards added up, sockets, the program.
func wholeMetrics() []metric[*snapshot] {
	list := []metric[*snapshot]{
		{Declaration{"holdfast_group_tunnels", Gauge, "Tunnels by tunnel group.", []string{"group"}},
			groups(func(g *lns.GroupRow) int { return g.Tunnels })},
		{Declaration{"holdfast_group_sessions", Gauge, "Sessions by tunnel group.", []string{"group"}},
			groups(func(g *lns.GroupRow) int { return g.Sessions })},
		{Declaration{"holdfast_interface_subscribers", Gauge, "Subscribers by service interface.", []string{"interface"}}, interfaces},
		{Declaration{"holdfast_pool_addresses", Gauge, "Size of the address pool.", []string{"pool"}}, poolSizes},
		{Declaration{"holdfast_pool_used_addresses", Gauge, "Addresses of the pool in use.", []string{"pool"}},
			pools(func(p *lns.PoolRow) uint64 { return p.Used })},
		{Declaration{"holdfast_pool_out_of_addresses_total", Counter, "Times that the pool had no address to give.", []string{"pool"}},
			pools(func(p *lns.PoolRow) uint64 { return p.OutOfAddresses })},
	}
	return slices.Concat(list, timeMetrics(), serverMetrics(), exchangeMetrics(), accountingMetrics(), policerMetrics(), socketMetrics(), programMetrics())
}

// programMetrics are about the program.
func programMetrics() []metric[*snapshot] {
	return []metric[*snapshot]{
		{Declaration{"holdfast_shards", Gauge, "Number of shards.", nil}, func(s *snapshot, out emit) { out(float64(len(s.shards))) }},
		{Declaration{"holdfast_draining", Gauge, "1 while no new tunnels and sessions are taken.", nil}, func(s *snapshot, out emit) {
			draining := false
			for i := range s.shards {
				draining = draining || s.shards[i].summary.Draining
			}
			out(bit(draining))
		}},
		{Declaration{"holdfast_start_time_seconds", Gauge, "When the daemon was started, in Unix time.", nil},
			func(s *snapshot, out emit) { out(seconds(s.build.Started)) }},
		{Declaration{"holdfast_build_info", Gauge, "Always 1: the labels tell.", []string{"version", "plane"}},
			func(s *snapshot, out emit) { out(1, s.build.Version, s.build.Plane) }},
	}
}

// groups adds up a number over the shards, by tunnel group.
func groups(of func(*lns.GroupRow) int) func(*snapshot, emit) {
	return func(s *snapshot, out emit) {
		var sum ordered
		for i := range s.shards {
			for j := range s.shards[i].groups {
				g := &s.shards[i].groups[j]
				sum.add(g.Name, float64(of(g)))
			}
		}
		sum.emit(out)
	}
}

// pools adds up a number over the shards, by pool.
func pools(of func(*lns.PoolRow) uint64) func(*snapshot, emit) {
	return func(s *snapshot, out emit) {
		var sum ordered
		for i := range s.shards {
			for j := range s.shards[i].pools {
				p := &s.shards[i].pools[j]
				sum.add(p.Name, float64(of(p)))
			}
		}
		sum.emit(out)
	}
}

// poolSizes shows the size of each pool, which every shard knows.
func poolSizes(s *snapshot, out emit) {
	var size ordered
	for i := range s.shards {
		for j := range s.shards[i].pools {
			p := &s.shards[i].pools[j]
			size.max(p.Name, float64(p.Total))
		}
	}
	size.emit(out)
}

func interfaces(s *snapshot, out emit) {
	var sum ordered
	for i := range s.shards {
		for name, n := range s.shards[i].summary.Interfaces {
			if name != "" {
				sum.add(name, float64(n))
			}
		}
	}
	sum.emit(out)
}

// ordered is numbers by name, in the order in which the names came.
type ordered struct {
	names  []string
	values map[string]float64
}

func (o *ordered) know(name string) {
	if _, known := o.values[name]; known {
		return
	}
	if o.values == nil {
		o.values = map[string]float64{}
	}
	o.names = append(o.names, name)
	o.values[name] = 0
}

func (o *ordered) add(name string, v float64) { o.know(name); o.values[name] += v }
func (o *ordered) max(name string, v float64) { o.know(name); o.values[name] = max(o.values[name], v) }

func (o *ordered) emit(out emit) {
	for _, name := range o.names {
		out(o.values[name], name)
	}
}

// socketMetrics are the UDP sockets'.
func socketMetrics() []metric[*snapshot] {
	one := func(name, help string, of func(*Socket) uint64) metric[*snapshot] {
		return metric[*snapshot]{Declaration{name, Counter, help, []string{"gateway", "role", "socket"}}, func(s *snapshot, out emit) {
			for i := range s.sockets {
				k := &s.sockets[i]
				out(float64(of(k)), k.Gateway.String(), k.Role, fmt.Sprint(k.Number))
			}
		}}
	}
	return []metric[*snapshot]{
		one("holdfast_socket_received_datagrams_total", "Datagrams received.", func(k *Socket) uint64 { return k.Received }),
		one("holdfast_socket_received_messages_total", "Messages received; a train of equal datagrams is one.", func(k *Socket) uint64 { return k.Messages }),
		one("holdfast_socket_reads_total", "System calls that returned datagrams.", func(k *Socket) uint64 { return k.Reads }),
		one("holdfast_socket_truncated_datagrams_total", "Datagrams dropped because they did not fit a buffer.",
			func(k *Socket) uint64 { return k.Truncated }),
		one("holdfast_socket_lost_datagrams_total", "Datagrams that the kernel dropped because the receive buffer was full.",
			func(k *Socket) uint64 { return k.Lost }),
		one("holdfast_socket_sent_datagrams_total", "Datagrams sent.", func(k *Socket) uint64 { return k.Sent }),
		one("holdfast_socket_sent_trains_total", "Trains of equal datagrams sent in one message.", func(k *Socket) uint64 { return k.Trains }),
		one("holdfast_socket_writes_total", "System calls that sent datagrams.", func(k *Socket) uint64 { return k.Writes }),
		one("holdfast_socket_unsent_datagrams_total", "Datagrams not sent because the send buffer stayed full.", func(k *Socket) uint64 { return k.Dropped }),
		one("holdfast_socket_refused_datagrams_total", "Datagrams that the kernel refused to send.", func(k *Socket) uint64 { return k.Refused }),
	}
}
