// SPDX-License-Identifier: Apache-2.0

// Package tun is the data plane that works everywhere: UDP sockets towards the
// LACs, a multi-queue TUN device towards the core, and Go in between.
//
//	LAC --UDP--> reader  (one a socket)      up.go    header, session, peer, anti-spoofing, MSS
//	               |  \--> lanes to shards   punt.go
//	             trains  (one a flow)        train.go super-packets, counters
//	               v
//	            TUN device (one a routing instance, one queue a CPU)   instance.go
//	               |
//	LAC <--UDP-- queue   (one a queue)       down.go  segmentation, address, size, MSS,
//	                                                  encapsulation, counters
//
// Files in reading order: plane.go (what there is), session.go (one subscriber
// as the packet path sees it), index.go and table.go (finding it), handle.go
// (the shards' grip), slot.go (counters), settle.go (when they are final), then
// the paths above, police.go (the rates of sessions), router.go (the kernel's
// routes to sessions), bucket.go (the rate of ICMP errors), gateway.go (sockets
// of our addresses), path.go (the MTU of the way to a LAC).
//
// # Who owns what
//
// Sessions are immutable; to change one is to put another in its place. Tables
// are read without a lock and changed under Plane.mu, which shards take once a
// batch and packets never. A counter slot is written by one goroutine, its
// owner, and summed by readers. Buffers belong to the goroutine that fills
// them; a packet is copied once on its way down, for its header, and not at all
// on its way up. Packets of one flow keep their order both ways; between flows
// there is none.
//
// A session's rates are one word a direction, which all goroutines that carry
// its packets share. Packets of a super-packet are counted against the rate one
// by one, at the moment when they were read; some may pass. Sessions without a
// rate do not ask for the time.
//
// What goes to the shards is policed first (punt.go asks package police), what is
// forwarded never.
//
// # The kernel's part
//
// The kernel routes between the device and the core, counts down TTLs and
// answers those that expire, so the host must be a router (ip_forward and its
// IPv6 twin). Pools are routed to the device as aggregates. Framed routes and
// addresses outside of the pools get a route each while a session has them
// (router.go), without which the kernel neither delivers to them nor, under
// strict reverse-path filtering, accepts from them. Such a route takes nobody's
// place: where the host has one for the very prefix already, ours waits until it
// is gone, and is counted as refused and pending; and none is the host's default
// route. All our routes carry protocol
// 76 and go with the device; on a device that outlives the daemon the next start
// clears them. The device takes packets from its own host's addresses
// (accept_local), since that is where its ICMP errors come from; subscribers
// cannot use this, as their sources are checked before. Hosts that carry
// traffic between subscribers should set net.ipv4.conf.all.send_redirects to 0:
// the kernel ORs it with the device's own setting, which is 0 already.
//
// What a queue cannot read in time the kernel drops in front of the device, and
// counts there (TX dropped of `ip -s link show hf0`).
//
// A reader writes to one queue of a device, and the kernel brings a flow's
// packets to the queue on which it last saw the flow: both ways of a session stay
// together. A LAC with a single tunnel, which one socket carries, thus has one
// goroutine a direction.
//
// A routing instance other than the default has a device of its own, a table of
// its own for its pools (TableBase plus its id), and a rule that sends what
// comes out of the device there. Rules for the core's devices are the
// operator's.
//
// # Left out
//
// Shaping; outer fragmentation, since inner packets are kept to
// what both the session and the path to its LAC take.
package tun
