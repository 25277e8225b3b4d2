// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holdfast/l2tp"
)

// A listing comes in pages, each bounded, and every session is on one of them.
func TestPages(t *testing.T) {
	w := newWorld(t, testConfig(), 2)
	l := w.lac(0)
	for i := range 40 {
		l.login(l.tunnel(), fmt.Sprintf("user%d@example", i))
	}
	for _, kind := range []RequestKind{ShowTunnels, ShowSessions, ShowSubscribers} {
		seen := make(map[string]int)
		for shard, e := range w.engines {
			r := Request{Kind: kind, Limit: 7}
			for pages := 0; !r.Done; pages++ {
				r.Tunnels, r.Sessions, r.Subscribers = nil, nil, nil
				e.Request(w.now, &r, w.fx[shard])
				w.carry(shard)
				if len(r.Tunnels)+len(r.Sessions)+len(r.Subscribers) > 7 || pages > 20 {
					t.Fatal("a page is too long, or there is no end of them")
				}
				for _, row := range r.Tunnels {
					seen[fmt.Sprint(row.LocalID)]++
				}
				for _, row := range r.Sessions {
					seen[row.User]++
				}
				for _, row := range r.Subscribers {
					seen[row.User]++
				}
			}
		}
		if len(seen) != 40 {
			t.Errorf("kind %d: %d of 40 seen", kind, len(seen))
		}
		for k, n := range seen {
			if n != 1 {
				t.Errorf("kind %d: %s seen %d times", kind, k, n)
			}
		}
	}
}

func TestSelectors(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	a, b := w.lac(0), w.lac(1)
	ta, tb := a.tunnel(), b.tunnel()
	m := a.login(ta, "user1@example")
	a.login(ta, "user2@example")
	b.login(tb, "user3@example")
	own := m.link.Network().LocalIPv4
	row := w.request(Request{Kind: ShowSubscribers, Filter: Filter{User: "user1@example"}}).Subscribers[0]
	for name, c := range map[string]struct {
		f    Filter
		want int
	}{
		"all":                {Filter{}, 3},
		"user":               {Filter{User: "user1@example"}, 1},
		"calling":            {Filter{Calling: "tel-user3@example"}, 1},
		"address":            {Filter{Address: own}, 1},
		"address in the /64": {Filter{Address: row.IPv6.Addr().Next()}, 1},
		"other address":      {Filter{Address: netip.MustParseAddr("192.0.2.77")}, 0},
		"peer":               {Filter{Peer: a.addr.Addr()}, 2},
		"peer name":          {Filter{PeerName: "lac1"}, 1},
		"gateway":            {Filter{Gateway: gateway.Addr()}, 3},
		"other gateway":      {Filter{Gateway: netip.MustParseAddr("192.0.2.9")}, 0},
		"gateway name":       {Filter{GatewayName: "lns"}, 3},
		"group":              {Filter{Group: "tg"}, 3},
		"other group":        {Filter{Group: "x"}, 0},
		"profile":            {Filter{Profile: "dp"}, 3},
		"instance":           {Filter{Instance: "default"}, 3},
		"active":             {Filter{HasState: true, State: StateActive}, 3},
		"configured":         {Filter{HasState: true, State: StateConfigured}, 0},
		"tunnel":             {Filter{LocalTunnel: row.TunnelLocalID}, 2},
		"tunnel and session": {Filter{LocalTunnel: row.TunnelLocalID, LocalSession: row.SessionLocalID}, 1},
		"interface":          {Filter{Interface: row.Interface}, 2},
		"circuit":            {Filter{CircuitID: "x"}, 0},
	} {
		if got := len(w.request(Request{Kind: ShowSubscribers, Filter: c.f}).Subscribers); got != c.want {
			t.Errorf("subscribers by %s: %d rows, want %d", name, got, c.want)
		}
		if got := len(w.request(Request{Kind: ShowSessions, Filter: c.f}).Sessions); got != c.want {
			t.Errorf("sessions by %s: %d rows, want %d", name, got, c.want)
		}
	}
	if got := w.request(Request{Kind: ShowTunnels, Filter: Filter{PeerName: "lac0"}}).Tunnels; len(got) != 1 || got[0].Sessions != 2 ||
		got[0].State != "Established" || got[0].Group != "tg" || got[0].LocalName != "lns" {
		t.Errorf("tunnels %+v", got)
	}
	if got := w.request(Request{Kind: ShowGroups}).Groups; len(got) != 1 || got[0].Sessions != 3 || got[0].Tunnels != 2 {
		t.Errorf("groups %+v", got)
	}
	if got := w.request(Request{Kind: ShowClients}).Clients; len(got) != 1 || got[0].Sessions != 3 {
		t.Errorf("clients %+v", got)
	}
}

// Ended sessions can be inspected for destruct-timeout, and no longer.
func TestTerminatedAreKept(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	w.request(Request{Kind: ClearSessions})
	w.until("clear", func() bool { return m.gone })
	if m.cdn.Code != 3 || m.cause == nil || m.cause.Code != 1 {
		t.Errorf("CDN %+v %+v", m.cdn, m.cause)
	}
	ended := Request{Kind: ShowSubscribers, Filter: Filter{HasState: true, State: StateTerminated}}
	rows := w.request(ended).Subscribers
	if len(rows) != 1 || rows[0].Cause != "l2tp session-administrative-close" || rows[0].User != "user1@example" {
		t.Fatalf("rows %+v", rows)
	}
	if n := w.request(Request{Kind: ShowSummary}).Summary.States[StateTerminated]; n != 1 {
		t.Errorf("%d terminated", n)
	}
	w.advance(6 * time.Minute)
	if rows := w.request(ended).Subscribers; len(rows) != 0 {
		t.Errorf("still there: %+v", rows)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	var h history
	var c Counters
	for i := range historyMax + 10 {
		h.add(epoch.Add(time.Duration(i)*time.Second), SubscriberRow{ID: uint64(i)}, &c)
	}
	if h.count != historyMax || c.HistoryDropped != 10 || h.at(0).row.ID != 10 {
		t.Fatalf("%d kept, %d dropped, oldest %d", h.count, c.HistoryDropped, h.at(0).row.ID)
	}
	h.expire(epoch.Add(20*time.Second+time.Minute), time.Minute)
	if h.at(0).row.ID != 21 {
		t.Errorf("oldest %d", h.at(0).row.ID)
	}
}

// Destinations are numbered as they come, over all shards, count what they carry
// and go when they have been empty for destruct-timeout.
func TestDestinations(t *testing.T) {
	w := newWorld(t, testConfig(), 3)
	a, b := w.lac(0), w.lac(1)
	for range 10 {
		a.tunnel()
	}
	id := b.tunnel()
	b.login(id, "user1@example")
	names, tunnels, sessions := map[netip.Addr]string{}, map[netip.Addr]int{}, map[netip.Addr]int{}
	for _, d := range w.request(Request{Kind: ShowDestinations}).Destinations {
		if n := names[d.Peer]; n != "" && n != d.LocalName {
			t.Errorf("%v is called %s and %s", d.Peer, n, d.LocalName)
		}
		names[d.Peer] = d.LocalName
		tunnels[d.Peer] += d.Tunnels
		sessions[d.Peer] += d.Sessions
		if d.State != "Enabled" || d.ControlRx.Packets == 0 {
			t.Errorf("row %+v", d)
		}
	}
	if names[a.addr.Addr()] != "1" || names[b.addr.Addr()] != "2" || tunnels[a.addr.Addr()] != 10 || sessions[b.addr.Addr()] != 1 {
		t.Fatalf("names %v tunnels %v sessions %v", names, tunnels, sessions)
	}
	cleared := w.request(Request{Kind: ClearDestinations, Filter: Filter{Peer: a.addr.Addr()}}).Cleared
	if len(cleared) != 10 || cleared[0].Destination != "1" {
		t.Errorf("cleared %+v", cleared)
	}
	w.run()
	if len(a.up) != 0 || len(b.up) != 1 {
		t.Errorf("%d and %d tunnels are left", len(a.up), len(b.up))
	}
	w.advance(20 * time.Minute)
	for _, d := range w.request(Request{Kind: ShowDestinations}).Destinations {
		if d.Peer == a.addr.Addr() {
			t.Errorf("still there: %+v", d)
		}
	}
	// Of whom all shards have forgotten, the home keeps nothing: a LAC that comes
	// back gets a number that nobody had.
	if n := len(w.engines[destinationHome].destNumbers.given); n != 1 {
		t.Errorf("%d numbers are kept for one LAC", n)
	}
	for range 10 {
		a.tunnel()
	}
	for _, d := range w.request(Request{Kind: ShowDestinations}).Destinations {
		if want := map[netip.Addr]string{a.addr.Addr(): "3", b.addr.Addr(): "2"}[d.Peer]; d.LocalName != want {
			t.Errorf("%v is called %s, want %s", d.Peer, d.LocalName, want)
		}
	}
}

func TestClearTunnels(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	m := l.login(id, "user1@example")
	l.tunnel()
	local := w.request(Request{Kind: ShowSessions}).Sessions[0].TunnelLocalID
	cleared := w.request(Request{Kind: ClearTunnels, Filter: Filter{LocalTunnel: local}}).Cleared
	w.run()
	if len(cleared) != 1 || cleared[0].Tunnel != local || len(l.up) != 1 || !m.gone {
		t.Fatalf("cleared %+v, %d up", cleared, len(l.up))
	}
	if l.downs[0].Result.Code != 1 {
		t.Errorf("StopCCN %+v", l.downs[0].Result)
	}
	w.wantClean()
}

func TestReconfigure(t *testing.T) {
	old := testConfig()
	next := testConfig()
	if err := CheckReconfigure(old, next); err != nil {
		t.Fatal(err)
	}
	next.Pools = append(next.Pools, &Pool{Name: "new", Prefix: netip.MustParsePrefix("203.0.113.0/24")})
	if err := CheckReconfigure(old, next); err != nil {
		t.Fatal(err)
	}
	next.Pools[0] = &Pool{Name: "v4", Prefix: netip.MustParsePrefix("203.0.113.0/24")}
	if err := CheckReconfigure(old, next); err == nil {
		t.Fatal("a pool whose addresses are in use may be changed")
	}
	// New calls get the new terms, living sessions keep theirs.
	w := newWorld(t, old, 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	fresh := testConfig()
	fresh.terms().PPP.DNS[0] = netip.MustParseAddr("203.0.113.53")
	w.engines[0].Configure(w.now, fresh, w.fx[0])
	n := l.login(l.tunnel(), "user2@example")
	if m.link.Network().DNS[0] == n.link.Network().DNS[0] || m.gone {
		t.Error("the new configuration has no effect, or hurt a living session")
	}
	l.ep.CloseCall(w.now, n.el, l2tp.Result{Code: 1}, nil, &l.fx)
	l.settle()
	w.run()
}
