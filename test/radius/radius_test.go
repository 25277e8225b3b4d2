// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"context"
	"crypto/md5"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/aaa"
	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/ppp"
	"holdfast/radius"
)

// service runs package aaa with servers.
type service struct {
	t   *testing.T
	s   *aaa.Service
	set *radius.Set
}

func serve(t *testing.T, servers ...*radius.Server) *service {
	t.Helper()
	s, err := aaa.New(aaa.Options{
		Shards: 1, Answer: func(int, []lns.AuthAnswer) {}, Log: func(time.Time, *event.Record) {},
		Do: func(context.Context, int, *lns.Request) error { return nil },
	})
	check(t, err)
	set := &radius.Set{Name: "p", Servers: servers}
	cfg := &lns.Config{HostName: "lns1", Groups: []*lns.TunnelGroup{{AAA: &lns.AAAProfile{Radius: set}}}}
	cfg.Radius.TimeoutGrace = time.Second
	p, err := s.Prepare(cfg)
	check(t, err)
	p.Apply()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return &service{t, s, set}
}

// login asks about a user by one method.
func (s *service) login(method ppp.AuthMethod, user, password string) lns.AuthAnswer {
	s.t.Helper()
	q := lns.AuthQuery{Profile: &lns.AAAProfile{Name: "p", Radius: s.set}, Subscriber: &lns.Subscriber{
		ID: 4711, User: user, UserGiven: user, Calling: "0301234", Tunnel: 1, Session: 2,
		Local: netip.MustParseAddrPort("192.0.2.1:1701"), Peer: netip.MustParseAddrPort("198.51.100.7:1701"), LAC: "lac1", LNS: "lns1",
	}, Offer: offer(s.t, method, user, password)}
	a, err := s.s.Test(s.t.Context(), q)
	check(s.t, err)
	return a
}

// offer is what a peer says that knows the password.
func offer(t *testing.T, method ppp.AuthMethod, user, password string) ppp.AuthOffer {
	t.Helper()
	o := ppp.AuthOffer{Method: method, Name: user, ID: 7, Challenge: []byte("0123456789abcdef")}
	switch method {
	case ppp.PAP:
		o.Password, o.Challenge = password, nil
	case ppp.CHAP:
		sum := md5.Sum(append([]byte{o.ID}, password+string(o.Challenge)...))
		o.Response = sum[:]
	case ppp.MSCHAPv2:
		peer := []byte("fedcba9876543210")
		o.Response = make([]byte, 49)
		copy(o.Response, peer)
		copy(o.Response[24:], ntResponse(t, o.Challenge, peer, user, password))
	}
	return o
}

var methods = []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2}

// Each method lets the right password in and the wrong one not, over UDP on both
// families and over TLS; Message-Authenticator is wanted of every reply over UDP.
func TestMethods(t *testing.T) {
	f := start(t)
	six := f.server()
	six.Address = netip.MustParseAddr("::1")
	for name, server := range map[string]*radius.Server{"UDP": f.server(), "IPv6": six, "TLS": f.overTLS()} {
		s := serve(t, server)
		for _, method := range methods {
			good := s.login(method, "alice", "open sesame")
			if good.Result != lns.AuthAccept || good.Granted == nil || good.Granted.Malformed != "" {
				t.Errorf("%s, %v: %+v", name, method, good)
			}
			if method == ppp.MSCHAPv2 && !strings.HasPrefix(good.Message, "S=") {
				t.Errorf("%s, MS-CHAPv2: %q", name, good.Message)
			}
			bad := s.login(method, "alice", "close sesame")
			if bad.Result != lns.AuthReject {
				t.Errorf("%s, %v, wrong password: %+v", name, method, bad)
			}
			if method == ppp.MSCHAPv2 && !strings.HasPrefix(bad.Message, "E=691") {
				t.Errorf("%s, MS-CHAPv2, wrong password: %q", name, bad.Message)
			}
		}
		if nobody := s.login(ppp.PAP, "mallory", "x"); nobody.Result != lns.AuthReject || nobody.Message != "Nobody of that name" {
			t.Errorf("%s: an unknown user: %+v", name, nobody)
		}
	}
}

// What the example grants is what is read.
func TestGranted(t *testing.T) {
	s := serve(t, start(t).server())
	g := s.login(ppp.CHAP, "alice", "open sesame").Granted
	if g == nil {
		t.Fatal("nothing granted")
	}
	ok := g.Address == netip.MustParseAddr("100.64.7.7") && len(g.Routes) == 1 && g.Routes[0].Prefix == netip.MustParsePrefix("203.0.113.0/28") &&
		g.PrefixIPv6 == netip.MustParsePrefix("2001:db8:7:7::/64") && g.Delegated == netip.MustParsePrefix("2001:db8:ff00::/56") &&
		g.SessionTimeout == 24*time.Hour && g.IdleTimeout == time.Hour && g.Interim == 10*time.Minute &&
		len(g.Class) == 1 && string(g.Class[0]) == "gold" && g.ReplyMessage == "Welcome" &&
		g.DNS == [2]netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("192.0.2.54")} &&
		g.Up == policy.Rate{Bits: 10e6} && g.Down == policy.Rate{Bits: 100e6} && len(g.Ignored) == 0
	if !ok {
		t.Errorf("alice: %+v", g)
	}
	g = s.login(ppp.PAP, "bob", "hello").Granted
	if g == nil || g.Pool != "pool-v4" || g.Up != (policy.Rate{Bits: 5e6, Burst: 937500}) || g.Down != (policy.Rate{Bits: 50e6, Burst: 9375000}) {
		t.Errorf("bob: %+v", g)
	}
	g = s.login(ppp.PAP, "carol", "tunnel").Granted
	if g == nil || len(g.Tunnels) != 1 || g.Tunnels[0] != (policy.Tunnel{Tag: 1, Type: 3, Medium: 1, Server: "198.51.100.1", Password: "hidden"}) {
		t.Errorf("carol: %+v", g)
	}
}

// With the wrong secret nobody is let in, and nobody is refused either: nobody has
// answered.
func TestWrongSecret(t *testing.T) {
	server := start(t).server()
	server.Secret = "not it"
	s := serve(t, server)
	for _, method := range methods {
		if a := s.login(method, "alice", "open sesame"); a.Result != lns.AuthTimeout {
			t.Errorf("%v: %+v", method, a)
		}
	}
}

// A server that does not sign its replies could be anybody between us and it
// (CVE-2024-3596): it is not believed, unless the configuration says that it is old.
func TestUnsigned(t *testing.T) {
	site, err := os.ReadFile(examples + "/site")
	check(t, err)
	unsigned := strings.Replace(string(site), "Message-Authenticator := 0x00", "Reply-Message := \"\"", 1)
	if unsigned == string(site) {
		t.Fatal("the example does not ask for signed replies")
	}
	file := filepath.Join(t.TempDir(), "site")
	check(t, os.WriteFile(file, []byte(unsigned), 0o600))
	f := start(t, "EXAMPLES/site", file)
	s := serve(t, f.server())
	if a := s.login(ppp.PAP, "bob", "hello"); a.Result != lns.AuthTimeout {
		t.Errorf("%+v", a)
	}
	if shot, ok := s.s.Snapshot(t.Context()); !ok || shot.Servers[0].Authentication.Counters.BadAuthenticators == 0 {
		t.Error("the unsigned reply was not counted")
	}
	old := f.server()
	old.TrustUnsigned = true
	if a := serve(t, old).login(ppp.PAP, "bob", "hello"); a.Result != lns.AuthAccept {
		t.Errorf("from an old server: %+v", a)
	}
}

// The server is killed: log-ins fail by the schedule, and succeed when it is back.
func TestKilledAndBack(t *testing.T) {
	f := start(t)
	s := serve(t, f.server())
	if a := s.login(ppp.CHAP, "alice", "open sesame"); a.Result != lns.AuthAccept {
		t.Fatalf("%+v", a)
	}
	check(t, f.command.Process.Kill())
	_ = f.command.Wait() // it was killed
	if a := s.login(ppp.CHAP, "alice", "open sesame"); a.Result != lns.AuthTimeout {
		t.Errorf("while it is dead: %+v", a)
	}
	f.run()
	if a := s.login(ppp.CHAP, "alice", "open sesame"); a.Result != lns.AuthAccept {
		t.Errorf("when it is back: %+v", a)
	}
}
