// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/api/holdfastv1"
	"holdfast/ppp"
)

// granted is a subscriber who has logged in with an attribute.
type granted struct {
	*testing.T
	w   *world
	m   *modem
	row *holdfastv1.Subscriber
}

// attributes is what FreeRADIUS says of a user, each on a line, and what must be
// seen of it: in the link, in the kernel, in what is forwarded and in show.
var attributes = []struct {
	user       string
	attributes string
	ipv6       bool
	wish       ppp.Network
	see        func(g granted)
}{
	{user: "address", attributes: "Framed-IP-Address = 100.64.7.7", see: func(g granted) {
		g.wantAddress("100.64.7.7")
		g.wantForwarded("100.64.7.7")
	}},
	{user: "nas-selects", attributes: "Framed-IP-Address = 255.255.255.254", see: func(g granted) {
		g.wantAddressIn("100.64.0.0/16")
		g.wantForwarded(g.row.Ipv4Address)
	}},
	{user: "user-selects", attributes: "Framed-IP-Address = 255.255.255.255", wish: ownAddress, see: func(g granted) {
		g.wantAddress("10.20.30.40")
		g.wantForwarded("10.20.30.40")
		g.m.hangUp()
		for _, status := range []string{"Start", "Stop"} { // none but his own is told, and the Stop tells it
			r := g.wantRecords("user-selects", status)[0]
			if a := r.one("Framed-IP-Address"); a != "10.20.30.40" && (a != "" || status == "Stop") {
				g.Errorf("Framed-IP-Address %q in the %s", a, status)
			}
		}
	}},
	{user: "netmask", attributes: "Framed-IP-Address = 10.77.0.9,\nFramed-IP-Netmask = 255.255.255.248", see: func(g granted) {
		g.wantRoute("10.77.0.8/29")
		g.wantForwarded("10.77.0.14")
	}},
	{user: "pool", attributes: `Framed-Pool = "pool-b"`, see: func(g granted) {
		g.wantAddressIn("100.65.0.0/24")
		g.want("pool", g.row.Ipv4Pool, "pool-b")
	}},
	{user: "erx-pool", attributes: `ERX-Address-Pool-Name = "pool-b"`, see: func(g granted) { g.wantAddressIn("100.65.0.0/24") }},
	{user: "cisco-pool", attributes: `Cisco-AVPair = "ip:addr-pool=pool-b"`, see: func(g granted) { g.wantAddressIn("100.65.0.0/24") }},
	{user: "route", attributes: `Framed-Route = "10.1.0.0/24 0.0.0.0 1",
		Framed-Route += "10.2.3.4/32"`, see: func(g granted) {
		g.wantRoute("10.1.0.0/24")
		g.wantForwarded("10.1.0.99")
		g.wantForwarded("10.2.3.4")
	}},
	{user: "cisco-route", attributes: `Cisco-AVPair = "ip:route=10.3.0.0 255.255.255.0"`, see: func(g granted) { g.wantForwarded("10.3.0.1") }},
	{user: "route-ipv6", attributes: `Framed-IPv6-Route = "2001:db8:beef::/48 :: 1"`, ipv6: true, see: func(g granted) {
		g.wantRoute("2001:db8:beef::/48")
		g.wantForwarded("2001:db8:beef:1::1")
	}},
	{user: "prefix", attributes: "Framed-IPv6-Prefix = 2001:db8:7:7::/64", ipv6: true, see: func(g granted) {
		g.wantPrefix("2001:db8:7:7::/64")
		g.wantForwarded("2001:db8:7:7::1")
	}},
	{user: "delegated", attributes: "Delegated-IPv6-Prefix = 2001:db8:ff00::/56", ipv6: true, see: func(g granted) {
		g.wantRoute("2001:db8:ff00::/56")
		g.wantForwarded("2001:db8:ff00:ff::1")
	}},
	{user: "pool-ipv6", attributes: `Framed-IPv6-Pool = "pool-six"`, ipv6: true, see: func(g granted) {
		g.want("pool", g.row.Ipv6Pool, "pool-six")
		if p := g.m.advertised().prefix; !netip.MustParsePrefix("2001:db8:600::/48").Contains(p.Addr()) {
			g.Errorf("prefix %v", p)
		}
	}},
	{user: "host-ipv6", attributes: "Framed-IPv6-Address = 2001:db8:8::8", ipv6: true, see: func(g granted) { g.wantForwarded("2001:db8:8::8") }},
	{user: "interface-id", attributes: "Framed-Interface-Id = 0:0:7:7", ipv6: true, see: func(g granted) {
		if id := g.m.network().LocalIfID; id != 0x70007 {
			g.Errorf("interface identifier %#x", id)
		}
	}},
	{user: "dns-erx", attributes: "ERX-Primary-Dns = 192.0.2.53,\nERX-Secondary-Dns = 192.0.2.54", see: nameServers("192.0.2.53", "192.0.2.54")},
	{user: "dns-microsoft", attributes: `MS-Primary-DNS-Server = 192.0.2.55,
		MS-Secondary-DNS-Server = 192.0.2.56`, see: nameServers("192.0.2.55", "192.0.2.56")},
	{user: "dns-cisco", attributes: `Cisco-AVPair = "ip:dns-servers=192.0.2.57 192.0.2.58"`, see: nameServers("192.0.2.57", "192.0.2.58")},
	{user: "dns-ipv6", attributes: "DNS-Server-IPv6-Address = 2001:db8::99", ipv6: true, see: func(g granted) {
		if dns := g.m.advertised().dns; !slices.Equal(dns, []netip.Addr{netip.MustParseAddr("2001:db8::99")}) {
			g.Errorf("name servers %v", dns)
		}
	}},
	{user: "mtu", attributes: "Framed-MTU = 1300", see: func(g granted) {
		g.want("MTU", g.row.Mtu, uint32(1300))
		g.w.sink[0].send(g.T, g.m.address(), 1, 1300)
		g.eventuallyReceived(1, 1300)
		eventually(g.T, func() string { // the sender learns of it (RFC 1191), and fragments
			g.w.sink[0].send(g.T, g.m.address(), 1, 1301)
			if p, b := g.m.received(); p < 3 || b != 1300+p/2*(1301+ipv4Header) {
				return fmt.Sprintf("%d packets of %d octets have come", p, b)
			}
			return ""
		})
	}},
	{user: "session-timeout", attributes: "Session-Timeout = 2", see: func(g granted) { g.wantEnd("5", 2*time.Second) }},
	{user: "idle-timeout", attributes: "Idle-Timeout = 2", see: func(g granted) { g.wantEnd("4", 2*time.Second) }},
	{user: "interim", attributes: "Acct-Interim-Interval = 600", see: func(g granted) {
		g.want("interim interval", g.row.Grant.InterimIntervalSeconds, uint32(600))
	}},
	{user: "interim-short", attributes: "Acct-Interim-Interval = 1", see: func(g granted) { // no less than RFC 2869 allows
		g.want("interim interval", g.row.Grant.InterimIntervalSeconds, uint32(60))
	}},
	{user: "class", attributes: `Class = 0x0001ff00,
		Class += "gold"`, see: func(g granted) {
		for _, r := range g.wantRecords("class", "Start") {
			if !slices.Equal(r.all["Class"], []string{"0x0001ff00", "0x676f6c64"}) {
				g.Errorf("Class %v", r.all["Class"])
			}
		}
	}},
	{user: "name", attributes: `User-Name = "alias"`, see: func(g granted) {
		g.want("name in accounting", g.row.Grant.AccountedUser, "alias")
		g.wantRecords("alias", "Start")
	}},
	{user: "filter", attributes: `Filter-Id = "gold-in"`, see: func(g granted) {
		g.want("filters", strings.Join(g.row.Grant.Filters, " "), "gold-in")
		g.wantCounted("Filters ignored")
	}},
	{user: "unknown", attributes: `Login-LAT-Service = "what",
		Juniper-Local-User-Name = "who"`, see: func(g granted) { g.wantCounted("Attributes that nothing acts upon") }},
	{user: "tunnel", attributes: `Tunnel-Type:1 = L2TP,
		Tunnel-Medium-Type:1 = IPv4,
		Tunnel-Server-Endpoint:1 = "198.51.100.77",
		Tunnel-Password:1 = "hidden"`, see: func(g granted) {
		if strings.Contains(g.w.command("show", "subscribers", "extensive", "user-name", "tunnel")+g.w.daemon.journal(), "hidden") {
			g.Error("Tunnel-Password is shown")
		}
	}},
	{user: "instance", attributes: `ERX-Virtual-Router-Name = "default:default"`, see: func(g granted) {
		g.want("routing instance", g.row.RoutingInstance, "default")
	}},
	{user: "rate-mikrotik", attributes: `Mikrotik-Rate-Limit = "160k/320k"`, see: rates(160_000, 320_000)},
	{user: "rate-wispr", attributes: "WISPr-Bandwidth-Max-Up = 160000,\nWISPr-Bandwidth-Max-Down = 320000", see: rates(160_000, 320_000)},
	{user: "rate-cisco", attributes: `Cisco-AVPair = "lcp:interface-config#1=rate-limit input 160000 6000 6000 conform-action transmit",
		Cisco-AVPair += "lcp:interface-config#2=rate-limit output 320000 9000 9000 conform-action transmit"`, see: rates(160_000, 320_000)},
	{user: "rate-erx", attributes: `ERX-Cos-Shaping-Rate = "320k"`, see: rates(0, 320_000)},
	{user: "rate-erx-parameter", attributes: `ERX-CoS-Shaping-Pmt-Type = "T02 320k"`, see: rates(0, 320_000)},
}

// ownAddress is the wish of a subscriber who selects his address.
var ownAddress = ppp.Network{LocalIPv4: netip.MustParseAddr("10.20.30.40")}

// rates wants policers, nameServers what IPCP tells.
func rates(up, down uint64) func(granted) {
	return func(g granted) {
		g.Helper()
		g.wantRates(up, down)
	}
}

func nameServers(first, second string) func(granted) {
	return func(g granted) {
		g.Helper()
		g.wantDNS(first, second)
	}
}

// users is the file of FreeRADIUS for lists of name and attributes.
func users(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "%s\tCleartext-Password := \"password\"\n\tReply-Message = \"Welcome\"", pairs[i])
		if pairs[i+1] != "" {
			b.WriteString(",")
			for _, line := range strings.Split(pairs[i+1], "\n") {
				fmt.Fprintf(&b, "\n\t%s", strings.TrimSpace(line))
			}
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// Whatever FreeRADIUS grants is in effect.
func TestRootAttributes(t *testing.T) {
	w := newWorld(t)
	var list []string
	for i := range attributes {
		list = append(list, attributes[i].user, attributes[i].attributes)
	}
	w.freeradius(users(list...))
	w.configure()
	w.serve()
	l := newLAC(t, w.lac, "192.0.2.11", gateway)
	for i := range attributes {
		c := &attributes[i]
		t.Run(c.user, func(t *testing.T) {
			m := l.dial(dialling{user: c.user, ipv6: c.ipv6, wish: c.wish})
			if !m.isUp() {
				t.Fatalf("%s does not log in: %v", c.user, m.err)
			}
			g := granted{t, w, m, nil}
			if !strings.HasSuffix(c.user, "timeout") {
				g.row = w.subscriber(c.user)
			}
			c.see(g)
			if t.Failed() {
				t.Logf("%v", g.row)
			}
			if !m.over() {
				m.hangUp()
			}
		})
	}
}

func (g granted) want(what string, got, want any) {
	g.Helper()
	if got != want {
		g.Errorf("%s %v, want %v", what, got, want)
	}
}

func (g granted) wantAddress(want string) {
	g.Helper()
	g.want("address at the subscriber", g.m.address().String(), want)
	g.want("address", g.row.Ipv4Address, want)
}

func (g granted) wantAddressIn(pool string) {
	g.Helper()
	if a := g.m.address(); !netip.MustParsePrefix(pool).Contains(a) || g.row.Ipv4Address != a.String() {
		g.Errorf("address %v, shown as %s", a, g.row.Ipv4Address)
	}
}

func (g granted) wantPrefix(want string) {
	g.Helper()
	g.want("prefix at the subscriber", g.m.advertised().prefix.String(), want)
	g.want("prefix", g.row.Ipv6Prefix, want)
}

func (g granted) wantDNS(first, second string) {
	g.Helper()
	n := g.m.network()
	g.want("name servers", n.DNS, [2]netip.Addr{netip.MustParseAddr(first), netip.MustParseAddr(second)})
}

// wantRoute wants a prefix in the kernel's table, as long as the session is up.
func (g granted) wantRoute(prefix string) {
	g.Helper()
	if !strings.Contains(g.w.routes(), prefix+" dev ") {
		g.Errorf("the kernel has no route to %s:\n%s", prefix, g.w.routes())
	}
	if !slices.Contains(g.row.Grant.Routes, prefix) {
		g.Errorf("routes %v", g.row.Grant.Routes)
	}
}

// wantForwarded wants packets of a host behind the subscriber forwarded, both ways.
func (g granted) wantForwarded(address string) {
	g.Helper()
	a := netip.MustParseAddr(address)
	to, s := inside, g.w.sink[0]
	if a.Is6() {
		to, s = inside6, g.w.sink[1]
	}
	g.m.send(a, to, 3, 100)
	eventually(g.T, func() string {
		if n := s.from(a); n != 300 {
			return fmt.Sprintf("%d octets have come from %v, 300 were sent", n, a)
		}
		return ""
	})
	before, _ := g.m.received()
	s.send(g.T, a, 3, 100)
	g.eventuallyReceived(before+3, 0)
}

func (g granted) eventuallyReceived(packets, bytes int) {
	g.Helper()
	eventually(g.T, func() string {
		if p, b := g.m.received(); p < packets || b < bytes {
			return fmt.Sprintf("%d packets of %d octets received, want %d of %d", p, b, packets, bytes)
		}
		return ""
	})
}

// wantEnd wants the session ended by a timer, and accounted so.
func (g granted) wantEnd(cause string, limit time.Duration) {
	g.Helper()
	began := time.Now()
	if !g.m.isDown() {
		g.Fatal("the session goes on")
	}
	if took := time.Since(began); took < limit/2 || took > 2*limit {
		g.Errorf("it took %v", took)
	}
	for _, r := range g.wantRecords(g.m.login.Name, "Stop") {
		g.want("Acct-Terminate-Cause", r.one("Acct-Terminate-Cause"), map[string]string{"4": "Idle-Timeout", "5": "Session-Timeout"}[cause])
	}
}

func (g granted) wantRecords(user, status string) (found []record) {
	g.Helper()
	return g.w.wantRecords(user, status, 1)
}

// wantCounted wants a row of the statistics of authentication not to be zero.
func (g granted) wantCounted(name string) {
	g.Helper()
	if g.w.counted(name) == 0 {
		g.Errorf("%q is zero", name)
	}
}

// counted is a row of the statistics of authentication.
func (w *world) counted(name string) uint64 {
	w.t.Helper()
	all := whole[holdfastv1.AuthenticationStatistics](w, "show", "network-access", "aaa", "statistics", "authentication", "detail")
	for _, d := range all.Details {
		if d.Name == name {
			return d.Count
		}
	}
	w.t.Fatalf("no %q", name)
	return 0
}

// wantRates floods both ways and wants what the policers let pass; 0: all.
func (g granted) wantRates(up, down uint64) {
	g.Helper()
	g.want("ingress", g.row.Grant.GetIngress().GetBitsPerSecond(), up)
	g.want("egress", g.row.Grant.GetEgress().GetBitsPerSecond(), down)
	const n, size = 300, 1000
	a, s := g.m.address(), g.w.sink[0]
	wasUp, began := s.from(a), time.Now()
	_, wasDown := g.m.received()
	for range n / 10 {
		g.m.send(a, inside, 10, size)
		s.send(g.T, a, 10, size)
		<-time.After(10 * time.Millisecond) // so that no socket's buffer is too small
	}
	offered := func(d *holdfastv1.DataCounters) bool { return d.Rx.Packets+d.Tx.Packets+d.Policed >= 2*n }
	var data *holdfastv1.DataCounters
	eventually(g.T, func() string {
		if data = g.w.subscriber(g.m.login.Name).Data; !offered(data) {
			return fmt.Sprintf("%d packets offered, the plane says %v", 2*n, data)
		}
		return ""
	})
	took := time.Since(began).Seconds()
	g.wantPassed("up", float64(s.from(a)-wasUp), up, g.row.Grant.GetIngress().GetBurstBytes(), took, n*size)
	_, now := g.m.received()
	g.wantPassed("down", float64(now-wasDown), down, g.row.Grant.GetEgress().GetBurstBytes(), took, n*size)
	g.want("packets accounted for", data.Rx.Packets+data.Tx.Packets+data.Policed, uint64(2*n))
}

// wantPassed wants so many octets to have passed as burst and rate allow in the
// time that the flood took, and not many fewer.
func (g granted) wantPassed(way string, bytes float64, rate, burst uint64, took, offered float64) {
	g.Helper()
	if rate == 0 {
		g.want(way, bytes, offered)
		return
	}
	if burst == 0 {
		burst = max(rate/80, 3000)
	}
	most := float64(burst) + float64(rate)/8*took
	least := float64(burst) + float64(rate)/8*0.2 // the flood takes 0.3 s at least
	if bytes > most || bytes < least {
		g.Errorf("%s: %.0f of %.0f octets have passed in %.2f s, want %.0f to %.0f", way, bytes, offered, took, least, most)
	}
}
