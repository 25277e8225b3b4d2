// SPDX-License-Identifier: Apache-2.0

// Command overload measures what becomes of calls when more are offered than an
// LNS can set up: "make bench-overload".
//
//	costs      what a call costs that is set up, and one that is not (c)
//	sweep      1 to 100 times the capacity, with the server slowed, so that the
//	           emulator can offer that much: goodput beside the bound 1 - k*c/s
//	full       the same at full speed, as far as the emulator goes
//	ablation   each mechanism of admission switched off in turn
//
// The server is a process of its own and the emulator another one, on the same
// machine. A slowed server burns processor time in each dear step of a set-up,
// never sleeps; its capacity is measured in the same run. Callers do not care:
// they dial at the offered rate, leave after their patience, and never wait for
// the server. Where callers ran out ("missed") the offered rate was not reached.
//
// Files, in reading order: main.go; measure.go the runs; configuration.go the
// server's.
package main
