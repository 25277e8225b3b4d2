// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"net/netip"
	"time"
)

// Attributes are what a RADIUS server says of a subscriber in an Access-Accept
// or a CoA-Request, as plain values: package aaa reads them out of octets. A zero
// field was not said, unless it says otherwise.
type Attributes struct {
	UserName string // 1: the name to account under

	Address    netip.Addr // Framed-IP-Address 8; invalid together with AnyAddress: from a pool
	AnyAddress bool       // 255.255.255.254: the NAS selects
	OwnAddress bool       // 255.255.255.255: the subscriber selects
	Netmask    netip.Addr // Framed-IP-Netmask 9
	Pool       string     // Framed-Pool 88, or Address-Pool of ERX
	Routes     []Route    // Framed-Route 22, Framed-IPv6-Route 99
	DNS, NBNS  [2]netip.Addr

	InterfaceID     [8]byte      // Framed-Interface-Id 96; zero: none
	PrefixIPv6      netip.Prefix // Framed-IPv6-Prefix 97
	PoolIPv6        string       // Framed-IPv6-Pool 100
	Delegated       netip.Prefix // Delegated-IPv6-Prefix 123
	PoolDelegated   string       // Delegated-IPv6-Prefix-Pool 171
	AddressIPv6     netip.Addr   // Framed-IPv6-Address 168
	PoolAddressIPv6 string       // Stateful-IPv6-Address-Pool 172
	DNSIPv6         []netip.Addr // DNS-Server-IPv6-Address 169

	MTU               int           // Framed-MTU 12
	SessionTimeout    time.Duration // 27
	HasSessionTimeout bool          // it was said, perhaps as zero: none
	IdleTimeout       time.Duration // 28
	HasIdleTimeout    bool
	Interim           time.Duration // Acct-Interim-Interval 85
	HasInterim        bool
	Terminate         uint32   // Termination-Action 29
	PortLimit         int      // 62: sessions of this user name
	Class             [][]byte // 25, each as it came
	ChargeableUserID  []byte   // 89: goes with accounting as it came
	Filters           []string // Filter-Id 11
	FiltersIn         []string // the vendors' input filters: Ingress-Policy-Name of ERX
	FiltersOut        []string // and output filters
	Instance          string   // Virtual-Router of ERX, or routing instance; empty: as configured

	Up, Down     Rate     // policers; zero: none said
	Services     []string // Service-Activate 65 of ERX: not acted upon, counted
	ReplyMessage string   // 18
	MSCHAP       string   // MS-CHAP2-Success or MS-CHAP-Error, whole

	Tunnels []Tunnel // 64-67, 69, 82, 83, 90, 91, by tag: kept for tunnel switching

	// What was there and is not acted upon, named as in the dictionary: counted.
	Ignored []string
	// Malformed names an attribute whose octets make no sense; empty: none. Nothing
	// is granted by such a message.
	Malformed string
}

// Route is a framed route.
type Route struct {
	Prefix  netip.Prefix
	NextHop netip.Addr // invalid or unspecified: the subscriber
	Metric  uint32
}

// Rate is a policer of one direction.
type Rate struct {
	Bits  uint64 // bit/s of inner IP packets; 0: no bound
	Burst uint64 // octets; 0: by the rate
}

// Tunnel is one group of tunnel attributes (RFC 2868).
type Tunnel struct {
	Tag                      uint8
	Type, Medium, Preference uint32
	Client, Server           string // endpoints
	Password                 string // secret: never shown
	ClientAuth, ServerAuth   string
	Assignment, PrivateGroup string
}
