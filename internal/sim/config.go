// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"net/netip"
	"time"

	"holdfast/internal/lns"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// configuration is that of the LNS: one group, one pool, CHAP, and everybody is
// let in who knows the password where RADIUS judges.
func configuration(s *Scenario) *lns.Config {
	order := lns.AuthNone
	if s.RADIUS.Rate > 0 {
		order = lns.AuthRadius
	}
	pool := &lns.Pool{Name: "subscribers", Prefix: netip.MustParsePrefix("10.0.0.0/12")}
	aaa := &lns.AAAProfile{Name: "aaa", Order: []lns.AuthSource{order}}
	if s.Accounting {
		aaa.Accounting = &lns.Accounting{Checkpoint: 5 * time.Minute, Immediate: true, StopOnFailure: true, StopOnDeny: true}
	}
	tunnel := &l2tp.TunnelConfig{HostName: "lns"}
	if s.NoHello {
		tunnel.HelloInterval = -1
	}
	client := &lns.Client{Name: "lac"}
	terms := &lns.Terms{
		Client:  client,
		Tunnel:  tunnel,
		AAA:     aaa,
		Profile: &lns.DynamicProfile{Name: "subscriber", IPv4: true},
		PPP: &lns.PPPProfile{
			Link:      ppp.Config{Auth: []ppp.AuthMethod{ppp.CHAP}},
			LocalIPv4: netip.MustParseAddr("198.51.100.1"),
			Pool:      pool,
		},
	}
	return &lns.Config{
		HostName: "lns", DestructTimeout: 30 * time.Second, SessionMax: 4*s.modems() + 64*s.Shards,
		Admission: s.Admission, Pools: []*lns.Pool{pool}, Instances: []lns.Instance{{ID: 0, Name: "default"}},
		Groups: []*lns.TunnelGroup{{
			Name: "lacs", Gateway: gateway.Addr(), Clients: &lns.AccessProfile{Name: "clients", Default: client},
			AAA: aaa, Interfaces: []string{"si-1/0/0", "si-1/1/0"}, Profile: terms.Profile, TermsDefault: terms,
		}},
	}
}
