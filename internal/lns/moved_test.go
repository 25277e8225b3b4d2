// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/packet"
	"holdfast/l2tp"
)

// The plane follows a LAC whose address translator has chosen another port: every
// session of the tunnel, and none of another.
func TestTunnelMoved(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l, other := w.lac(0), w.lac(1)
	id := l.tunnel()
	m := l.login(id, "user1@example")
	l.login(id, "user2@example")
	other.login(other.tunnel(), "user3@example")
	was := l.addr
	l.addr = netip.AddrPortFrom(was.Addr(), 40001)
	l.send(m, []byte{0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0}) // an LCP Echo-Request
	w.run()
	at := make(map[netip.AddrPort]int)
	for _, f := range w.plane {
		at[f.Peer]++
	}
	if at[l.addr] != 2 || at[was] != 0 || at[other.addr] != 1 {
		t.Errorf("the plane has sessions at %v", at)
	}
	if w.logs[event.PeerAddressChanged] != 1 {
		t.Errorf("log %v", w.logs)
	}
}

// A tunnel that ends has the event of its end.
func TestTunnelDownEvents(t *testing.T) {
	cfg := testConfig()
	cfg.HalfOpenPeerMax = 1
	cfg.terms().Tunnel.AddressChange = l2tp.AddressChangeReject
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	l.addr = netip.AddrPortFrom(l.addr.Addr(), 40001)
	l.send(m, []byte{0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0})
	w.run()
	if w.logs[event.PeerAddressChangeRejected] != 1 {
		t.Errorf("rejected: log %v", w.logs)
	}

	deaf := w.lac(1)
	w.lose = func(d *packet.Datagram) bool { return d.At.IsZero() } // what the LNS sends
	deaf.open(&l2tp.TunnelConfig{HostName: deaf.name})
	w.run()
	w.advance(300 * time.Millisecond)
	deaf.open(&l2tp.TunnelConfig{HostName: deaf.name})
	w.run()
	if w.logs[event.HalfOpenEvicted] != 1 {
		t.Errorf("evicted: log %v", w.logs)
	}
}
