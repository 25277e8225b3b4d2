// SPDX-License-Identifier: Apache-2.0

// Package sim runs the whole system under a virtual clock: the engine as it
// is, the emulator's LACs and modems, and models of what lies between and
// around them. One seed is one history, to the octet.
//
//	storm.LAC ---+                                  +--- plane: who has which address
//	storm.LAC ---+--- network ---> lns.Engine x N --+
//	storm.LAC ---+    loss, delay,  processor model +--- RADIUS: rate, latency,
//	                  flaps         as package shard     half speed, dead
//
// What is real: both ends of L2TP and PPP, admission, pools, limits, the
// exchange between shards. What is modelled: the network; the processor, which
// is where overload happens; the data plane, which only keeps books; RADIUS.
//
// The processor. A shard is a server with one queue a lane, and its policy is
// that of shard.Shard: the same lanes in the same order, the same bites, the
// same rule for when a parked call is begun. An input keeps it for Cost.Cheap a
// datagram and Cost.Dear a dear step; what the input asks for is carried out at
// the end of that time, and what arrives meanwhile waits.
//
// Checks run after each virtual second and after the end (check.go): every call
// is accounted for, nothing that was up is lost to load, HELLO is acknowledged
// in time, work for callers who have left stays small, and in the end nothing is
// held by anybody. A check costs no more than the number of shards and LACs.
//
// All effects of the engines go through a hash, in order. Two runs of one
// scenario with one seed have the same one, or something is not deterministic.
//
// Files, in reading order: scenario.go what to simulate, as data; scenarios.go
// the ones we use; world.go the clock; queue.go what happens next; network.go,
// lac.go, server.go and carry.go, front.go the policers before it, plane.go,
// radius.go and grants.go, books.go the parts; cure.go an outage and what may be done
// about it, curve.go how things stood meanwhile; check.go and hello.go what must
// hold; result.go what came of it; hash.go.
//
// One goroutine does it all. Nothing here reads a clock.
package sim
