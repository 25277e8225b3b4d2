// SPDX-License-Identifier: Apache-2.0

// Package metrics declares what the daemon tells Prometheus: for each metric its
// name, kind, help, label and where its value comes from. The page of the manual
// is made from the same tables.
//
//	scrape ──▶ Collector ── lns.Request ──▶ each shard    counters, counts, groups, pools
//	                     ── Source ───────▶ loops, sockets, data plane
//
// Nothing is counted here: counters are plain integers of their owners, and a
// scrape takes a copy of each. So a metric costs nothing until it is asked for.
//
// Labels are bounded by the program and the configuration: shard, gateway,
// tunnel group, pool, RADIUS server, cause, reason, state, alarm, packet
// type, level. There is
// none for a subscriber, a tunnel or a LAC.
//
// Files in reading order: source.go (what is asked for), declare.go (what a
// metric is), shard.go, admission.go, radius.go, servers.go, l2tp.go, plane.go, ddos.go (the tables),
// collector.go, reference.go.
package metrics
