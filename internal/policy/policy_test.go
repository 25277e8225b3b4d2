// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"net/netip"
	"reflect"
	"testing"
	"time"
)

var (
	address = netip.MustParseAddr("192.0.2.7")
	network = netip.MustParsePrefix("203.0.113.0/24")
	prefix  = netip.MustParsePrefix("2001:db8:1::/64")
)

// everything has each field that Forget knows of.
func everything() Attributes {
	return Attributes{
		UserName: "u", Address: address, Netmask: netip.MustParseAddr("255.255.255.0"), Pool: "p",
		Routes: []Route{{Prefix: network}, {Prefix: prefix}}, InterfaceID: [8]byte{1}, PrefixIPv6: prefix, PoolIPv6: "p6",
		Delegated: prefix, PoolDelegated: "pd", AddressIPv6: prefix.Addr(), PoolAddressIPv6: "pa", DNSIPv6: []netip.Addr{prefix.Addr()},
		MTU: 1400, SessionTimeout: time.Hour, HasSessionTimeout: true, IdleTimeout: time.Minute, HasIdleTimeout: true,
		Interim: time.Hour, HasInterim: true, Terminate: 1, PortLimit: 2, Class: [][]byte{{1}}, Filters: []string{"f"}, ReplyMessage: "m",
	}
}

// Each standard attribute that can grant something can be ignored, and takes
// nothing else with it.
func TestForget(t *testing.T) {
	left := everything()
	n := 0
	for attribute := range 256 {
		one := everything()
		if was := one.Forget(uint8(attribute)); was == reflect.DeepEqual(one, everything()) {
			t.Errorf("attribute %d: said %v, changed %v", attribute, was, !was)
		}
		if left.Forget(uint8(attribute)) {
			n++
		}
		if left.Forget(uint8(attribute)) {
			t.Errorf("attribute %d is still there", attribute)
		}
	}
	if left.Routes = nil; n != 23 || !reflect.DeepEqual(left, Attributes{}) {
		t.Errorf("%d attributes; left %+v", n, left)
	}
}

// A change in place says nothing of what it does not name.
func TestWith(t *testing.T) {
	had := everything()
	got := had.With(&Attributes{Down: Rate{Bits: 1e6}, HasIdleTimeout: true, Class: [][]byte{{2}}, Routes: []Route{{Prefix: network}}})
	want := everything()
	want.Down, want.IdleTimeout, want.Class, want.Routes = Rate{Bits: 1e6}, 0, [][]byte{{2}}, []Route{{Prefix: network}}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v\nwant %+v", *got, want)
	}
	if !reflect.DeepEqual(had, everything()) {
		t.Error("what was granted before has been altered")
	}
	if n := (*Attributes)(nil).With(&Attributes{MTU: 1280}); n.MTU != 1280 {
		t.Errorf("from nothing: %+v", n)
	}
}

// What would end the session's addresses is no change in place; what it has
// already is none.
func TestFixed(t *testing.T) {
	had := everything()
	if name := had.Fixed(&had); name != "" {
		t.Errorf("the same again: %s", name)
	}
	for name, change := range map[string]Attributes{
		"Framed-IP-Address":  {Address: address.Next()},
		"Framed-Pool":        {Pool: "other"},
		"Framed-IPv6-Prefix": {PrefixIPv6: netip.MustParsePrefix("2001:db8:2::/64")},
		"Virtual-Router":     {Instance: "other"},
		"Service-Activate":   {Services: []string{"gold"}},
		"Port-Limit":         {PortLimit: 9},
		"":                   {Up: Rate{Bits: 1}, HasSessionTimeout: true, HasInterim: true, Class: [][]byte{{9}}},
	} {
		if got := had.Fixed(&change); got != name {
			t.Errorf("%+v: %q, want %q", change, got, name)
		}
	}
	if got := (*Attributes)(nil).Fixed(&Attributes{Address: address}); got != "Framed-IP-Address" {
		t.Errorf("without a grant: %q", got)
	}
}
