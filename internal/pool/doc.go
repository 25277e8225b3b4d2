// SPDX-License-Identifier: Apache-2.0

// Package pool hands out subscriber addresses and prefixes. Pure: no time, no I/O.
//
// A pool is a sequence of units: single IPv4 addresses, or IPv6 prefixes of one
// length (64 for Router Advertisements). 256 neighbouring units are a Block, so
// that an IPv4 block is a /24 and a block of /64s is a /56. The Broker of a pool
// lends whole blocks; the Lender's counterpart, a Local, lives in one shard and
// hands out single units without asking anybody:
//
//	Broker (home shard) --Lend--> Local (each shard) --Allocate--> session
//	       <--Return-- empty blocks            <--Release--
//
// Files in reading order: space.go (what units exist), broker.go, local.go.
// The Broker is owned by the pool's home shard, a Local by its shard; nothing is
// shared between them but the immutable Space.
package pool
