// SPDX-License-Identifier: Apache-2.0

// Package kernel is where system calls live: the only importer of x/sys and of
// the netlink library. It knows sockets, devices and namespaces, and nothing of
// L2TP.
//
//	udp*.go       UDP sockets in batches: recvmmsg, sendmmsg, UDP_SEGMENT, UDP_GRO
//	tun.go        queues of a multi-queue TUN device, with virtio headers
//	link.go       devices, addresses, routes, rules by netlink
//	routes.go     many routes to one device, in one call
//	sysctl.go     settings below /proc/sys
//	proc.go       what this process costs
//	host.go       the computer: processors, memory, load; hostprocess.go: its processes
//	netns.go      network namespaces, for tests, demo and benchmarks
//	pathmtu.go    what the kernel knows of a path's MTU
//	afpacket.go   packet sockets, for captures and tests
//
// Everything goes through the runtime's poller: a blocked reader costs no
// thread, and Close wakes it. Functions that name a device act in the network
// namespace of the calling thread.
package kernel
