// SPDX-License-Identifier: Apache-2.0

// Package radiustest is a RADIUS server on a loopback address for tests and
// benchmarks. It answers as a function says, and misbehaves as it says: slow,
// silent, late, twice, with a wrong authenticator, from a wrong port, unsigned, or
// with any octets at all.
//
//	server.go  Server: sockets, duplicates, counting
//	answer.go  Request, Answer, and the octets of a reply
//	record.go  what was accounted
//
// Like a real server it knows retransmissions by source, Identifier and
// authenticator, and answers them without asking the function again (RFC 5080
// §2.2.2). A request that the function left without an answer is asked about
// again, so that "lose every third" is one line.
package radiustest
