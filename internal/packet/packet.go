// SPDX-License-Identifier: Apache-2.0

// Package packet holds the one shape in which datagrams travel between sockets,
// planes, shards and engines. Plain data: no sockets, no parsing.
package packet

import (
	"net/netip"
	"time"
)

// Datagram is one UDP payload with the facts a receiver needs about it.
type Datagram struct {
	Data  []byte         // the UDP payload; borrowed, valid until the batch is released
	Peer  netip.AddrPort // the far end
	Local netip.AddrPort // our end: the local gateway address and port
	At    time.Time      // when the kernel received it, on the monotonic clock of the shard; zero when sending

	Device uint32 // index of the network device at which it came in; zero: not asked for
	Mark   uint8  // what package police has found it to be; zero: nothing, or not looked at
}

// Batch is a bounded run of datagrams that are handled together. Its buffers
// belong to whoever made it; the consumer calls Release exactly once when it
// has finished with every Data slice.
type Batch struct {
	Datagrams []Datagram
	Bulk      bool         // nothing in it is control: it goes after what is, and has bounds of its own
	Free      func(*Batch) // set by the producer; nil: nothing to give back
}

// Release gives the batch back to its producer.
func (b *Batch) Release() {
	if b.Free != nil {
		b.Free(b)
	}
}
