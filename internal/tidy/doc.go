// SPDX-License-Identifier: Apache-2.0

// Package tidy is the repository's own rules, as a test. There is no tool to
// install: go test ./internal/tidy reads the whole module with go/parser and
// says which line breaks which rule.
//
// Files, in reading order:
//
//	rules_test.go       the rules with their reasons, and a proof that each catches something
//	module_test.go      the parsed module, and how a broken rule is reported
//	layers_test.go      who may import whom, and the table of layers
//	pure_test.go        no clock, goroutine, lock, channel or unseeded dice in layers 0 to 2
//	state_test.go       no init, no package variable that changes
//	shape_test.go       lengths, licence header, package and name comments
//	words_test.go       the form of a TODO, and words that do not belong here
//	errors_test.go      every sentinel error is used
//	events_test.go      every declared event is written
//	skip_test.go        every skipped test goes through package testenv
//	rfc_test.go         docs/rfc: a row for every keyword line, a test for every row
//	adr_test.go         docs/adr: each decision is in the index
//	exceptions_test.go  what may break a rule, and why
//
// An exception needs a reason in words. One that no longer excuses anything is
// itself reported, so the table cannot rot.
package tidy
