// SPDX-License-Identifier: Apache-2.0

// Package lns is the L2TP network server of one shard, as a pure machine: bytes
// and time go in, Effects come out. Nothing here opens a socket, starts a
// goroutine or reads a clock.
//
// The Engine is where the machines meet, which do not know one another:
//
//	datagram -> l2tp.Endpoint -> CallRequested -> limits (directory.Lease) -> AcceptCall
//	                          -> CallUp        -> ppp.Link opens LCP
//	                          -> Data          -> ppp.Link, or IPv6 neighbour discovery (ndp)
//	ppp.Link  -> AuthRequest -> local users -> claims, addresses (pool) -> Authenticated, Grant
//	          -> NetworkUp   -> forward.Session into the plane
//	          -> Down        -> CDN
//
// A session is one struct in a slab indexed by l2tp.Element, with one entry in
// the timing wheel. What other shards must agree to (limits, claims, blocks of
// pools) is asked by Message and answered later; a session that waits for an
// answer is named by element and generation, so that an answer for a session
// that has gone is harmless.
//
// Files in reading order: config.go (what an engine is told), engine.go (verbs),
// steer.go (whose datagram is it), tunnel.go, moved.go, call.go, session.go, network.go
// (from authorisation to forwarding), auth.go, address.go, ipv6.go, exchange.go
// (other shards), destination.go, history.go, cause.go, counters.go, alarm.go, request.go
// with show.go and clear.go (operators), effects.go, message.go.
//
// The shard goroutine owns the Engine; everything here is single-threaded.
package lns
