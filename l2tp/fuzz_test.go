// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"encoding/binary"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// FuzzHandle speaks for a peer that has a tunnel and two calls. The input is cut
// into pieces; each is a datagram, or the AVPs of a message that is in order, or
// time that passes. Whatever is said, nothing panics, the books are right, and an
// hour after the last word nothing is left.
func FuzzHandle(f *testing.F) {
	h := &l2tptest.Hostile{ID: 7}
	piece := func(kind byte, session byte, m *wire.Message) []byte {
		b := wire.AppendMessage(nil, m, wire.Hiding{})
		return append([]byte{kind, session, byte(len(b))}, b...)
	}
	for _, m := range []*wire.Message{
		h.SCCRQ("x"), h.StopCCN(1), l2tptest.ICRQ(9), l2tptest.ICRQ(5), l2tptest.ICCN(), l2tptest.CDN(5, 1), l2tptest.Message(wire.HELLO),
		l2tptest.Message(wire.SLI), l2tptest.Message(wire.WEN), l2tptest.Message(wire.CSURQ), l2tptest.Message(wire.OCRQ),
	} {
		f.Add(piece(1, 1, m))
		f.Add(append(piece(1, 0, m), piece(1, 2, m)...))
		f.Add(append(append([]byte{3, 200, 0}, piece(1, 0, m)...), piece(2, 1, m)...))
	}
	f.Add([]byte{0, 0, 12, 0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p := l2tptest.New(1, l2tp.Config{HalfOpenMax: 16, SessionMax: 8})
		p.LNS.Config = &l2tp.TunnelConfig{Secret: "example", BearerCapabilities: 3, ReceiveWindow: 8}
		h := p.NewHostile("192.0.2.9:1701", 7)
		h.Establish("lac")
		sessions := [4]uint16{0, h.Dial(5), h.Dial(6), 12345}
		for len(b) >= 3 {
			kind, arg, n := b[0], b[1], min(int(b[2]), len(b)-3)
			body := b[3 : 3+n]
			b = b[3+n:]
			header := wire.ControlHeader{TunnelID: h.Peer, SessionID: sessions[arg%4], Ns: h.Ns, Nr: h.Nr}
			switch kind % 5 {
			case 0:
				h.Raw(body)
			case 1:
				h.Ns++
				h.Raw(control(header, body))
			case 2: // early, late, from elsewhere
				header.Ns += uint16(int8(arg))
				h.Raw(control(header, body))
			case 3:
				p.Run(time.Duration(arg) * 500 * time.Millisecond)
			case 4:
				h.Data(wire.DataHeader{SessionID: sessions[arg%4], Sequenced: arg&4 != 0, Ns: uint16(arg)}, body)
			}
			for id, ok := p.LNS.TunnelAfter(0); ok; id, ok = p.LNS.TunnelAfter(id) {
				if info, ok := p.LNS.Tunnel(id); !ok || info.LocalTunnelID != id {
					t.Fatalf("tunnel %d is %+v", id, info)
				}
			}
		}
		p.Run(time.Hour)
		wantGone(t, "an hour after the last word", p.LNS)
	})
}

func control(h wire.ControlHeader, body []byte) []byte {
	b := append(wire.AppendControlHeader(nil, h), body...)
	wire.SetLength(b)
	return b
}

// FuzzPeek: a glance never sees what is not there.
func FuzzPeek(f *testing.F) {
	f.Add(l2tptest.Bytes(wire.ControlHeader{}, (&l2tptest.Hostile{ID: 7}).SCCRQ("x")))
	f.Add(l2tptest.Bytes(wire.ControlHeader{TunnelID: 3, SessionID: 4}, nil))
	f.Add([]byte{0, 2, 0, 1, 0, 2, 0xff, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, ok := l2tp.Peek(b)
		if !ok || g.AssignedTunnelID == 0 {
			return
		}
		if !g.Control || g.TunnelID != 0 || binary.BigEndian.Uint16(b[4:]) != 0 {
			t.Fatalf("%+v of %x", g, b)
		}
	})
}
