// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// rfcAVP is what one paragraph at the end of a section of RFC 2661 §4.4 says. It
// is written down a second time here, from the text and in its order, so that a
// slip in the table of table.go does not go unseen.
type rfcAVP struct {
	t          AVPType
	mandatory  bool // "The M-bit for this AVP MUST be set to 1"
	mayHide    bool // "This AVP may be hidden", as against "MUST NOT be hidden"
	length     int  // "The Length (before hiding) is ..."; with variable: at least
	isVariable bool
}

var rfcAVPs = []rfcAVP{
	{0, true, false, 8, false}, {36, true, false, 6, true}, // §4.4.1
	{1, true, false, 8, true},                                                                                        // §4.4.2
	{2, true, false, 8, false}, {3, true, true, 10, false}, {4, true, true, 10, false}, {5, false, false, 14, false}, // §4.4.3
	{6, false, true, 8, false}, {7, true, false, 6, true}, {8, false, true, 6, true}, {9, true, true, 8, false}, //
	{10, true, false, 8, false}, {11, true, true, 6, true}, {13, true, true, 22, false}, //
	{12, true, false, 9, true}, {14, true, true, 8, false}, {15, true, true, 10, false}, {16, true, true, 10, false}, // §4.4.4
	{17, true, true, 10, false}, {18, true, true, 10, false}, {19, true, true, 10, false}, {21, true, true, 6, true}, //
	{22, true, true, 6, true}, {23, true, true, 6, true}, {24, true, true, 10, false}, {38, false, true, 10, false}, //
	{25, false, true, 10, false}, {37, false, true, 6, true}, {39, true, false, 6, false}, //
	{26, false, true, 6, true}, {27, false, true, 6, true}, {28, false, true, 6, true}, {29, false, true, 8, false}, // §4.4.5
	{30, false, true, 6, true}, {31, false, true, 6, true}, {32, false, true, 8, false}, {33, false, true, 6, true}, //
	{34, true, true, 32, false}, {35, true, true, 16, false}, // §4.4.6
}

// full is a message with every AVP of RFC 2661 in it.
func full(t MessageType) *Message {
	m := &Message{Type: t}
	for _, a := range rfcAVPs {
		if a.t != MessageTypeAVP && a.t != RandomVector {
			m.Add(a.t)
		}
	}
	m.Result = Result{Code: 2, HasError: true, Error: 6, Message: []byte("why")}
	m.ProtocolVersion, m.TieBreaker = 0x0100, 0x0102030405060708
	m.HostName, m.VendorName = []byte("lns"), []byte("vendor")
	m.AssignedTunnelID, m.AssignedSessionID, m.ReceiveWindowSize = 7, 8, 9
	m.Challenge, m.ChallengeResponse = []byte("challenge"), bytes.Repeat([]byte{1}, 16)
	m.Q931 = Q931Cause{Code: 16, Message: 1, Advisory: []byte("advice")}
	m.CalledNumber, m.CallingNumber, m.SubAddress = []byte("1"), []byte("2"), []byte("3")
	m.PrivateGroupID = []byte("group")
	m.InitialReceivedLCP, m.LastSentLCP, m.LastReceivedLCP = []byte{1}, []byte{2}, []byte{3}
	m.ProxyAuthenType, m.ProxyAuthenID = 2, 0x00ff
	m.ProxyAuthenName, m.ProxyAuthenChallenge, m.ProxyAuthenResponse = []byte("user"), []byte("c"), []byte("r")
	return m
}

// rawAVP is an AVP as a stranger would read it: nothing of this package is used.
type rawAVP struct {
	mandatory, hidden, reserved bool
	vendor, t                   uint16
	length                      int
	value                       []byte
}

func split(t *testing.T, b []byte) (all []rawAVP) {
	t.Helper()
	for len(b) > 0 {
		if len(b) < 6 {
			t.Fatalf("%d octets are left over", len(b))
		}
		bits := binary.BigEndian.Uint16(b)
		n := int(bits & 0x3ff)
		if n < 6 || n > len(b) {
			t.Fatalf("an AVP of %d octets, %d are left", n, len(b))
		}
		all = append(all, rawAVP{bits&0x8000 != 0, bits&0x4000 != 0, bits&0x3c00 != 0,
			binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:]), n, b[6:n]})
		b = b[n:]
	}
	return all
}

// Every AVP goes out with the bits and the length that its section demands,
// hidden where it may be and there is a secret, never otherwise.
func TestRFC2661AVPBitsAndLengths(t *testing.T) {
	plain := split(t, AppendMessage(nil, full(SCCRQ), Hiding{}))
	hidden := split(t, AppendMessage(nil, full(SCCRQ), Hiding{Secret: "secret", Vector: bytes.Repeat([]byte{9}, 16)}))
	for _, rule := range rfcAVPs {
		find := func(all []rawAVP) *rawAVP {
			i := slices.IndexFunc(all, func(a rawAVP) bool { return a.t == uint16(rule.t) && a.vendor == 0 })
			if i < 0 {
				return nil
			}
			return &all[i]
		}
		p, h := find(plain), find(hidden)
		if rule.t == RandomVector {
			if p != nil {
				t.Error("a Random Vector although nothing is hidden")
			}
			p = h
		}
		if p == nil || h == nil {
			t.Errorf("AVP %d is not sent", rule.t)
			continue
		}
		if p.mandatory != rule.mandatory || h.mandatory != rule.mandatory {
			t.Errorf("AVP %d: M bit %v, hidden %v, want %v", rule.t, p.mandatory, h.mandatory, rule.mandatory)
		}
		// "The H bit MUST only be set if a shared secret exists", RFC 2661 §4.3.
		if p.hidden {
			t.Errorf("AVP %d is hidden without a secret", rule.t)
		}
		if h.hidden && !rule.mayHide {
			t.Errorf("AVP %d is hidden, and must not be", rule.t)
		}
		// The Assigned Tunnel ID may be hidden, but a receiver may need it before it
		// knows whose secret to take.
		if rule.mayHide && !h.hidden && rule.t != AssignedTunnelID {
			t.Errorf("AVP %d is in the clear, and need not be", rule.t)
		}
		if p.length < rule.length || !rule.isVariable && p.length != rule.length {
			t.Errorf("AVP %d: length %d, want %d", rule.t, p.length, rule.length)
		}
		if p.reserved || h.reserved {
			t.Errorf("AVP %d: a reserved bit is set", rule.t)
		}
	}
	if len(plain) != len(rfcAVPs)-1 {
		t.Errorf("%d AVPs sent, %d in the RFC", len(plain), len(rfcAVPs)-1)
	}
}

// "The Message Type AVP MUST be the first AVP in a message", §4.4.1, with M set;
// "This AVP [Random Vector] MUST precede the first AVP with the H bit set".
func TestRFC2661FirstAVPs(t *testing.T) {
	for kind := SCCRQ; kind <= SLI; kind++ {
		if !kind.Known() {
			continue
		}
		all := split(t, AppendMessage(nil, full(kind), Hiding{Secret: "secret", Vector: bytes.Repeat([]byte{9}, 16)}))
		if all[0].t != 0 || !all[0].mandatory || all[0].hidden || !bytes.Equal(all[0].value, []byte{0, byte(kind)}) {
			t.Errorf("%v begins with %+v", kind, all[0])
		}
		first := slices.IndexFunc(all, func(a rawAVP) bool { return a.hidden })
		vector := slices.IndexFunc(all, func(a rawAVP) bool { return a.t == uint16(RandomVector) })
		if vector < 0 || first < vector {
			t.Errorf("%v: Random Vector is AVP %d, the first hidden one %d", kind, vector, first)
		}
	}
}

// "Any 'reserved' or 'empty' fields MUST be sent as 0 values", §6.
func TestRFC2661ReservedFieldsAreZero(t *testing.T) {
	m := full(WEN)
	m.CallErrors = CallErrors{CRC: 1, Framing: 2, HardwareOverruns: 3, BufferOverruns: 4, Timeouts: 5, Alignment: 6}
	m.ACCM = ACCMPair{Send: 0xffffffff, Receive: 0xffffffff}
	for _, a := range split(t, AppendMessage(nil, m, Hiding{})) {
		switch AVPType(a.t) {
		case CallErrorsAVP, ACCM:
			if a.value[0] != 0 || a.value[1] != 0 {
				t.Errorf("AVP %d begins with % x", a.t, a.value[:2])
			}
		case ProxyAuthenID:
			// "the most significant octet MUST be 0", §4.4.5
			if a.value[0] != 0 {
				t.Errorf("Proxy Authen ID % x", a.value)
			}
		}
	}
}

// An AVP that must not be hidden and is, is malformed: hiding it would hide what
// a receiver needs to find the secret.
func TestRFC2661HiddenThoughForbidden(t *testing.T) {
	for _, rule := range rfcAVPs {
		if rule.mayHide || rule.t == MessageTypeAVP || rule.t == RandomVector {
			continue
		}
		b := AppendAVP(nil, AVP{Mandatory: true, Type: MessageTypeAVP, Value: []byte{0, byte(HELLO)}})
		vector := bytes.Repeat([]byte{9}, 16)
		b = AppendAVP(b, AVP{Mandatory: true, Type: RandomVector, Value: vector})
		b = AppendAVP(b, AVP{Mandatory: true, Hidden: true, Type: rule.t, Value: AppendHidden(nil, rule.t, "secret", vector, make([]byte, rule.length-6))})
		var m Message
		d := Decoder{Secret: "secret"}
		if f := d.Decode(b, &m); f.Kind != FaultMalformed || f.Type != rule.t {
			t.Errorf("AVP %d hidden: %v", rule.t, f)
		}
	}
}
