// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"fmt"
)

// FaultKind says what is wrong with a message.
type FaultKind uint8

// Faults. Those of an AVP are only faults when its M bit is set.
const (
	FaultNone           FaultKind = iota
	FaultMalformed                // a value or length is wrong, or Message Type is not first
	FaultUnknownAVP               // an AVP that is not known, or hidden and cannot be read
	FaultUnknownMessage           // a Message Type that is not known, with its M bit set
	FaultMissing                  // an AVP that must be present is not
)

// Fault is why a message cannot be accepted. Its zero value means that it can.
type Fault struct {
	Kind   FaultKind
	Vendor uint16
	Type   AVPType     // the offending AVP
	In     MessageType // the message it was in
}

// OK says that there is no fault.
func (f Fault) OK() bool { return f.Kind == FaultNone }

// String says it in words, as the Error Message of a Result Code does.
func (f Fault) String() string {
	switch f.Kind {
	case FaultMalformed:
		return fmt.Sprintf("malformed AVP %d of vendor %d in %v", f.Type, f.Vendor, f.In)
	case FaultUnknownAVP:
		return fmt.Sprintf("unknown AVP %d of vendor %d in %v", f.Type, f.Vendor, f.In)
	case FaultUnknownMessage:
		return fmt.Sprintf("unknown message type %d", f.In)
	case FaultMissing:
		return fmt.Sprintf("missing AVP %d in %v", f.Type, f.In)
	}
	return "no fault"
}

// A Decoder reads control messages. Its zero value has no secret and tolerates
// nothing. It keeps the octets of unhidden values until the next Decode.
type Decoder struct {
	Secret    string                              // of AVP hiding; empty: hidden AVPs cannot be read
	Tolerated func(vendor uint16, t AVPType) bool // AVPs to ignore although unknown and mandatory; nil: none

	Ignored        int // AVPs of the last message that were unknown or malformed, without the M bit
	ToleratedCount int // AVPs of the last message that Tolerated let pass

	vector []byte // the last Random Vector
	plain  []byte // unhidden values
}

// ParseMessageType reads the Message Type AVP, which "MUST be the first AVP in a
// message", RFC 2661 §4.4.1.
func ParseMessageType(payload []byte) (t MessageType, mandatory bool, rest []byte, ok bool) {
	a, rest, err := ParseAVP(payload)
	if err != nil || a.Vendor != VendorIETF || a.Type != MessageTypeAVP || a.Hidden || len(a.Value) != 2 {
		return 0, a.Mandatory, nil, false
	}
	return MessageType(binary.BigEndian.Uint16(a.Value)), a.Mandatory, rest, true
}

// Decode reads the AVPs of a control message. Whatever the fault, m holds what
// could be read. A message of unknown type without M bit is no fault, and nothing
// of it is read: see MessageType.Known.
func (d *Decoder) Decode(payload []byte, m *Message) (f Fault) {
	d.Ignored, d.ToleratedCount, d.vector, d.plain = 0, 0, nil, d.plain[:0]
	m.Reset(0)
	t, mandatory, rest, ok := ParseMessageType(payload)
	if !ok {
		return Fault{Kind: FaultMalformed, Type: MessageTypeAVP}
	}
	m.Type = t
	if !t.Known() {
		// "If the M-bit is set within the Message Type AVP and the Message Type is
		// unknown to the implementation, the tunnel MUST be cleared", RFC 2661 §4.4.1.
		if mandatory {
			f = Fault{Kind: FaultUnknownMessage, In: t}
		}
		return f
	}
	for len(rest) > 0 {
		var a AVP
		var err error
		a, rest, err = ParseAVP(rest)
		kind := FaultMalformed
		if err == nil {
			kind = d.decodeAVP(a, m)
		}
		if kind == FaultNone {
			continue
		}
		// "If the M bit is not set, an unrecognized AVP MUST be ignored", RFC 2661 §4.1,
		// and "a malformed yet recoverable non-mandatory (M-bit is not set) AVP (...)
		// should be treated in a similar manner", §7.1.
		switch {
		case !a.Mandatory:
			d.Ignored++
		case kind == FaultUnknownAVP && d.Tolerated != nil && d.Tolerated(a.Vendor, a.Type):
			d.ToleratedCount++
		case f.OK():
			f = Fault{Kind: kind, Vendor: a.Vendor, Type: a.Type, In: t}
		}
	}
	if f.OK() {
		f = missing(m)
	}
	return f
}

// missing finds the first AVP that m should have.
func missing(m *Message) Fault {
	for _, t := range required[m.Type] {
		if !m.Has(t) {
			return Fault{Kind: FaultMissing, Type: t, In: m.Type}
		}
	}
	return Fault{}
}

// decodeAVP reads one well-framed AVP into m.
func (d *Decoder) decodeAVP(a AVP, m *Message) FaultKind {
	// "An AVP received with a reserved bit set to 1 MUST be treated as an
	// unrecognized AVP", RFC 2661 §4.1.
	if a.Reserved {
		return FaultUnknownAVP
	}
	if a.Vendor == Vendor3Com && a.Type == PPPDisconnectCause {
		a.Vendor = VendorIETF // "Implementations MAY accept AVPs with these values as equivalent", RFC 3145 §4
	}
	switch a.Vendor {
	case VendorIETF:
		return d.decodeIETF(a, m)
	case VendorDSLForum:
		if !lineKnown(a.Type) {
			return FaultUnknownAVP
		}
		value, kind := d.reveal(a)
		if kind == FaultNone && !decodeLine(a.Type, value, &m.Line) {
			kind = FaultMalformed
		}
		m.HasLine = m.HasLine || kind == FaultNone
		return kind
	}
	return FaultUnknownAVP
}

// decodeIETF reads an AVP of the table.
func (d *Decoder) decodeIETF(a AVP, m *Message) FaultKind {
	if a.Type >= avpTypes || avps[a.Type].form == unknownForm {
		return FaultUnknownAVP
	}
	s := &avps[a.Type]
	if a.Hidden && !s.hideable {
		return FaultMalformed
	}
	value, kind := d.reveal(a)
	if kind != FaultNone {
		return kind
	}
	if len(value) < s.min || (s.max > 0 && len(value) > s.max) {
		return FaultMalformed
	}
	switch s.form {
	case form16:
		v := binary.BigEndian.Uint16(value)
		if a.Type == MessageTypeAVP || (s.nonzero && v == 0) {
			return FaultMalformed // a second Message Type, or an id or window of zero
		}
		*m.u16(a.Type) = v
	case form32:
		*m.u32(a.Type) = binary.BigEndian.Uint32(value)
	case formText, formOctets:
		*m.octets(a.Type) = value
	case formOther:
		if !d.decodeOther(a.Type, value, m) {
			return FaultMalformed
		}
	}
	m.Add(a.Type)
	return FaultNone
}

// reveal is the value of an AVP, unhidden if need be.
func (d *Decoder) reveal(a AVP) ([]byte, FaultKind) {
	if !a.Hidden {
		return a.Value, FaultNone
	}
	if d.Secret == "" {
		return nil, FaultUnknownAVP
	}
	// "This AVP MUST precede the first AVP with the H bit set", RFC 2661 §4.4.1.
	if d.vector == nil {
		return nil, FaultMalformed
	}
	at := len(d.plain)
	plain, ok := AppendUnhidden(d.plain, a.Type, d.Secret, d.vector, a.Value)
	if !ok {
		return nil, FaultMalformed
	}
	d.plain = plain
	return plain[at:len(plain):len(plain)], FaultNone
}

// decodeOther reads the values that have a form of their own.
func (d *Decoder) decodeOther(t AVPType, v []byte, m *Message) bool {
	u32 := binary.BigEndian.Uint32
	switch t {
	case RandomVector:
		d.vector = v // never nil, even when it is empty
	case TieBreaker:
		m.TieBreaker = binary.BigEndian.Uint64(v)
	case ResultCodeAVP:
		if len(v) == 3 {
			return false
		}
		m.Result = Result{Code: binary.BigEndian.Uint16(v)}
		if len(v) >= 4 {
			m.Result.HasError, m.Result.Error, m.Result.Message = true, binary.BigEndian.Uint16(v[2:]), v[4:]
		}
	case Q931CauseCode:
		m.Q931 = Q931Cause{Code: binary.BigEndian.Uint16(v), Message: v[2], Advisory: v[3:]}
	case CallErrorsAVP:
		m.CallErrors = CallErrors{
			CRC: u32(v[2:]), Framing: u32(v[6:]), HardwareOverruns: u32(v[10:]),
			BufferOverruns: u32(v[14:]), Timeouts: u32(v[18:]), Alignment: u32(v[22:]),
		}
	case ACCM:
		m.ACCM = ACCMPair{Send: u32(v[2:]), Receive: u32(v[6:])}
	case PPPDisconnectCause:
		m.DisconnectCause = DisconnectCause{
			Code: binary.BigEndian.Uint16(v), Protocol: binary.BigEndian.Uint16(v[2:]), Direction: v[4], Message: v[5:],
		}
	case ConnectSpeedUpdate:
		m.SpeedUpdates = append(m.SpeedUpdates, SpeedUpdate{
			RemoteSessionID: binary.BigEndian.Uint16(v[2:]), Tx: u32(v[4:]), Rx: u32(v[8:]),
		})
	}
	return true
}
