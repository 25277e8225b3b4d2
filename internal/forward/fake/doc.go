// SPDX-License-Identifier: Apache-2.0

// Package fake is a forward.Plane in memory: no device, no socket, no
// goroutine. It does to packets what the real planes do, one at a time, and
// keeps what came out until somebody asks.
//
//	p, err := fake.New(fake.Options{Shards: 1, ...})
//	p.Handle(0).Install(...)
//	p.Up(datagram)              as if a LAC had sent it
//	p.Core()                    the inner packets that went to the core
//	p.Down(0, ip)               as if the core had sent it
//	p.Sent()                    the datagrams that went to LACs
//
// It serves tests of whatever stands above a plane. Anyone may call it from any
// goroutine. ICMP errors go to the core without a bound on their rate.
package fake
