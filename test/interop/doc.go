// SPDX-License-Identifier: Apache-2.0

// Package interop dials the LNS with clients that other people wrote: xl2tpd,
// pppd and Linux's own L2TP data path, in a User-Mode Linux guest on a TAP
// device.
//
//	host                                    guest (linux.uml, root file system of the host, read-only)
//	┌─ network namespace hf-interop-… ──┐   ┌──────────────────────────────┐
//	│ holdfast serve   on 203.0.113.1   │   │ xl2tpd, pppd, ping, iperf3   │
//	│ iperf3 -s        on 198.51.100.1  │TAP│ the kernel's l2tp_ppp        │
//	│ 192.0.2.1 ────────────────────────┼───┼─ vec0 192.0.2.2              │
//	└───────────────────────────────────┘   │ guest agent ◄── console ── this test
//	                                        └──────────────────────────────┘
//
// Nothing leaves the namespace. A guest boots once for many tests; what is
// dialled, and what must be seen at both ends, is written in the tests:
//
//	guest_test.go     boots a guest and speaks with its agent (guest/)
//	lns_test.go       the namespace, the daemon under test, and its show commands
//	dial_test.go      one xl2tpd with one pppd: dial, look, hang up
//	login_test.go     who gets in, who does not, and what he gets
//	traffic_test.go   pings, full-size packets, throughput, IPv6
//	life_test.go      HELLO and echo, hang-ups, redials
//	outage_test.go    20 sessions, 5 tunnels, a link that is down for 35 s
//	emulator_test.go  the other way round: our emulator dials xl2tpd
//
// The suite needs root, network namespaces, /dev/net/tun and the Debian packages
// of test/packages.sh. Elsewhere it is skipped; in CI that is a failure.
package interop
