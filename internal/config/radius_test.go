// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/internal/lns"
	"holdfast/radius"
)

// What an operator does not write is what the manual says.
func TestRadiusDefaults(t *testing.T) {
	_, r := load(t, "defaults", []byte(`
		access {
			radius-server 203.0.113.1 secret s;
			radius-server 2001:db8::1 { tls { server-name radius.example.net; } }
			profile p {
				authentication-order [ radius password ];
				accounting order radius;
			}
			domain map default access-profile p;
		}
		`+baseText()))
	p := r.LNS.Groups[0].AAA.Domains["default"].AAA
	v4 := &radius.Server{
		Address: netip.MustParseAddr("203.0.113.1"), Authentication: 1812, Accounting: 1813, Dynamic: 3799, Secret: "s",
		Timeout: 3 * time.Second, Retry: 3, OutstandingMax: 1000, Weight: 1,
	}
	v6 := *v4
	v6.Address, v6.Secret = netip.MustParseAddr("2001:db8::1"), "radsec"
	v6.TLS = &radius.TLS{Port: 2083, ServerName: "radius.example.net"}
	want := lns.AAAProfile{
		Name: "p", Order: []lns.AuthSource{lns.AuthRadius, lns.AuthPassword},
		Radius:     &radius.Set{Name: "p", Servers: []*radius.Server{v4, &v6}},
		Accounting: &lns.Accounting{Checkpoint: time.Minute, DurableWait: 250 * time.Millisecond},
		Requests: lns.RequestFormat{
			NASPortType: 5, NASPortID: []string{"interface-description"}, NASPortDelimiter: "#",
			CallingStation: []string{"calling-number"}, CallingDelimiter: "#", SessionIDDecimal: true,
		},
	}
	p.Radius.Servers = p.Radius.Servers[:2] // behind them are those of the base
	want.Accounting.Set = p.Radius
	p.Accounting.Set = p.Radius
	same := cmp.Options{
		cmpopts.IgnoreFields(lns.AAAProfile{}, "Domains"), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	}
	if diff := cmp.Diff(&want, p, same); diff != "" {
		t.Error(diff)
	}
	options := lns.Radius{
		Options:         radius.Options{RevertInterval: time.Minute, TimeoutGrace: 10 * time.Second, InterimRate: 500},
		PendingStopsMax: 1000000, WithholdMax: 7 * 24 * time.Hour, DynamicPort: 3799, SpoolFile: "/var/lib/holdfast/spool.db",
	}
	if diff := cmp.Diff(options, r.LNS.Radius); diff != "" {
		t.Error(diff)
	}
}

// A server of a profile comes before one for all, and a list of servers keeps
// its order.
func TestRadiusServersOfAProfile(t *testing.T) {
	_, r := load(t, "own", []byte(baseText()+`
		access profile isp {
			authentication-order radius;
			radius-server 203.0.113.101 secret own;
			radius {
				authentication-server [ 203.0.113.101 203.0.113.100 ];
				accounting-server 203.0.113.100;
				options client-authentication-algorithm round-robin;
			}
		}
		services l2tp tunnel-group g2 {
			l2tp-access-profile lacs;
			aaa-access-profile isp;
			local-gateway address 192.0.2.2;
			service-interface si-1/0/0;
			dynamic-profile p1;
		}
	`))
	p := r.LNS.Groups[1].AAA
	set := p.Radius
	if len(set.Servers) != 2 || set.Servers[0].Secret != "own" || set.Servers[1].Secret != "radius-secret" || set.Algorithm != radius.RoundRobin {
		t.Errorf("authentication: %s", describeSet(set))
	}
	if set := p.Accounting.Set; len(set.Servers) != 1 || set.Servers[0] != p.Radius.Servers[1] || set.Algorithm != radius.Direct {
		t.Errorf("accounting: %s", describeSet(set))
	}
}
