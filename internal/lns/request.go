// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/policy"
)

// RequestKind says what an operator wants of the shards.
type RequestKind uint8

// Requests. The Show kinds fill a page of rows and leave the rest for the next
// call (Cursor); the Clear kinds act on a bounded number of objects per call.
const (
	ShowSummary       RequestKind = iota // Summary: counts of everything
	ShowDestinations                     // Destinations: one row a LAC address and gateway
	ShowTunnels                          // Tunnels
	ShowSessions                         // Sessions, in order of tunnel then element
	ShowSubscribers                      // Subscribers
	ShowGroups                           // Groups: one row a tunnel group
	ShowClients                          // Clients: one row a LAC name
	ShowPools                            // Pools
	ShowAdmission                        // Admission: one row a shard
	ShowCallHistory                      // Calls: ended calls, the newest first
	ClearDestinations                    // close every tunnel of the matching destinations
	ClearTunnels                         // StopCCN to matching tunnels
	ClearSessions                        // terminate matching sessions
	FindSessions                         // Found: the sessions that Match means
	ChangeSession                        // CoA: Change.Attributes for Change.Target
	DisconnectSession                    // Disconnect-Request: Change.Target is ended
)

// SubscriberState is where a subscriber is in its life.
type SubscriberState uint8

// Subscriber states (Junos "show subscribers").
const (
	StateInit        SubscriberState = iota // from the ICRQ until authorised
	StateConfigured                         // authorised, NCPs pending
	StateActive                             // an NCP open and forwarding installed
	StateTerminating                        // being torn down
	StateTerminated                         // kept for inspection
	stateCount
)

// Filter selects rows; zero fields select all.
type Filter struct {
	Group        string     // tunnel group
	LocalTunnel  uint16     // local tunnel id
	LocalSession uint16     // local session id
	Gateway      netip.Addr // local gateway
	GatewayName  string
	Peer         netip.Addr // the LAC
	PeerName     string     // its host name
	Interface    string     // si-1/0/0
	User         string     // user name
	Calling      string     // calling number
	CircuitID    string     // agent circuit identifier
	RemoteID     string
	Address      netip.Addr // framed IPv4 or any address in its /64
	Instance     string     // routing instance
	Profile      string     // dynamic profile
	State        SubscriberState
	HasState     bool // State is meant
}

// Request goes to every shard in turn, with the same Filter; the API merges
// the pages. Cursor is opaque: 0 at first, then what the last page left.
type Request struct {
	Kind   RequestKind
	Filter Filter
	Match  *Match  // of FindSessions
	Change *Change // of ChangeSession and DisconnectSession
	Limit  int     // rows a page; 0: 256
	Cursor uint32  // in: where to go on; out: where the next page begins
	Done   bool    // out: this shard has no more

	// Results; the slices are filled by appending, strings are shared and immutable.
	Summary      Summary
	Destinations []DestinationRow
	Tunnels      []TunnelRow
	Sessions     []SessionRow
	Subscribers  []SubscriberRow
	Groups       []GroupRow
	Clients      []ClientRow
	Pools        []PoolRow
	Cleared      []Cleared
	Admission    []AdmissionRow
	Calls        []CallRow
	Found        []Target

	// Reply is the asker's: the shard calls it with the finished request, from its own goroutine. Never called by the engine.
	Reply func(*Request)

	waiting bool // the engine has it: it is answered when other shards have
}

// Cleared names an object that a Clear request has closed, for the feedback line.
type Cleared struct {
	Destination string // local name, when a destination
	Tunnel      uint16
	Session     uint16 // 0: the tunnel itself
}

// Summary is one shard's counts.
type Summary struct {
	Destinations         int // with tunnels; merged by address in the API through ShowDestinations
	Tunnels              int // established
	TunnelsHalfOpen      int
	TunnelsClosing       int
	Sessions             int             // established
	States               [stateCount]int // subscribers by state
	Interfaces           map[string]int  // subscribers by service interface
	ByInstance           map[string]int  // subscribers by routing instance
	Settings             SummarySettings
	TunnelAuthentication bool // some client has a shared secret
	Draining             bool
	ControlRx, ControlTx Volume // L2TP control, this shard
	Counters             Counters
}

// Volume is packets and octets.
type Volume struct{ Packets, Bytes uint64 }

// DestinationRow is one LAC address and local gateway.
type DestinationRow struct {
	LocalName                                                  string // "10": numbered as they came
	Peer, Gateway                                              netip.Addr
	Instance                                                   string
	Tunnels, Sessions                                          int    // established
	State                                                      string // Enabled, Drain
	TunnelsTotal, TunnelsFailed, SessionsTotal, SessionsFailed uint64
	ControlRx, ControlTx                                       Volume
	ControlRxErrors, ControlTxErrors                           uint64 // as in TunnelRow
}

// TunnelRow is one tunnel.
type TunnelRow struct {
	LocalID, PeerID      uint16
	Peer, Local          netip.AddrPort
	Sessions             int
	State                string // established, cc_responder_wait_ctl_conn, ... (Junos words)
	Name                 string // tunnel name: "ID/N"
	LocalName, PeerName  string
	Group                string
	Instance             string
	SessionMax           int
	ReceiveWindow        int
	PeerWindow           int
	HelloInterval        time.Duration // negative: off
	Created              time.Duration // age
	Up                   time.Duration // since established; 0: not
	Idle                 time.Duration // since the last data or control of the peer
	ControlRx, ControlTx Volume
	Retransmissions      uint64
	ControlRxErrors      uint64 // malformed, unexpected or from a wrong address
	ControlTxErrors      uint64 // messages that had to be sent again
}

// SessionRow is one L2TP session.
type SessionRow struct {
	TunnelLocalID, TunnelPeerID uint16
	LocalID, PeerID             uint16
	Element                     uint32 // for the plane's counters
	Shard                       int
	State                       string // Established, lns-ic-wait-connect, ...
	Interface                   string // si-1/0/0
	Unit                        uint32
	User                        string
	Mode                        string // dynamic
	Local, Peer                 netip.AddrPort
	LocalName, PeerName         string
	TxSpeed, RxSpeed            uint64
	BearerType, FramingType     uint32
	LCPRenegotiation            bool
	Authentication              string // PAP, CHAP, MS-CHAPv2, Proxy CHAP, ..., None
	CallSerial                  uint32
	CallingNumber, CalledNumber string
	Sequencing                  bool
	Created, Up, Idle           time.Duration
	EchoTx, EchoRx              uint64
	ControlRx, ControlTx        Volume
	Cause                       string // why it ended, for kept ones
}

// SubscriberRow is one subscriber.
type SubscriberRow struct {
	ID                            uint64 // session id, unique over restarts of the daemon
	User                          string
	State                         SubscriberState
	Interface                     string
	Unit                          uint32
	Instance                      string
	Profile                       string // dynamic profile
	AccessProfile                 string // AAA profile
	IPv4                          netip.Addr
	IPv6                          netip.Prefix
	Pool, PoolIPv6                string
	DNS                           [2]netip.Addr
	Calling, Called               string
	CircuitID, RemoteID           string
	TunnelLocalID, SessionLocalID uint16
	Peer, Gateway                 netip.Addr
	PeerName                      string
	Element                       uint32
	Shard                         int
	MTU                           int
	TxSpeed, RxSpeed              uint64
	Login                         time.Duration // age of the log-in

	// What RADIUS has granted, and how the session is accounted.
	UserGiven       string // the name as the peer gave it
	AccountedUser   string // the name in accounting
	Domain          string // entry of the domain map
	Server          string // that has granted it
	Up, Down        policy.Rate
	Routes          []netip.Prefix // behind the subscriber
	Filters         []string       // named and not applied
	DNSIPv6         []netip.Addr
	Classes         int           // attributes Class, echoed in accounting
	SessionLeft     time.Duration // until the session timeout; 0: there is none
	IdleTimeout     time.Duration // 0: none
	InterimInterval time.Duration // 0: no interim updates
	Accounted       time.Duration // since accounting began; 0: it has not

	Cause string
}

// GroupRow is one tunnel group.
type GroupRow struct {
	Name, Gateway, GatewayName, Clients, AAA, Profile string
	Interfaces                                        []string
	Tunnels, Sessions                                 int
	SessionMax                                        int
}

// ClientRow is one LAC name.
type ClientRow struct {
	Profile, Name     string
	Tunnels, Sessions int
	SessionMax        int
}

// PoolRow is one address pool, as one shard and the broker see it; the API adds shards up.
type PoolRow struct {
	Name, Instance, Linked string
	Total                  uint64
	Used                   uint64
	OutOfAddresses         uint64
}

// AdmissionRow is one shard's admission.
type AdmissionRow struct {
	Shard int
	admission.Snapshot
	DearSteps, StaleSteps                      uint64
	RADIUSWindow, RADIUSInFlight, RADIUSQueued int
	Enabled                                    bool
	Alarms                                     []AlarmRow // that are set
}
