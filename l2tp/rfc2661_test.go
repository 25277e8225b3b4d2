// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
)

// These tests read datagrams as a stranger would: nothing of package wire is
// used, so that both ends cannot share a fault with their judge.

// heard is a control message as its octets say.
type heard struct {
	from            string // lac, lns
	bits            uint16
	tunnel, session uint16
	kind            int // -1: ZLB
	avps            map[uint16][]byte
}

func hear(t *testing.T, from string, b []byte) (m heard, control bool) {
	t.Helper()
	m = heard{from: from, bits: binary.BigEndian.Uint16(b), kind: -1, avps: map[uint16][]byte{}}
	if m.bits&0x8000 == 0 {
		return m, false
	}
	if n := int(binary.BigEndian.Uint16(b[2:])); n != len(b) {
		t.Errorf("%s: Length %d in a message of %d octets", from, n, len(b))
	}
	m.tunnel, m.session = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	for b = b[12:]; len(b) > 0; {
		n := int(binary.BigEndian.Uint16(b) & 0x3ff)
		if kind := binary.BigEndian.Uint16(b[4:]); binary.BigEndian.Uint16(b[2:]) == 0 {
			m.avps[kind] = b[6:n]
		}
		b = b[n:]
	}
	if v, ok := m.avps[0]; ok {
		m.kind = int(binary.BigEndian.Uint16(v))
	}
	return m, true
}

func (m heard) u16(avp uint16) uint16 {
	if v := m.avps[avp]; len(v) >= 2 {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

// life is everything that two ends say from SCCRQ to StopCCN, with calls in both
// directions, HELLO, WEN and SLI.
func life(t *testing.T) (all []heard) {
	t.Helper()
	p := l2tptest.New(1, l2tp.Config{})
	p.LAC.Config = &l2tp.TunnelConfig{HostName: "lac", Secret: "s", Authenticate: true, BearerCapabilities: 3}
	p.LNS.Config = &l2tp.TunnelConfig{HostName: "lns", Secret: "s", Authenticate: true, BearerCapabilities: 3}
	p.Tap = func(from *l2tptest.End, _ netip.AddrPort, b []byte) {
		if m, control := hear(t, from.Name, slices.Clone(b)); control {
			all = append(all, m)
		}
	}
	id := p.Open()
	in := p.Call(id, &l2tp.Call{CallingNumber: "1", FramingType: 1})
	p.Run(2 * time.Minute)
	lnsID, _ := p.LNS.TunnelAfter(0)
	if _, err := p.LNS.OpenCall(p.Now, lnsID, &l2tp.Call{Outgoing: true, BearerType: 1, FramingType: 1, CalledNumber: "2"}, &p.LNS.FX); err != nil {
		t.Fatal(err)
	}
	p.Run(time.Second)
	up, _ := p.LNS.Last(l2tp.CallUp)
	p.LAC.SendWEN(p.Now, in, l2tp.CallErrors{CRC: 1}, &p.LAC.FX)
	p.LNS.SendSLI(p.Now, up.Element, 1, 2, &p.LNS.FX)
	p.Run(time.Second)
	p.LNS.CloseCall(p.Now, up.Element, l2tp.Result{Code: 3}, nil, &p.LNS.FX)
	p.Run(time.Second)
	p.LAC.CloseTunnel(p.Now, id, l2tp.Result{Code: 1}, &p.LAC.FX)
	p.Run(time.Minute)
	return all
}

// "This bit MUST be set to 1 for control messages" (L), the same for S; "The O bit
// MUST be set to 0", the same for P; "Ver MUST be 2"; "All reserved bits MUST be
// set to 0 on outgoing messages", RFC 2661 §3.1.
func TestRFC2661ControlHeaders(t *testing.T) {
	for _, m := range life(t) {
		if m.bits != 0xc802 {
			t.Errorf("%s sent message %d with header bits %04x", m.from, m.kind, m.bits)
		}
	}
}

// The AVPs that "MUST be present" by RFC 2661 §6, message by message.
func TestRFC2661RequiredAVPs(t *testing.T) {
	required := map[int][]uint16{
		1: {0, 2, 7, 3, 9}, 2: {0, 2, 3, 7, 9}, 3: {0}, 4: {0, 9, 1}, 6: {0},
		7: {0, 14, 15, 16, 17, 18, 19, 21}, 8: {0, 14}, 9: {0, 24, 19},
		10: {0, 14, 15}, 11: {0, 14}, 12: {0, 24, 19}, 14: {0, 1, 14}, 15: {0, 34}, 16: {0, 35},
	}
	seen := map[int]bool{}
	for _, m := range life(t) {
		seen[m.kind] = true
		for _, avp := range required[m.kind] {
			if _, ok := m.avps[avp]; !ok {
				t.Errorf("%s sent message %d without AVP %d", m.from, m.kind, avp)
			}
		}
	}
	for kind := range required {
		if !seen[kind] {
			t.Errorf("message %d was never sent: nothing is proven about it", kind)
		}
	}
}

// "The L2TP peer MUST place this value in the Tunnel ID header field of all control
// and data messages" (§4.4.3, for sessions §4.4.4); before it knows it, "messages
// MUST be sent to that peer with a Tunnel ID value of 0"; 0 "MUST NOT be used as an
// Assigned Session ID or Assigned Tunnel ID" (§5.3); "The Session ID in a HELLO
// message MUST be 0" (§6.5); the StopCCN's Assigned Tunnel ID "MUST be the same as
// the Assigned Tunnel ID AVP first sent" (§4.4.3).
func TestRFC2661IDs(t *testing.T) {
	tunnels := map[string]uint16{}           // what each end has assigned
	sessions := map[string]map[uint16]bool{} // likewise
	other := map[string]string{"lac": "lns", "lns": "lac"}
	sessions["lac"], sessions["lns"] = map[uint16]bool{}, map[uint16]bool{}
	for _, m := range life(t) {
		peer := other[m.from]
		if m.tunnel != tunnels[peer] {
			t.Errorf("%s sent message %d to tunnel %d, the peer has assigned %d", m.from, m.kind, m.tunnel, tunnels[peer])
		}
		if m.session != 0 && !sessions[peer][m.session] {
			t.Errorf("%s sent message %d to session %d, which the peer has not assigned", m.from, m.kind, m.session)
		}
		switch m.kind {
		case 1, 2, 3, 4, 6, 7, 10: // of the tunnel, or before the peer has assigned an id
			if m.session != 0 {
				t.Errorf("%s sent message %d to session %d, not 0", m.from, m.kind, m.session)
			}
		case 8, 9, 11, 12, 14, 15, 16:
			if m.session == 0 {
				t.Errorf("%s sent message %d to session 0", m.from, m.kind)
			}
		}
		if _, ok := m.avps[9]; ok {
			id := m.u16(9)
			if first := tunnels[m.from]; id == 0 || first != 0 && id != first {
				t.Errorf("%s assigns tunnel %d in message %d, at first %d", m.from, id, m.kind, first)
			}
			tunnels[m.from] = id
		}
		if _, ok := m.avps[14]; ok {
			if m.u16(14) == 0 {
				t.Errorf("%s assigns session 0 in message %d", m.from, m.kind)
			}
			sessions[m.from][m.u16(14)] = true
		}
	}
}

// Which of the proxy authentication AVPs "MUST be present" for which Proxy Authen
// Type, RFC 2661 §4.4.5; "the most significant octet MUST be 0" in the ID.
func TestRFC2661ProxyAuthentication(t *testing.T) {
	for kind, want := range map[uint16][]uint16{1: {29, 30, 33}, 2: {29, 30, 31, 32, 33}, 3: {29, 30, 32, 33}, 4: {29}, 5: {29, 30, 31, 32, 33}} {
		p := l2tptest.New(1, l2tp.Config{})
		auth := &l2tp.ProxyAuth{Type: kind, Name: "alice@example", ID: 200, Response: []byte("response")}
		if kind == 2 || kind == 5 {
			auth.Challenge = []byte("challenge")
		}
		p.LAC.Connect = &l2tp.Call{TxSpeed: 1, FramingType: 1, ProxyAuth: auth}
		var got []uint16
		p.Tap = func(from *l2tptest.End, _ netip.AddrPort, b []byte) {
			m, _ := hear(t, from.Name, b)
			if m.kind != 12 {
				return
			}
			for avp := uint16(29); avp <= 33; avp++ {
				if _, ok := m.avps[avp]; ok {
					got = append(got, avp)
				}
			}
			if id, ok := m.avps[32]; ok && (id[0] != 0 || id[1] != 200) {
				t.Errorf("type %d: Proxy Authen ID % x", kind, id)
			}
		}
		p.Call(p.Open(), &l2tp.Call{})
		p.Run(time.Second)
		if !slices.Equal(got, want) {
			t.Errorf("type %d: AVPs %v, want %v", kind, got, want)
		}
	}
}

// "If the LAC receives a data message with sequence numbers present, it MUST begin
// sending sequence numbers in future outgoing data messages", RFC 2661 §5.4, and
// the first of them, "S", is what the header then says.
func TestRFC2661LACBeginsSequencing(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.Call(p.Open(), &l2tp.Call{})
	p.Run(time.Second)
	lac, _ := p.LAC.Last(l2tp.CallUp)
	lns, _ := p.LNS.Last(l2tp.CallUp)
	sequenced := func() bool {
		b := p.LAC.AppendData(nil, lac.Element, []byte{0xff, 3, 0xc0, 0x21})
		return binary.BigEndian.Uint16(b)&0x0800 != 0
	}
	for _, on := range []bool{false, true, false, true} {
		p.LNS.SetSequencing(lns.Element, on)
		p.Inject(p.LAC, p.LNS.Addr, p.LNS.AppendData(nil, lns.Element, []byte{0xff, 3, 0xc0, 0x21}))
		p.Settle()
		if sequenced() != on {
			t.Errorf("the LNS sequences: %v, the LAC does not follow", on)
		}
	}
}
