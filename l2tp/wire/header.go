// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
)

// Bits of the first 16 of each header, RFC 2661 §3.1.
const (
	bitType     = 0x8000 // T: control
	bitLength   = 0x4000 // L: Length is present
	bitSequence = 0x0800 // S: Ns and Nr are present
	bitOffset   = 0x0200 // O: Offset Size is present
	bitPriority = 0x0100 // P: data that should go first
	maskVersion = 0x000f

	version       = 2
	controlBits   = bitType | bitLength | bitSequence | version
	controlMask   = bitType | bitLength | bitSequence | bitOffset | bitPriority | maskVersion
	ControlLength = 12 // octets of a control header, and so of a ZLB
)

// Why a header cannot be read.
var (
	ErrShort   = errors.New("wire: message shorter than it says")
	ErrHeader  = errors.New("wire: header bits that are not allowed")
	ErrVersion = errors.New("wire: not L2TP version 2")
)

// ControlHeader is the header of a control message.
type ControlHeader struct {
	TunnelID, SessionID uint16 // the receiver's
	Ns, Nr              uint16
}

// IsControl tells control (T=1) from data.
func IsControl(b []byte) bool { return len(b) > 0 && b[0]&(bitType>>8) != 0 }

// ParseControlHeader reads the 12 octets of RFC 2661 §3.1. The payload aliases b
// and is empty for a ZLB.
func ParseControlHeader(b []byte) (h ControlHeader, payload []byte, err error) {
	if len(b) < ControlLength {
		return h, nil, ErrShort
	}
	bits, length := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
	// "Packets received with an unknown Ver field MUST be discarded", RFC 2661 §3.1.
	if bits&maskVersion != version {
		return h, nil, ErrVersion
	}
	if bits&controlMask != controlBits {
		return h, nil, ErrHeader
	}
	if length < ControlLength || length > len(b) {
		return h, nil, ErrShort // octets after the message are ignored, missing ones are not
	}
	h.TunnelID, h.SessionID = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	h.Ns, h.Nr = binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:])
	return h, b[ControlLength:length], nil
}

// AppendControlHeader appends the header of a message without payload, a ZLB.
// When a payload has been appended too, SetLength corrects the Length.
func AppendControlHeader(b []byte, h ControlHeader) []byte {
	b = binary.BigEndian.AppendUint16(b, controlBits)
	b = binary.BigEndian.AppendUint16(b, ControlLength)
	b = binary.BigEndian.AppendUint16(b, h.TunnelID)
	b = binary.BigEndian.AppendUint16(b, h.SessionID)
	b = binary.BigEndian.AppendUint16(b, h.Ns)
	return binary.BigEndian.AppendUint16(b, h.Nr)
}

// SetLength writes the length of b into the control header at its beginning.
func SetLength(b []byte) { binary.BigEndian.PutUint16(b[2:], uint16(len(b))) }

// SetTunnelID writes the Tunnel ID of the control header at the beginning of b.
func SetTunnelID(b []byte, id uint16) { binary.BigEndian.PutUint16(b[4:], id) }

// SetSequence writes Ns and Nr of the control header at the beginning of b.
func SetSequence(b []byte, ns, nr uint16) {
	binary.BigEndian.PutUint16(b[8:], ns)
	binary.BigEndian.PutUint16(b[10:], nr)
}

// DataHeader is the header of a data message. All its optional fields are
// independent of one another.
type DataHeader struct {
	TunnelID, SessionID uint16
	HasLength           bool // L: the Length field is present
	Sequenced           bool // S: Ns and Nr are present
	HasOffset           bool // O: Offset Size is present
	Priority            bool // P
	Ns                  uint16
	Nr                  uint16 // "if present (...), MUST be ignored upon receipt", RFC 2661 §3.1
	OffsetSize          uint16 // octets of padding
}

// ParseDataHeader reads a data header in any of its forms. The payload aliases b.
func ParseDataHeader(b []byte) (h DataHeader, payload []byte, err error) {
	if len(b) < 6 {
		return h, nil, ErrShort
	}
	bits := binary.BigEndian.Uint16(b)
	if bits&maskVersion != version {
		return h, nil, ErrVersion
	}
	if bits&bitType != 0 {
		return h, nil, ErrHeader
	}
	h.HasLength, h.Sequenced = bits&bitLength != 0, bits&bitSequence != 0
	h.HasOffset, h.Priority = bits&bitOffset != 0, bits&bitPriority != 0
	n := h.size()
	if len(b) < n {
		return h, nil, ErrShort
	}
	end, at := len(b), 2
	if h.HasLength {
		end, at = int(binary.BigEndian.Uint16(b[2:])), 4
	}
	h.TunnelID, h.SessionID = binary.BigEndian.Uint16(b[at:]), binary.BigEndian.Uint16(b[at+2:])
	if h.Sequenced {
		h.Ns, h.Nr = binary.BigEndian.Uint16(b[at+4:]), binary.BigEndian.Uint16(b[at+6:])
	}
	if h.HasOffset {
		h.OffsetSize = binary.BigEndian.Uint16(b[n-2:])
		n += int(h.OffsetSize)
	}
	if end > len(b) || n > end {
		return h, nil, ErrShort
	}
	return h, b[n:end], nil
}

// size is the number of octets of the header without offset padding.
func (h *DataHeader) size() int {
	n := 6
	if h.HasLength {
		n += 2
	}
	if h.Sequenced {
		n += 4
	}
	if h.HasOffset {
		n += 2
	}
	return n
}

// AppendDataHeader appends a data header for a payload of the given size. Offset
// padding is zero.
func AppendDataHeader(b []byte, h DataHeader, payload int) []byte {
	bits := uint16(version)
	if h.HasLength {
		bits |= bitLength
	}
	if h.Sequenced {
		bits |= bitSequence
	}
	if h.HasOffset {
		bits |= bitOffset
	}
	if h.Priority {
		bits |= bitPriority
	}
	b = binary.BigEndian.AppendUint16(b, bits)
	if h.HasLength {
		n := h.size() + payload
		if h.HasOffset {
			n += int(h.OffsetSize)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	b = binary.BigEndian.AppendUint16(b, h.TunnelID)
	b = binary.BigEndian.AppendUint16(b, h.SessionID)
	if h.Sequenced {
		b = binary.BigEndian.AppendUint16(b, h.Ns)
		b = binary.BigEndian.AppendUint16(b, h.Nr)
	}
	if h.HasOffset {
		b = binary.BigEndian.AppendUint16(b, h.OffsetSize)
		for range h.OffsetSize {
			b = append(b, 0)
		}
	}
	return b
}
