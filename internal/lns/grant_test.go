// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/policy"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// granting answers every query with these attributes.
func granting(a policy.Attributes) func(*AuthQuery) AuthAnswer {
	return func(q *AuthQuery) AuthAnswer {
		answer := judge(q)
		g := a
		answer.Granted, answer.Server = &g, "192.0.2.250"
		return answer
	}
}

// admitted dials one subscriber whom RADIUS grants a, and waits for the verdict.
func (w *world) admitted(l *lac, id l2tp.TunnelID, name string, a policy.Attributes) *modem {
	w.t.Helper()
	m := l.dial(id, name, "pw")
	w.until("verdict", func() bool {
		w.answer(granting(a))
		return m.gone || m.up4 || m.up6
	})
	w.run()
	return m
}

// held is what the plane has of the only session.
func (w *world) only() forward.Session {
	w.t.Helper()
	if len(w.plane) != 1 {
		w.t.Fatalf("plane %v", w.plane)
	}
	for _, s := range w.plane {
		return s
	}
	return forward.Session{}
}

func (w *world) counters() (sum Counters) {
	for _, e := range w.engines {
		c := e.Counters()
		sum.GrantsRefused += c.GrantsRefused
		sum.AttributesIgnored += c.AttributesIgnored
		sum.AttributesUnused += c.AttributesUnused
		sum.FiltersIgnored += c.FiltersIgnored
		sum.AddressInUse += c.AddressInUse
		sum.RouteInUse += c.RouteInUse
		sum.AuthFellBack += c.AuthFellBack
		sum.Changed += c.Changed
		sum.ChangesRefused += c.ChangesRefused
		sum.Disconnected += c.Disconnected
		sum.DurableLate += c.DurableLate
		sum.StopsLate += c.StopsLate
		for i, n := range c.Ended {
			sum.Ended[i] += n
		}
	}
	return sum
}

// hangUpAll closes every tunnel, and checks that nothing is left.
func (w *world) hangUpAll(l *lac) {
	w.t.Helper()
	for id := range l.up {
		l.ep.CloseTunnel(w.now, id, l2tp.Result{Code: 1}, &l.fx)
		l.settle()
	}
	w.advance(time.Second)
	w.wantClean()
	for i, e := range w.engines {
		if len(e.index) != 0 {
			w.t.Errorf("shard %d: %d names in the index", i, len(e.index))
		}
	}
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// grantConfig has a second pool of each family and a second routing instance.
func grantConfig() *Config {
	cfg := radiusConfig()
	cfg.Pools = append(cfg.Pools,
		&Pool{Name: "gold", Prefix: netip.MustParsePrefix("203.0.113.0/26")},
		&Pool{Name: "gold6", Prefix: netip.MustParsePrefix("2001:db8:200::/48"), PrefixLength: 64},
		&Pool{Name: "red", Prefix: netip.MustParsePrefix("203.0.113.64/26"), Instance: 7},
	)
	cfg.Instances = append(cfg.Instances, Instance{7, "red"})
	return cfg
}

// Every attribute that a server can grant reaches the link, the plane or the
// session's deadlines.
func TestGranted(t *testing.T) {
	own := netip.MustParseAddr("192.0.2.77")
	inPool := netip.MustParseAddr("100.64.3.4")
	prefix := netip.MustParsePrefix("2001:db8:ffff:1::/64")
	for _, c := range []struct {
		name  string
		grant policy.Attributes
		check func(w *world, m *modem, f forward.Session, row SubscriberRow) bool
	}{
		{"own address", policy.Attributes{Address: own}, func(w *world, m *modem, f forward.Session, _ SubscriberRow) bool {
			return f.IPv4 == own && m.link.Network().LocalIPv4 == own
		}},
		{"own address of a pool", policy.Attributes{Address: inPool}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return f.IPv4 == inPool && row.Pool == "v4"
		}},
		{"any address", policy.Attributes{AnyAddress: true}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return netip.MustParsePrefix("100.64.0.0/20").Contains(f.IPv4)
		}},
		{"pool", policy.Attributes{Pool: "gold"}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return netip.MustParsePrefix("203.0.113.0/26").Contains(f.IPv4) && row.Pool == "gold"
		}},
		{"IPv6 pool", policy.Attributes{PoolIPv6: "gold6"}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return netip.MustParsePrefix("2001:db8:200::/48").Contains(f.IPv6.Addr()) && row.PoolIPv6 == "gold6"
		}},
		{"netmask", policy.Attributes{
			Address: own, Netmask: netip.MustParseAddr("255.255.255.248"),
		}, func(_ *world, _ *modem, f forward.Session, _ SubscriberRow) bool {
			return slices.Equal(f.Routes, prefixes("192.0.2.72/29"))
		}},
		{"routes", policy.Attributes{Address: own, Routes: []policy.Route{
			{Prefix: netip.MustParsePrefix("198.51.100.128/25")},
			{Prefix: netip.MustParsePrefix("10.1.0.0/16"), NextHop: netip.MustParseAddr("0.0.0.0"), Metric: 1},
			{Prefix: netip.MustParsePrefix("10.2.0.0/16"), NextHop: own},
			{Prefix: netip.MustParsePrefix("2001:db8:aaaa::/48")},
		}}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			want := prefixes("198.51.100.128/25", "10.1.0.0/16", "10.2.0.0/16", "2001:db8:aaaa::/48")
			return slices.Equal(f.Routes, want) && slices.Equal(row.Routes, want)
		}},
		{"own prefix", policy.Attributes{PrefixIPv6: prefix}, func(_ *world, m *modem, f forward.Session, _ SubscriberRow) bool {
			return f.IPv6 == prefix && len(m.ip) > 0 && string(m.ip[0][72:80]) == string(prefix.Addr().AsSlice()[:8])
		}},
		{"delegated prefix", policy.Attributes{
			Delegated: netip.MustParsePrefix("2001:db8:4000::/56"),
		}, func(_ *world, _ *modem, f forward.Session, _ SubscriberRow) bool {
			return slices.Equal(f.Routes, prefixes("2001:db8:4000::/56"))
		}},
		{"IPv6 address", policy.Attributes{AddressIPv6: netip.MustParseAddr("2001:db8:5::1")}, func(_ *world, _ *modem, f forward.Session, _ SubscriberRow) bool {
			return slices.Equal(f.Routes, prefixes("2001:db8:5::1/128"))
		}},
		{"DNS", policy.Attributes{DNS: [2]netip.Addr{own}, NBNS: [2]netip.Addr{own}}, func(_ *world, m *modem, _ forward.Session, row SubscriberRow) bool {
			return m.link.Network().DNS[0] == own && row.DNS[0] == own
		}},
		{"IPv6 DNS", policy.Attributes{DNSIPv6: []netip.Addr{prefix.Addr()}}, func(_ *world, m *modem, _ forward.Session, row SubscriberRow) bool {
			return len(row.DNSIPv6) == 1 && len(m.ip) > 0 && slices.Contains(chunks(m.ip[0], 16), string(prefix.Addr().AsSlice()))
		}},
		{"interface identifier", policy.Attributes{InterfaceID: [8]byte{0, 0, 0, 0, 0, 0, 0, 9}}, func(_ *world, m *modem, _ forward.Session, _ SubscriberRow) bool {
			return m.link.Network().LocalIfID == 9
		}},
		{"our own interface identifier", policy.Attributes{InterfaceID: [8]byte{7: 1}}, func(_ *world, m *modem, _ forward.Session, _ SubscriberRow) bool {
			return m.link.Network().LocalIfID == 1 && m.link.Network().PeerIfID != 1
		}},
		{"MTU", policy.Attributes{MTU: 1300}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return f.MTU == 1300 && row.MTU == 1300
		}},
		{"MTU too small", policy.Attributes{MTU: 63}, func(_ *world, _ *modem, f forward.Session, _ SubscriberRow) bool { return f.MTU == 1492 }},
		{"rates", policy.Attributes{
			Up: policy.Rate{Bits: 1e6}, Down: policy.Rate{Bits: 8e6, Burst: 9000},
		}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return f.Up == forward.Rate{Bits: 1e6} && f.Down == forward.Rate{Bits: 8e6, Burst: 9000} && row.Down.Bits == 8e6
		}},
		{"routing instance", policy.Attributes{Instance: "default:red", Pool: "red"}, func(_ *world, _ *modem, f forward.Session, row SubscriberRow) bool {
			return f.Instance == 7 && row.Instance == "red" && netip.MustParsePrefix("203.0.113.64/26").Contains(f.IPv4)
		}},
		{"session timeout", policy.Attributes{
			SessionTimeout: time.Hour, HasSessionTimeout: true,
		}, func(w *world, m *modem, _ forward.Session, row SubscriberRow) bool {
			if w.advance(59 * time.Minute); row.SessionLeft < 59*time.Minute || m.gone {
				return false
			}
			w.advance(2 * time.Minute)
			return m.gone && w.counters().Ended[CauseSessionTimeout] == 1
		}},
		{"no session timeout", policy.Attributes{HasSessionTimeout: true}, func(w *world, m *modem, _ forward.Session, row SubscriberRow) bool {
			w.advance(25 * time.Hour) // client-session-timeout is 24 h here
			return row.SessionLeft == 0 && !m.gone
		}},
		{"idle timeout", policy.Attributes{
			IdleTimeout: 10 * time.Minute, HasIdleTimeout: true,
		}, func(w *world, m *modem, f forward.Session, row SubscriberRow) bool {
			w.traffic[f.Element] = forward.Counters{UpPackets: 1}
			w.advance(9 * time.Minute)
			early := m.gone
			w.advance(5 * time.Minute)
			return !early && m.gone && row.IdleTimeout == 10*time.Minute && w.counters().Ended[CauseIdleTimeout] == 1
		}},
	} {
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s %d shards", c.name, shards), func(t *testing.T) {
				cfg := grantConfig()
				cfg.terms().AAA.ClientSessionTimeout = 24 * time.Hour
				w := newWorld(t, cfg, shards)
				l := w.lac(0)
				m := w.admitted(l, l.tunnel(), "user1@example", c.grant)
				w.until("both families", func() bool { return m.up4 && m.up6 || m.gone })
				if m.gone {
					t.Fatalf("turned away: %+v, log %v", m.cdn, w.logs)
				}
				rows := w.request(Request{Kind: ShowSubscribers}).Subscribers
				if len(rows) != 1 || rows[0].Server != "192.0.2.250" {
					t.Fatalf("rows %+v", rows)
				}
				if f := w.only(); !c.check(w, m, f, rows[0]) {
					t.Errorf("installed %+v\nrow %+v\nlink %+v", f, rows[0], m.link.Network())
				}
				w.hangUpAll(l)
			})
		}
	}
}

// chunks are all pieces of n octets of b.
func chunks(b []byte, n int) (out []string) {
	for i := 0; i+n <= len(b); i++ {
		out = append(out, string(b[i:i+n]))
	}
	return out
}

// What cannot be had is refused, with its reason, and nothing is left behind.
func TestGrantRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		grant  policy.Attributes
		change func(*AAAProfile)
		cause  Cause
	}{
		{"unknown pool", policy.Attributes{Pool: "silver"}, nil, CausePool},
		{"pool of the other family", policy.Attributes{Pool: "v6"}, nil, CausePool},
		{"pool of another instance", policy.Attributes{Pool: "red"}, nil, CausePool},
		{"unknown IPv6 pool", policy.Attributes{PoolIPv6: "v4"}, nil, CausePool},
		{"unknown instance", policy.Attributes{Instance: "blue"}, nil, CauseInstance},
		{"filter", policy.Attributes{Filters: []string{"f"}}, func(p *AAAProfile) { p.Ignore.RefuseFilters = true }, CauseFilter},
		{"multicast address", policy.Attributes{Address: netip.MustParseAddr("224.0.0.5")}, nil, CauseAttribute},
		{"our address", policy.Attributes{Address: netip.MustParseAddr("198.51.100.1")}, nil, CauseAttribute},
		{"prefix that is no /64", policy.Attributes{PrefixIPv6: netip.MustParsePrefix("2001:db8::/56")}, nil, CauseAttribute},
		{"far next hop", policy.Attributes{Routes: []policy.Route{
			{Prefix: netip.MustParsePrefix("10.1.0.0/16"), NextHop: netip.MustParseAddr("203.0.113.9")},
		}}, nil, CauseAttribute},
		{"no route", policy.Attributes{Routes: []policy.Route{{}}}, nil, CauseAttribute},
		{"netmask with a hole", policy.Attributes{
			Address: netip.MustParseAddr("192.0.2.7"), Netmask: netip.MustParseAddr("255.0.255.0"),
		}, nil, CauseAttribute},
		{"malformed", policy.Attributes{Malformed: "Framed-IP-Address"}, nil, CauseAttribute},
		{"full pool", policy.Attributes{Pool: "full"}, nil, CauseNoAddress},
	} {
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s %d shards", c.name, shards), func(t *testing.T) {
				cfg := grantConfig()
				one := netip.MustParseAddr("203.0.113.200")
				cfg.Pools = append(cfg.Pools, &Pool{Name: "full", Prefix: netip.PrefixFrom(one, 32), Excluded: []netip.Addr{one}})
				if c.change != nil {
					c.change(cfg.terms().AAA)
				}
				w := newWorld(t, cfg, shards)
				l := w.lac(0)
				m := w.admitted(l, l.tunnel(), "user1@example", c.grant)
				n := w.counters()
				if !m.gone || m.up4 || n.Ended[c.cause] != 1 {
					t.Errorf("gone %v up %v, ended %v", m.gone, m.up4, n.Ended)
				}
				// The LAC is told the truth: name and password were right.
				want := uint16(1) // administrative
				if c.cause == CausePool || c.cause == CauseNoAddress {
					want = 20 // no address
				}
				if m.cdn.Message == "" || m.cause == nil || m.cause.Code != want {
					t.Errorf("CDN %+v, cause %+v, want %d", m.cdn, m.cause, want)
				}
				if c.cause != CauseNoAddress && (n.GrantsRefused != 1 || w.logs[event.GrantRefused] != 1) {
					t.Errorf("refused %d, log %v", n.GrantsRefused, w.logs)
				}
				w.hangUpAll(l)
			})
		}
	}
}

// The profile's radius attributes ignore takes out what it names, and it is counted.
func TestGrantIgnored(t *testing.T) {
	everything := policy.Attributes{
		Address: netip.MustParseAddr("192.0.2.7"), Netmask: netip.MustParseAddr("255.255.255.0"), Instance: "nowhere",
		SessionTimeout: time.Minute, HasSessionTimeout: true, IdleTimeout: time.Minute, HasIdleTimeout: true, PortLimit: 1,
		Filters: []string{"a"}, FiltersIn: []string{"b"}, FiltersOut: []string{"c"}, Services: []string{"s"}, Ignored: []string{"Reply"},
		PoolDelegated: "pd", PoolAddressIPv6: "pa", Terminate: 1,
	}
	cfg := grantConfig()
	cfg.terms().AAA.Ignore = IgnoreAttributes{
		Netmask: true, InputFilter: true, OutputFilter: true, Instance: true, SessionTimeout: true, IdleTimeout: true,
		Standard: []uint8{8, 62},
	}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	m := w.admitted(l, l.tunnel(), "user1@example", everything)
	if f := w.only(); f.IPv4 == everything.Address || len(f.Routes) > 0 || f.Instance != 0 {
		t.Errorf("installed %+v", f)
	}
	if w.advance(time.Hour); m.gone {
		t.Error("an ignored time-out has ended the session")
	}
	n := w.counters()
	if n.AttributesIgnored != 8 || n.FiltersIgnored != 1 || n.AttributesUnused != 5 {
		t.Errorf("ignored %d, filters %d, unused %d", n.AttributesIgnored, n.FiltersIgnored, n.AttributesUnused)
	}
	w.hangUpAll(l)
}

// An address, a prefix or a route that RADIUS gives one subscriber is nobody
// else's, whether it lies in a pool or not, over all shards; when he goes the next
// one gets it.
func TestOwnIsNobodyElses(t *testing.T) {
	for name, a := range map[string]policy.Attributes{
		"address":        {Address: netip.MustParseAddr("192.0.2.77")},
		"pool's address": {Address: netip.MustParseAddr("100.64.0.1")},
		"prefix":         {PrefixIPv6: netip.MustParsePrefix("2001:db8:ffff:1::/64")},
		"pool's prefix":  {PrefixIPv6: netip.MustParsePrefix("2001:db8:100:1::/64")},
		"route":          {Routes: []policy.Route{{Prefix: netip.MustParsePrefix("10.1.0.0/16")}, {Prefix: netip.MustParsePrefix("10.2.0.0/16")}}},
		"delegated":      {Delegated: netip.MustParsePrefix("2001:db8:4000::/56")},
	} {
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s %d shards", name, shards), func(t *testing.T) {
				w := newWorld(t, grantConfig(), shards)
				l := w.lac(0)
				ids := []l2tp.TunnelID{l.tunnel(), l.tunnel(), l.tunnel(), l.tunnel()}
				first := w.admitted(l, ids[0], "user0@example", a)
				for i, id := range ids {
					m := w.admitted(l, id, fmt.Sprintf("user%d@example", i+1), a)
					if !m.gone || first.gone {
						t.Fatalf("dialler %d: turned away %v, the first gone %v", i, m.gone, first.gone)
					}
				}
				n := w.counters()
				if n.AddressInUse+n.RouteInUse != 4 || n.Ended[CauseAddressInUse]+n.Ended[CauseRouteInUse] != 4 {
					t.Errorf("in use: %d addresses, %d routes", n.AddressInUse, n.RouteInUse)
				}
				for i := range 60 { // nor does a pool hand it out
					m := w.admitted(l, ids[i%4], fmt.Sprintf("other%d@example", i), policy.Attributes{})
					if got := m.link.Network().LocalIPv4; got == a.Address {
						t.Fatalf("the pool hands %v out", got)
					}
				}
				l.ep.CloseCall(w.now, first.el, l2tp.Result{Code: 1}, nil, &l.fx)
				l.settle()
				w.run()
				if m := w.admitted(l, ids[1], "user9@example", a); m.gone {
					t.Error("what has become free cannot be had")
				}
				w.hangUpAll(l)
			})
		}
	}
}

// An address that the pool has handed out already cannot be another's own.
func TestOwnAddressInUseByThePool(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, grantConfig(), shards)
		l := w.lac(0)
		m := w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{})
		taken := policy.Attributes{Address: m.link.Network().LocalIPv4}
		for i := range 4 {
			if n := w.admitted(l, l.tunnel(), fmt.Sprintf("user%d@example", 2+i), taken); !n.gone {
				t.Errorf("%d shards: two have %v", shards, taken.Address)
			}
		}
		w.hangUpAll(l)
	}
}

// A subscriber who redials gets his own address, prefix and routes at once, though
// the stale session had them until then.
func TestRedialKeepsWhatIsOwn(t *testing.T) {
	for _, a := range []policy.Attributes{
		{Address: netip.MustParseAddr("192.0.2.77"), PrefixIPv6: netip.MustParsePrefix("2001:db8:ffff:1::/64")},
		{Address: netip.MustParseAddr("100.64.0.9"), PrefixIPv6: netip.MustParsePrefix("2001:db8:100:1::/64"), PortLimit: 1},
		{Routes: []policy.Route{{Prefix: netip.MustParsePrefix("10.1.0.0/16")}}},
	} {
		for _, shards := range []int{1, 4} {
			w := newWorld(t, grantConfig(), shards)
			l := w.lac(0)
			var last *modem
			for round := range 5 {
				m := w.admitted(l, l.tunnel(), "user1@example", a)
				if m.gone || last != nil && !last.gone {
					t.Fatalf("%d shards, round %d, %+v: turned away %v", shards, round, a, m.gone)
				}
				w.until("both", func() bool { return m.up4 && m.up6 })
				if f := w.only(); a.Address.IsValid() && f.IPv4 != a.Address || len(f.Routes) != len(a.Routes) {
					t.Errorf("installed %+v", f)
				}
				last = m
				last.silent = true
			}
			w.hangUpAll(l)
		}
	}
}

// Port-Limit bounds the sessions of a user name, in place of the profile's limit.
func TestPortLimit(t *testing.T) {
	for _, shards := range []int{1, 4} {
		cfg := grantConfig()
		cfg.Redial.Disabled = true
		cfg.terms().AAA.SessionLimitPerUserName = 1
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		two := policy.Attributes{PortLimit: 2}
		w.admitted(l, l.tunnel(), "user1@example", two)
		second := w.admitted(l, l.tunnel(), "user1@example", two)
		third := w.admitted(l, l.tunnel(), "user1@example", two)
		if second.gone || !third.gone || w.counters().Ended[CauseUserLimit] != 1 {
			t.Errorf("%d shards: second gone %v, third gone %v", shards, second.gone, third.gone)
		}
		w.hangUpAll(l)
	}
}

// No answer from RADIUS leads to the next source; a reject does not.
func TestFallBack(t *testing.T) {
	for _, c := range []struct {
		result AuthResult
		order  []AuthSource
		user   string
		up     bool
	}{
		{AuthTimeout, []AuthSource{AuthRadius, AuthPassword}, "user1@example", true},
		{AuthTimeout, []AuthSource{AuthRadius, AuthPassword}, "stranger@example", false},
		{AuthReject, []AuthSource{AuthRadius, AuthPassword}, "user1@example", false},
		{AuthTimeout, []AuthSource{AuthRadius, AuthNone}, "stranger@example", true},
		{AuthTimeout, []AuthSource{AuthRadius}, "user1@example", false},
		{AuthTimeout, []AuthSource{AuthPassword, AuthRadius}, "stranger@example", false},
	} {
		cfg := radiusConfig()
		cfg.terms().AAA.Order = c.order
		w := newWorld(t, cfg, 1)
		l := w.lac(0)
		m := l.dial(l.tunnel(), c.user, "pw")
		w.until("verdict", func() bool {
			w.answer(func(*AuthQuery) AuthAnswer { return AuthAnswer{Result: c.result} })
			return m.gone || m.up4
		})
		if m.up4 != c.up || (w.counters().AuthFellBack > 0) != (c.result == AuthTimeout && len(c.order) > 1 && c.order[0] == AuthRadius) {
			t.Errorf("%+v: up %v, fell back %d", c, m.up4, w.counters().AuthFellBack)
		}
		w.hangUpAll(l)
	}
}

// A realm chooses the profile, the pool and the dynamic profile of its subscribers.
func TestDomainMap(t *testing.T) {
	isp := &AAAProfile{Name: "isp", Order: []AuthSource{AuthPassword}, Subscribers: map[string]*LocalSubscriber{"alice": {Name: "alice", Password: "pw"}}}
	gold := &Pool{Name: "gold", Prefix: netip.MustParsePrefix("203.0.113.0/26")}
	d := &Domain{Name: "isp.example", AAA: isp, Strip: true, Pool: gold, Profile: &DynamicProfile{Name: "v4 only", IPv4: true}}
	for _, shards := range []int{1, 4} {
		cfg := testConfig()
		cfg.Pools = append(cfg.Pools, gold)
		cfg.terms().AAA.Domains = map[string]*Domain{"isp.example": d}
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		id := l.tunnel()
		m := l.dial(id, "alice@ISP.example", "pw")
		w.until("log-in", func() bool { return m.up4 || m.gone })
		row := w.request(Request{Kind: ShowSubscribers}).Subscribers[0]
		if row.User != "alice" || row.UserGiven != "alice@ISP.example" || row.AccessProfile != "isp" || row.Pool != "gold" ||
			row.Profile != "v4 only" || row.Domain != "isp.example" || row.IPv6.IsValid() {
			t.Errorf("row %+v", row)
		}
		l.login(id, "user1@example") // of another realm: as without the map
		w.hangUpAll(l)
	}
}

func TestDomainRoute(t *testing.T) {
	none, other, isp := &Domain{Name: "none"}, &Domain{Name: "default"}, &Domain{Name: "isp.example", Strip: true}
	p := &AAAProfile{Domains: map[string]*Domain{"none": none, "default": other, "isp.example": isp}}
	for given, want := range map[string]struct {
		d    *Domain
		name string
	}{
		"alice":               {none, "alice"},
		"alice@isp.example":   {isp, "alice"},
		"a@b@Isp.Example":     {isp, "a@b"},
		"alice@elsewhere.net": {other, "alice@elsewhere.net"},
		"@":                   {other, "@"},
	} {
		if _, d, name := p.route(given); d != want.d || name != want.name {
			t.Errorf("%s: %+v %s", given, d, name)
		}
	}
	if _, d, _ := (&AAAProfile{}).route("a@b"); d != nil {
		t.Error("a domain out of nothing")
	}
}

// A link that is negotiated anew is judged anew, and keeps its addresses.
func TestRenegotiationIsGrantedAnew(t *testing.T) {
	w := newWorld(t, grantConfig(), 1)
	l := w.lac(0)
	m := w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{Pool: "gold", Down: policy.Rate{Bits: 1e6}})
	before := w.only()
	m.link.Abort(w.now)
	m.link.Init(&ppp.Config{
		Role: ppp.Peer, Rand: w.engines[0].rand, Auth: []ppp.AuthMethod{ppp.CHAP}, IPCP: true, IPV6CP: true,
	}, &ppp.Credentials{Name: "user1@example", Password: "pw"})
	m.up4, m.up6 = false, false
	var fx ppp.Effects
	m.link.Open(w.now, &fx)
	l.pppEffects(m, &fx)
	w.until("second log-in", func() bool {
		w.answer(granting(policy.Attributes{Pool: "v4", Down: policy.Rate{Bits: 2e6}}))
		return m.up4 && m.up6
	})
	if after := w.only(); after.IPv4 != before.IPv4 || after.Down.Bits != 2e6 || before.Down.Bits != 1e6 {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	w.hangUpAll(l)
}

// The text of a refusal has the form that MS-CHAPv2 wants.
func TestFailureText(t *testing.T) {
	if got := failure(ppp.PAP, "no"); got != "no" {
		t.Error(got)
	}
	if got := failure(ppp.MSCHAPv2, "E=648 R=0"); got != "E=648 R=0" {
		t.Error(got)
	}
	if got := failure(ppp.MSCHAPv2, "no address"); got != "E=691 R=0 C=00000000000000000000000000000000 V=3 M=no address" {
		t.Error(got)
	}
}

// A subscriber whom RADIUS lets choose his address has it, if nobody else does; one
// who has none gets one from the pool.
func TestOwnChoice(t *testing.T) {
	outside, inside, ours := netip.MustParseAddr("192.0.2.99"), netip.MustParseAddr("100.64.7.7"), netip.MustParseAddr("198.51.100.1")
	for _, shards := range []int{1, 4} {
		w := newWorld(t, grantConfig(), shards)
		l := w.lac(0)
		choose := func(name string, a netip.Addr) *modem {
			m := l.dial(l.tunnel(), name, "pw")
			m.link.Grant(w.now, ppp.Network{LocalIPv4: a, IPv6: true}, &ppp.Effects{})
			w.until("verdict", func() bool {
				w.answer(granting(policy.Attributes{OwnAddress: true}))
				return m.gone || m.up4 && m.up6
			})
			w.advance(time.Second)
			return m
		}
		installed := func(a netip.Addr) (n int) {
			for _, f := range w.plane {
				if f.IPv4 == a {
					n++
				}
			}
			return n
		}
		for i, a := range []netip.Addr{outside, inside} {
			first := choose(fmt.Sprintf("user%d@example", i), a)
			if first.gone || first.link.Network().LocalIPv4 != a || installed(a) != 1 {
				t.Errorf("%d shards: %v was chosen, gone %v, plane %v", shards, a, first.gone, w.plane)
			}
			if second := choose(fmt.Sprintf("other%d@example", i), a); !second.gone || installed(a) != 1 {
				t.Errorf("%d shards: two have chosen %v", shards, a)
			}
		}
		pool := netip.MustParsePrefix("100.64.0.0/20")
		for i, a := range []netip.Addr{{}, ours} {
			if m := choose(fmt.Sprintf("poor%d@example", i), a); m.gone || !pool.Contains(m.link.Network().LocalIPv4) {
				t.Errorf("%d shards: %v led to %v", shards, a, m.link.Network().LocalIPv4)
			}
		}
		if m := choose("odd@example", netip.MustParseAddr("224.0.0.9")); !m.gone {
			t.Errorf("%d shards: a multicast address was taken", shards)
		}
		if n := w.counters(); n.AddressInUse != 2 || n.Ended[CauseAttribute] != 1 {
			t.Errorf("%d shards: %d in use, ended %v", shards, n.AddressInUse, n.Ended)
		}
		w.hangUpAll(l)
	}
}
