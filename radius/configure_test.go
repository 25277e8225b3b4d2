// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Who is asked, by algorithm.
func TestAlgorithms(t *testing.T) {
	for _, row := range []struct {
		algorithm Algorithm
		weights   [3]int
		want      string
	}{
		{Direct, [3]int{}, "000000000"},
		{RoundRobin, [3]int{}, "012012012"},
		{Weighted, [3]int{2, 1, 1}, "012001200"},
		{Weighted, [3]int{}, "012012012"},
	} {
		var servers []*Server
		for n, weight := range row.weights {
			s := newServerConfig(n + 1)
			s.Weight = weight
			servers = append(servers, s)
		}
		w := newWorld(t, Options{TimeoutGrace: time.Hour}, servers...)
		set := w.set(row.algorithm)
		var got strings.Builder
		for range 9 {
			w.submit(set, Access)
			e := w.sends()[0]
			got.WriteByte('0' + byte(e.Slot.Server))
			w.reply(e.Slot, AccessAccept)
		}
		if got.String() != row.want {
			t.Errorf("algorithm %v weights %v: %s, want %s", row.algorithm, row.weights, &got, row.want)
		}
	}
}

// Sets share their servers: their windows, identifiers and states are one.
func TestSetsShareServers(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1))
	w.submit(&Set{Name: "a", Servers: w.servers}, Access)
	w.submit(&Set{Name: "b", Servers: []*Server{newServerConfig(1)}}, Access) // another value, the same server
	if n := w.auth(0); n.Pending != 2 {
		t.Fatalf("%+v", n)
	}
}

// A server that stays keeps what is in flight, and takes its new settings; from one
// that goes everything moves on.
func TestConfigure(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1), newServerConfig(2))
	set := &Set{Servers: w.servers}
	stays, _ := w.submit(set, Access)
	first := w.sends()[0]
	only, _ := w.submit(&Set{Servers: w.servers[:1]}, Access)
	w.sends()

	changed := newServerConfig(1)
	changed.OutstandingMax = 1
	w.Configure(w.now, []*Server{changed, newServerConfig(3)}, Options{TimeoutGrace: time.Hour}, &w.fx)
	w.carryOut()
	if s := w.Snapshot(nil); len(s) != 2 || s[0].ID != 0 || s[0].Authentication.Pending != 2 || s[1].ID != 2 {
		t.Fatalf("%+v", s)
	}
	if w.Server(0) != changed || w.Server(1) != nil || w.Server(9) != nil {
		t.Fatal("Server finds another configuration")
	}
	w.reply(first.Slot, AccessAccept)
	w.wantDone(stays, Answered)
	if next, _ := w.submit(set, Access); w.auth(0).Queued != 1 { // OutstandingMax is 1 now
		t.Fatalf("request %d did not wait", next)
	}

	w.Configure(w.now, []*Server{newServerConfig(2)}, Options{TimeoutGrace: time.Hour}, &w.fx)
	w.carryOut()
	w.wantDone(only, NoServer)
	w.wantDone(3, NoServer) // server 2 is another one than it was when this began
	if last := w.log[len(w.log)-1]; !strings.Contains(last, "ServerRemoved 2") {
		t.Fatal(w.log)
	}
	w.reply(first.Slot, AccessAccept) // to a server that is gone
	if w.Totals().Strays != 1 {
		t.Fatalf("%+v", w.Totals())
	}
}

// Accounting has its own timeout and retransmissions, if they are configured.
func TestServerSettings(t *testing.T) {
	for _, row := range []struct {
		server      Server
		irt         [services]time.Duration
		retry       [services]int
		outstanding int
	}{
		{Server{}, [services]time.Duration{3 * time.Second, 3 * time.Second}, [services]int{0, 0}, 1000},
		{
			Server{Timeout: time.Second, Retry: 2, OutstandingMax: 5},
			[services]time.Duration{time.Second, time.Second}, [services]int{2, 2}, 5,
		},
		{
			Server{Timeout: time.Second, Retry: 2, AccountingTimeout: time.Minute, AccountingRetry: 7},
			[services]time.Duration{time.Second, time.Minute}, [services]int{2, 7}, 1000,
		},
	} {
		for k := range row.irt {
			s := &service{server: &server{cfg: &row.server}, kind: Service(k)}
			if irt, n, m := time.Duration(s.irt()), s.retry(), s.outstandingMax(); irt != row.irt[k] || n != row.retry[k] || m != row.outstanding {
				t.Errorf("%+v, %v: %v, %d, %d", row.server, s.kind, irt, n, m)
			}
		}
	}
}

// Requests of a server that goes move to another one of their set.
func TestConfigureMovesOn(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1), newServerConfig(2))
	for range 12 { // ten in flight, two waiting
		w.submit(w.set(Direct), Access)
	}
	w.Configure(w.now, w.servers[1:], Options{TimeoutGrace: time.Hour}, &w.fx)
	w.carryOut()
	if n := w.auth(0); n.Pending != 10 || n.Queued != 2 {
		t.Fatalf("%+v", n)
	}
}

// Another secret, port, source or TLS is another server.
func TestIdentity(t *testing.T) {
	base := newServerConfig(1)
	for why, change := range map[string]func(*Server){
		"address": func(s *Server) { s.Address = netip.MustParseAddr("2001:db8::1") },
		"ports":   func(s *Server) { s.Accounting = 1646 },
		"secret":  func(s *Server) { s.Secret = "x" },
		"source":  func(s *Server) { s.Source = netip.MustParseAddr("192.0.2.200") },
		"TLS":     func(s *Server) { s.TLS = &TLS{} },
	} {
		s := *base
		change(&s)
		if identityOf(&s) == identityOf(base) {
			t.Errorf("%s: the same", why)
		}
	}
	s := *base
	s.Timeout, s.Weight = time.Hour, 3
	if identityOf(&s) != identityOf(base) {
		t.Error("other settings make another server")
	}
}

// Over TLS a request is sent once, and again when its connection was lost; a
// connection that cannot be opened is a dead server.
func TestTLS(t *testing.T) {
	s := newServerConfig(1)
	s.TLS = &TLS{}
	w := newWorld(t, Options{TimeoutGrace: time.Hour, RevertInterval: time.Minute}, s, newServerConfig(2))
	ref, _ := w.submit(w.set(Direct), Access)
	first := w.sends()[0]
	w.run(5 * time.Second)
	if n := len(w.sends()); n != 0 {
		t.Fatalf("sent %d times more", n)
	}
	w.Disconnected(w.now, 0, AuthenticationService, 0, &w.fx)
	w.carryOut()
	if again := w.sends(); len(again) != 1 || again[0].Slot != first.Slot || !again[0].Repeat {
		t.Fatalf("%+v", again)
	}
	w.Unreachable(w.now, 0, AuthenticationService, &w.fx)
	w.carryOut()
	next := w.sends()
	if len(next) != 1 || next[0].Slot.Server != 1 || w.auth(0).State != Dead || w.acct(0).State != Alive {
		t.Fatalf("%+v", next)
	}
	w.run(2 * time.Minute)
	w.wantDone(ref, TimedOut)
	probe, _ := w.submit(w.set(Direct), Access)
	w.Unreachable(w.now, 0, AuthenticationService, &w.fx) // the probe moves on at once
	w.carryOut()
	if sent := w.sends(); sent[len(sent)-1].Slot.Server != 1 || sent[len(sent)-1].Ref != probe {
		t.Fatalf("%+v", sent)
	}
	w.checkCounters()
}

// The only server restarts: what was in flight over TLS waits, and goes out when a
// probe is answered. A connection that fails at once does not make the machine spin.
func TestTLSOnlyServer(t *testing.T) {
	s := newServerConfig(1)
	s.TLS = &TLS{}
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, s)
	refused := 0
	w.onSend = func(Effect) { refused++ }
	for range 5 {
		w.submit(w.set(Direct), Access)
	}
	for range 20 {
		w.Unreachable(w.now, 0, AuthenticationService, &w.fx)
		w.carryOut()
	}
	if n := w.auth(0); refused != 5 || n.Queued != 5 || n.Pending != 0 {
		t.Fatalf("%d sent: %+v", refused, n)
	}
	a := w.answering(map[ServerID]time.Duration{0: time.Millisecond})
	a.run(2 * time.Second)
	for ref := Ref(1); ref <= 5; ref++ {
		w.wantDone(ref, Answered)
	}
	w.checkCounters()
}

// What is no reply is counted under its cause, and the request goes on waiting.
func TestNoReply(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1))
	ref, _ := w.submit(w.set(Direct), Access)
	at := w.sends()[0].Slot
	for _, r := range []Reply{BadAuthenticator, Malformed, UnknownType, AccountingResponse, WrongSource, replies, 255} {
		w.reply(at, r)
	}
	unasked := at
	unasked.Identifier++
	w.reply(unasked, AccessAccept)
	unasked.Port = 60000
	w.reply(unasked, AccessAccept)
	unasked.Service = 7
	w.reply(unasked, AccessAccept)
	want := Counters{Requests: 1, BadAuthenticators: 1, Malformed: 1, UnknownTypes: 4, WrongSource: 1, Dropped: 2}
	if n := w.auth(0).Counters; n != want {
		t.Fatalf("%+v, want %+v", n, want)
	}
	if _, ended := w.done[ref]; ended || w.Totals().Strays != 1 {
		t.Fatal("the request has ended")
	}
	for _, r := range []Reply{AccessChallenge, AccessReject} {
		w.reply(at, r)
		w.submit(w.set(Direct), Access)
		at = w.sends()[0].Slot
	}
	if n := w.auth(0).Counters; n.Challenges != 1 || n.Rejects != 1 {
		t.Fatalf("%+v", n)
	}
}

func TestNames(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{Interim.String(), "interim"}, {AccountingService.String(), "accounting"}, {Cancelled.String(), "cancelled"},
		{WrongSource.String(), "wrong source"}, {ServerRemoved.String(), "ServerRemoved"}, {Dead.String(), "dead"},
		{DynamicDrop.String(), "drop"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}
