// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/l2tp"
	"holdfast/ppp"
)

// Counters are one shard's plain counters, by cause. L2TP's own are inside.
type Counters struct {
	Datagrams       uint64 // L2TP datagrams taken in
	HandedOver      uint64 // datagrams that belonged to another shard
	Inbound         uint64 // inner packets from subscribers by way of the shard
	Outbound        uint64 // inner packets to subscribers by way of the shard
	OutboundUnknown uint64 // the same for a session that is not installed, dropped
	EarlyData       uint64 // frames before the call or its network was up, dropped
	MalformedFrames uint64 // PPP frames without a sound header, dropped

	TunnelsNotAuthorized uint64 // SCCRQ for no tunnel group, or from an unknown LAC
	TunnelsRefusedDrain  uint64
	TunnelsRefusedLimit  uint64
	TunnelsUnheard       uint64 // SCCRQ of an address that failed to authenticate and has to wait

	DearSteps  uint64 // ICRP, LCP, authentication, authorisation, forwarding: done for calls
	StaleSteps uint64 // of them, for calls whose caller left before they were up

	CallsRequested uint64
	CallsConnected uint64             // ICCN came
	SessionsUp     uint64             // a network protocol opened for the first time
	SetUpTime      time.Duration      // sum over SessionsUp, from ICRQ
	Ended          [CauseCount]uint64 // sessions ended or refused, by cause
	Failed         [CauseCount]uint64 // of them, those that had never been up

	ProxyLCPAccepted     uint64
	ProxyLCPRenegotiated uint64
	ProxyAuthUsed        uint64
	AuthAccepted         uint64
	AuthRejected         uint64
	AuthUnknownUser      uint64 // rejected because no source knew the user
	RADIUSRequests       uint64
	RADIUSTimeouts       uint64 // no server has answered
	RADIUSQueued         uint64 // that had to wait for a place in the window
	AuthFellBack         uint64 // no server has answered, and the next source of authentication-order was asked
	GrantsRefused        uint64 // accepted by RADIUS and turned away, because what it grants cannot be had
	AttributesIgnored    uint64 // of RADIUS, because the profile ignores them
	AttributesUnused     uint64 // of RADIUS, because nothing here acts upon them
	FiltersIgnored       uint64 // named by RADIUS; there are none here
	Replaced             uint64 // stale sessions whose line had dialled again
	UserLimitReached     uint64
	AddressInUse         uint64
	RouteInUse           uint64
	PoolExhausted        uint64
	PoolIPv6Exhausted    uint64

	AccountsOpened    uint64 // sessions put into the books
	AccountsStarted   uint64
	AccountInterims   uint64
	AccountsStopped   uint64
	AccountsDiscarded uint64 // opened, and ended before they were up
	AccountsFailed    uint64 // told of a subscriber that never was in the books
	DurableLate       uint64 // log-ins that went on before the disk had them
	StopsLate         uint64 // ended sessions whose Stop was not known to be on disk in time
	Changed           uint64 // sessions changed in place on the demand of a server (CoA)
	ChangesRefused    uint64
	Disconnected      uint64 // sessions ended on the demand of a server

	RouterSolicitations  uint64
	RouterAdvertisements uint64
	LinkLocalEchoes      uint64 // pings of our link-local address answered
	LinkLocalDropped     uint64 // other link-local and multicast packets
	KeepaliveSpared      uint64 // times a session's keepalive was put off: its whole tunnel was silent, or we were overloaded
	LinkInfo             uint64 // SLI received
	LineErrors           uint64 // WEN received
	HistoryDropped       uint64 // ended sessions that fell out of the ring before destruct-timeout

	L2TP l2tp.Counters
	PPP  ppp.Counters
}
