// SPDX-License-Identifier: Apache-2.0

// Package capture lets tshark read what we send. Two programs that read RFC 2661
// and RFC 1661 in the same way are no proof that either is right; Wireshark's
// authors have read them too.
//
//	pcap_test.go     datagrams into a capture file
//	world_test.go    an engine and emulated LACs on a simulated link, every datagram recorded
//	capture_test.go  lives of subscribers, and tshark's opinion of each packet
//
// The runs are simulated: they need neither root nor time, only tshark.
// Package test/interop does the same with packets from real sockets.
package capture
