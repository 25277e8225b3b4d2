// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// Under a flood the acknowledgement of what tells of calls may be late, by as much
// as the owner says; HELLO, a repetition and the third message are acknowledged at
// once, and with them all before.
func TestLateAcknowledgement(t *testing.T) {
	const delay = 20 * time.Millisecond
	s := newSteady(t, &l2tp.TunnelConfig{ReceiveWindow: 16})
	icrq := func(session uint16) *wire.Message {
		m := &wire.Message{Type: wire.ICRQ, AssignedSessionID: session, CallSerialNumber: 1}
		m.Add(wire.AssignedSessionID, wire.CallSerialNumber)
		return m
	}
	hear := func(m *wire.Message, ns uint16) {
		b := wire.AppendControlHeader(nil, wire.ControlHeader{TunnelID: s.tunnel, Ns: ns, Nr: s.nr})
		b = wire.AppendMessage(b, m, wire.Hiding{})
		wire.SetLength(b)
		s.e.Handle(s.now, s.peer, s.local, b, &s.fx)
	}
	acks := func() (nrs []uint16) {
		s.e.FlushLate(s.now, delay, &s.fx)
		for i := range s.fx.List {
			if ef := &s.fx.List[i]; ef.Kind == l2tp.Send {
				h, payload, err := wire.ParseControlHeader(ef.Packet)
				if err != nil || len(payload) > 0 {
					t.Fatalf("%v, %d octets: not a ZLB", err, len(payload))
				}
				nrs = append(nrs, h.Nr)
			}
		}
		s.fx.Reset()
		return nrs
	}
	want := func(what string, nrs ...uint16) {
		t.Helper()
		got := acks()
		if len(got) != len(nrs) || len(nrs) == 1 && got[0] != nrs[0] {
			t.Errorf("%s: acknowledged %v, want %v", what, got, nrs)
		}
	}
	ns := s.ns
	acks()
	hear(icrq(100), ns)
	want("an ICRQ")
	if at := s.e.Next(); at.After(s.now.Add(delay)) || at.IsZero() {
		t.Errorf("Next is %v, want within %v", at.Sub(s.now), delay)
	}
	s.now = s.now.Add(delay / 2)
	hear(icrq(101), ns+1)
	want("two ICRQs")
	s.now = s.now.Add(delay / 2)
	want("when the time is over", ns+2)
	want("and once only")
	for i := range uint16(3) {
		hear(icrq(102+i), ns+2+i)
	}
	want("three ICRQs", ns+5)
	hear(icrq(105), ns+5)
	hear(l2tptest.Message(wire.HELLO), ns+6)
	want("an ICRQ and a HELLO", ns+7)
	hear(icrq(106), ns+7)
	want("an ICRQ again")
	hear(icrq(106), ns+7)
	want("its repetition", ns+8)
	hear(icrq(107), ns+8)
	want("the next")
	s.e.Flush(s.now, &s.fx)
	if len(s.fx.List) == 0 {
		t.Error("Flush leaves a late acknowledgement behind")
	}
	s.fx.Reset()
	s.now = s.now.Add(2 * delay)
	want("after Flush")
}
