// SPDX-License-Identifier: Apache-2.0

// Package forwardtest says what every data plane must do. Run takes a plane
// apart by packets alone: what goes in at one side, what comes out at the
// other, what the counters say then. The same cases run on the plane in memory,
// on the TUN plane with devices and sockets in memory, and, as root, on real
// ones.
//
// harness.go is what a plane's own test provides, packets.go makes packets,
// suite.go begins the cases; cases_*.go are they.
package forwardtest
