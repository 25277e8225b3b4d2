// SPDX-License-Identifier: Apache-2.0

package police

import (
	"encoding/binary"
	"net/netip"

	"holdfast/internal/packet"
	"holdfast/l2tp/wire"
)

// flowKey is what tells flows apart. Fields that a level does not look at are
// zero.
type flowKey struct {
	kind        uint64 // flow type << 8 | level; at the physical level with the slot above
	peer, local [2]uint64
	ids         uint64 // port << 32 | Tunnel ID << 16 | Session ID
	caller      uint64
}

// newFlowKey makes the key of a packet at a level.
func newFlowKey(level FlowLevel, flow, t Type, slot int, d *packet.Datagram, key *[2]uint64) flowKey {
	k := flowKey{kind: uint64(flow)<<8 | uint64(level)}
	switch level {
	case Subscriber:
		k.peer = words(d.Peer.Addr())
		k.ids = uint64(d.Peer.Port())<<32 | uint64(headerIDs(t, d.Data))
		k.caller = callerOf(t, d.Data, key)
	case LogicalInterface:
		k.peer, k.local = words(d.Peer.Addr()), words(d.Local.Addr())
	case PhysicalInterface:
		k.kind |= uint64(slot) << 16
	}
	return k
}

// words is an address as two words; IPv4 as it is mapped into IPv6.
func words(a netip.Addr) [2]uint64 {
	b := a.As16()
	return [2]uint64{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// address is the inverse of words.
func address(hi, lo uint64) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b).Unmap()
}

// headerIDs is Tunnel ID << 16 | Session ID of an L2TP header, or zero.
func headerIDs(t Type, datagram []byte) uint32 {
	if t == BadPacket || t.Group() == GroupRADIUS {
		return 0
	}
	if wire.IsControl(datagram) {
		h, _, _ := wire.ParseControlHeader(datagram)
		return uint32(h.TunnelID)<<16 | uint32(h.SessionID)
	}
	h, _, _ := wire.ParseDataHeader(datagram)
	return uint32(h.TunnelID)<<16 | uint32(h.SessionID)
}

// callerAVPs is how many AVPs of a message are looked through for the caller.
const callerAVPs = 24

// callerOf tells apart what shares one header: callers in the ICRQs of a tunnel,
// by Calling Number, and tunnels in the SCCRQs of a LAC, by Assigned Tunnel ID.
// Zero: there is nothing to tell them by.
func callerOf(t Type, datagram []byte, key *[2]uint64) uint64 {
	var want wire.AVPType
	switch t {
	case ICRQ:
		want = wire.CallingNumber
	case SCCRQ:
		want = wire.AssignedTunnelID
	default:
		return 0
	}
	_, rest, err := wire.ParseControlHeader(datagram)
	for n := 0; n < callerAVPs && err == nil && len(rest) > 0; n++ {
		var a wire.AVP
		if a, rest, err = wire.ParseAVP(rest); err == nil && a.Vendor == 0 && a.Type == want {
			return hashBytes(key, a.Value) | 1
		}
	}
	return 0
}
