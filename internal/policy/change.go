// SPDX-License-Identifier: Apache-2.0

package policy

import "slices"

// With is what a living session has after a change: what the change says of
// rates, timeouts, the interim interval, MTU, Class, filters and routes, and all
// else as it was. Neither a nor change is altered. a may be nil: nothing was
// granted so far.
func (a *Attributes) With(change *Attributes) *Attributes {
	n := Attributes{}
	if a != nil {
		n = *a
	}
	if change.Up != (Rate{}) {
		n.Up = change.Up
	}
	if change.Down != (Rate{}) {
		n.Down = change.Down
	}
	if change.HasSessionTimeout {
		n.SessionTimeout, n.HasSessionTimeout = change.SessionTimeout, true
	}
	if change.HasIdleTimeout {
		n.IdleTimeout, n.HasIdleTimeout = change.IdleTimeout, true
	}
	if change.HasInterim {
		n.Interim, n.HasInterim = change.Interim, true
	}
	if change.MTU > 0 {
		n.MTU = change.MTU
	}
	if len(change.Class) > 0 {
		n.Class = change.Class
	}
	if len(change.Filters)+len(change.FiltersIn)+len(change.FiltersOut) > 0 {
		n.Filters, n.FiltersIn, n.FiltersOut = change.Filters, change.FiltersIn, change.FiltersOut
	}
	if len(change.Routes) > 0 {
		n.Routes = change.Routes
	}
	return &n
}

// Fixed names the first attribute of a change that would have to end what a
// session has: its addresses, prefixes, name servers or routing instance. What
// the session has already is no change. Empty: the change can be made in place.
func (a *Attributes) Fixed(change *Attributes) string {
	var had Attributes
	if a != nil {
		had = *a
	}
	for _, f := range [...]struct {
		differs bool
		name    string
	}{
		{change.Address.IsValid() && change.Address != had.Address || change.AnyAddress || change.OwnAddress, "Framed-IP-Address"},
		{change.Pool != "" && change.Pool != had.Pool, "Framed-Pool"},
		{change.DNS != had.DNS && (change.DNS[0].IsValid() || change.DNS[1].IsValid()), "Primary-DNS"},
		{change.NBNS != had.NBNS && (change.NBNS[0].IsValid() || change.NBNS[1].IsValid()), "Primary-WINS"},
		{change.InterfaceID != had.InterfaceID && change.InterfaceID != [8]byte{}, "Framed-Interface-Id"},
		{change.PrefixIPv6.IsValid() && change.PrefixIPv6 != had.PrefixIPv6, "Framed-IPv6-Prefix"},
		{change.PoolIPv6 != "" && change.PoolIPv6 != had.PoolIPv6, "Framed-IPv6-Pool"},
		{change.Delegated.IsValid() && change.Delegated != had.Delegated, "Delegated-IPv6-Prefix"},
		{change.PoolDelegated != "" && change.PoolDelegated != had.PoolDelegated, "Delegated-IPv6-Prefix-Pool"},
		{change.AddressIPv6.IsValid() && change.AddressIPv6 != had.AddressIPv6, "Framed-IPv6-Address"},
		{change.PoolAddressIPv6 != "" && change.PoolAddressIPv6 != had.PoolAddressIPv6, "Stateful-IPv6-Address-Pool"},
		{len(change.DNSIPv6) > 0 && !slices.Equal(change.DNSIPv6, had.DNSIPv6), "DNS-Server-IPv6-Address"},
		{change.PortLimit > 0 && change.PortLimit != had.PortLimit, "Port-Limit"},
		{change.Instance != "" && change.Instance != had.Instance, "Virtual-Router"},
		{len(change.Tunnels) > 0, "Tunnel-Type"},
		{len(change.Services) > 0, "Service-Activate"},
	} {
		if f.differs {
			return f.name
		}
	}
	return ""
}
