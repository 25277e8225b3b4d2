// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// The policies of tx-address-change, for another port, another address and both,
// on control and on data.
func TestAddressChange(t *testing.T) {
	const (
		follow = "follow" // answers go to the new place
		ignore = "ignore" // let in, answers go where they went
		reject = "reject" // StopCCN
		ip     = "ip"     // the new address with the old port
		port   = "port"   // the old address with the new port
	)
	was := netip.MustParseAddrPort("192.0.2.9:4321")
	places := []netip.AddrPort{
		netip.MustParseAddrPort("192.0.2.9:5000"), netip.MustParseAddrPort("192.0.2.10:4321"), netip.MustParseAddrPort("192.0.2.10:5000"),
	}
	for policy, want := range map[l2tp.AddressChange][3]string{
		l2tp.AddressChangeAccept:          {follow, follow, follow},
		l2tp.AddressChangeIgnore:          {ignore, ignore, ignore},
		l2tp.AddressChangeIgnoreIPAddress: {follow, ignore, port},
		l2tp.AddressChangeIgnoreUDPPort:   {ignore, follow, ip},
		l2tp.AddressChangeReject:          {reject, reject, reject},
		l2tp.AddressChangeRejectIPAddress: {follow, reject, reject},
		l2tp.AddressChangeRejectUDPPort:   {reject, follow, reject},
	} {
		for i, to := range places {
			for _, data := range []bool{false, true} {
				k, id, session := newSession(t, &l2tp.TunnelConfig{AddressChange: policy})
				k.h.Addr = to
				if data {
					k.h.Data(wire.DataHeader{SessionID: session}, []byte{1})
				} else {
					k.h.Send(0, l2tptest.Message(wire.HELLO))
				}
				info, _ := k.p.LNS.Tunnel(id)
				expect := map[string]netip.AddrPort{
					follow: to, ignore: was, reject: was,
					ip: netip.AddrPortFrom(to.Addr(), was.Port()), port: netip.AddrPortFrom(was.Addr(), to.Port()),
				}[want[i]]
				state := l2tp.TunnelEstablished
				if want[i] == reject {
					state = l2tp.TunnelClosed
				}
				if info.State != state || info.Peer != expect {
					t.Fatalf("policy %d, from %v, data %v: %v to %v, want %v to %v", policy, to, data, info.State, info.Peer, state, expect)
				}
				if c := k.p.LNS.Counters(); want[i] != reject && data != (c.ReceivedData == 1) || (c.AddressChanges == 1) != (expect != was) {
					t.Fatalf("policy %d, from %v: counters %+v", policy, to, c)
				}
			}
		}
	}
}

// The owner is told where a tunnel has moved to. It follows once a second at the
// most: what comes from the other place meanwhile is let in all the same.
func TestTunnelMoved(t *testing.T) {
	k, id, session := newSession(t, &l2tp.TunnelConfig{})
	var moves []netip.AddrPort
	was, to := k.h.Addr, netip.MustParseAddrPort("192.0.2.9:5000")
	from := func(place netip.AddrPort) {
		k.h.Addr = place
		k.h.Data(wire.DataHeader{SessionID: session}, []byte{1})
	}
	from(to)
	from(was)
	from(to)
	k.p.Run(time.Second)
	from(was)
	for _, ef := range k.p.LNS.Events {
		if ef.Kind == l2tp.TunnelMoved && ef.Tunnel == id {
			moves = append(moves, ef.Peer)
		}
	}
	if !slices.Equal(moves, []netip.AddrPort{to, was}) {
		t.Errorf("moved to %v", moves)
	}
	k.wantCount("data", k.p.LNS.Counters().ReceivedData, 4)
}

// A datagram from elsewhere that does not know what comes next is nobody's: it
// moves nothing, ends nothing and is not acknowledged.
func TestForgedAddressMovesNothing(t *testing.T) {
	for _, policy := range []l2tp.AddressChange{l2tp.AddressChangeAccept, l2tp.AddressChangeReject} {
		k, id := newTunnel(t, &l2tp.TunnelConfig{AddressChange: policy})
		was := k.h.Addr
		k.h.Addr = netip.MustParseAddrPort("203.0.113.66:1701")
		sent := k.p.LNS.Sent
		for _, ns := range []uint16{k.h.Ns - 1, k.h.Ns + 1, k.h.Ns + 40000} {
			k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: ns, Nr: k.h.Nr}, k.h.StopCCN(1)))
		}
		if info, _ := k.p.LNS.Tunnel(id); info.State != l2tp.TunnelEstablished || info.Peer != was || k.p.LNS.Sent != sent {
			t.Fatalf("tunnel is %v with %v", info.State, info.Peer)
		}
		k.wantCount("from the wrong address", k.p.LNS.Counters().WrongAddress, 3)
	}
}

// "The recipient picks a free port on its own system (which may or may not be
// 1701), and sends its reply to the initiator's UDP port and address, setting its
// own source port to the free port it found", RFC 2661 §8.1.
func TestReplyFromAnotherPort(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	h := p.NewHostile("192.0.2.9:1701", 0)
	id, _ := p.LNS.OpenTunnel(p.Now, h.Addr, p.LNS.Addr, &l2tp.TunnelConfig{}, &p.LNS.FX)
	p.Settle()
	h.ID, h.Peer, h.Nr = 7, uint16(id), 1
	h.Addr = netip.MustParseAddrPort("192.0.2.9:40000")
	h.Send(0, func() *wire.Message { m := h.SCCRQ("lns"); m.Type = wire.SCCRP; return m }())
	if info, _ := p.LNS.Tunnel(id); info.State != l2tp.TunnelEstablished || info.Peer != h.Addr {
		t.Fatalf("%v with %v", info.State, info.Peer)
	}
	if _, ok := h.LastOf(wire.SCCCN); !ok {
		t.Fatal("the SCCCN did not go to the new port")
	}
}

// IPv6 below the tunnel is just another address.
func TestIPv6Underlay(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.LAC.Addr, p.LNS.Addr = netip.MustParseAddrPort("[2001:db8::1]:1701"), netip.MustParseAddrPort("[2001:db8::2]:1701")
	p.Call(p.Open(), &l2tp.Call{})
	p.Run(1e9)
	if p.LNS.Counters().SessionsUp != 1 {
		t.Fatal("no session")
	}
}
