// SPDX-License-Identifier: Apache-2.0

// Package directory is the home of facts that cross shards: how many sessions
// a limit still allows, and who holds an address or a user name. Pure: messages
// in, messages out; the engine carries them between shards.
//
// Each Key has one home shard, found by hash (Key.Home). A Home keeps two kinds
// of facts:
//
//   - Limits. Tokens are leased to shards in small lots, so that most sessions
//     start and end without a message. The lots shrink near the limit; when
//     nothing is left, spare tokens are recalled from all shards before anybody
//     is refused. What is leased never exceeds the limit.
//   - Claims. At most Max holders per key: the address of a subscriber (1), the
//     sessions of a user name.
//
// The other end of a limit is a Lease in each shard.
//
//	session ends/starts -> Lease --Ask--> Home --Grant or Deny--> Lease -> waiting session
//	                            <--Recall--      --Return-->
//
// Files: message.go, limit.go (home), lease.go (shard), claim.go (home).
package directory
