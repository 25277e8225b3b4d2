// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/directory"
	"holdfast/internal/pool"
)

// MessageKind says what one shard tells another.
type MessageKind uint8

// Kinds of messages.
const (
	MessageDatagram         MessageKind = iota // a datagram that arrived at the wrong shard
	MessageDirectory                           // Directory: to or from the home of a key
	MessagePoolAsk                             // a block of Pool is wanted
	MessagePoolBlock                           // Block of Pool is lent if OK, else there is none
	MessagePoolReturn                          // Block of Pool is given back
	MessagePoolBorrow                          // Number single units of Pool are wanted
	MessagePoolLoan                            // Units of Pool are lent
	MessagePoolUnit                            // Address of Pool is given back to the shard whose block it is from
	MessagePoolReserve                         // Holder wants Address of Pool for its own: to the pool's home, or the holder of the block
	MessagePoolReserved                        // to Holder: Address is its own if OK; Number 1: with Block, which nobody had
	MessageLineTake                            // to the home of Line: Holder is its newest session
	MessageLineLeave                           // to the home of Line: Holder has ended
	MessageLineReplaced                        // to the shard of Other: Holder takes its place
	MessageLineYours                           // to Holder: the line is its own, with what was Left
	MessageDestination                         // Peer and Local: number this destination; Number is the answer
	MessageDestinationLeave                    // to the home of destinations: the shard has forgotten that of Peer and Local
)

// Message is what one shard tells another; the shard loop delivers it through
// the other's bounded mailbox. It owns its slices, but for Datagram, which is valid
// until the effects are reset.
type Message struct {
	From, To  int
	Kind      MessageKind
	Datagram  []byte
	Peer      netip.AddrPort
	Local     netip.AddrPort
	At        time.Time
	Directory directory.Message
	Pool      string
	Block     pool.BlockID
	OK        bool
	Number    int
	Line      uint64
	Holder    directory.Holder
	Other     directory.Holder
	Left      inheritance
	Address   netip.Addr
	Units     []netip.Prefix
}

// Droppable says whether the message may be lost when a mailbox is full: a
// datagram is sent again by its peer, an answer of a home is not.
func (m *Message) Droppable() bool { return m.Kind == MessageDatagram }
