// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"holdfast/internal/api"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/radius"
)

// AAA is an exchange with RADIUS in memory.
type AAA struct {
	List       []radius.ServerStatus
	DynamicIs  radius.DynamicCounters
	Accounts   *api.Accounting
	Stops      []api.PendingStop
	Users      map[string]*policy.Attributes // by name: what they are granted
	Passwords  map[string]string
	Silent     bool  // no server answers
	Broken     error // what everything fails with
	PageMax    int   // records of one page
	LastAsked  lns.AuthQuery
	TimesAsked int
}

var _ api.AAA = (*AAA)(nil)

// Servers are those that the test has set.
func (a *AAA) Servers(context.Context) ([]radius.ServerStatus, error) { return a.List, a.Broken }

// Dynamic is what the test has set.
func (a *AAA) Dynamic(context.Context) (radius.DynamicCounters, error) { return a.DynamicIs, a.Broken }

// Accounting is what the test has set.
func (a *AAA) Accounting(context.Context) (*api.Accounting, error) { return a.Accounts, a.Broken }

// Pending pages through Stops.
func (a *AAA) Pending(_ context.Context, page func([]api.PendingStop) error) error {
	for chunk := range slices.Chunk(a.Stops, max(a.PageMax, 1)) {
		if err := page(chunk); err != nil {
			return err
		}
	}
	return a.Broken
}

// Ask answers as a server with Users would.
func (a *AAA) Ask(_ context.Context, q lns.AuthQuery) (lns.AuthAnswer, error) {
	a.LastAsked, a.TimesAsked = q, a.TimesAsked+1
	granted, known := a.Users[q.Offer.Name]
	switch {
	case a.Broken != nil:
		return lns.AuthAnswer{}, a.Broken
	case a.Silent:
		return lns.AuthAnswer{Result: lns.AuthTimeout}, nil
	case !known || a.Passwords[q.Offer.Name] != q.Offer.Password:
		return lns.AuthAnswer{Result: lns.AuthReject, Message: "no such user", Server: "203.0.113.100"}, nil
	}
	return lns.AuthAnswer{Result: lns.AuthAccept, Granted: granted, Server: "203.0.113.100"}, nil
}

// sampleConfig has one profile, which asks two servers and accounts to them.
func sampleConfig() *lns.Config {
	first := &radius.Server{
		Address: netip.MustParseAddr("203.0.113.100"), Authentication: 1812, Accounting: 1813, Dynamic: 3799, Secret: "radius-secret",
		OutstandingMax: 1000,
	}
	second := &radius.Server{Address: netip.MustParseAddr("2001:db8::100"), TLS: &radius.TLS{Port: 2083}, Secret: "radsec", OutstandingMax: 500}
	set := &radius.Set{Name: "aaa-profile", Servers: []*radius.Server{first, second}}
	p := &lns.AAAProfile{
		Name: "aaa-profile", Order: []lns.AuthSource{lns.AuthRadius, lns.AuthPassword}, Radius: set, Accounting: &lns.Accounting{Set: set},
		Subscribers: map[string]*lns.LocalSubscriber{"local": {Name: "local", Password: "local-secret"}},
	}
	return &lns.Config{Groups: []*lns.TunnelGroup{{Name: "tg1", AAA: p, TermsByHostName: map[string]*lns.Terms{}}}}
}

// sampleAAA has the servers of the configuration, of which the second is dead.
func sampleAAA(cfg *lns.Config, now time.Time) *AAA {
	servers := cfg.Groups[0].AAA.Radius.Servers
	alive := func(requests uint64) radius.ServiceStatus {
		return radius.ServiceStatus{
			Since: now.Add(-time.Hour), Pending: 3, Peak: 64, Window: 128, RoundTrip: 1500 * time.Microsecond, Smoothed: 2 * time.Millisecond,
			Counters: radius.Counters{Requests: requests, Retransmissions: 2, Timeouts: 2},
		}
	}
	a := &AAA{
		List: []radius.ServerStatus{
			{ID: 1, Server: servers[0], Authentication: alive(105), Accounting: alive(210)},
			{ID: 2, Server: servers[1], Authentication: alive(7), Accounting: alive(4)},
		},
		DynamicIs: radius.DynamicCounters{
			CoA:            radius.DynamicCodeCounters{Requests: 5, Acks: 3, Naks: 1, Stale: 1},
			Disconnect:     radius.DynamicCodeCounters{Requests: 2, Acks: 1, Duplicates: 1},
			UnknownClients: 4,
		},
		Accounts: &api.Accounting{
			On: 1, Starts: 100, Interims: 60, Stops: 52, Failures: 1, Pending: 2, Oldest: now.Add(-10 * time.Minute), Open: 48,
			Details: []api.Total{{Name: "Log-ins that did not wait for the disk", Count: 3}},
		},
		Stops: []api.PendingStop{
			{User: "user7@example", SessionID: "7", Profile: "aaa-profile", Kind: "Stop", At: now.Add(-10 * time.Minute)},
			{User: "user8@example", SessionID: "8", Profile: "aaa-profile", Kind: "Stop", At: now.Add(-time.Minute), Duplicate: true},
		},
		PageMax:   1,
		Users:     map[string]*policy.Attributes{"alice": sampleGrant()},
		Passwords: map[string]string{"alice": "alice-secret"},
	}
	c := &a.List[0].Authentication.Counters
	c.Accepts, c.Rejects, c.Challenges = 100, 4, 1
	a.List[0].Accounting.Counters.Responses = 210
	a.List[1].Authentication.State, a.List[1].Authentication.Counters.Rollovers = radius.Dead, 7
	return a
}

func sampleGrant() *policy.Attributes {
	return &policy.Attributes{
		Address: netip.MustParseAddr("203.0.113.7"), Netmask: netip.MustParseAddr("255.255.255.255"),
		Routes:         []policy.Route{{Prefix: netip.MustParsePrefix("198.51.100.64/28"), Metric: 1}},
		DNS:            [2]netip.Addr{netip.MustParseAddr("198.51.100.53")},
		InterfaceID:    [8]byte{0, 0, 0, 0, 0, 0, 0, 1},
		Delegated:      netip.MustParsePrefix("2001:db8:1::/56"),
		SessionTimeout: time.Hour, HasSessionTimeout: true,
		Class: [][]byte{[]byte("gold\x00")}, Filters: []string{"walled-garden"},
		Up: policy.Rate{Bits: 10e6}, Down: policy.Rate{Bits: 100e6, Burst: 1500000},
		Tunnels:      []policy.Tunnel{{Tag: 1, Type: 3, Server: "192.0.2.200", Password: "tunnel-secret"}},
		ReplyMessage: "welcome", Ignored: []string{"Login-LAT-Service"},
	}
}
