// SPDX-License-Identifier: Apache-2.0

// Package aaa talks to RADIUS servers: it makes octets of what package lns asks
// and values of what they answer, it owns the sockets, and it keeps accounting
// until a server has taken it. Whom to ask, when to ask again and which reply
// belongs to which request is decided by the machines of package radius, which it
// drives.
//
//	shards ── Authenticate ──▶ mailbox ─┐                       ┌─▶ encode ─▶ UDP ports, TLS links ─▶ servers
//	accounting ── submit ────▶          ├▶ exchanger ─ machine ─┤                  │
//	readers ── packets ──────▶          ┘   one goroutine       └◀─ verify ◀───────┘ readers
//	shards ◀── Options.Answer ─────────────── decode ◀── Done
//
//	clients ── CoA, Disconnect ──▶ listeners ─▶ machine ─▶ workers ── Options.Do ──▶ shards
//
// The exchanger's goroutine owns the machine, the ports with what was last sent in
// each of their slots, and the signers. Others reach it through its mailbox:
// requests, of which 65,536 may wait, packets, 8,192, and orders, which are few. A
// query that finds no room is answered as if no server had. Answers to shards are
// handed over once a turn and are never dropped: an engine has at most 4,096
// queries out. Sending to a socket does not wait; connections over TLS have
// goroutines that dial, write and read.
//
// Accounting-Requests hold nothing that depends on the server but what a
// transmission changes anyway. So their attributes are written once, when what
// they tell happens, are kept as octets, and are sealed for each transmission.
//
// # Octets
//
// Attributes are appended to one buffer a slot that is used again and again, and
// read where they stand: a log-in allocates nothing for its Access-Request. Types
// and values come from the packages of layeh.com/radius, whose own codec, which
// allocates two objects an attribute, is what the tests compare with.
// Message-Authenticator stands first in every Access-Request and must be in every
// reply to one, save from a server that is configured to be old, or over TLS
// (CVE-2024-3596). Passwords and secrets are in no log line and no counter.
//
// What an Access-Accept says becomes policy.Attributes. A value that makes no
// sense is named there as Malformed, and nothing is granted; an attribute that
// nobody acts upon is named in Ignored and counted.
//
// # Accounting
//
// What engines tell of sessions goes through a ledger, which does no I/O but reading
// the spool, and which a test can crash at any point:
//
//	shards ── Account ──▶ ledger ── batch ──▶ Spool ── on disk ──▶ outlet ── submit ──▶ exchanger
//	shards ◀── Durable ────────────────────────┘                     ▲  Accounting-On first
//	                      removal from the queue ◀── acknowledged ───┘
//
// An open session is one record, which holds its Stop ready made; a Start or Stop to
// be sent is a record in the queue of an outlet, which is the accounting servers of a
// profile, or those that get duplicates. Each change of a session is one transaction.
// An outlet keeps 2,048 records in memory and the others on disk; one batch is
// written while the next one gathers, and while nothing can be written a session has
// one change in it at most. account_ledger.go says what is written, account_outlet.go
// what is sent and in which order, account_gate.go when Accounting-On is due,
// account_bounds.go what is given up and what is recovered after a crash.
//
// # Files in reading order
//
//	service.go       what the daemon calls: Prepare, Apply, Run
//	authenticate.go  a query and its answer
//	exchange.go      the loop; mailbox.go, udp.go, tls.go, tlsconfig.go its ways in and out
//	writer.go        appending attributes; sign.go authenticators and hidden passwords
//	access.go        Access-Request; acctrequest.go Accounting-Request; identity.go, format.go what both say
//	decode.go        attributes into values; decodetunnel.go, decoderoute.go, decodevendor.go, decodecisco.go
//	dynamic.go       CoA and Disconnect; change.go what they want, listen.go their ports
//	snapshot.go      what show commands and metrics read
//	account*.go      durable accounting; spool.go what it wants of the disk
//	dictionary.go    numbers
//
// Standards: RFC 2865, 2866, 2867, 2868, 2869, 3162, 4372, 4679, 4818, 5080,
// 5176, 6614, 6911, and 2548 for MS-CHAPv2. Not done: EAP, Access-Challenge as a
// dialogue, Authorize Only, CoA over TLS, RADIUS over DTLS.
package aaa
