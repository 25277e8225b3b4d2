// SPDX-License-Identifier: Apache-2.0

// Package shard runs an lns.Engine: it is the engine's clock, its mailbox and
// its hands. It decides nothing about tunnels and sessions.
//
//	netio.Reader ──batches──▶ packets ─┐                      ┌▶ forward.Handle  install, remove, inject
//	              copies────▶ strangers┤                      │
//	data plane ───copies────▶ punts,  ─┤                      ├▶ netio.Sender    transmit
//	                          bulk     │                      │
//	other shards ──copies───▶ handed,  ┤
//	               values     messages ┼▶ loop ─▶ lns.Engine ─┤▶ other shards    messages
//	data plane ───copies────▶ outbound ┤    ▲        effects  ├▶ whoever asked   answers
//	RADIUS, disk ──values───▶ answers, ┤    │                 ├▶ AAA             authenticate, account
//	                          durable  │    │                 └▶ Log             events
//	operators ──────────────▶ requests ┘    │
//	                                     one timer
//
// One goroutine, Run, owns the engine and everything in it. The others reach it
// through lanes, each with a bound of its own and a counter of what did not fit:
//
//	lane      bound                          when full
//	packets   batches of the readers         the reader waits; the kernel drops and counts
//	punts     puntMax datagrams              the plane drops and counts
//	bulk      bulkMax datagrams              likewise: punted data, which must not crowd PPP control out
//	strangers strangersMax datagrams         dropped and counted; whoever asks for a tunnel asks again
//	handed    messageMax datagrams           dropped and counted; the peer sends again
//	messages  messageHardMax messages        dropped and counted
//	outbound  outboundMax packets            dropped and counted
//	answers   one for each query, of which   never: an answer that is lost would be
//	          an engine has 4,096 out        a log-in that hangs
//	durable   log-ins that wait for it       never, likewise
//	requests  none waits but its asker       the asker waits
//
// The loop takes turns. A turn serves packets with handed, messages, answers, durable,
// punts, bulk, strangers, outbound and one request, in this order, each up to turnMax
// items, so that control of tunnels that stand goes first and nothing starves. Effects are carried out after every input,
// before the next, in the order of the fields of lns.Effects. In steady state
// nothing is allocated and no lock is held but the one of a lane, for the time
// of a copy.
//
// A call that waits to be set up is begun at the end of a turn that had nothing
// dear to do, so that what was started is finished first. Items of a lane that
// turn out to be dear are taken in smaller bites, so that control is never far
// from its next turn.
//
// Datagrams pass the host level of the policers before the engine gets them, and the
// ingress level is told which tunnels stand and how far their windows are before
// anything is sent (police.go).
//
// A panic in the engine costs the input that caused it. It is recovered,
// counted and logged (SHARD_RECOVERED); when the input was a batch, its
// datagrams are offered again one by one, which L2TP bears, since a network
// may duplicate too.
//
// Files, in reading order: shard.go (what others call), loop.go (Run),
// effects.go (carrying out), aaa.go, police.go, lane.go, bite.go, log.go.
package shard
