// SPDX-License-Identifier: Apache-2.0

// Command bench measures what `make bench` prints: how many subscribers log in a
// second, what that costs, what a session weighs, what the packages' benchmarks
// and the forwarding plane say, and beside all that what this machine can do
// with plain UDP at all, so that figures of different machines can be compared.
//
//	go run ./test/bench -binary bin/holdfast [-quick] [-json FILE]
//
// The LNS is a process of its own on a stage (package stage): network namespaces
// with root, the loopback device without. The emulator is this process. CPU time
// of the LNS is what the kernel accounts to its process.
//
// Files, in reading order: main.go; login.go log-ins and memory; radius.go
// log-ins through RADIUS; process.go what
// is known of the LNS process; plain.go plain UDP; gobench.go the benchmarks of
// packages; table.go what is printed.
package main
