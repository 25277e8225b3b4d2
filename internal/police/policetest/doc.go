// SPDX-License-Identifier: Apache-2.0

// Package policetest holds packet fixtures for policers: sequences of packets
// with the verdict that each must get. Whatever polices packets runs them: the
// Go code that reads sockets, and programs in the kernel.
//
// A fixture is a text. Lines before the first packet configure, in the words of
// the configuration; then each line is a packet:
//
//	slots 2
//	set l2tp aggregate bandwidth 10
//	set global flow-detection
//
//	TIME  SLOT|host  PEER  GROUP:TYPE|OCTETS  [ids=TUNNEL/SESSION] [established] [xN] -> VERDICT
//
// TIME counts from the beginning, as Go writes durations. OCTETS is the payload
// of UDP in hex and must be classified as anything but None; for a type the
// shortest packet of that type is made. xN is N times the same at once. In front
// of each packet everything is done that is due by then.
package policetest
