// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/forward"
	"holdfast/internal/policy"
	"holdfast/l2tp"
)

// find asks all shards which sessions a match means.
func (w *world) find(m Match) (found []Target) {
	for i, e := range w.engines {
		r := Request{Kind: FindSessions, Match: &m}
		for range 10000 {
			e.Request(w.now, &r, w.fx[i])
			w.carry(i)
			if r.Done {
				break
			}
		}
		found = append(found, r.Found...)
	}
	return found
}

// change has one target changed, or ended.
func (w *world) change(k RequestKind, to Target, a *policy.Attributes) Change {
	r := Request{Kind: k, Change: &Change{Target: to, Attributes: a}}
	w.engines[to.Shard].Request(w.now, &r, w.fx[to.Shard])
	w.carry(to.Shard)
	w.run()
	return *r.Change
}

// A server finds a session by whatever it knows of it, over all shards; all that
// it gives must agree.
func TestFindSessions(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, grantConfig(), shards)
		l := w.lac(0)
		grant := policy.Attributes{
			Address: netip.MustParseAddr("192.0.2.77"), PrefixIPv6: netip.MustParsePrefix("2001:db8:ffff:1::/64"),
			Delegated: netip.MustParsePrefix("2001:db8:4000::/56"), InterfaceID: [8]byte{7: 9}, UserName: "customer 7",
		}
		w.admitted(l, l.tunnel(), "user1@example", grant)
		for i := 2; i < 9; i++ {
			w.admitted(l, l.tunnel(), fmt.Sprintf("user%d@example", i), policy.Attributes{UserName: "customer 8"})
		}
		id := uint64(0)
		for _, row := range w.request(Request{Kind: ShowSubscribers}).Subscribers {
			if row.User == "user1@example" {
				id = row.ID
			}
		}
		calling := func(number string) func(*AAAProfile, *Subscriber) bool {
			return func(p *AAAProfile, s *Subscriber) bool { return p.Name == "aaa" && s.Calling == number }
		}
		for name, c := range map[string]struct {
			match Match
			found int
		}{
			"id":                   {Match{SessionID: id}, 1},
			"user":                 {Match{User: "user1@example"}, 1},
			"granted name":         {Match{User: "customer 7"}, 1},
			"shared name":          {Match{User: "customer 8"}, 7},
			"address":              {Match{Address: grant.Address}, 1},
			"prefix":               {Match{Prefix: grant.PrefixIPv6}, 1},
			"delegated":            {Match{Prefix: grant.Delegated}, 1},
			"line":                 {Match{Also: calling("tel-user1@example")}, 1},
			"interface id":         {Match{InterfaceID: grant.InterfaceID}, 1},
			"all":                  {Match{SessionID: id, User: "customer 7", Address: grant.Address, Also: calling("tel-user1@example")}, 1},
			"unknown id":           {Match{SessionID: id + 1<<20}, 0},
			"another's name":       {Match{SessionID: id, User: "user2@example"}, 0},
			"another's address":    {Match{User: "user2@example", Address: grant.Address}, 0},
			"another's line":       {Match{User: "user2@example", Also: calling("tel-user1@example")}, 0},
			"another interface id": {Match{User: "user1@example", InterfaceID: [8]byte{1}}, 0},
			"nothing":              {Match{}, 8},
		} {
			if found := w.find(c.match); len(found) != c.found {
				t.Errorf("%d shards, %s: found %v", shards, name, found)
			}
		}
		w.hangUpAll(l)
	}
	if DecideFound(0, true) != ErrorSessionNotFound || DecideFound(2, false) != ErrorMultipleSessions || DecideFound(2, true)+DecideFound(1, false) != 0 {
		t.Error("what is made of the number found")
	}
}

// What a living session can change it changes in place: the link stays up, the
// counters go on.
func TestChangeInPlace(t *testing.T) {
	cfg := grantConfig()
	cfg.terms().AAA.Accounting = &Accounting{CoAImmediate: true, Interval: time.Hour}
	w := newWorld(t, cfg, 4)
	l := w.lac(0)
	routes := []policy.Route{{Prefix: netip.MustParsePrefix("10.1.0.0/16")}, {Prefix: netip.MustParsePrefix("10.2.0.0/16")}}
	m := w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{
		Down: policy.Rate{Bits: 1e6}, SessionTimeout: time.Hour, HasSessionTimeout: true, Routes: routes, Class: [][]byte{{1}},
	})
	w.until("both families", func() bool { return m.up4 && m.up6 })
	to := w.find(Match{User: "user1@example"})[0]
	before, opened := w.only(), len(w.books)
	change := policy.Attributes{
		Up: policy.Rate{Bits: 3e6}, Down: policy.Rate{Bits: 2e6}, SessionTimeout: 3 * time.Hour, HasSessionTimeout: true,
		IdleTimeout: 0, HasIdleTimeout: true, Interim: 10 * time.Minute, HasInterim: true, MTU: 1400, Class: [][]byte{{2}},
		Routes: routes[:1], Address: before.IPv4, UserName: "user1@example",
	}
	if c := w.change(ChangeSession, to, &change); c.Error != 0 {
		t.Fatalf("refused: %d %s", c.Error, c.Attribute)
	}
	after := w.only()
	if after.Up != (forward.Rate{Bits: 3e6}) || after.Down.Bits != 2e6 || after.MTU != 1400 || after.IPv4 != before.IPv4 || len(after.Routes) != 1 {
		t.Errorf("installed %+v", after)
	}
	if len(w.books) != opened+1 || w.books[opened].Kind != AccountInterim || w.books[opened].Subscriber.Granted.Class[0][0] != 2 {
		t.Errorf("books %+v", w.books[opened:])
	}
	row := w.request(Request{Kind: ShowSubscribers}).Subscribers[0]
	if row.SessionLeft != 3*time.Hour || row.InterimInterval != 10*time.Minute || row.Down.Bits != 2e6 || len(row.Routes) != 1 {
		t.Errorf("row %+v", row)
	}
	// The route that was given up is free.
	other := w.admitted(l, l.tunnel(), "user2@example", policy.Attributes{Routes: routes[1:]})
	if other.gone {
		t.Error("a route that was given up cannot be had")
	}
	if w.advance(2 * time.Hour); m.gone {
		t.Error("the old session timeout has ended it")
	}
	if w.advance(2 * time.Hour); !m.gone {
		t.Error("the new session timeout has not ended it")
	}
	w.hangUpAll(l)
}

// What cannot be changed in place is refused as a whole.
func TestChangeRefused(t *testing.T) {
	w := newWorld(t, grantConfig(), 1)
	l := w.lac(0)
	m := w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{Down: policy.Rate{Bits: 1e6}})
	to := w.find(Match{User: "user1@example"})[0]
	rate := policy.Rate{Bits: 9e6}
	n := uint64(0)
	for name, c := range map[string]struct {
		change *policy.Attributes
		want   ErrorCause
	}{
		"Framed-IP-Address": {&policy.Attributes{Down: rate, Address: netip.MustParseAddr("192.0.2.9")}, ErrorUnsupportedAttribute},
		"Framed-Route":      {&policy.Attributes{Down: rate, Routes: []policy.Route{{}}}, ErrorInvalidAttribute},
		"Filter-Id":         {&policy.Attributes{Down: rate, Filters: []string{"f"}}, ErrorUnsupportedAttribute},
		"Service-Activate":  {&policy.Attributes{Down: rate, Services: []string{"gold"}}, ErrorUnsupportedAttribute},
		"User-Name":         {&policy.Attributes{Down: rate, UserName: "somebody else"}, ErrorUnsupportedAttribute},
		"Session-Timeout":   {&policy.Attributes{Down: rate, Malformed: "Session-Timeout"}, ErrorInvalidAttribute},
		"":                  {nil, ErrorMissingAttribute},
	} {
		n++
		if got := w.change(ChangeSession, to, c.change); got.Error != c.want || got.Attribute != name {
			t.Errorf("%s: %d %s", name, got.Error, got.Attribute)
		}
	}
	if f := w.only(); f.Down.Bits != 1e6 || m.gone {
		t.Errorf("changed in part: %+v", f)
	}
	to.Generation++
	if got := w.change(ChangeSession, to, &policy.Attributes{Down: rate}); got.Error != ErrorSessionNotFound {
		t.Errorf("another session of the same place: %+v", got)
	}
	if c := w.counters(); c.ChangesRefused != n+1 || c.Changed != 0 {
		t.Errorf("%d refused, %d changed", c.ChangesRefused, c.Changed)
	}
	w.hangUpAll(l)
}

// An idle timeout can be set and taken away while the session lives.
func TestChangeOfIdleTimeout(t *testing.T) {
	w := newWorld(t, grantConfig(), 1)
	l := w.lac(0)
	m := w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{IdleTimeout: 5 * time.Minute, HasIdleTimeout: true})
	to := w.find(Match{User: "user1@example"})[0]
	w.advance(4 * time.Minute)
	w.change(ChangeSession, to, &policy.Attributes{HasIdleTimeout: true})
	if w.advance(time.Hour); m.gone {
		t.Fatal("ended by a timeout that was taken away")
	}
	w.change(ChangeSession, to, &policy.Attributes{IdleTimeout: 5 * time.Minute, HasIdleTimeout: true})
	w.advance(4 * time.Minute)
	if m.gone {
		t.Fatal("time before the change has counted")
	}
	if w.advance(3 * time.Minute); !m.gone {
		t.Error("the new timeout has not ended it")
	}
	w.hangUpAll(l)
}

// A Disconnect ends the session in good order, and a second one finds nothing.
func TestDisconnect(t *testing.T) {
	for _, shards := range []int{1, 4} {
		cfg := testConfig() // local users: found because a client may ask
		cfg.Radius.Dynamic = []DynamicClient{{Address: netip.MustParseAddr("192.0.2.250")}}
		cfg.terms().AAA.Accounting = &Accounting{}
		w := newWorld(t, cfg, shards)
		l := w.lac(0)
		var m *modem
		for i := range 4 {
			m = l.login(l.tunnel(), fmt.Sprintf("user%d@example", i))
		}
		to := w.find(Match{User: m.name})
		if len(to) != 1 {
			t.Fatalf("found %v", to)
		}
		if c := w.change(DisconnectSession, to[0], nil); c.Error != 0 {
			t.Fatalf("refused: %+v", c)
		}
		if c := w.change(DisconnectSession, to[0], nil); c.Error != ErrorSessionNotFound {
			t.Errorf("a second time: %+v", c)
		}
		w.until("end", func() bool { return m.gone })
		if n := len(w.find(Match{})); n != 3 {
			t.Errorf("%d are left", n)
		}
		stop := w.books[len(w.books)-1]
		if stop.Kind != AccountStop || stop.Terminate != adminReset || w.counters().Disconnected != 1 {
			t.Errorf("stop %+v", stop)
		}
		w.hangUpAll(l)
	}
}

// The index finds exactly those that are in it, in whatever order they come and go.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := New(Options{Config: testConfig(), Shards: 1, Now: epoch, Rand: rand.New(rand.NewPCG(1, 2))})
		users := []string{"a", "b", "c"}
		living := map[l2tp.Element]string{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			el := l2tp.Element(rapid.IntRange(0, 20).Draw(t, "element"))
			if _, in := living[el]; in {
				e.unlist(e.sessions.at(el))
				delete(living, el)
				continue
			}
			s := e.sessions.make(el)
			s.user = rapid.SampledFrom(users).Draw(t, "user")
			name := rapid.SampledFrom(users)
			s.grant = &grant{sub: &Subscriber{ID: uint64(el) + 1, User: name.Draw(t, "granted name"), UserGiven: name.Draw(t, "given")}}
			e.list(s)
			living[el] = s.user
			for _, u := range users {
				found := map[l2tp.Element]bool{}
				e.candidates(&Match{User: u}, func(s *session) bool {
					if found[s.element] {
						t.Fatal("found twice")
					}
					found[s.element] = true
					return true
				})
				for el := range living {
					s := e.sessions.at(el)
					if is := s.user == u || s.grant.sub.User == u || s.grant.sub.UserGiven == u; is != found[el] {
						t.Fatalf("%s: element %d is %v, found %v", u, el, is, found[el])
					}
				}
			}
		}
		for el := range living {
			e.unlist(e.sessions.at(el))
		}
		if len(e.index) != 0 {
			t.Fatalf("%d names are left", len(e.index))
		}
	})
}

// New routes are claimed over all shards before the change is made and answered;
// one that is another's refuses it as a whole.
func TestChangeOfRoutes(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, grantConfig(), shards)
		l := w.lac(0)
		route := func(s string) policy.Route { return policy.Route{Prefix: netip.MustParsePrefix(s)} }
		w.admitted(l, l.tunnel(), "other@example", policy.Attributes{Routes: []policy.Route{route("10.9.0.0/16")}})
		m := w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{Routes: []policy.Route{route("10.1.0.0/16")}})
		to := w.find(Match{User: "user1@example"})[0]
		routes := func() int {
			for _, f := range w.plane {
				if f.IPv4 == m.link.Network().LocalIPv4 {
					return len(f.Routes)
				}
			}
			return -1
		}
		more := policy.Attributes{Routes: []policy.Route{route("10.1.0.0/16"), route("10.2.0.0/16"), route("10.3.0.0/16")}}
		if c := w.change(ChangeSession, to, &more); c.Error != 0 || routes() != 3 {
			t.Fatalf("%d shards: %+v, %d routes", shards, c, routes())
		}
		taken := policy.Attributes{Routes: []policy.Route{route("10.4.0.0/16"), route("10.9.0.0/16")}}
		if c := w.change(ChangeSession, to, &taken); c.Error != ErrorResources || routes() != 3 {
			t.Errorf("%d shards: another's route: %+v, %d routes", shards, c, routes())
		}
		if n := w.admitted(l, l.tunnel(), "user2@example", policy.Attributes{Routes: taken.Routes[:1]}); n.gone {
			t.Error("what the refused change had claimed is not free")
		}
		w.hangUpAll(l)
	}
}

// A change that waits for another shard is answered when its session ends.
func TestChangeOfOneThatEnds(t *testing.T) {
	w := newWorld(t, grantConfig(), 4)
	l := w.lac(0)
	w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{})
	to := w.find(Match{User: "user1@example"})[0]
	e, fx := w.engines[to.Shard], w.fx[to.Shard]
	var a policy.Attributes
	for i := range 8 { // some of them have another shard for a home
		a.Routes = append(a.Routes, policy.Route{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)})
	}
	r := &Request{Kind: ChangeSession, Change: &Change{Target: to, Attributes: &a}}
	e.Request(w.now, r, fx)
	again := &Request{Kind: ChangeSession, Change: &Change{Target: to, Attributes: &a}}
	e.Request(w.now, again, fx)
	if len(fx.Answers) != 1 || again.Change.Error != ErrorResources {
		t.Fatalf("%d answers; a second change at a time: %+v", len(fx.Answers), again.Change)
	}
	e.Request(w.now, &Request{Kind: DisconnectSession, Change: &Change{Target: to}}, fx)
	answered := false
	w.answers = func(r2 *Request) { answered = answered || r2 == r }
	w.carry(to.Shard)
	w.hangUpAll(l)
	if !answered || r.Change.Error == 0 && w.counters().Changed != 1 {
		t.Errorf("answered %v: %+v", answered, r.Change)
	}
}
