// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"encoding/binary"
	"net/netip"

	"holdfast/internal/packet"
	"holdfast/l2tp"
)

// Owner is the shard that a tunnel id belongs to: its high octet is the
// bucket, and buckets go round the shards. The BPF program on the sockets says
// the same.
func Owner(tunnelID uint16, shards int) int { return int(tunnelID>>8) % shards }

// buckets are the high octets of the tunnel ids that a shard hands out.
func buckets(shard, shards int) []uint8 {
	var own []uint8
	for b := shard; b < 256; b += shards {
		own = append(own, uint8(b))
	}
	return own
}

// handOver sends a datagram that belongs to another shard there, and reports
// whether it did. Steering by the sockets is only an optimisation: trains of
// one LAC carry many tunnels.
func (e *Engine) handOver(d *packet.Datagram, fx *Effects) bool {
	if e.shards == 1 {
		return false
	}
	g, ok := l2tp.Peek(d.Data)
	if !ok {
		return false // the endpoint counts it as malformed
	}
	owner := Owner(uint16(g.TunnelID), e.shards)
	if g.TunnelID == 0 {
		owner = ownerOfNew(d.Peer, uint16(g.AssignedTunnelID), e.shards)
	}
	if owner == e.shard {
		return false
	}
	e.counters.HandedOver++
	e.tell(Message{
		To: owner, Kind: MessageDatagram,
		Datagram: fx.keep(d.Data), Peer: d.Peer, Local: d.Local, At: d.At,
	}, fx)
	return true
}

// ownerOfNew is the shard of a message with tunnel id 0: the same for every
// retransmission of one SCCRQ, while thousands of tunnels behind one address
// and port spread over all shards (FNV-1a).
func ownerOfNew(peer netip.AddrPort, assigned uint16, shards int) int {
	h := uint32(2166136261)
	a := peer.Addr().As16()
	for _, b := range a {
		h = (h ^ uint32(b)) * 16777619
	}
	var rest [4]byte
	binary.BigEndian.PutUint16(rest[:2], peer.Port())
	binary.BigEndian.PutUint16(rest[2:], assigned)
	for _, b := range rest {
		h = (h ^ uint32(b)) * 16777619
	}
	return int(h % uint32(shards))
}
