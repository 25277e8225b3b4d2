// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"encoding/binary"

	"holdfast/l2tp/wire"
)

// Glance is what Peek sees of a datagram.
type Glance struct {
	Control          bool
	TunnelID         TunnelID
	SessionID        SessionID
	AssignedTunnelID TunnelID // of control with Tunnel ID 0; 0 when hidden or absent
}

// Peek reads what steering needs, without checking the rest: the T bit, the ids
// and, of a control message with Tunnel ID 0 (SCCRQ, an early StopCCN), its
// Assigned Tunnel ID. False when b is no L2TP version 2 header.
func Peek(b []byte) (g Glance, ok bool) {
	if !wire.IsControl(b) {
		h, _, err := wire.ParseDataHeader(b)
		return Glance{TunnelID: TunnelID(h.TunnelID), SessionID: SessionID(h.SessionID)}, err == nil
	}
	h, payload, err := wire.ParseControlHeader(b)
	if err != nil {
		return g, false
	}
	g = Glance{Control: true, TunnelID: TunnelID(h.TunnelID), SessionID: SessionID(h.SessionID)}
	if h.TunnelID != 0 {
		return g, true
	}
	for len(payload) > 0 {
		var a wire.AVP
		if a, payload, err = wire.ParseAVP(payload); err != nil {
			break
		}
		if a.Vendor == wire.VendorIETF && a.Type == wire.AssignedTunnelID && !a.Hidden && len(a.Value) == 2 {
			g.AssignedTunnelID = TunnelID(binary.BigEndian.Uint16(a.Value))
			break
		}
	}
	return g, true
}
