// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/police"
	"holdfast/radius"
)

// Replies count by their service, and those that are not from the service's server
// are strangers', who must pass the aggregate.
func TestRepliesArePoliced(t *testing.T) {
	c := police.Defaults()
	c.Types[police.RADIUSAggregate].Bandwidth, c.Types[police.RADIUSAggregate].Burst = 0, 1
	began := time.Now()
	p, err := police.New(police.Options{Slots: 1, Epoch: began}, c)
	if err != nil {
		t.Fatal(err)
	}
	x := &exchanger{police: p}
	server, stranger := netip.MustParseAddrPort("192.0.2.7:1812"), netip.MustParseAddrPort("192.0.2.8:1812")
	for range 3 {
		if x.refuses(radius.AuthenticationService, server, server) || x.refuses(radius.AccountingService, server, server) {
			t.Fatal("a reply of the server is dropped")
		}
	}
	if !x.refuses(radius.AccountingService, stranger, server) {
		t.Error("a stranger's packet passes")
	}
	s := p.Snapshot(time.Now())
	auth, acct := s.Of(police.RADIUSAuthorization), s.Of(police.RADIUSAccounting)
	if auth.System.Received != 3 || acct.System.Received != 4 || acct.System.DroppedAggregate != 1 || acct.Host.Counts.Received != 3 {
		t.Errorf("authorization %+v, accounting %+v", auth.System, acct.System)
	}
}
