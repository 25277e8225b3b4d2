// SPDX-License-Identifier: Apache-2.0

// Package scenario scripts a storm: a file says what it is made of and what
// happens in it, one thing a line, and a Runner plays it and records it second
// by second.
//
//	# Two of three links fail for 35 s.
//	lacs 3
//	tunnels 6000
//	sessions 24000
//	redial 1s
//
//	ramp in-flight 256
//	hold for 10s
//	flap lacs 2 for 35s
//	recover within 2m
//	drain
//
// A line whose first word is the name of a phase is one: the rest are pairs of
// a word and its value. Any other line is a setting, and its name is that of a
// flag of the emulator. What follows a # is for the reader. That is all of the
// language. The phases, with their words:
//
//	ramp      rate in-flight stall         all modems dial, until all are up or none comes up for stall
//	hold      for                          nothing changes
//	flap      lacs tunnels for             the link of so many LACs, or of a share of their tunnels, loses everything
//	recover   within share                 until as many sessions are up as before the flap, or a share of all
//	measure   in-flight for                callers dial as fast as the window lets: what comes up is the capacity
//	overload  times capacity greedy talk for  callers dial at a multiple of the capacity, whatever becomes of their calls
//	settle    within                       until no call is in set-up any more
//	monkey    rate for                     so many sessions a second are killed at random
//	traffic   rate                         packets a second through the sessions from now on, and back
//	attack    with rate from to            traffic that no LAC would send, from now on; alone: none any more
//	link      loss duplicate reorder delay jitter   what the way does to datagrams from now on; no word: nothing
//	drain     within                       everything ends in order
//
// The Runner knows the storm as a Field, which *storm.Swarm is, and the LNS as
// an Observer; both have twins in the tests, and time is that of testing/synctest.
//
// Files, in reading order: phase.go the phases and their words; parse.go a file;
// runner.go the Runner; play.go what it does in each phase; record.go what it
// takes down; observe.go asking an LNS of ours through its API.
package scenario
