// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"strings"
	"testing"
	"time"
)

// A link that carries nothing stays up: our HELLO finds the LAC alive, and
// pppd's echo finds us. The LAC of this test gets no echo from us and sends
// none, so nothing but HELLO is on the wire.
func testQuiet(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-silent", options: []string{"lcp-echo-interval 0", "noipv6"}})
	l := c.wantUp("quiet")
	before := n.tunnel("lac-silent")
	c.pause(14) // three intervals of 4 s and some
	after := n.tunnel("lac-silent")
	if hellos := after.ControlTx.Packets - before.ControlTx.Packets; hellos < 3 || after.Retransmissions != before.Retransmissions {
		t.Errorf("%d HELLOs in 14 s at an interval of 4 s, retransmissions %d", hellos, after.Retransmissions)
	}
	c.ping(t, l, ipcpAddress, 2, 0)
	c.hangUp("ppp")
	n.wantNothingLeft()
}

// Echo in both directions keeps a link, and HELLO need not be sent.
func testEcho(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-secret", secret: "tunnelsecret", gateway: patient})
	l := c.wantUp("echo")
	c.pause(32)
	if s := n.session("alice@example"); s.EchoRx < 3 || s.EchoTx < 2 {
		t.Errorf("in 32 s the LNS has seen %d Echo-Requests and sent %d", s.EchoRx, s.EchoTx)
	}
	if !strings.Contains(c.pppLog(), "rcvd [LCP EchoRep id=0x0") {
		t.Error("pppd has seen no Echo-Reply")
	}
	c.ping(t, l, ipcpAddress, 2, 0)
	c.hangUp("ppp")
	n.wantNothingLeft()
}

// xl2tpd hung up by itself: StopCCN first, and pppd's Terminate-Requests go into
// a session that is no more.
func testHangUpByTunnel(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-open"})
	c.wantUp("hang-up by tunnel")
	c.hangUp("l2tp")
	n.wantNothingLeft()
}

// A client that is killed says nothing. Dialled again from the same address and
// port it is a new tunnel with a new Assigned Tunnel ID, answered at once while
// the old one still stands; the old one goes when HELLO is not answered.
func testVanish(t *testing.T, n *lns, g *guest) {
	d := dial{user: "alice@example", password: "wonderland", lac: "lac-secret", secret: "tunnelsecret"}
	c := g.dial(d)
	c.wantUp("before it vanishes")
	c.hangUp("vanish")
	c = g.dial(d)
	l := c.wantUp("after it vanished")
	if c.connectTime() > 8000 {
		t.Errorf("connecting anew took %d ms: its SCCRQ was not answered at once", c.connectTime())
	}
	c.ping(t, l, ipcpAddress, 2, 0)
	c.hangUp("ppp")
	n.wantNothingLeftWithin(70 * time.Second) // 4 s of silence, and 1+2+4+8+16+16 s of retransmissions
}

// xl2tpd redials by itself only if our acknowledgement of its CDN carries the
// session's id (docs/adr/0009).
func testRedial(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-secret", secret: "tunnelsecret", redial: true})
	first := c.wantUp("redial")
	c.endPPP()
	if !c.waitGone(12, c.state("up")) {
		t.Fatal("the link is still up")
	}
	again := c.wantUp("redialled")
	t.Logf("%s, then %s", first.local, again.local)
	c.hangUp("ppp")
	n.wantNothingLeft()
}

// An operator hangs up: the client sees a terminated link, and nothing is left.
func testClear(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-open"})
	c.wantUp("clear")
	n.command("clear", "services", "l2tp", "session", "user", "alice@example")
	if !c.waitGone(12, c.state("up")) {
		t.Error("the client still has its link")
	}
	c.kill()
	n.wantNothingLeft()
}
