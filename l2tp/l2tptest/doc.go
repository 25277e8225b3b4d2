// SPDX-License-Identifier: Apache-2.0

// Package l2tptest lets two l2tp.Endpoints talk over a simulated link, for tests
// of l2tp and of whoever owns an Endpoint. All is one value in virtual time: the
// same seed gives the same conversation.
//
// Files, in reading order:
//
//	link.go     datagrams on their way: loss, delay, duplicates, reordering
//	pair.go     a LAC and an LNS with the answers of a willing owner
//	trace.go    datagrams and effects as lines of text
//	script.go   conversations in words, for golden tests
//	hostile.go  a peer that says whatever a test wants, byte for byte
package l2tptest
