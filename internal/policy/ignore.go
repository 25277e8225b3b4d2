// SPDX-License-Identifier: Apache-2.0

package policy

import "net/netip"

// Types of standard attributes that radius attributes ignore can name and that a
// server may grant by.
const (
	typeFramedIPAddress      = 8
	typeFramedIPNetmask      = 9
	typeFilterID             = 11
	typeFramedMTU            = 12
	typeReplyMessage         = 18
	typeFramedRoute          = 22
	typeClass                = 25
	typeSessionTimeout       = 27
	typeIdleTimeout          = 28
	typeTerminationAction    = 29
	typePortLimit            = 62
	typeAcctInterimInterval  = 85
	typeFramedPool           = 88
	typeFramedInterfaceID    = 96
	typeFramedIPv6Prefix     = 97
	typeFramedIPv6Route      = 99
	typeFramedIPv6Pool       = 100
	typeDelegatedIPv6Prefix  = 123
	typeFramedIPv6Address    = 168
	typeDNSServerIPv6Address = 169
	typeDelegatedIPv6Pool    = 171
	typeStatefulIPv6AddrPool = 172
	typeUserName             = 1
)

// Forget takes out what a standard attribute has said, by its type. It reports
// whether the attribute had said anything.
func (a *Attributes) Forget(attribute uint8) bool {
	switch attribute {
	case typeUserName:
		return forget(&a.UserName)
	case typeFramedIPAddress:
		was := a.Address.IsValid() || a.AnyAddress || a.OwnAddress
		a.Address, a.AnyAddress, a.OwnAddress = netip.Addr{}, false, false
		return was
	case typeFramedIPNetmask:
		return forget(&a.Netmask)
	case typeFilterID:
		return forgetAll(&a.Filters)
	case typeFramedMTU:
		return forget(&a.MTU)
	case typeReplyMessage:
		return forget(&a.ReplyMessage)
	case typeFramedRoute:
		return a.forgetRoutes(false)
	case typeClass:
		return forgetAll(&a.Class)
	case typeSessionTimeout:
		a.SessionTimeout = 0
		return forget(&a.HasSessionTimeout)
	case typeIdleTimeout:
		a.IdleTimeout = 0
		return forget(&a.HasIdleTimeout)
	case typeTerminationAction:
		return forget(&a.Terminate)
	case typePortLimit:
		return forget(&a.PortLimit)
	case typeAcctInterimInterval:
		a.Interim = 0
		return forget(&a.HasInterim)
	case typeFramedPool:
		return forget(&a.Pool)
	}
	return a.forgetIPv6(attribute)
}

// forgetIPv6 is Forget for the attributes of RFC 3162, 4818 and 6911.
func (a *Attributes) forgetIPv6(attribute uint8) bool {
	switch attribute {
	case typeFramedInterfaceID:
		return forget(&a.InterfaceID)
	case typeFramedIPv6Prefix:
		return forget(&a.PrefixIPv6)
	case typeFramedIPv6Route:
		return a.forgetRoutes(true)
	case typeFramedIPv6Pool:
		return forget(&a.PoolIPv6)
	case typeDelegatedIPv6Prefix:
		return forget(&a.Delegated)
	case typeFramedIPv6Address:
		return forget(&a.AddressIPv6)
	case typeDNSServerIPv6Address:
		return forgetAll(&a.DNSIPv6)
	case typeDelegatedIPv6Pool:
		return forget(&a.PoolDelegated)
	case typeStatefulIPv6AddrPool:
		return forget(&a.PoolAddressIPv6)
	}
	return false
}

// forgetRoutes takes the routes of one family out.
func (a *Attributes) forgetRoutes(v6 bool) bool {
	var kept []Route
	for _, r := range a.Routes {
		if r.Prefix.Addr().Is6() != v6 {
			kept = append(kept, r)
		}
	}
	was := len(kept) < len(a.Routes)
	a.Routes = kept
	return was
}

func forget[T comparable](v *T) bool {
	var zero T
	was := *v != zero
	*v = zero
	return was
}

func forgetAll[T any](v *[]T) bool {
	was := len(*v) > 0
	*v = nil
	return was
}
