// SPDX-License-Identifier: Apache-2.0

package wire

import "encoding/binary"

// Attribute Types of the DSL Forum, Vendor ID 3561, RFC 5515 §7.1.
const (
	agentCircuitID AVPType = 1
	agentRemoteID  AVPType = 2
	firstRate      AVPType = 129 // ten rates of 64 bits: LineRates
	lastRate       AVPType = 138
	firstDelay     AVPType = 139 // four delays of 32 bits: LineDelays
	lastDelay      AVPType = 142
	encapsulation  AVPType = 144
	lineType       AVPType = 145
	iwfSession     AVPType = 254
)

// Indexes of Line.Rates, in the order of the RFC; bit/s.
const (
	ActualUp = iota
	ActualDown
	MinimumUp
	MinimumDown
	AttainableUp
	AttainableDown
	MaximumUp
	MaximumDown
	MinimumLowPowerUp
	MinimumLowPowerDown
	LineRates
)

// Indexes of Line.Delays, in the order of the RFC; ms.
const (
	DelayMaximumUp = iota
	DelayActualUp
	DelayMaximumDown
	DelayActualDown
	LineDelays
)

// Line is what the AVPs of RFC 5515 §5 say of an access line. Zero and empty
// values were not said and are not sent.
type Line struct {
	AgentCircuitID   []byte
	AgentRemoteID    []byte
	Rates            [LineRates]uint64
	Delays           [LineDelays]uint32
	HasEncapsulation bool
	Encapsulation    [3]byte // data link, encapsulation 1, encapsulation 2
	Type             uint8   // transmission system
	Interworked      bool    // IWF-Session: an interworking function has been performed
}

// lineKnown says whether RFC 5515 has the type.
func lineKnown(t AVPType) bool {
	switch t {
	case agentCircuitID, agentRemoteID, encapsulation, lineType, iwfSession:
		return true
	}
	return t >= firstRate && t <= lastDelay
}

// decodeLine reads a value; false when it is malformed.
func decodeLine(t AVPType, v []byte, l *Line) bool {
	switch {
	case t == agentCircuitID, t == agentRemoteID:
		// "MUST be greater than 1 octet and not greater than 63 octets", RFC 5515 §5.1, is
		// the sender's duty. What it sends identifies a line all the same.
		if len(v) == 0 {
			return false
		}
		if t == agentCircuitID {
			l.AgentCircuitID = v
		} else {
			l.AgentRemoteID = v
		}
	case t <= lastRate:
		if len(v) != 8 {
			return false
		}
		l.Rates[t-firstRate] = binary.BigEndian.Uint64(v)
	case t <= lastDelay:
		if len(v) != 4 {
			return false
		}
		l.Delays[t-firstDelay] = binary.BigEndian.Uint32(v)
	case t == encapsulation:
		if len(v) != 3 {
			return false
		}
		l.HasEncapsulation, l.Encapsulation = true, [3]byte(v)
	case t == lineType:
		if len(v) != 4 {
			return false
		}
		l.Type = v[0]
	case t == iwfSession:
		if len(v) != 4 {
			return false
		}
		l.Interworked = binary.BigEndian.Uint32(v) != 0
	}
	return true
}

// appendLine appends an AVP for each thing that l says.
func (w *writer) appendLine(l *Line) {
	w.lineText(agentCircuitID, l.AgentCircuitID)
	w.lineText(agentRemoteID, l.AgentRemoteID)
	var v [8]byte
	for i, rate := range l.Rates {
		if rate != 0 {
			binary.BigEndian.PutUint64(v[:], rate)
			w.avp(VendorDSLForum, firstRate+AVPType(i), false, true, v[:])
		}
	}
	for i, delay := range l.Delays {
		if delay != 0 {
			binary.BigEndian.PutUint32(v[:], delay)
			w.avp(VendorDSLForum, firstDelay+AVPType(i), false, true, v[:4])
		}
	}
	if l.HasEncapsulation {
		w.avp(VendorDSLForum, encapsulation, false, true, l.Encapsulation[:])
	}
	if l.Type != 0 {
		w.avp(VendorDSLForum, lineType, false, true, []byte{l.Type, 0, 0, 0})
	}
	if l.Interworked {
		w.avp(VendorDSLForum, iwfSession, false, true, []byte{0, 0, 0, 1})
	}
}

// lineText appends an id of 2 to 63 octets; a longer one is cut, RFC 5515 §5.1.
func (w *writer) lineText(t AVPType, text []byte) {
	if len(text) > 1 {
		w.avp(VendorDSLForum, t, false, true, text[:min(len(text), 63)])
	}
}
