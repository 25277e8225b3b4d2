// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/packet"
)

// Shards is how many shards a harness' plane serves.
const Shards = 2

// ShardOf is the owner of a tunnel in the suite.
func ShardOf(tunnelID uint16) int { return int(tunnelID>>8) % Shards }

// Instance is the routing instance that a harness has made ready. It has no
// IPv6 address, so that a kernel has nothing to say there by itself.
func Instance() forward.Instance {
	return forward.Instance{
		Name: "default", MTU: 1500,
		Addresses: []netip.Prefix{netip.MustParsePrefix("198.51.100.1/32")},
		Pools:     []netip.Prefix{netip.MustParsePrefix("100.64.0.0/16"), netip.MustParsePrefix("2001:db8:100::/40")},
	}
}

// Harness is a plane between two ends of a test.
type Harness struct {
	Plane forward.Plane // with Instance ready, Shards shards, ShardOf, and Recorder's Punt and Sequenced

	Local          netip.AddrPort                      // our gateway
	Peer, Stranger netip.AddrPort                      // two far ends
	Up             func(from netip.AddrPort, b []byte) // sends a datagram to the gateway
	Down           func(ip []byte)                     // sends a packet from the core
	Settle         func() Output                       // waits until all that was sent is handled; what came out since the last call
	Recorder       *Recorder
	Advance        func(time.Duration) // of the plane's clock; nil: it is the machine's
}

// Output is what came out of a plane.
type Output struct {
	Core      [][]byte          // to the core, super-packets cut; in order within a flow
	Sent      []packet.Datagram // to far ends, in order; At and Local are not looked at
	Punted    []Punted
	Sequenced []Numbered
}

// Punted is a datagram that a shard got.
type Punted struct {
	Shard int
	Peer  netip.AddrPort
	Data  []byte
}

// Numbered is an inner packet that a shard got to number.
type Numbered struct {
	Shard   int
	Element uint32
	IP      []byte
}

// Recorder stands for the shards.
type Recorder struct {
	mu        sync.Mutex
	refuse    bool
	punted    []Punted
	sequenced []Numbered
}

// Refuse makes the shards' lanes full.
func (r *Recorder) Refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = true
}

// Punt is a forward.Punt.
func (r *Recorder) Punt(shard int, b *packet.Batch) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse {
		return false
	}
	for _, d := range b.Datagrams {
		r.punted = append(r.punted, Punted{shard, d.Peer, slices.Clone(d.Data)})
	}
	b.Release()
	return true
}

// Sequenced is a forward.Sequenced.
func (r *Recorder) Sequenced(shard int, element uint32, ip []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse {
		return false
	}
	r.sequenced = append(r.sequenced, Numbered{shard, element, slices.Clone(ip)})
	return true
}

// Take moves what was recorded into o.
func (r *Recorder) Take(o *Output) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.Punted, r.punted = r.punted, nil
	o.Sequenced, r.sequenced = r.sequenced, nil
}
