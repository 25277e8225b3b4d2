// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

// What goes through a tunnel comes out whole: small and full-size packets, IPv4
// and IPv6, TCP in both directions. And the LNS has counted it.
func testTraffic(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-secret", secret: "tunnelsecret"})
	l := c.wantUp("traffic")
	c.route(l, inside)
	c.route(l, inside6)
	t.Run("ping", func(t *testing.T) { c.ping(t, l, inside, 10, 0) })
	t.Run("full MTU", func(t *testing.T) { c.ping(t, l, inside, 3, 1460) })
	t.Run("IPCP address", func(t *testing.T) { c.ping(t, l, ipcpAddress, 3, 0) })
	t.Run("IPv6 link-local", func(t *testing.T) { c.ping(t, l, l.peer6, 3, 0) })
	t.Run("IPv6 global", func(t *testing.T) {
		global := wantRouterAdvertisement(t, c, l)
		if s := n.on(t).subscriber("alice@example"); !netip.MustParsePrefix(s.Ipv6Prefix).Contains(global) {
			t.Errorf("the LNS says %s, the client has %v", s.Ipv6Prefix, global)
		}
		c.ping(t, l, inside6, 3, 0)
		c.ping(t, l, inside6, 3, 1460)
	})
	up, down := throughput(t, c), throughput(t, c, "-R")
	t.Logf("TCP: %.0f Mbit/s up, %.0f Mbit/s down (a guest is slow: no measure of the LNS)", up/1e6, down/1e6)
	// 3 s each way at 10 Mbit/s are 3.7 MB: an LNS that forwards counts more.
	if s := n.session("alice@example"); s.Data.Rx.Bytes < 3e6 || s.Data.Tx.Bytes < 3e6 || s.Data.Spoofed != 0 {
		t.Errorf("the LNS counted %+v", s.Data)
	}
	c.hangUp("ppp")
	n.wantNothingLeft()
}

// wantRouterAdvertisement waits for a global address by Router Advertisement.
func wantRouterAdvertisement(t *testing.T, c *client, l *link) netip.Addr {
	t.Helper()
	out, _ := c.run("sh", "-c", `for i in $(seq 100); do
	a=$(ip -6 -o addr show dev `+l.device+` scope global)
	[ -n "$a" ] && echo "$a" && exit
	sleep 0.1
done`)
	fields := strings.Fields(out)
	if len(fields) < 4 {
		t.Fatalf("no global IPv6 address within 10 s")
	}
	p, err := netip.ParsePrefix(fields[3])
	if err != nil || p.Bits() != 64 || !netip.MustParsePrefix("2001:db8:100::/40").Contains(p.Addr()) {
		t.Fatalf("IPv6 address %q", fields[3])
	}
	return p.Addr()
}

// throughput runs TCP through the tunnel for 3 s; it returns bit/s as received.
func throughput(t *testing.T, c *client, more ...string) float64 {
	t.Helper()
	out, ok := c.run(append([]string{"iperf3", "-J", "-t", "3", "-c", inside}, more...)...)
	var result struct {
		End struct {
			SumReceived struct {
				BitsPerSecond float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		}
	}
	if err := json.Unmarshal([]byte(out), &result); !ok || err != nil || result.End.SumReceived.BitsPerSecond < 10e6 {
		t.Errorf("iperf3 %v: %v\n%s", more, err, tail(out, 20))
	}
	return result.End.SumReceived.BitsPerSecond
}

// A subscriber cannot send as somebody else.
func testSpoofing(t *testing.T, n *lns, g *guest) {
	c := g.dial(dial{user: "alice@example", password: "wonderland", lac: "lac-open"})
	l := c.wantUp("spoofing")
	c.route(l, inside)
	c.must("ip", "addr", "add", "100.64.8.200/32", "dev", l.device)
	if out, ok := c.run("ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", "-I", "100.64.8.200", inside); ok {
		t.Errorf("an answer to a stolen address:\n%s", out)
	}
	if s := n.session("alice@example"); s.Data.Spoofed < 3 {
		t.Errorf("%d spoofed packets counted, want 3", s.Data.Spoofed)
	}
	c.hangUp("ppp")
	n.wantNothingLeft()
}
