// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// frames collects the first octet of each frame the LNS is given.
func (k *talk) frames() *[]byte {
	got := new([]byte)
	k.p.LNS.OnData = func(f l2tp.Effect) { *got = append(*got, f.Packet[0]) }
	return got
}

// Data may overtake the ICCN, and outlive the CDN: it is counted and harms nobody.
// The first frame that was early is handed over with the call, others are dropped.
func TestDataAtTheWrongTime(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	got := k.frames()
	k.h.Send(0, l2tptest.ICRQ(5))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	k.h.Data(wire.DataHeader{SessionID: session}, []byte{1})
	k.h.Data(wire.DataHeader{SessionID: session}, []byte{9})
	k.wantCount("early data", k.p.LNS.Counters().EarlyData, 2)
	k.h.Send(session, l2tptest.ICCN())
	k.wantSession("ICCN after data", id, session, l2tp.SessionEstablished)
	k.h.Data(wire.DataHeader{SessionID: session}, []byte{2})
	k.h.Send(session, l2tptest.CDN(5, 1))
	before := k.p.LNS.Sent
	k.h.Data(wire.DataHeader{SessionID: session}, []byte{3})
	k.h.Data(wire.DataHeader{SessionID: session + 1}, []byte{4})
	k.wantCount("data of no session", k.p.LNS.Counters().UnknownSession, 2)
	if k.p.LNS.Sent != before || !bytes.Equal(*got, []byte{1, 2}) {
		t.Fatalf("frames %v, %d answers", *got, k.p.LNS.Sent-before)
	}
}

// All 16 forms of the header, and what is cut short.
func TestEveryDataHeader(t *testing.T) {
	k, _, session := newSession(t, &l2tp.TunnelConfig{})
	got := k.frames()
	for form := range byte(16) {
		h := wire.DataHeader{
			SessionID: session, HasLength: form&1 != 0, Sequenced: form&2 != 0, HasOffset: form&4 != 0, Priority: form&8 != 0,
			Ns: uint16(form), OffsetSize: uint16(form&4) * 3,
		}
		k.h.Data(h, []byte{form, 0xff})
	}
	if len(*got) != 16 {
		t.Fatalf("frames %v", *got)
	}
	k.h.Raw([]byte{0, 2, 0})
	k.h.Raw([]byte{0x40, 2, 0, 99, 0, 1, 0, 1})
	k.h.Raw([]byte{0, 1, 0, 1, 0, 1}) // L2F
	k.h.Raw(nil)
	k.wantCount("bad headers", k.p.LNS.Counters().BadHeader, 4)
}

// "If this AVP is present during session setup, sequence numbers MUST be present at
// all times", RFC 2661 §5.4; what comes late is taken, what comes twice is not.
func TestSequencingRequired(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	got := k.frames()
	k.h.Send(0, l2tptest.ICRQ(5))
	session := k.want("ICRQ", wire.ICRP).Message.AssignedSessionID
	iccn := l2tptest.ICCN()
	iccn.Add(wire.SequencingRequired)
	k.h.Send(session, iccn)
	if !k.wantSession("", id, session, l2tp.SessionEstablished).Sequencing {
		t.Fatal("not sequenced")
	}
	for _, ns := range []uint16{0, 1, 3, 2, 3, 4, 65535, 5} {
		k.h.Data(wire.DataHeader{SessionID: session, Sequenced: true, Ns: ns}, []byte{byte(ns)})
	}
	if diff := cmp.Diff([]byte{0, 1, 3, 2, 4, 5}, *got); diff != "" {
		t.Fatal(diff)
	}
	k.wantCount("late", k.p.LNS.Counters().LateData, 2)
	k.h.Data(wire.DataHeader{SessionID: session}, []byte{9})
	k.wantCount("without Ns", k.p.LNS.Counters().MissingSequence, 1)
	el, _ := k.p.LNS.Lookup(id, l2tp.SessionID(session))
	for want := range uint16(3) {
		h, frame, err := wire.ParseDataHeader(k.p.LNS.AppendData(nil, el, []byte{7}))
		if err != nil || !h.Sequenced || h.Ns != want || h.TunnelID != k.h.ID || h.SessionID != 5 || !bytes.Equal(frame, []byte{7}) {
			t.Fatalf("sent %+v %v, want Ns %d", h, frame, want)
		}
	}
	k.p.LNS.SetSequencing(el, false)
	if _, _, _, _, sequenced, ok := k.p.LNS.DataHeader(el); !ok || !sequenced {
		t.Fatal("what the LAC requires was switched off")
	}
}

// A frame that others have overtaken is taken once, whatever the order, up to 31
// messages after it should have come. "Two copies" is the whole list sent again.
func TestSequencedDataOvertaken(t *testing.T) {
	for name, test := range map[string]struct{ sent, want []uint16 }{
		"pairs":         {[]uint16{1, 0, 3, 2}, []uint16{1, 0, 3, 2}},
		"backwards":     {[]uint16{3, 2, 1, 0, 4}, []uint16{3, 2, 1, 0, 4}},
		"two copies":    {[]uint16{0, 2, 1, 0, 2, 1}, []uint16{0, 2, 1}},
		"just in time":  {[]uint16{0, 32, 1}, []uint16{0, 32, 1}},
		"too late":      {[]uint16{0, 33, 1, 2}, []uint16{0, 33, 2}},
		"far ahead":     {[]uint16{0, 20000, 19999, 19000}, []uint16{0, 20000, 19999}},
		"round the end": {[]uint16{30000, 60000, 65535, 1, 0, 65534, 0}, []uint16{30000, 60000, 65535, 1, 0, 65534}},
	} {
		k, _, session := newSession(t, &l2tp.TunnelConfig{})
		got := k.frames()
		var want []byte
		for _, ns := range test.want {
			want = append(want, byte(ns))
		}
		for _, ns := range test.sent {
			k.h.Data(wire.DataHeader{SessionID: session, Sequenced: true, Ns: ns}, []byte{byte(ns)})
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A peer that begins to count anew is believed after a few messages in a row.
func TestSequenceStartsAnew(t *testing.T) {
	k, _, session := newSession(t, &l2tp.TunnelConfig{})
	got := k.frames()
	for _, ns := range []uint16{5000, 5001, 0, 1, 2, 3, 4, 5} {
		k.h.Data(wire.DataHeader{SessionID: session, Sequenced: true, Ns: ns}, []byte{byte(ns)})
	}
	if diff := cmp.Diff([]byte{0x88, 0x89, 4, 5}, *got); diff != "" {
		t.Fatal(diff)
	}
}

// "The LNS controls enabling and disabling of sequence numbers (...) if the LAC
// receives a data message without sequence numbers present, it MUST stop sending
// sequence numbers (...). If the LNS enables sequencing after disabling it earlier
// in the session, the sequence number state picks up where it left off before",
// RFC 2661 §5.4.
func TestLNSControlsSequencing(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.LNS.Config = &l2tp.TunnelConfig{Sequencing: true}
	p.Call(p.Open(), &l2tp.Call{})
	p.Run(time.Second)
	up, _ := p.LAC.Last(l2tp.CallUp)
	lac := up.Element
	up, _ = p.LNS.Last(l2tp.CallUp)
	lns := up.Element
	p.LAC.SetSequencing(lac, true) // not a LAC's to say
	exchange := func(why string, sequenced bool, ns uint16) {
		t.Helper()
		b := p.LNS.AppendData(nil, lns, []byte{1})
		h, _, _ := wire.ParseDataHeader(b)
		if h.Sequenced != sequenced || sequenced && h.Ns != ns {
			t.Fatalf("%s: the LNS sends %+v", why, h)
		}
		p.Inject(p.LAC, p.LNS.Addr, b)
		h, _, _ = wire.ParseDataHeader(p.LAC.AppendData(nil, lac, []byte{1}))
		if h.Sequenced != sequenced {
			t.Fatalf("%s: the LAC does not follow", why)
		}
	}
	if h, _, _ := wire.ParseDataHeader(p.LAC.AppendData(nil, lac, []byte{1})); h.Sequenced {
		t.Fatal("the LAC begins by itself")
	}
	exchange("by configuration", true, 0)
	exchange("by configuration", true, 1)
	p.LNS.SetSequencing(lns, false)
	exchange("switched off", false, 0)
	p.LNS.SetSequencing(lns, true)
	exchange("picks up", true, 2)
	if p.LAC.Frames != 4 {
		t.Fatalf("%d frames", p.LAC.Frames)
	}
}

// Data headers as the plane needs them.
func TestDataHeader(t *testing.T) {
	k, id, session := newSession(t, &l2tp.TunnelConfig{})
	el, _ := k.p.LNS.Lookup(id, l2tp.SessionID(session))
	peer, local, pt, ps, sequenced, ok := k.p.LNS.DataHeader(el)
	if !ok || peer != k.h.Addr || local != k.p.LNS.Addr || pt != 7 || ps != 5 || sequenced {
		t.Fatal(peer, local, pt, ps, sequenced, ok)
	}
	k.h.Send(session, l2tptest.CDN(5, 1))
	if _, _, _, _, _, ok := k.p.LNS.DataHeader(el); ok {
		t.Fatal("a session that has ended has a header")
	}
}
