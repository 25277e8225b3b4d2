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
// What RADIUS says of a subscriber is a grant, which only such sessions have:
//
//	AuthQuery -> (aaa) -> AuthAnswer -> entitle: what can be had, or why not
//	          -> authorise: line, user, address, prefix, routes: claimed over shards
//	          -> AccountOpen -> (disk) -> Durable -> Grant to the link
//	          -> AccountStart with the first network protocol, AccountStop at the end
//
// A server changes or ends a living session by what it knows of it (RFC 5176): the
// index of find.go leads there without looking at the others.
//
// Files in reading order: config.go (what an engine is told), engine.go (verbs),
// steer.go (whose datagram is it), tunnel.go, moved.go, call.go, admit.go, returned.go, session.go, network.go
// (from authorisation to forwarding), auth.go, domain.go, radius.go, grant.go,
// address.go, reserve.go, ipv6.go, record.go (accounting), exchange.go (other shards),
// destination.go, history.go, cause.go, counters.go, alarm.go, request.go with show.go
// and clear.go (operators), dynamic.go and find.go (servers), effects.go, message.go.
//
// The shard goroutine owns the Engine; everything here is single-threaded.
package lns
