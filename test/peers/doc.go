// SPDX-License-Identifier: Apache-2.0

// Command peers is `make bench-peers`: the same storm against holdfast, against
// l2tpns as Debian ships it, and against an LNS that says yes to everything at
// once, side by side.
//
//	go run ./test/peers -binary bin/holdfast [-quick] [-json FILE]
//
// Each run has a fresh LNS in fresh network namespaces; the emulator (package
// storm) is this process, on sockets in the namespaces of the LACs:
//
//	lns                                   lac0  198.51.100.1
//	gateway 192.0.2.1, UDP 1701  ---------+
//	holdfast, l2tpns or null     ---------- lac1  198.51.100.5   cut in the flap
//	TUN device                   ---------+
//	RADIUS 127.0.0.1 (l2tpns)             lac2  198.51.100.9   cut in the flap
//
// What is measured, and in what way it is fair:
//
//	log-ins    PAP and CHAP, with a window of calls in set-up: rate, p99, CPU and memory
//	           that the kernel accounts to the LNS's process.
//	flap       two LACs of three lose their link for 35 s; their modems notice, dial
//	           again and again, and are back at some time. LACs sit in their
//	           retransmission back-off and modems in their redial delay when the link
//	           returns, so a recovery time means little without that of the null LNS.
//	overload   the LNS is bounded to a fifth of a processor, holdfast and l2tpns by the
//	           same control group with the same period; then calls come at multiples of
//	           what it can do, open loop, each modem once, with a patience of 10 s.
//
// l2tpns holds 498 tunnels, so everybody gets 498. It opens one tunnel at a time
// for each LAC, so all are dialled in that way. Its logging and accounting are off
// and its socket has 8 MiB of receive buffer, without which it loses packets
// before it is busy. It authenticates by RADIUS, which costs it a request and an
// answer a call; the server is a goroutine of the emulator. holdfast knows the
// subscriber from its configuration. Both forward through a TUN device.
//
// Files, in reading order: main.go; network.go; server.go and program.go how an
// LNS is run; holdfast.go, l2tpns.go with radius.go, null.go the three; login.go,
// flap.go with curve.go, overload.go with cap.go the runs; table.go what is
// printed.
//
// Needs root, network namespaces, /dev/net/tun and the Debian package l2tpns.
package main
