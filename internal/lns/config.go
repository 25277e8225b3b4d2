// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/admission"
	"holdfast/l2tp"
	"holdfast/ppp"
	"holdfast/radius"
)

// Config is everything an Engine reads, already resolved: names have become
// pointers and defaults have been filled in. It is immutable; config.Build makes it.
type Config struct {
	HostName string // system host-name: our Host Name AVP and CHAP name

	SessionMax      int           // services l2tp maximum-sessions, whole chassis
	TunnelMax       int           // whole chassis; 0: what the ids allow
	Drain           bool          // services l2tp drain: nothing new
	DestructTimeout time.Duration // how long ended destinations, tunnels and sessions can be inspected
	HalfOpenMax     int           // services l2tp tunnel half-open-maximum
	HalfOpenPeerMax int
	Admission       admission.Config // services l2tp admission
	Redial          Redial           // services l2tp redial-replaces
	Radius          Radius

	Groups     []*TunnelGroup // in the order of the configuration
	Pools      []*Pool
	Instances  []Instance
	Interfaces []Interface // service interfaces with limits
	// The Junos statements that `show services l2tp summary` prints, as configured or by default.
	Summary SummarySettings
}

// Radius is what holds for all profiles: access radius-options,
// accounting-backup-options, radius-disconnect and terminate-code.
type Radius struct {
	radius.Options
	PendingStopsMax int             // max-pending-accounting-stops
	WithholdMax     time.Duration   // max-withhold-time
	Dynamic         []DynamicClient // who may send CoA and Disconnect, besides the servers that have a Dynamic port
	DynamicPort     uint16          // where they send them: radius-disconnect-port
	Terminate       [CauseCount]uint32
	SpoolFile       string // where accounting is kept
}

// DynamicClient may send Dynamic Authorization requests (RFC 5176).
type DynamicClient struct {
	Address netip.Addr
	Secret  string
}

// SummarySettings are the chassis-wide settings that show commands print.
type SummarySettings struct {
	RetransmitMin               time.Duration
	RetransmitMaxEstablished    int
	RetransmitMaxNotEstablished int
	TunnelIdleTimeout           time.Duration
	DestructTimeout             time.Duration
	ReceiveWindow               int
	AddressChange               l2tp.AddressChange
}

// Instance is a routing instance.
type Instance struct {
	ID   uint16
	Name string
}

// Interface is a logical service interface: it groups sessions for balancing,
// limits and show commands, and is no network device.
type Interface struct {
	Name       string // si-1/0/0
	SessionMax int    // l2tp-maximum-session; 0: no bound
}

// TunnelGroup is services l2tp tunnel-group NAME.
type TunnelGroup struct {
	Name        string
	Gateway     netip.Addr     // local-gateway address
	GatewayName string         // local-gateway gateway-name; empty: the host name
	SessionMax  int            // maximum-sessions; 0: no bound
	Clients     *AccessProfile // l2tp-access-profile
	AAA         *AAAProfile    // aaa-access-profile
	Interfaces  []string       // service-interface, or those of service-device-pool: si-1/0/0 ...
	Profile     *DynamicProfile

	// A LAC's name leads to everything that is meant for it with one look-up.
	TermsByHostName map[string]*Terms
	TermsDefault    *Terms // of client default; nil: unknown LACs are refused
}

// Terms is all that one tunnel group grants one of its clients: the settings of
// the chassis, the group, the client, its PPP profile and the dynamic profile
// merged, the more specific winning. Nothing in it is nil.
type Terms struct {
	Client  *Client
	Tunnel  *l2tp.TunnelConfig // complete, for AcceptTunnel
	AAA     *AAAProfile        // the client's or else the group's
	Profile *DynamicProfile    // the client's or else the group's
	PPP     *PPPProfile        // complete: the client's, overlaid by the dynamic profile's
}

// Terms is what a LAC with this Host Name gets; nil: it is unknown and refused.
func (g *TunnelGroup) Terms(hostName string) *Terms {
	if t := g.TermsByHostName[hostName]; t != nil {
		return t
	}
	return g.TermsDefault
}

// AccessProfile is access profile NAME with its L2TP clients.
type AccessProfile struct {
	Name    string
	Clients map[string]*Client // by the LAC's Host Name AVP
	Default *Client            // client default; nil: unknown LACs are refused
}

// Client is access profile P client NAME: how one LAC is treated, whatever the
// tunnel group. The profiles that it names are in its Terms.
type Client struct {
	Name               string
	SessionMax         int // maximum-sessions: over all tunnels of this client; 0: no bound
	TunnelSessionMax   int // maximum-sessions-per-tunnel; 0: no bound
	LCPRenegotiation   bool
	LocalCHAP          bool
	OverrideResultCode bool // override-result-code session-out-of-resource: CDN 2 in place of 4
	SessionLimitGroup  *SessionLimitGroup
}

// SessionLimitGroup is services l2tp session-limit-group NAME.
type SessionLimitGroup struct {
	Name       string
	SessionMax int
}

// PPPProfile is what a link of this client runs with.
type PPPProfile struct {
	Name           string
	Link           ppp.Config // Rand and HostName are the engine's to fill
	LocalIPv4      netip.Addr // unnumbered-address: our IPCP address; never a tunnel's own address
	DNS, NBNS      [2]netip.Addr
	DNSIPv6        []netip.Addr // RDNSS in Router Advertisements
	Pool           *Pool        // framed-pool
	PoolIPv6       *Pool        // /64s for Router Advertisements
	FramedIPv4     netip.Addr   // framed-ip-address, for a single subscriber
	IdleTimeout    time.Duration
	MTU            int // ppp-options mtu; 0: from the peer's MRU and the underlay
	SessionTimeout time.Duration
	Advertisement  RouterAdvertisement
}

// RouterAdvertisement is protocols router-advertisement of a dynamic profile.
type RouterAdvertisement struct {
	IntervalMax       time.Duration // max-advertisement-interval (RFC 4861 §6.2.1 MaxRtrAdvInterval)
	RouterLifetime    time.Duration // default-lifetime; 0: not a default router
	ValidLifetime     time.Duration // prefix valid-lifetime
	PreferredLifetime time.Duration // prefix preferred-lifetime
	DNSLifetime       time.Duration // dns-server-address lifetime (RFC 8106 §5.1)
	HopLimit          uint8         // current-hop-limit; 0: unspecified
	MTU               int           // link-mtu; 0: no MTU option
}

// DynamicProfile is dynamic-profiles NAME, as far as it concerns sessions.
type DynamicProfile struct {
	Name       string
	Instance   uint16
	IPv4, IPv6 bool // family inet, family inet6
}

// AAAProfile is access profile NAME as an AAA profile.
type AAAProfile struct {
	Name                                    string
	Order                                   []AuthSource
	Subscribers                             map[string]*LocalSubscriber
	SessionLimitPerUserName                 int // 0: no bound
	ClientSessionTimeout, ClientIdleTimeout time.Duration
	StripUserName                           bool
	StripDelimiters                         string // strip-user-name delimiter: any of these octets ends the name
	StripFromRight                          bool   // parse-direction right-to-left: the last delimiter counts, not the first

	Domains    map[string]*Domain // domain map, by realm; nil: none
	Radius     *radius.Set        // radius authentication-server; nil: none
	Accounting *Accounting        // nil: this profile's subscribers are not accounted
	Requests   RequestFormat
	Ignore     IgnoreAttributes
}

// Domain is access domain map NAME: how subscribers of a realm are treated.
type Domain struct {
	Name    string
	AAA     *AAAProfile // aaa access-profile; nil: as without the map
	Strip   bool        // strip-domain
	Profile *DynamicProfile
	Pool    *Pool // address-pool
}

// Accounting is accounting of an access profile.
type Accounting struct {
	Set           *radius.Set
	Duplicate     *radius.Set   // duplication: a second set that gets the same; nil: none
	Interval      time.Duration // update-interval; 0: no interim updates
	Checkpoint    time.Duration // how old the counters on disk may be
	Immediate     bool          // immediate-update: an Interim right after Start's answer
	AddressChange bool          // address-change-immediate-update
	FamilyChange  bool          // family-state-change-immediate-update
	CoAImmediate  bool          // coa-immediate-update
	StopOnFailure bool          // accounting-stop-on-failure
	StopOnDeny    bool          // accounting-stop-on-access-deny
	TimeOnly      bool          // statistics time: no octets and packets
	WaitForOnAck  bool          // wait-for-acct-on-ack
	DurableWait   time.Duration // how long a log-in waits for its record to be on disk
}

// RequestFormat says how requests to RADIUS name the subscriber: radius options
// and attributes exclude of an access profile. Its words are those of package
// config/schema: the parts of names are agent-circuit-id, agent-remote-id,
// called-number, calling-number, interface-description (si-1/0/0.17), lac-name and
// nas-identifier; the messages and attributes are those of its table of exclude.
type RequestFormat struct {
	NASIdentifier       string     // empty: the host name
	NASAddress          netip.Addr // NAS-IP-Address or NAS-IPv6-Address; invalid: the gateway's
	NASPortType         uint32     // 61
	NASPortID           []string   // nas-port-id-format: parts, joined by the delimiter
	NASPortDelimiter    string
	CallingStation      []string // calling-station-id-format
	CallingDelimiter    string
	SessionIDDecimal    bool                // accounting-session-id-format decimal, not description
	SessionIDStrict     bool                // accounting-session-id-strict
	UserGiven           bool                // accounting-username-original
	CHAPInAuthenticator bool                // chap-challenge-in-request-authenticator
	Exclude             map[string][]string // attributes exclude: by message (access-request, accounting-start, ...), names
}

// IgnoreAttributes is radius attributes ignore of an access profile.
type IgnoreAttributes struct {
	Netmask, InputFilter, OutputFilter, Instance, SessionTimeout, IdleTimeout bool
	Standard                                                                  []uint8            // types
	Vendor                                                                    map[uint32][]uint8 // by vendor; an empty list: all of that vendor
	// RefuseFilters denies a subscriber whose filter we cannot apply, instead of
	// letting it in without.
	RefuseFilters bool
}

// AuthSource is one word of authentication-order.
type AuthSource uint8

// Authentication sources.
const (
	AuthPassword AuthSource = iota // local subscribers
	AuthNone                       // everybody is let in
	AuthRadius
)

// LocalSubscriber is access profile P subscriber NAME.
type LocalSubscriber struct {
	Name       string
	Password   string
	FramedIPv4 netip.Addr // framed-ip-address; invalid: from the pool
	Pool       *Pool      // framed-pool; nil: the profile's
}

// Pool is access address-assignment pool NAME, one family.
type Pool struct {
	Name         string
	Prefix       netip.Prefix // family inet network / family inet6 prefix
	Ranges       []PoolRange  // empty: the whole network, without network and broadcast address
	PrefixLength int          // IPv6: length handed out, 64
	Instance     uint16
	Linked       *Pool // link: where to go on when this one is empty
	Excluded     []netip.Addr
}

// PoolRange is range NAME low A high B.
type PoolRange struct {
	Name      string
	Low, High netip.Addr
}
