// SPDX-License-Identifier: Apache-2.0

// Package stage sets the scene for the demo and the benchmarks: a small network,
// an LNS of our own running in it as a process, and places for LACs in front of
// it and for a host behind it.
//
//	lac                      lns                         core
//	192.0.2.11 .. .13 -----  192.0.2.254
//	LACs                     gateways 192.0.2.1 and .2 (on its loopback device)
//	                         holdfast serve
//	                         203.0.113.1  -------------  203.0.113.2    UDP echo
//	                         2001:db8:2::1               2001:db8:2::2
//
// With root these are three network namespaces, and the LNS forwards through its
// TUN plane. Without root, but where the kernel lets users make namespaces, the
// same happens inside a user namespace (see Reexec). Else everything is on the
// loopback device, in a /24 of 127.0.0.0/8 that depends on the process: gateways
// .1 and .2, LACs .11 to .13, no plane, no host behind it.
//
// Close takes everything down again: the process, the namespaces, the files.
//
// Files, in reading order: stage.go the scene; serve.go the LNS process;
// configuration.go what it is told; userns.go namespaces without root.
package stage
