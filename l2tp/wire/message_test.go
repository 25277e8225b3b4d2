// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"crypto/md5"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// sample is a message with every AVP that has a field.
func sample(t MessageType) *Message {
	m := new(Message)
	m.Reset(t)
	for n, s := range avps {
		n := AVPType(n)
		switch s.form {
		case form16:
			if n == MessageTypeAVP {
				continue
			}
			*m.u16(n) = uint16(n) + 0x100
		case form32:
			*m.u32(n) = uint32(n) + 0x10000
		case formText, formOctets:
			*m.octets(n) = bytes.Repeat([]byte{byte('a' + n)}, max(s.min, 3))
		case formIgnored, unknownForm:
			continue
		}
		if n != RandomVector {
			m.Add(n)
		}
	}
	m.Result = Result{Code: 2, HasError: true, Error: 6, Message: []byte("why")}
	m.TieBreaker = 0x0102030405060708
	m.Q931 = Q931Cause{Code: 16, Message: 69, Advisory: []byte("busy")}
	m.CallErrors = CallErrors{1, 2, 3, 4, 5, 6}
	m.ACCM = ACCMPair{0xffffffff, 0xa0000}
	m.DisconnectCause = DisconnectCause{Code: 3, Protocol: 0xc021, Direction: 1, Message: []byte("end")}
	m.HasLine = true
	m.Line = Line{
		AgentCircuitID: []byte("dslam atm 3/0:100.33"), AgentRemoteID: []byte("line 7"), HasEncapsulation: true,
		Encapsulation: [3]byte{1, 2, 3}, Type: 5, Interworked: true,
	}
	for i := range m.Line.Rates {
		m.Line.Rates[i] = uint64(i+1) << 33
	}
	for i := range m.Line.Delays {
		m.Line.Delays[i] = uint32(i + 1)
	}
	m.SpeedUpdates = []SpeedUpdate{{1, 2, 3}, {4, 5, 6}}
	return m
}

// What is written is read, hidden or not, for every message and every AVP.
func TestMessagesThereAndBack(t *testing.T) {
	for mt := range MessageType(messageTypes) {
		if !mt.Known() {
			continue
		}
		for _, hiding := range []Hiding{{}, {Secret: "example", Vector: []byte("0123456789abcdef")}} {
			want := sample(mt)
			b := AppendMessage(nil, want, hiding)
			d := Decoder{Secret: hiding.Secret}
			var got Message
			if f := d.Decode(b, &got); !f.OK() || d.Ignored != 0 {
				t.Fatalf("%v: %v, %d ignored", mt, f, d.Ignored)
			}
			if hiding.Secret != "" {
				want.Add(RandomVector)
			}
			if diff := cmp.Diff(want, &got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%v, secret %q: %s", mt, hiding.Secret, diff)
			}
			checkBits(t, mt, b, hiding.Secret != "")
		}
	}
}

// checkBits checks the M and H bits of what AppendMessage wrote against the table.
func checkBits(t *testing.T, mt MessageType, b []byte, hidden bool) {
	t.Helper()
	for first := true; len(b) > 0; first = false {
		a, rest, err := ParseAVP(b)
		if err != nil {
			t.Fatalf("%v: %v", mt, err)
		}
		b = rest
		if first != (a.Type == MessageTypeAVP && a.Vendor == 0) {
			t.Fatalf("%v: Message Type is not first, or not alone", mt)
		}
		if a.Vendor == VendorDSLForum {
			// "The M bit for all the AVPs defined in this document SHOULD be set to 0", RFC 5515 §5.
			if a.Mandatory || a.Hidden != hidden {
				t.Errorf("%v: line AVP %d has M %v, H %v", mt, a.Type, a.Mandatory, a.Hidden)
			}
			continue
		}
		s := avps[a.Type]
		m := s.mandatory
		if a.Type == MessageTypeAVP && (mt == CSUN || mt == CSURQ) {
			m = false
		}
		if a.Mandatory != m || a.Hidden != (hidden && s.hideable && a.Type != AssignedTunnelID) || a.Reserved {
			t.Errorf("%v: AVP %d has M %v, H %v, reserved %v", mt, a.Type, a.Mandatory, a.Hidden, a.Reserved)
		}
	}
}

// A hidden value as RFC 2661 §4.3 describes it, computed step by step.
func TestHidingStepByStep(t *testing.T) {
	const secret = "shared"
	vector := []byte("random vector of any length")
	value := []byte("a value that is longer than one block of sixteen")
	p := append([]byte{0, byte(len(value))}, value...)
	var want []byte
	b := md5.Sum(append(append([]byte{0, 33}, secret...), vector...)) // b1 = MD5(AV + S + RV)
	for len(p) > 0 {
		c := []byte{}
		for i := range min(16, len(p)) {
			c = append(c, p[i]^b[i])
		}
		want, p = append(want, c...), p[len(c):]
		b = md5.Sum(append([]byte(secret), c...)) // bi = MD5(S + c(i-1))
	}
	got := AppendHidden([]byte("before"), ProxyAuthenResponse, secret, vector, value)
	if !bytes.Equal(got, append([]byte("before"), want...)) {
		t.Fatalf("hidden %x, want %x", got, want)
	}
	// Padding "does NOT alter the value placed in the Length of Original Attribute
	// Value field": whatever follows is no part of the value.
	plain, ok := AppendUnhidden(nil, ProxyAuthenResponse, secret, vector, append(want, 1, 2, 3))
	if !ok || !bytes.Equal(plain, value) {
		t.Fatalf("unhidden %q %v", plain, ok)
	}
}

func TestHidingProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(1, 40, 300).Draw(t, "secret")
		vector := rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "vector")
		value := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "value")
		typ := AVPType(rapid.Uint16().Draw(t, "type"))
		hidden := AppendHidden(nil, typ, secret, vector, value)
		plain, ok := AppendUnhidden([]byte{1}, typ, secret, vector, hidden)
		if !ok || !bytes.Equal(plain[1:], value) {
			t.Fatalf("%x became %x", value, plain)
		}
		if len(hidden) != len(value)+2 {
			t.Fatalf("%d octets became %d", len(value), len(hidden))
		}
	})
}

// "a hidden AVP uses the Random Vector AVP most closely preceding it", RFC 2661 §4.4.1.
func TestRandomVectors(t *testing.T) {
	hide := func(t AVPType, vector, value string) AVP {
		return AVP{Mandatory: true, Hidden: true, Type: t, Value: AppendHidden(nil, t, "s", []byte(vector), []byte(value))}
	}
	rv := func(v string) AVP { return AVP{Mandatory: true, Type: RandomVector, Value: []byte(v)} }
	b := build(ICRQ,
		rv("one"), hide(AssignedSessionID, "one", "\x00\x05"), rv("two"), hide(CallSerialNumber, "two", "\x00\x00\x00\x09"),
		hide(CalledNumber, "two", "123"), AVP{Mandatory: true, Type: CallingNumber, Value: []byte("456")})
	var m Message
	d := Decoder{Secret: "s"}
	if f := d.Decode(b, &m); !f.OK() || m.AssignedSessionID != 5 || m.CallSerialNumber != 9 || string(m.CalledNumber) != "123" {
		t.Fatalf("%v %+v", f, m)
	}
	d.Secret = "t"
	if f := d.Decode(b, &m); f.OK() {
		t.Fatal("read with a wrong secret")
	}
	d.Secret = ""
	if f := d.Decode(b, &m); f.Kind != FaultUnknownAVP || f.Type != AssignedSessionID {
		t.Fatalf("without a secret: %v", f)
	}
	d.Secret = "s"
	if f := d.Decode(build(ICRQ, hide(AssignedSessionID, "one", "\x00\x05")), &m); f.Kind != FaultMalformed {
		t.Fatalf("without a Random Vector: %v", f)
	}
	if f := d.Decode(build(SCCRQ, rv("one"), hide(HostName, "one", "lac")), &m); f.Kind != FaultMalformed || f.Type != HostName {
		t.Fatalf("a Host Name that is hidden: %v", f)
	}
}

// build makes the AVPs of a message by hand.
func build(t MessageType, avps ...AVP) []byte {
	b := AppendAVP(nil, AVP{Mandatory: true, Type: MessageTypeAVP, Value: []byte{byte(t >> 8), byte(t)}})
	for _, a := range avps {
		b = AppendAVP(b, a)
	}
	return b
}

// What is wrong with a message, and when it matters: RFC 2661 §4.1, §4.2, §7.1.
func TestFaults(t *testing.T) {
	serial := AVP{Mandatory: true, Type: CallSerialNumber, Value: []byte{0, 0, 0, 1}}
	id := AVP{Mandatory: true, Type: AssignedSessionID, Value: []byte{0, 5}}
	with := func(a AVP) []byte { return build(ICRQ, id, serial, a) }
	reserved := func(m bool) []byte {
		b := with(AVP{Mandatory: m, Type: CalledNumber, Value: []byte("1")})
		b[len(build(ICRQ, id, serial))] |= 0x04
		return b
	}
	for _, c := range []struct {
		name    string
		b       []byte
		want    FaultKind
		ignored int
	}{
		{"good", build(ICRQ, id, serial), FaultNone, 0},
		{"unknown, M", with(AVP{Mandatory: true, Type: 99}), FaultUnknownAVP, 0},
		{"unknown", with(AVP{Type: 99}), FaultNone, 1},
		{"unknown vendor, M", with(AVP{Mandatory: true, Vendor: 9, Type: 1}), FaultUnknownAVP, 0},
		{"unknown vendor", with(AVP{Vendor: 9, Type: 1}), FaultNone, 1},
		{"DSL Forum, unknown", with(AVP{Vendor: VendorDSLForum, Type: 143, Value: []byte{1}}), FaultNone, 1},
		{"DSL Forum, short rate", with(AVP{Vendor: VendorDSLForum, Type: 129, Value: []byte{1}}), FaultNone, 1},
		{"DSL Forum, short rate, M", with(AVP{Mandatory: true, Vendor: VendorDSLForum, Type: 129, Value: []byte{1}}), FaultMalformed, 0},
		{"reserved bit, M", reserved(true), FaultUnknownAVP, 0},
		{"reserved bit", reserved(false), FaultNone, 1},
		// "one example of a recoverable, malformed AVP might be if the Rx Connect Speed AVP,
		// attribute 38, is received with a length of 8 rather than 10", RFC 2661 §7.1.
		{"short Rx Connect Speed", with(AVP{Type: RxConnectSpeed, Value: []byte{1, 2}}), FaultNone, 1},
		{"short Bearer Type, M", with(AVP{Mandatory: true, Type: BearerType, Value: []byte{1, 2}}), FaultMalformed, 0},
		{"id of zero", build(ICRQ, AVP{Mandatory: true, Type: AssignedSessionID, Value: []byte{0, 0}}, serial), FaultMalformed, 0},
		{"missing id", build(ICRQ, serial), FaultMissing, 0},
		{"second Message Type", with(AVP{Mandatory: true, Type: MessageTypeAVP, Value: []byte{0, 1}}), FaultMalformed, 0},
		{"Result Code of 3 octets", build(CDN, id, AVP{Mandatory: true, Type: ResultCodeAVP, Value: []byte{0, 1, 0}}), FaultMalformed, 0},
		{"AVP beyond the end, M", append(build(ICRQ, id, serial), 0x80, 9, 0, 0, 0, 1), FaultMalformed, 0},
		{"AVP beyond the end", append(build(ICRQ, id, serial), 0, 9, 0, 0, 0, 1), FaultNone, 1},
		{"AVP of length 5, M", append(build(ICRQ, id, serial), 0x80, 5, 0, 0, 0, 1), FaultMalformed, 0},
		{"half a header", append(build(ICRQ, id, serial), 0x80), FaultMalformed, 0},
		{"no Message Type", AppendAVP(nil, id), FaultMalformed, 0},
		{"hidden Message Type", AppendAVP(nil, AVP{Hidden: true, Type: MessageTypeAVP, Value: []byte{0, 1}}), FaultMalformed, 0},
		{"unknown message, M", build(99), FaultUnknownMessage, 0},
	} {
		var d Decoder
		var m Message
		f := d.Decode(c.b, &m)
		if f.Kind != c.want || d.Ignored != c.ignored {
			t.Errorf("%s: %v, %d ignored", c.name, f, d.Ignored)
		}
		if (f.String() == "no fault") != f.OK() {
			t.Errorf("%s: %q", c.name, f.String())
		}
	}
	b := build(99)
	b[0] &^= 0x80
	var m Message
	if f := new(Decoder).Decode(b, &m); !f.OK() || m.Type.Known() {
		t.Errorf("unknown message without M: %v", f)
	}
}

// What does not fit into an AVP: text is cut, other octets stay away.
func TestLongValues(t *testing.T) {
	long := bytes.Repeat([]byte{'x'}, 2000)
	for _, hiding := range []Hiding{{}, {Secret: "s", Vector: []byte("0123456789abcdef")}} {
		var m, got Message
		m.Reset(CDN)
		m.AssignedSessionID, m.CalledNumber, m.LastSentLCP = 1, long, long
		m.Result = Result{Code: 2, Error: 6, Message: long}
		m.Line = Line{AgentCircuitID: long}
		m.HasLine = true
		m.Add(AssignedSessionID, CalledNumber, LastSentLCP, ResultCodeAVP)
		d := Decoder{Secret: hiding.Secret}
		if f := d.Decode(AppendMessage(nil, &m, hiding), &got); !f.OK() {
			t.Fatal(f)
		}
		room := ValueMax
		if hiding.Secret != "" {
			room -= 2
		}
		if len(got.CalledNumber) != room || got.Has(LastSentLCP) || len(got.Result.Message) < 60 || len(got.Line.AgentCircuitID) != 63 {
			t.Fatalf("%d, %v, %d, %d", len(got.CalledNumber), got.Has(LastSentLCP), len(got.Result.Message), len(got.Line.AgentCircuitID))
		}
	}
}

// The forms of the Result Code AVP: 8, 10 and more octets, RFC 2661 §4.4.2.
func TestResultCodeForms(t *testing.T) {
	for _, c := range []struct {
		r    Result
		want string
	}{
		{Result{Code: 1}, "8008 0000 0001 0001"},
		{Result{Code: 2, HasError: true, Error: 0}, "800a 0000 0001 0002 0000"},
		{Result{Code: 2, Error: 6}, "800a 0000 0001 0002 0006"},
		{Result{Code: 2, Error: 6, Message: []byte("no")}, "800c 0000 0001 0002 0006 6e6f"},
	} {
		var m Message
		m.Reset(StopCCN)
		m.Result = c.r
		m.Add(ResultCodeAVP)
		if got := AppendMessage(nil, &m, Hiding{})[8:]; !bytes.Equal(got, unhex(c.want)) {
			t.Errorf("%+v: %x", c.r, got)
		}
	}
}

// The answer to a challenge is that of CHAP, with the message type as identifier.
func TestChallengeResponse(t *testing.T) {
	want := md5.Sum([]byte("\x02secretchallenge"))
	if got := ComputeChallengeResponse(SCCRP, "secret", []byte("challenge")); got != want {
		t.Fatalf("%x", got)
	}
	if !CheckChallengeResponse(SCCRP, "secret", []byte("challenge"), want[:]) ||
		CheckChallengeResponse(SCCCN, "secret", []byte("challenge"), want[:]) || CheckChallengeResponse(SCCRP, "secret", []byte("challenge"), nil) {
		t.Fatal("CheckChallengeResponse")
	}
}

// A captured SCCRQ as xl2tpd sends it, octet by octet.
func TestReadSCCRQ(t *testing.T) {
	b := unhex("c802 0069 0000 0000 0000 0000 8008 0000 0000 0001 8008 0000 0002 0100 800a 0000 0003 0000 0003" +
		"800a 0000 0004 0000 0000 0008 0000 0006 0690 8009 0000 0007 6c6163 0013 0000 0008 78656c6572616e63652e636f6d" +
		"8008 0000 0009 1a2b 8008 0000 000a 0004")
	SetLength(b)
	h, payload, err := ParseControlHeader(b)
	var m Message
	if f := new(Decoder).Decode(payload, &m); err != nil || !f.OK() || h != (ControlHeader{}) {
		t.Fatal(h, err, f)
	}
	if m.Type != SCCRQ || m.ProtocolVersion != 0x0100 || m.FramingCapabilities != 3 || m.FirmwareRevision != 0x0690 ||
		string(m.HostName) != "lac" || string(m.VendorName) != "xelerance.com" || m.AssignedTunnelID != 0x1a2b || m.ReceiveWindowSize != 4 {
		t.Fatalf("%+v", m)
	}
	if !bytes.Equal(AppendMessage(AppendControlHeader(nil, h)[:12], &m, Hiding{})[12:], payload) {
		t.Fatal("written again it is not the same")
	}
}

// Reading and writing allocate nothing.
func TestCodecAllocatesNothing(t *testing.T) {
	want := sample(ICCN)
	hiding := Hiding{Secret: "example", Vector: []byte("0123456789abcdef")}
	var got Message
	d := Decoder{Secret: "example"}
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		buf = AppendMessage(buf[:0], want, hiding)
		if f := d.Decode(buf, &got); !f.OK() {
			t.Fatal(f)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode: whatever can be read can be written and read again, the same.
func FuzzDecode(f *testing.F) {
	for mt := range MessageType(messageTypes) {
		f.Add(AppendMessage(nil, sample(mt), Hiding{}), "")
		f.Add(AppendMessage(nil, sample(mt), Hiding{Secret: "s", Vector: []byte("0123456789abcdef")}), "s")
	}
	f.Fuzz(func(t *testing.T, b []byte, secret string) {
		var first, second Message
		d := Decoder{Secret: secret}
		if d.Decode(b, &first); !first.Type.Known() {
			return
		}
		// What cannot be written as it was read: a Random Vector has its own place,
		// ids of one octet and empty ones are not sent.
		first.Present[0] &^= 1 << RandomVector
		for _, t := range []AVPType{FailoverCapability, SuggestedControlSeq, FailoverSessionState} {
			first.Present[1] &^= 1 << (t - 64)
		}
		if len(first.Line.AgentCircuitID) < 2 || len(first.Line.AgentCircuitID) > 63 {
			first.Line.AgentCircuitID = nil
		}
		if len(first.Line.AgentRemoteID) < 2 || len(first.Line.AgentRemoteID) > 63 {
			first.Line.AgentRemoteID = nil
		}
		again := AppendMessage(nil, &first, Hiding{})
		var e Decoder
		if f := e.Decode(again, &second); e.Ignored != 0 || (!f.OK() && f.Kind != FaultMissing) {
			t.Fatalf("%x: %v, %d ignored", again, f, e.Ignored)
		}
		second.HasLine = first.HasLine // an empty line says nothing
		if diff := cmp.Diff(first, second, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
