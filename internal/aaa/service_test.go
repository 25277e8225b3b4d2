// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	layeh "layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/vendors/microsoft"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/internal/testenv"
	"holdfast/ppp"
	"holdfast/radius"
	"holdfast/radius/radiustest"
)

// rig is a running Service with what it answers.
type rig struct {
	t       *testing.T
	service *Service
	answers chan lns.AuthAnswer
	end     func()

	mu     sync.Mutex
	events []event.ID
	do     func(shard int, r *lns.Request) error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, answers: make(chan lns.AuthAnswer, 65536)}
	s, err := New(Options{
		Shards: 2,
		Answer: func(_ int, list []lns.AuthAnswer) {
			for _, a := range list {
				r.answers <- a
			}
		},
		Do: func(_ context.Context, shard int, q *lns.Request) error { return r.do(shard, q) },
		Log: func(_ time.Time, e *event.Record) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e.ID)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.service = s
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	r.end = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(r.end)
	return r
}

// serverOf is a server's configuration, with short timers.
func serverOf(s *radiustest.Server) *radius.Server {
	return &radius.Server{
		Address: s.Address(), Authentication: s.Authentication(), Accounting: s.Accounting(), Secret: testSecret,
		Timeout: 50 * time.Millisecond, Retry: 1,
	}
}

// configure puts servers in force, as the only ones.
func (r *rig) configure(servers ...*radius.Server) *radius.Set {
	r.t.Helper()
	set := &radius.Set{Name: "p", Servers: servers}
	cfg := &lns.Config{HostName: "lns1.example.net", Groups: []*lns.TunnelGroup{{
		Gateway: netip.MustParseAddr("192.0.2.1"), AAA: &lns.AAAProfile{Name: "p", Radius: set},
	}}}
	cfg.Radius.TimeoutGrace, cfg.Radius.RevertInterval = 100*time.Millisecond, 300*time.Millisecond
	p, err := r.service.Prepare(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	p.Apply()
	return set
}

// ask asks about a subscriber with this method and waits for the answer.
func (r *rig) ask(set *radius.Set, method ppp.AuthMethod) lns.AuthAnswer {
	r.t.Helper()
	q := query(method, lns.RequestFormat{})
	q.Profile.Radius, q.Ref = set, lns.AuthRef{Element: 7}
	r.service.Authenticate(1, []lns.AuthQuery{*q})
	a := r.wait()
	if a.Ref != q.Ref {
		r.t.Errorf("the answer is for %+v", a.Ref)
	}
	return a
}

func (r *rig) wait() lns.AuthAnswer {
	r.t.Helper()
	select {
	case a := <-r.answers:
		return a
	case <-time.After(20 * time.Second):
		r.t.Fatal("no answer")
		return lns.AuthAnswer{}
	}
}

// status is the state of the only server's authentication service.
func (r *rig) status() radius.ServiceStatus {
	r.t.Helper()
	s, ok := r.service.Snapshot(r.t.Context())
	if !ok || len(s.Servers) == 0 {
		r.t.Fatal("no snapshot")
	}
	return s.Servers[0].Authentication
}

// Each answer of a server becomes the answer for the engine, and is counted.
func TestAnswers(t *testing.T) {
	server := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	set := r.configure(serverOf(server))
	reply := func(code layeh.Code, add func(p *layeh.Packet)) {
		server.SetAnswer(func(*radiustest.Request) radiustest.Answer { return radiustest.Answer{Code: code, Add: add} })
	}
	reply(layeh.CodeAccessAccept, func(p *layeh.Packet) { p.Add(rfc2865.ReplyMessage_Type, texts("welcome")) })
	if a := r.ask(set, ppp.PAP); a.Result != lns.AuthAccept || a.Message != "welcome" || a.Granted == nil || a.Server != "127.0.0.1" {
		t.Errorf("accept: %+v", a)
	}
	reply(layeh.CodeAccessReject, func(p *layeh.Packet) { p.Add(rfc2865.ReplyMessage_Type, texts("no")) })
	if a := r.ask(set, ppp.CHAP); a.Result != lns.AuthReject || a.Message != "no" || a.Granted != nil {
		t.Errorf("reject: %+v", a)
	}
	reply(layeh.CodeAccessChallenge, func(p *layeh.Packet) { p.Add(rfc2865.State_Type, texts("s")) })
	if a := r.ask(set, ppp.PAP); a.Result != lns.AuthReject {
		t.Errorf("challenge: %+v", a)
	}
	reply(layeh.CodeAccessAccept, func(p *layeh.Packet) { p.Add(rfc2865.FramedIPAddress_Type, texts("x")); p.Add(250, texts("x")) })
	if a := r.ask(set, ppp.PAP); a.Result != lns.AuthAccept || a.Granted.Malformed != "Framed-IP-Address" {
		t.Errorf("malformed: %+v", a)
	}
	s, _ := r.service.Snapshot(t.Context())
	want := AuthStatistics{Requests: 4, Accepts: 2, Rejects: 1, Challenges: 1, Malformed: 1}
	if s.Authentication != want {
		t.Errorf("counted %+v, want %+v", s.Authentication, want)
	}
	if c := s.Servers[0].Authentication.Counters; c.Requests != 4 || c.Accepts != 2 || c.Rejects != 1 || c.Challenges != 1 {
		t.Errorf("the server's: %+v", c)
	}
}

// MS-CHAPv2's own words go to the peer whole; where the server has none, the peer
// gets what it insists on, or is not let in.
func TestAnswersMSCHAPv2(t *testing.T) {
	server := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	set := r.configure(serverOf(server))
	for _, c := range []struct {
		code      layeh.Code
		add       func(p *layeh.Packet)
		result    lns.AuthResult
		message   string
		malformed string
	}{
		{layeh.CodeAccessAccept, func(p *layeh.Packet) { _ = microsoft.MSCHAP2Success_AddString(p, "\x09S=0123 M=hi") }, lns.AuthAccept, "S=0123 M=hi", ""},
		{layeh.CodeAccessAccept, nil, lns.AuthAccept, "", "MS-CHAP2-Success"},
		{layeh.CodeAccessReject, func(p *layeh.Packet) { _ = microsoft.MSCHAPError_AddString(p, "\x09E=648 R=0 C=00 V=3 M=expired") },
			lns.AuthReject, "E=648 R=0 C=00 V=3 M=expired", ""},
		{layeh.CodeAccessReject, nil, lns.AuthReject, "E=691 R=0 C=30313233343536373839616263646566 V=3 M=Authentication failed", ""},
	} {
		server.SetAnswer(func(*radiustest.Request) radiustest.Answer { return radiustest.Answer{Code: c.code, Add: c.add} })
		a := r.ask(set, ppp.MSCHAPv2)
		if a.Result != c.result || a.Message != c.message || a.Granted != nil && a.Granted.Malformed != c.malformed {
			t.Errorf("%v: %+v", c.code, a)
		}
	}
}

// What is forged, unsigned, wrong or not a reply at all is counted and not
// believed; the query ends as if nothing had come.
func TestRepliesThatAreNotBelieved(t *testing.T) {
	accept := layeh.CodeAccessAccept
	for name, c := range map[string]struct {
		answer radiustest.Answer
		count  func(radius.Counters) uint64
	}{
		"unsigned":            {radiustest.Answer{Code: accept, Unsigned: true}, func(c radius.Counters) uint64 { return c.BadAuthenticators }},
		"wrong authenticator": {radiustest.Answer{Code: accept, BadAuthenticator: true}, func(c radius.Counters) uint64 { return c.BadAuthenticators }},
		"wrong signature":     {radiustest.Answer{Code: accept, BadSignature: true}, func(c radius.Counters) uint64 { return c.BadAuthenticators }},
		"wrong port":          {radiustest.Answer{Code: accept, FromWrongPort: true}, func(c radius.Counters) uint64 { return c.WrongSource }},
		"of another service":  {radiustest.Answer{Code: layeh.CodeAccountingResponse}, func(c radius.Counters) uint64 { return c.UnknownTypes }},
		"no packet":           {radiustest.Answer{Raw: []byte("hello")}, func(c radius.Counters) uint64 { return c.Malformed }},
	} {
		t.Run(name, func(t *testing.T) {
			server := radiustest.New(t, radiustest.Config{Secret: testSecret, Answer: func(*radiustest.Request) radiustest.Answer { return c.answer }})
			r := newRig(t)
			set := r.configure(serverOf(server))
			if a := r.ask(set, ppp.PAP); a.Result != lns.AuthTimeout {
				t.Errorf("%+v", a)
			}
			if n := c.count(r.status().Counters); n == 0 {
				t.Errorf("not counted: %+v", r.status().Counters)
			}
		})
	}
}

// A server that is configured to be old may leave the signature out.
func TestTrustUnsigned(t *testing.T) {
	server := radiustest.New(t, radiustest.Config{Secret: testSecret, Answer: func(*radiustest.Request) radiustest.Answer {
		return radiustest.Answer{Code: layeh.CodeAccessAccept, Unsigned: true}
	}})
	r := newRig(t)
	old := serverOf(server)
	old.TrustUnsigned = true
	if a := r.ask(r.configure(old), ppp.PAP); a.Result != lns.AuthAccept {
		t.Errorf("%+v", a)
	}
}

// With another secret at the server nothing is ever believed, on either side.
func TestWrongSecret(t *testing.T) {
	server := radiustest.New(t, radiustest.Config{Secret: "another"})
	r := newRig(t)
	if a := r.ask(r.configure(serverOf(server)), ppp.CHAP); a.Result != lns.AuthTimeout {
		t.Errorf("%+v", a)
	}
	if server.Counts().Unverified == 0 {
		t.Error("the server has verified a request of another secret")
	}
}

// A silent server is left for the next one, is found dead, and says so.
func TestFailover(t *testing.T) {
	silent := radiustest.New(t, radiustest.Config{Secret: testSecret, Answer: radiustest.Silent})
	good := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	set := r.configure(serverOf(silent), serverOf(good))
	for range 3 {
		if a := r.ask(set, ppp.PAP); a.Result != lns.AuthAccept {
			t.Fatalf("%+v", a)
		}
	}
	if s := r.status(); s.State != radius.Dead || s.Counters.Retransmissions == 0 {
		t.Errorf("the silent one: %+v", s)
	}
	if !r.logged(event.RADIUSServerDead) {
		t.Error("nothing is logged")
	}
}

// logged reports whether an event was.
func (r *rig) logged(id event.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.events, id)
}

// A source-address that this host does not have is said, and the next server is
// asked.
func TestForeignSource(t *testing.T) {
	good := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	foreign := serverOf(good)
	foreign.Source = netip.MustParseAddr("192.0.2.77")
	if a := r.ask(r.configure(foreign, serverOf(good)), ppp.PAP); a.Result != lns.AuthAccept {
		t.Errorf("%+v", a)
	}
	if !r.logged(event.RADIUSSocketFailed) {
		t.Error("nothing is logged")
	}
}

func TestIPv6(t *testing.T) {
	server, err := radiustest.Start(radiustest.Config{Secret: testSecret, Listen: "::1"})
	if err != nil {
		testenv.Missing(t, "IPv6 on the loopback device: %v", err)
	}
	t.Cleanup(server.Close)
	r := newRig(t)
	s := serverOf(server)
	s.Source = netip.MustParseAddr("::1")
	if a := r.ask(r.configure(s), ppp.PAP); a.Result != lns.AuthAccept || a.Server != "::1" {
		t.Errorf("%+v", a)
	}
}

// A reload takes servers away and brings others; what is under way moves on.
func TestReload(t *testing.T) {
	silent := radiustest.New(t, radiustest.Config{Secret: testSecret, Answer: radiustest.Silent})
	good := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	slow := serverOf(silent)
	slow.Timeout, slow.Retry = time.Minute, 10
	set := r.configure(slow, serverOf(good))
	q := query(ppp.PAP, lns.RequestFormat{})
	q.Profile.Radius = set
	r.service.Authenticate(0, []lns.AuthQuery{*q})
	for deadline := time.Now().Add(20 * time.Second); r.status().Counters.Requests == 0; {
		if time.Now().After(deadline) {
			t.Fatal("nothing was sent")
		}
	}
	r.configure(serverOf(good))
	if a := r.wait(); a.Result != lns.AuthAccept {
		t.Errorf("%+v", a)
	}
	s, _ := r.service.Snapshot(t.Context())
	if len(s.Servers) != 1 || s.Servers[0].Server.Authentication != good.Authentication() {
		t.Errorf("%d servers", len(s.Servers))
	}
}

// What cannot be put into a packet is refused at once, and counted.
func TestUnsent(t *testing.T) {
	server := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	set := r.configure(serverOf(server))
	q := query(ppp.PAP, lns.RequestFormat{})
	q.Profile.Radius, q.User = set, strings.Repeat("u", 254)
	r.service.Authenticate(0, []lns.AuthQuery{*q})
	if a := r.wait(); a.Result != lns.AuthReject {
		t.Errorf("%+v", a)
	}
	if s, _ := r.service.Snapshot(t.Context()); s.Authentication.Unsent != 1 || server.Counts().Requests != 0 {
		t.Errorf("%+v", s.Authentication)
	}
	if a := r.ask(set, ppp.PAP); a.Result != lns.AuthAccept {
		t.Errorf("afterwards: %+v", a)
	}
}

// Every query has an answer when the service ends, and after.
func TestEveryQueryIsAnsweredAtTheEnd(t *testing.T) {
	silent := radiustest.New(t, radiustest.Config{Secret: testSecret, Answer: radiustest.Silent})
	r := newRig(t)
	s := serverOf(silent)
	s.Timeout = time.Minute
	set := r.configure(s)
	q := query(ppp.PAP, lns.RequestFormat{})
	q.Profile.Radius = set
	for range 300 {
		r.service.Authenticate(0, []lns.AuthQuery{*q})
	}
	r.end()
	for range 300 {
		if a := r.wait(); a.Result != lns.AuthTimeout {
			t.Fatalf("%+v", a)
		}
	}
	if _, ok := r.service.Snapshot(t.Context()); ok {
		t.Error("a snapshot of what has ended")
	}
}

// "test aaa ppp" asks as a log-in does, and leaves the shards alone.
func TestTest(t *testing.T) {
	server := radiustest.New(t, radiustest.Config{Secret: testSecret})
	r := newRig(t)
	q := query(ppp.PAP, lns.RequestFormat{})
	q.Profile.Radius = r.configure(serverOf(server))
	a, err := r.service.Test(t.Context(), *q)
	if err != nil || a.Result != lns.AuthAccept || len(r.answers) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	server.SetAnswer(radiustest.Silent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.service.Test(ctx, *q); err == nil {
		t.Error("no error from one that was called off")
	}
}

// BenchmarkLogins is queries asked and answered, all the way through sockets.
func BenchmarkLogins(b *testing.B) {
	server, err := radiustest.Start(radiustest.Config{Secret: testSecret})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	places := make(chan struct{}, 512)
	s, err := New(Options{Shards: 1, Log: func(time.Time, *event.Record) {}, Answer: func(_ int, list []lns.AuthAnswer) {
		for range list {
			<-places
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	set := &radius.Set{Servers: []*radius.Server{serverOf(server)}}
	set.Servers[0].Timeout = time.Second
	q := query(ppp.CHAP, lns.RequestFormat{})
	q.Profile.Radius = set
	p, err := s.Prepare(&lns.Config{HostName: "lns1", Groups: []*lns.TunnelGroup{{AAA: q.Profile}}})
	if err != nil {
		b.Fatal(err)
	}
	p.Apply()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	b.ReportAllocs()
	for b.Loop() {
		places <- struct{}{}
		s.Authenticate(0, []lns.AuthQuery{*q})
	}
	for range cap(places) {
		places <- struct{}{}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
	cancel()
	<-done
}
