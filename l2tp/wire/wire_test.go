// SPDX-License-Identifier: Apache-2.0

package wire

import "testing"

func TestRoundTrip(t *testing.T) {
	var m Message
	m.Reset(ICRQ)
	m.AssignedSessionID, m.CallSerialNumber, m.CallingNumber = 7, 9, []byte("123")
	m.Add(AssignedSessionID, CallSerialNumber, CallingNumber)
	m.HasLine, m.Line.AgentCircuitID = true, []byte("dslam atm 1/1:1.32")
	b := AppendMessage(nil, &m, Hiding{"secret", []byte("0123456789abcdef")})
	var d Decoder
	d.Secret = "secret"
	var got Message
	if f := d.Decode(b, &got); !f.OK() {
		t.Fatal(f)
	}
	if got.AssignedSessionID != 7 || string(got.CallingNumber) != "123" || string(got.Line.AgentCircuitID) != "dslam atm 1/1:1.32" {
		t.Fatalf("%+v", got)
	}
}
