// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// The whole life of a subscriber, with each method: authenticated, addressed,
// in the plane, shown, and cleanly gone.
func TestLogInAndHangUp(t *testing.T) {
	for _, shards := range []int{1, 4} {
		for _, method := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
			t.Run(fmt.Sprintf("%d shards method %d", shards, method), func(t *testing.T) {
				w := newWorld(t, testConfig(), shards)
				l := w.lac(0)
				id := l.tunnel()
				m := l.login(id, "user1@example", method)

				n := m.link.Network()
				if !netip.MustParsePrefix("100.64.0.0/20").Contains(n.LocalIPv4) || n.PeerIPv4 != netip.MustParseAddr("198.51.100.1") {
					t.Errorf("addresses %v and %v", n.LocalIPv4, n.PeerIPv4)
				}
				if n.DNS != w.cfg.terms().PPP.DNS {
					t.Errorf("DNS %v", n.DNS)
				}
				rows := w.request(Request{Kind: ShowSubscribers}).Subscribers
				if len(rows) != 1 || rows[0].State != StateActive || rows[0].User != "user1@example" || rows[0].IPv4 != n.LocalIPv4 ||
					rows[0].Calling != "tel-user1@example" || rows[0].PeerName != "lac0" || rows[0].Interface == "" {
					t.Fatalf("rows %+v", rows)
				}
				if len(w.plane) != 1 {
					t.Fatalf("plane %v", w.plane)
				}
				for _, f := range w.plane {
					if f.IPv4 != n.LocalIPv4 || f.IPv6 != rows[0].IPv6 || f.Peer != l.addr || f.Local != gateway || f.MTU == 0 {
						t.Errorf("installed %+v", f)
					}
				}
				if len(m.ip) == 0 || m.ip[0][40] != 134 {
					t.Error("no Router Advertisement came")
				}

				var fx ppp.Effects
				m.link.Close(w.now, "user request", &fx)
				l.pppEffects(m, &fx)
				w.until("hang-up", func() bool { return m.gone })
				w.advance(5 * time.Second)
				w.wantClean()
				if c := w.engines[0].Counters(); shards == 1 && (c.SessionsUp != 1 || c.AuthAccepted != 1 || c.Ended[CausePeerTerminated] != 1) {
					t.Errorf("counters %+v", c)
				}
				if w.logs[event.SessionUp] != 1 || w.logs[event.SessionDown] != 1 {
					t.Errorf("log %v", w.logs)
				}
			})
		}
	}
}

// A wrong password and an unknown name are refused alike, and the LAC is told
// why (RFC 3145 §3.3).
func TestDenied(t *testing.T) {
	for _, method := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
		for _, name := range []string{"user1@example", "nobody@example"} {
			w := newWorld(t, testConfig(), 1)
			l := w.lac(0)
			m := l.dial(l.tunnel(), name, "wrong", method)
			w.until("refusal", func() bool { return m.gone })
			if m.up4 || !errors.Is(m.down, ppp.ErrAuthFailed) && m.down != nil {
				t.Errorf("method %d: up %v, down %v", method, m.up4, m.down)
			}
			if m.cause == nil || m.cause.Code != 16 {
				t.Errorf("method %d: disconnect cause %+v", method, m.cause)
			}
			c := w.engines[0].Counters()
			if c.AuthRejected != 1 || c.Ended[CauseAuthDenied] != 1 || (c.AuthUnknownUser == 1) != (name == "nobody@example") {
				t.Errorf("counters %+v", c)
			}
			w.wantClean()
		}
	}
}

// authentication-order none lets everybody in, but not by MS-CHAPv2, where the
// LNS must prove that it knows the password.
func TestOrderNone(t *testing.T) {
	for method, want := range map[ppp.AuthMethod]bool{ppp.PAP: true, ppp.CHAP: true, ppp.MSCHAPv2: false} {
		cfg := testConfig()
		cfg.terms().AAA.Order = []AuthSource{AuthPassword, AuthNone}
		w := newWorld(t, cfg, 1)
		l := w.lac(0)
		m := l.dial(l.tunnel(), "nobody@example", "whatever", method)
		w.until("verdict", func() bool { return m.up4 || m.gone })
		if m.up4 != want {
			t.Errorf("method %d: up %v", method, m.up4)
		}
	}
	// A name that the first source knows is judged there for good.
	cfg := testConfig()
	cfg.terms().AAA.Order = []AuthSource{AuthPassword, AuthNone}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := l.dial(l.tunnel(), "user1@example", "wrong")
	w.until("verdict", func() bool { return m.up4 || m.gone })
	if m.up4 {
		t.Error("a known subscriber got in with a wrong password")
	}
}

func TestNoAuthentication(t *testing.T) {
	cfg := testConfig()
	cfg.terms().PPP.Link.Auth = nil
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "")
	w.request(Request{Kind: ClearSessions})
	w.until("clear", func() bool { return m.gone })
	w.wantClean()
}

func TestUserNameStripping(t *testing.T) {
	for _, c := range []struct {
		profile    AAAProfile
		name, want string
	}{
		{AAAProfile{}, "a@b@c", "a@b@c"},
		{AAAProfile{StripUserName: true, StripDelimiters: "@"}, "a@b@c", "a"},
		{AAAProfile{StripUserName: true, StripDelimiters: "@", StripFromRight: true}, "a@b@c", "a@b"},
		{AAAProfile{StripUserName: true, StripDelimiters: "@"}, "a", "a"},
	} {
		if got := c.profile.userName(c.name); got != c.want {
			t.Errorf("%+v: %s becomes %s", c.profile, c.name, got)
		}
	}
}

// A renegotiated link asks for the password again and keeps its address; it may
// not change hands.
func TestRenegotiationKeepsTheAddress(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	before := m.link.Network().LocalIPv4
	again := func(name string) {
		m.link.Abort(w.now)
		m.link.Init(&ppp.Config{
			Role: ppp.Peer, Rand: w.engines[0].rand, Auth: []ppp.AuthMethod{ppp.CHAP}, IPCP: true, IPV6CP: true,
		}, &ppp.Credentials{Name: name, Password: "pw"})
		m.up4, m.up6 = false, false
		var fx ppp.Effects
		m.link.Open(w.now, &fx)
		l.pppEffects(m, &fx)
	}
	again("user1@example")
	w.until("second log-in", func() bool { return m.up4 && m.up6 })
	if after := m.link.Network().LocalIPv4; after != before {
		t.Errorf("%v became %v", before, after)
	}
	if len(w.plane) != 1 {
		t.Errorf("plane %v", w.plane)
	}
	again("user2@example")
	w.until("refusal", func() bool { return m.gone })
	w.wantClean()
}

// A modem that says nothing any more is found by the keepalive.
func TestKeepalive(t *testing.T) {
	cfg := testConfig()
	cfg.terms().PPP.Link.EchoInterval, cfg.terms().PPP.Link.EchoMax = 10*time.Second, 3
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	m := l.login(id, "user1@example")
	w.advance(2 * time.Minute)
	if m.gone {
		t.Fatal("a living session was given up")
	}
	row := w.request(Request{Kind: ShowSessions}).Sessions[0]
	if row.EchoTx < 11 || row.EchoRx < 11 {
		t.Errorf("echo sent %d received %d in two minutes", row.EchoTx, row.EchoRx)
	}
	other := l.login(id, "user2@example") // keeps the tunnel heard
	m.silent = true
	w.advance(25 * time.Second)
	if m.gone {
		t.Fatal("given up too early")
	}
	w.advance(25 * time.Second)
	if !m.gone || w.engines[0].Counters().Ended[CauseKeepalive] != 1 {
		t.Fatal("a dead session is kept")
	}
	// Alone in its tunnel, a dead session is told from a dead path by the next HELLO.
	other.silent = true
	w.advance(90 * time.Second)
	if !other.gone || len(l.up) != 1 {
		t.Fatal("a dead session is kept in a tunnel that lives")
	}
	w.wantClean()
}

// While the path of a whole tunnel is silent no keepalive tears its sessions
// down: after an outage shorter than the tunnel's patience all go on.
func TestOutageSparesSessions(t *testing.T) {
	cfg := testConfig()
	cfg.terms().PPP.Link.EchoInterval, cfg.terms().PPP.Link.EchoMax = 10*time.Second, 3
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	id := l.tunnel()
	for i := range 4 {
		m := l.login(id, fmt.Sprintf("user%d@example", i))
		m.patient = true
	}
	w.lose = func(*packet.Datagram) bool { return true }
	w.advance(55 * time.Second)
	w.lose = nil
	w.advance(3 * time.Minute)
	e := w.engines[0]
	if e.states[StateActive] != 4 || len(l.up) != 1 || e.counters.KeepaliveSpared == 0 {
		t.Errorf("%d sessions are left, %d tunnels, spared %d times", e.states[StateActive], len(l.up), e.counters.KeepaliveSpared)
	}
	// One that is dead in a living tunnel is still found.
	l.sorted()[0].silent = true
	w.advance(time.Minute)
	if e.states[StateActive] != 3 || e.counters.Ended[CauseKeepalive] != 1 {
		t.Errorf("%d sessions are left", e.states[StateActive])
	}
	// And a tunnel that never comes back takes its sessions with it.
	w.lose = func(*packet.Datagram) bool { return true }
	w.advance(3 * time.Minute)
	w.wantClean()
}

func TestSessionTimeout(t *testing.T) {
	cfg := testConfig()
	cfg.terms().AAA.ClientSessionTimeout = 10 * time.Minute
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	w.advance(9*time.Minute + 50*time.Second)
	if m.gone {
		t.Fatal("too early")
	}
	w.advance(20 * time.Second)
	if !m.gone || w.engines[0].Counters().Ended[CauseSessionTimeout] != 1 {
		t.Fatal("the session outlives its timeout")
	}
	w.wantClean()
}

// A session without traffic is ended; one with traffic is not.
func TestIdleTimeout(t *testing.T) {
	cfg := testConfig()
	cfg.terms().PPP.IdleTimeout = 10 * time.Minute
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	for i := range 30 {
		w.traffic[uint32(w.request(Request{Kind: ShowSessions}).Sessions[0].Element)] = forward.Counters{DownPackets: uint64(i)}
		w.advance(time.Minute)
	}
	if m.gone {
		t.Fatal("a busy session was ended")
	}
	w.advance(9 * time.Minute)
	if m.gone {
		t.Fatal("too early")
	}
	w.advance(5 * time.Minute)
	if !m.gone || w.engines[0].Counters().Ended[CauseIdleTimeout] != 1 {
		t.Fatal("an idle session is kept")
	}
	w.wantClean()
}

// What the LAC negotiated is used when acceptable, and not when configured
// otherwise.
func TestProxy(t *testing.T) {
	sent := []byte{1, 4, 0x05, 0xd4, 3, 5, 0xc2, 0x23, 5, 5, 6, 1, 2, 3, 4} // MRU 1492, CHAP MD5, magic
	received := []byte{1, 4, 0x05, 0xd4, 5, 6, 9, 8, 7, 6}
	offer := ppp.AuthOffer{Method: ppp.CHAP, Name: "user1@example", ID: 7, Challenge: []byte("0123456789abcdef")}
	response := chapResponse(7, "pw", offer.Challenge)
	for _, c := range []struct {
		name                  string
		change                func(*Client)
		accepted, auth, fresh uint64
	}{
		{"used", func(*Client) {}, 1, 1, 0},
		{"lcp-renegotiation", func(c *Client) { c.LCPRenegotiation = true }, 0, 0, 1},
		{"local-chap", func(c *Client) { c.LocalCHAP = true }, 1, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := testConfig()
			c.change(cfg.terms().Client)
			w := newWorld(t, cfg, 1)
			l := w.lac(0)
			l.proxy = &l2tp.Call{
				TxSpeed: 1e6, FramingType: 1,
				ProxyLCP:  &l2tp.ProxyLCP{InitialReceived: received, LastSent: sent, LastReceived: received},
				ProxyAuth: &l2tp.ProxyAuth{Type: 2, Name: offer.Name, Challenge: offer.Challenge, ID: 7, Response: response},
			}
			l.quiet = c.auth == 1 // the modem has done its LCP and its CHAP with the LAC
			m := l.dial(l.tunnel(), "user1@example", "pw")
			w.advance(10 * time.Second)
			ct := w.engines[0].Counters()
			if ct.ProxyLCPAccepted != c.accepted || ct.ProxyAuthUsed != c.auth {
				t.Errorf("accepted %d, authentication used %d", ct.ProxyLCPAccepted, ct.ProxyAuthUsed)
			}
			if c.auth == 1 {
				if ct.AuthAccepted != 1 {
					t.Errorf("what the LAC collected was not accepted: %+v", ct)
				}
				if row := w.request(Request{Kind: ShowSessions}).Sessions[0]; row.Authentication != "Proxy CHAP" || row.User != offer.Name {
					t.Errorf("row %+v", row)
				}
			}
			if c.name == "lcp-renegotiation" && !m.up4 {
				t.Error("the renegotiated link did not come up")
			}
		})
	}
}

// What real clients ask of our link-local address is answered, and nothing of it
// reaches the plane.
func TestLinkLocal(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	w.advance(time.Minute)
	m.ip = nil
	own := netip.AddrFrom16([16]byte{0xfe, 0x80, 15: 9})
	ours := netip.AddrFrom16([16]byte{0xfe, 0x80, 15: 1})
	l.send(m, icmpv6(own, netip.MustParseAddr("ff02::2"), 133, []byte{0, 0, 0, 0}))
	l.send(m, icmpv6(own, ours, 128, []byte{0, 1, 0, 1, 'x'}))
	l.send(m, icmpv6(own, netip.MustParseAddr("ff02::16"), 143, []byte{0, 0, 0, 0}))
	w.run()
	if len(m.ip) != 2 || m.ip[0][40] != 134 || m.ip[1][40] != 129 || !bytes.HasSuffix(m.ip[1], []byte{0, 1, 0, 1, 'x'}) {
		t.Fatalf("answers %x", m.ip)
	}
	c := w.engines[0].Counters()
	if c.RouterSolicitations != 1 || c.LinkLocalEchoes != 1 || c.LinkLocalDropped != 1 || len(w.inject) != 0 {
		t.Errorf("counters %+v, injected %d", c, len(w.inject))
	}
}

// Sequenced sessions go through the shard, both ways.
func TestSequencedData(t *testing.T) {
	cfg := testConfig()
	cfg.terms().Tunnel.Sequencing = true
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	for _, f := range w.plane {
		if !f.Sequenced {
			t.Error("the plane is not told")
		}
	}
	ip := append([]byte{0x45}, make([]byte, 27)...)
	l.send(m, append([]byte{0xff, 3, 0, 0x21}, ip...))
	w.run()
	if len(w.inject) != 1 || !bytes.Equal(w.inject[0], ip) {
		t.Fatalf("injected %x", w.inject)
	}
	m.ip = nil
	e := w.engines[0]
	var element uint32
	for _, f := range w.plane {
		element = f.Element
	}
	e.Outbound(w.now, element, ip, w.fx[0])
	w.carry(0)
	if len(m.ip) != 1 || !bytes.Equal(m.ip[0], ip) {
		t.Fatalf("came down as %x", m.ip)
	}
	e.Outbound(w.now, 9999, ip, w.fx[0])
	if e.counters.OutboundUnknown != 1 {
		t.Error("a packet for nobody is not counted")
	}
}

// An echo in a live session, as a modem sends it every ten seconds, costs no
// allocation anywhere in the engine.
func TestEchoAllocatesNothing(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	w.advance(time.Minute)
	var magic [4]byte
	frame := append([]byte{0xff, 3, 0xc0, 0x21, 9, 1, 0, 8}, magic[:]...)
	d := []packet.Datagram{{Data: l.ep.AppendData(nil, m.el, frame), Peer: l.addr, Local: gateway}}
	e, fx := w.engines[0], w.fx[0]
	if n := testing.AllocsPerRun(200, func() {
		e.Packets(w.now, d, fx)
		if len(fx.Transmit) != 1 {
			t.Fatal("no reply")
		}
		fx.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func icmpv6(from, to netip.Addr, kind byte, body []byte) []byte {
	b := []byte{0xff, 3, 0, 0x57, 0x60, 0, 0, 0, 0, byte(4 + len(body)), 58, 255}
	f, d := from.As16(), to.As16()
	b = append(append(b, f[:]...), d[:]...)
	at := len(b)
	b = append(append(b, kind, 0, 0, 0), body...)
	sum := uint32(58) + uint32(4+len(body))
	add := func(x []byte) {
		for i := 0; i+1 < len(x); i += 2 {
			sum += uint32(binary.BigEndian.Uint16(x[i:]))
		}
		if len(x)%2 == 1 {
			sum += uint32(x[len(x)-1]) << 8
		}
	}
	add(f[:])
	add(d[:])
	add(b[at:])
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[at+2:], ^uint16(sum))
	return b
}
