// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/binary"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/storm"
	"holdfast/l2tp/wire"
)

// hello measures how long LACs wait for the acknowledgement of a HELLO, from its
// arrival here to the departure of the first message whose Nr covers it. What
// the network adds or loses is not counted: a HELLO that comes out of order, and
// so has to wait for what is missing, is left out.
type hello struct {
	theirs  map[lacTunnel]uint16 // our Tunnel ID by the LAC's, as the SCCRP says
	tunnels [1 << 16]helloTunnel // by our Tunnel ID
	latency storm.Histogram
	late    uint64 // not within helloLatest
}

// helloLatest is how soon a HELLO is to be acknowledged.
const helloLatest = 100 * time.Millisecond

type lacTunnel struct {
	lac uint16
	id  uint16
}

// helloTunnel is one tunnel as an observer of the wire sees it.
type helloTunnel struct {
	known  bool
	wanted uint16  // Ns of the next message in order
	ns     uint16  // of the HELLO that waits
	at     instant // when it came; zero: none waits
}

// Offsets in a control message whose first AVP is the Message Type (RFC 2661 §3.1, §4.1).
const (
	messageTypeAt = wire.ControlLength + 6
	nsAt          = 8
	nrAt          = 10
)

// messageType is the type of a control message; 0: it is a ZLB.
func messageType(b []byte) uint16 {
	if len(b) < messageTypeAt+2 {
		return 0
	}
	return binary.BigEndian.Uint16(b[messageTypeAt:])
}

// toLNS sees a control message for our Tunnel ID.
func (h *hello) toLNS(d *datagram, id uint16) {
	kind := messageType(d.b)
	t := &h.tunnels[id]
	if id == 0 || kind == 0 {
		return
	}
	ns := binary.BigEndian.Uint16(d.b[nsAt:])
	inOrder := t.known && ns == t.wanted
	if inOrder {
		t.wanted++
	}
	if inOrder && wire.MessageType(kind) == wire.HELLO {
		t.ns, t.at = ns, d.at
	}
}

// fromLNS sees a datagram that leaves us.
func (h *hello) fromLNS(at instant, d *packet.Datagram) {
	if !wire.IsControl(d.Data) || len(d.Data) < wire.ControlLength {
		return
	}
	key := lacTunnel{uint16(lacNumber(d.Peer)), binary.BigEndian.Uint16(d.Data[4:])}
	if wire.MessageType(messageType(d.Data)) == wire.SCCRP {
		h.meet(key, d.Data)
	}
	id := h.theirs[key]
	if id == 0 {
		return
	}
	t := &h.tunnels[id]
	nr := binary.BigEndian.Uint16(d.Data[nrAt:])
	if !t.known || int16(nr-t.wanted) > 0 {
		t.known, t.wanted = true, nr
	}
	if t.at != 0 && int16(nr-t.ns) > 0 {
		latency := time.Duration(at - t.at)
		h.latency.Add(latency)
		if latency > helloLatest {
			h.late++
		}
		t.at = 0
	}
}

// meet learns the ids of a tunnel from its SCCRP.
func (h *hello) meet(key lacTunnel, b []byte) {
	_, payload, err := wire.ParseControlHeader(b)
	for err == nil && len(payload) > 0 {
		var a wire.AVP
		if a, payload, err = wire.ParseAVP(payload); err != nil {
			return
		}
		if a.Vendor == wire.VendorIETF && a.Type == wire.AssignedTunnelID && len(a.Value) == 2 {
			id := binary.BigEndian.Uint16(a.Value)
			if h.theirs[key] != id {
				h.theirs[key] = id
				h.tunnels[id] = helloTunnel{}
			}
			return
		}
	}
}
