// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"net/netip"
	"strings"
	"testing"
)

// Whatever a client can do, it gets in with: three ways to authenticate, with
// and without a tunnel secret, hidden AVPs among them.
func testLogins(t *testing.T, n *lns, g *guest) {
	fastest := 1 << 30
	for _, test := range []struct{ name, auth, lac, secret, gateway, lcp, cli string }{
		{"PAP", "pap", "lac-open", "", quick, "pap", "PAP"},
		{"CHAP", "chap", "lac-open", "", quick, "chap MD5", "CHAP"},
		{"MS-CHAPv2", "mschapv2", "lac-open", "", quick, "chap MS-v2", "MS-CHAPv2"},
		{"PAP/secret", "pap", "lac-secret", "tunnelsecret", quick, "pap", "PAP"},
		{"CHAP/secret", "chap", "lac-secret", "tunnelsecret", quick, "chap MD5", "CHAP"},
		{"MS-CHAPv2/secret", "mschapv2", "lac-secret", "tunnelsecret", quick, "chap MS-v2", "MS-CHAPv2"},
		{"any/hidden AVPs", "any", "lac-hidden", "hiddensecret", patient, "chap MS-v2", "MS-CHAPv2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := g.on(t).dial(dial{user: "alice@example", password: "wonderland", auth: test.auth, lac: test.lac, secret: test.secret, gateway: test.gateway})
			l := c.wantUp(test.name)
			if l.auth != test.lcp {
				t.Errorf("authenticated with %q, want %q", l.auth, test.lcp)
			}
			wantNetwork(t, l)
			wantPolite(t, c)
			n.on(t).wantUp(1, 1)
			s := n.on(t).subscriber("alice@example")
			if s.State != "Active" || s.Ipv4Address != l.local {
				t.Errorf("the LNS says %+v, the client %s", s, l.local)
			}
			if x := n.on(t).session("alice@example"); x.Authentication != test.cli || x.PeerName != test.lac {
				t.Errorf("the LNS says %s from %s", x.Authentication, x.PeerName)
			}
			fastest = min(fastest, c.connectTime())
			c.hangUp("ppp")
			n.on(t).wantNothingLeft()
		})
	}
	// Our first Configure-Request comes before pppd listens. It must not wait for the
	// restart timer of 3 s when the client's own shows that somebody does now. (The
	// fastest: a guest on a busy machine has slow moments of its own.)
	if fastest > 2500 {
		t.Errorf("connecting never took less than %d ms", fastest)
	}
}

// wantNetwork checks what IPCP gave.
func wantNetwork(t *testing.T, l *link) {
	t.Helper()
	pool := netip.MustParsePrefix("100.64.0.0/16")
	if a, err := netip.ParseAddr(l.local); err != nil || !pool.Contains(a) {
		t.Errorf("address %q is not of pool %v", l.local, pool)
	}
	// A client has a host route to its PPP peer. If that were the tunnel's own
	// address, the tunnel would be sent into itself.
	if l.peer != ipcpAddress {
		t.Errorf("PPP peer %s, want %s", l.peer, ipcpAddress)
	}
	if l.dns != [2]string{"198.51.100.53", "198.51.100.54"} {
		t.Errorf("DNS %v", l.dns)
	}
	if l.mtu != 1460 {
		t.Errorf("MTU %d", l.mtu)
	}
}

// wantPolite checks in pppd's log how the negotiation went.
func wantPolite(t *testing.T, c *client) {
	t.Helper()
	log := c.pppLog()
	before := func(what, mark string) bool {
		i, j := strings.Index(log, what), strings.Index(log, mark)
		return i >= 0 && (j < 0 || i < j)
	}
	// pppd asks for asyncmap 0 on L2TP too, and is not to be refused for it.
	if !strings.Contains(log, "rcvd [LCP ConfAck id=0x1 <mru 1460> <asyncmap 0x0>") {
		t.Error("the first Configure-Request, with asyncmap 0, was not acknowledged")
	}
	// pppd tests the link as soon as LCP has opened, before anybody is authenticated.
	if !before("rcvd [LCP EchoRep id=0x0", "sent [IPCP ConfReq") {
		t.Error("no answer to the Echo-Request before authentication")
	}
	// One round trip for address and both DNS servers.
	if n := strings.Count(log, "rcvd [IPCP ConfNak"); n != 1 {
		t.Errorf("%d IPCP Configure-Naks, want 1", n)
	}
	if !strings.Contains(log, "<ms-dns1 198.51.100.53> <ms-dns2 198.51.100.54>]") {
		t.Error("address and DNS were not in one Configure-Nak")
	}
}

// An address reserved for a subscriber is what he gets, also twice in a row.
func testFixedAddress(t *testing.T, n *lns, g *guest) {
	for range 2 {
		c := g.dial(dial{user: "fixed@example", password: "fixed", lac: "lac-secret", secret: "tunnelsecret"})
		if l := c.wantUp("fixed address"); l.local != "100.64.9.9" {
			t.Errorf("address %s", l.local)
		}
		c.hangUp("ppp")
		n.wantNothingLeft()
	}
}

// Who does not know the password gets no address, and is told so in the words
// of each protocol; nothing of him stays.
func testWrongPassword(t *testing.T, n *lns, g *guest) {
	for auth, words := range map[string]string{"pap": "rcvd [PAP AuthNak", "chap": "rcvd [CHAP Failure", "mschapv2": "E=691"} {
		t.Run(auth, func(t *testing.T) {
			c := g.on(t).dial(dial{user: "alice@example", password: "looking-glass", auth: auth, lac: "lac-secret", secret: "tunnelsecret"})
			if said := c.wantRefused(auth); !strings.Contains(said, words) {
				t.Errorf("the client did not see %q:\n%s", words, said)
			}
			n.on(t).wantNothingLeft()
		})
	}
}

// An unknown user is not told that he is unknown.
func testUnknownUser(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "mallory@example", password: "x", auth: "chap", lac: "lac-open"})
	if said := c.wantRefused("unknown user"); !strings.Contains(said, "rcvd [CHAP Failure") {
		t.Errorf("the client said:\n%s", said)
	}
	n.wantNothingLeft()
}

// With a wrong secret there is no tunnel. xl2tpd challenges us too, so either
// side may be the first to notice; xl2tpd says StopCCN and is silent.
func testWrongSecret(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-secret", secret: "wrong"})
	c.wantRefused("wrong secret")
	n.wantNothingLeft()
	c = g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-secret"})
	c.wantRefused("no secret")
	n.wantNothingLeft()
}

// A LAC that is not in the access profile is turned away.
func testUnknownLAC(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "stranger"})
	c.wantRefused("unknown LAC")
	n.wantNothingLeft()
}
