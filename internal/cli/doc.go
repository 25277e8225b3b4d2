// SPDX-License-Identifier: Apache-2.0

// Package cli is the operational command line: what an operator types, as a
// client of the daemon's API.
//
//	words ──▶ split off pipes ──▶ walk the tree ──▶ query ──▶ API ──▶ rows ──▶ layout ──▶ pipes ──▶ out
//
// The commands are data: a tree of words with help, what may follow in any
// order, and the function that runs the command (commands.go). Parsing,
// abbreviations, "?" help, completion and the page of the manual all read the
// same tree, so none of them can disagree with another.
//
// Any word may be shortened as long as it stays unambiguous: "sh serv l2tp tun
// ext". Names and layouts are those that Junos operators know.
//
// Listings are printed as they arrive: nothing is collected, neither as text
// nor as JSON. A pipe that needs the end (last, count) keeps what it must show.
//
// Files in reading order: tree.go (what a command is), commands.go and
// selectors.go (the commands), parse.go (words to a command), words.go and
// pipe.go (pipes), help.go (what may follow), run.go (the client), listing.go
// (rows to lines or JSON), format.go (numbers and times), shell.go (the prompt),
// reference.go (the manual's page). The layouts are in l2tp.go, admission.go,
// subscribers.go, aaa.go, aaasubscribers.go, accounting.go, radius.go, logintest.go,
// system.go, chassis.go (the computer and its processes), clear.go, and in ddos.go,
// ddosdetail.go and ddostable.go (protection of the control plane).
package cli
