// SPDX-License-Identifier: Apache-2.0

// Package api is the daemon's one interface for operators: a Connect service on
// a Unix socket. The command line, scripts and anything that comes later are
// clients of it; it can also be called with curl:
//
//	curl --unix-socket /run/holdfast/holdfast.sock -H 'Content-Type: application/json' -d '{}' http://holdfast/holdfast.v1.Operations/GetSummary
//
// The service is declared in proto/holdfast/v1; the code made from it is in
// holdfastv1, which clients import without importing this package.
//
// How a listing goes through the shards:
//
//	client ── ListSessions ──▶ handler ── lns.Request, 256 rows ──▶ shard 0
//	       ◀── SessionPage ───         ◀── rows, cursor ──────────
//	                                   ── … until Done, then shard 1 …
//
// One page is held at a time, so a million sessions cost no more memory than 256,
// and a client that reads slowly slows only its own listing. What exists once but
// is known to several shards (LAC addresses, groups, clients, pools) is added up
// first; its number is bounded by the configuration and the number of LACs. The
// history of calls is merged by time, with a page of each shard at hand.
//
// Files in reading order: backend.go (what the daemon gives), server.go (socket
// and service), walk.go (the loop above), list.go, calls.go, merge.go,
// summary.go, admission.go, aaa.go, radius.go, accounting.go, logintest.go,
// clear.go, ddos.go and ddosrows.go (protection of the control plane), system.go (the
// computer) (the calls), baseline.go (statistics that were cleared), selector.go,
// rows.go and clean.go (translation).
//
// Nothing secret passes: the rows have no field for it. The socket is open to its
// owner and group; there is no other authorisation.
package api

//go:generate ./generate.sh
