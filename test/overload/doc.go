// SPDX-License-Identifier: Apache-2.0

// Command overload measures what becomes of calls when more are offered than an
// LNS can set up: "make bench-overload", some 22 minutes.
//
//	slowed     1 to 100 times the capacity, with the server slowed, so that the
//	           emulator can offer that much                      some 9 minutes
//	full       the same at full speed, as far as the emulator goes       4 minutes
//	ablation   each mechanism of admission switched off in turn          9 minutes
//
// An empty list of multiples (-times, -full-times, -ablation) leaves a part out.
//
// The server is a process of its own and the emulator another one, on the same
// machine. A slowed server burns processor time in each dear step of a set-up,
// never sleeps; its capacity is measured in the same run. Callers do not care:
// they dial at the offered rate, leave after their patience, and never wait for
// the server. Where callers ran out ("missed") the offered rate was not reached.
//
// Costs are processor time of the server's process, measured in the very phase:
// s of a call that is set up, one over the capacity; c of one that is offered and
// not, all threads together. No design on one processor beats 1 - k*c/s.
//
// Back to normal. Behind each surge a fifth of the capacity is offered, as in the
// quiet before: normal is when those callers are set up as fast as there. Callers
// of the surge who are still waiting then, within their patience, are set up
// meanwhile too; they are not counted among the newcomers, nor are they forgotten.
//
// Files, in reading order: main.go; measure.go the runs; table.go what is made of
// them.
package main
