// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"
)

// MessageKind says what one shard tells another.
type MessageKind uint8

// Message is what one shard tells another; the shard loop delivers it through
// the other's bounded mailbox. It owns its slices.
type Message struct {
	From, To int
	Kind     MessageKind
	Datagram []byte // a datagram that arrived at the wrong shard
	Peer     netip.AddrPort
	Local    netip.AddrPort
	At       time.Time
}
