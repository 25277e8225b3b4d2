// SPDX-License-Identifier: Apache-2.0

// Package wheel keeps one deadline for each of many small integer ids: a
// hierarchical timing wheel.
//
// A shard has a million sessions and each has one deadline, the earliest of all
// its machines. Most deadlines are pushed back long before they come: every
// packet of a peer puts off its keepalive. So the wheel is made for Set, which
// costs a few memory accesses and no allocation, and lets Advance do the work
// for the few that are reached.
//
//	level 0   64 slots of one tick each          the tick's neighbours
//	level 1   64 slots of 64 ticks               .
//	level 2   64 slots of 4096 ticks             .
//	...       up to the end of time              each slot is a list of ids
//
// An id lies in the level of the highest base-64 digit in which its tick differs
// from the wheel's, in the slot of that digit. When the wheel reaches the start
// of a slot its ids move down one or more levels. A bitmap per level finds the
// next slot in use with one instruction, so that neither idle time nor a clock
// that jumps costs anything.
//
// Deadlines are exact: an id fires at the first Advance whose time is not before
// its deadline, whatever the tick. The tick only says how finely ids are sorted.
// What is due in the tick that the wheel stands in waits in a list of its own,
// "near".
//
// An id whose deadline is put off stays where it lies and is moved when its slot
// is reached: pushing back is one write. The price is that Next may be earlier
// than the earliest deadline, never later.
//
// The wheel is a value with one owner. It has no clock: time comes in as an
// argument.
package wheel
