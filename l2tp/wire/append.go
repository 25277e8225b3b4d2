// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"math/bits"
)

// Hiding says how AVPs are hidden. Its zero value hides nothing.
type Hiding struct {
	Secret string
	Vector []byte // the Random Vector of this message, 16 octets or more
}

// writer appends AVPs.
type writer struct {
	b      []byte
	hiding Hiding
}

// AppendMessage appends the AVPs of m: Message Type, then what is in Present in
// the order of its numbers, then the line and the speed updates.
func AppendMessage(b []byte, m *Message, hiding Hiding) []byte {
	w := writer{b: b, hiding: hiding}
	w.u16(MessageTypeAVP, mandatoryType(m.Type), uint16(m.Type))
	if hiding.Secret != "" {
		w.avp(VendorIETF, RandomVector, true, false, hiding.Vector)
	}
	for word, set := range m.Present {
		for ; set != 0; set &= set - 1 {
			w.append(AVPType(64*word+bits.TrailingZeros64(set)), m)
		}
	}
	if m.HasLine {
		w.appendLine(&m.Line)
	}
	return w.b
}

// append writes one AVP of the table.
func (w *writer) append(t AVPType, m *Message) {
	s := &avps[t]
	// The Assigned Tunnel ID stays in the clear: a receiver that serves its tunnels
	// from several processors looks for it before it knows the secret.
	hide := s.hideable && t != AssignedTunnelID
	var v [4]byte
	switch s.form {
	case form16:
		binary.BigEndian.PutUint16(v[:], *m.u16(t))
		w.avp(VendorIETF, t, s.mandatory, hide, v[:2])
	case form32:
		binary.BigEndian.PutUint32(v[:], *m.u32(t))
		w.avp(VendorIETF, t, s.mandatory, hide, v[:4])
	case formText:
		text := *m.octets(t)
		w.avp(VendorIETF, t, s.mandatory, hide, text[:min(len(text), w.room(hide))])
	case formOctets:
		if octets := *m.octets(t); len(octets) <= w.room(hide) {
			w.avp(VendorIETF, t, s.mandatory, hide, octets)
		}
	case formPresent:
		w.avp(VendorIETF, t, s.mandatory, hide, nil)
	case formOther:
		w.appendOther(t, s.mandatory, hide, m)
	}
}

// appendOther writes the values that have a form of their own.
func (w *writer) appendOther(t AVPType, mandatory, hide bool, m *Message) {
	var scratch [64]byte
	v, be := scratch[:0], binary.BigEndian
	switch t {
	case TieBreaker:
		v = binary.BigEndian.AppendUint64(v, m.TieBreaker)
	case ResultCodeAVP:
		v = be.AppendUint16(v, m.Result.Code)
		if m.Result.HasError || m.Result.Error != 0 || len(m.Result.Message) > 0 {
			v = append(be.AppendUint16(v, m.Result.Error), m.Result.Message...)
		}
	case Q931CauseCode:
		v = append(append(be.AppendUint16(v, m.Q931.Code), m.Q931.Message), m.Q931.Advisory...)
	case CallErrorsAVP:
		e := &m.CallErrors
		v = append(v, 0, 0) // reserved
		for _, n := range [...]uint32{e.CRC, e.Framing, e.HardwareOverruns, e.BufferOverruns, e.Timeouts, e.Alignment} {
			v = be.AppendUint32(v, n)
		}
	case ACCM:
		v = be.AppendUint32(be.AppendUint32(append(v, 0, 0), m.ACCM.Send), m.ACCM.Receive)
	case PPPDisconnectCause:
		c := &m.DisconnectCause
		v = append(append(be.AppendUint16(be.AppendUint16(v, c.Code), c.Protocol), c.Direction), c.Message...)
	case ConnectSpeedUpdate:
		for _, u := range m.SpeedUpdates {
			v = be.AppendUint16(append(v[:0], 0, 0), u.RemoteSessionID)
			v = be.AppendUint32(be.AppendUint32(v, u.Tx), u.Rx)
			w.avp(VendorIETF, t, mandatory, hide, v)
		}
		return
	case RandomVector:
		return // AppendMessage places it
	}
	w.avp(VendorIETF, t, mandatory, hide, v[:min(len(v), w.room(hide))])
}

// room is how long a value may be.
func (w *writer) room(hide bool) int {
	if hide && w.hiding.Secret != "" {
		return ValueMax - 2
	}
	return ValueMax
}

func (w *writer) u16(t AVPType, mandatory bool, v uint16) {
	w.avp(VendorIETF, t, mandatory, false, []byte{byte(v >> 8), byte(v)})
}

// avp writes one AVP, hidden when it may be and hiding is on.
func (w *writer) avp(vendor uint16, t AVPType, mandatory, hide bool, value []byte) {
	if !hide || w.hiding.Secret == "" {
		w.b = AppendAVP(w.b, AVP{Mandatory: mandatory, Vendor: vendor, Type: t, Value: value})
		return
	}
	at := len(w.b)
	w.b = AppendAVP(w.b, AVP{Mandatory: mandatory, Hidden: true, Vendor: vendor, Type: t})
	w.b = AppendHidden(w.b, t, w.hiding.Secret, w.hiding.Vector, value)
	length := binary.BigEndian.Uint16(w.b[at:])&^maskAVPLen | uint16(len(w.b)-at)
	binary.BigEndian.PutUint16(w.b[at:], length)
}
