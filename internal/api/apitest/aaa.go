// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"context"
	"net/netip"
	"time"

	"holdfast/internal/aaa"
	"holdfast/internal/api"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/radius"
)

// AAA is an exchange with RADIUS in memory.
type AAA struct {
	State     aaa.Snapshot
	Users     map[string]*policy.Attributes // by name: what they are granted
	Passwords map[string]string
	Silent    bool          // no server answers
	Stopped   bool          // it does not run
	Asked     lns.AuthQuery // the last one
}

// Accounting is what accounting would show.
type Accounting struct {
	Counters aaa.AccountingStatistics
	Profiles []aaa.PendingStops
	Waiting  []aaa.PendingRecord
}

var (
	_ api.AAA        = (*AAA)(nil)
	_ api.Accounting = (*Accounting)(nil)
)

// Snapshot is what the test has set.
func (a *AAA) Snapshot(context.Context) (aaa.Snapshot, bool) { return a.State, !a.Stopped }

// Test answers as a server with Users would.
func (a *AAA) Test(ctx context.Context, q lns.AuthQuery) (lns.AuthAnswer, error) {
	a.Asked = q
	granted, known := a.Users[q.Offer.Name]
	switch {
	case ctx.Err() != nil:
		return lns.AuthAnswer{}, ctx.Err()
	case a.Silent || a.Stopped:
		return lns.AuthAnswer{Result: lns.AuthTimeout}, nil
	case !known || a.Passwords[q.Offer.Name] != q.Offer.Password:
		return lns.AuthAnswer{Result: lns.AuthReject, Message: "no such user", Server: "203.0.113.100"}, nil
	}
	return lns.AuthAnswer{Result: lns.AuthAccept, Granted: granted, Server: "203.0.113.100"}, nil
}

// Statistics are what the test has set.
func (a *Accounting) Statistics() aaa.AccountingStatistics { return a.Counters }

// Pending is what the test has set.
func (a *Accounting) Pending() []aaa.PendingStops { return a.Profiles }

// Records are the first of Waiting.
func (a *Accounting) Records(limit int) []aaa.PendingRecord {
	return a.Waiting[:min(limit, len(a.Waiting))]
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
	cfg := &lns.Config{Groups: []*lns.TunnelGroup{{Name: "tg1", AAA: p, TermsByHostName: map[string]*lns.Terms{}}}}
	cfg.Radius.Terminate[lns.CauseLoopback] = 15
	return cfg
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
		State: aaa.Snapshot{
			At: now,
			Servers: []radius.ServerStatus{
				{ID: 1, Server: servers[0], Authentication: alive(105), Accounting: alive(210)},
				{ID: 2, Server: servers[1], Authentication: alive(7), Accounting: alive(4)},
			},
			Authentication: aaa.AuthStatistics{Requests: 105, Accepts: 100, Rejects: 4, Challenges: 1, Ignored: 6},
			Dynamic: radius.DynamicCounters{
				CoA:            radius.DynamicCodeCounters{Requests: 5, Acks: 3, Naks: 1, Stale: 1},
				Disconnect:     radius.DynamicCodeCounters{Requests: 2, Acks: 1, Duplicates: 1},
				UnknownClients: 4, Naks: map[radius.ErrorCause]uint64{503: 1},
			},
		},
		Users:     map[string]*policy.Attributes{"alice": sampleGrant()},
		Passwords: map[string]string{"alice": "alice-secret"},
	}
	first, second := &a.State.Servers[0], &a.State.Servers[1]
	c := &first.Authentication.Counters
	c.Accepts, c.Rejects, c.Challenges = 100, 4, 1
	first.Accounting.Counters.Responses = 210
	second.Authentication.State, second.Authentication.Counters.Rollovers = radius.Dead, 7
	return a
}

// sampleAccounting has a Stop for each of its two sets of servers.
func sampleAccounting(now time.Time) *Accounting {
	return &Accounting{
		Counters: aaa.AccountingStatistics{
			Requests:  aaa.AccountingCounts{On: 1, Start: 100, Interim: 60, Stop: 52},
			Responses: aaa.AccountingCounts{On: 1, Start: 100, Interim: 59, Stop: 50},
			TimedOut:  1, RecoveredStops: 3, OpenRecords: 100, Commits: 17,
			PendingStops: 2, PendingStopsMax: 1000000, WithholdMax: 7 * 24 * time.Hour,
		},
		Profiles: []aaa.PendingStops{
			{Profile: "aaa-profile", Stops: 1, InFlight: 1, Oldest: 10 * time.Minute, State: aaa.OutletSending},
			{Profile: "aaa-profile", Duplicate: true, Stops: 1, Oldest: time.Minute, Dropped: 2, State: aaa.OutletGone},
		},
		Waiting: []aaa.PendingRecord{
			{Profile: "aaa-profile", Stop: true, SessionID: 7, User: "user7@example", At: now.Add(-10 * time.Minute), Terminate: 2},
			{Profile: "aaa-profile", Duplicate: true, SessionID: 8, User: "user8@example", At: now.Add(-time.Minute)},
		},
	}
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
