// SPDX-License-Identifier: Apache-2.0

// Package capture lets tshark read what we send.
//
//	pcap_test.go       datagrams into a capture file
//	world_test.go      an engine and emulated LACs on a simulated link, every datagram recorded
//	capture_test.go    lives of subscribers
//	endpoints_test.go  every message and AVP, in the clear and hidden
//
// The runs are simulated: they need neither root nor time, only tshark.
// Package test/interop does the same with packets from real sockets.
package capture
