// SPDX-License-Identifier: Apache-2.0

package event

import "net/netip"

// ID names one declared event.
type ID uint8

// Level is how much an event matters.
type Level uint8

// Levels, as log/slog orders them.
const (
	Debug Level = iota
	Info
	Warning
	Error
)

// The events. The table in table.go says what each means.
const (
	TunnelUp ID = iota
	TunnelDown
	TunnelRefused
	TunnelAuthenticationFailed
	SessionUp
	SessionDown
	SessionRefused
	AuthenticationFailed
	GrantRefused
	PoolExhausted
	HalfOpenEvicted
	PeerAddressChanged
	PeerAddressChangeRejected
	Draining
	ShardRecovered
	DaemonReady
	DaemonStopping
	ConfigurationLoaded
	ConfigurationRejected
	PlaneFailed
	LogInsStalled
	RADIUSStalled
	RADIUSServerDead
	RADIUSServerAlive
	RADIUSSocketFailed
	AccountingRecovered
	AccountingDropped
	AccountingMalformed
	AccountingSpoolFailed
	AccountingSpoolWorks
	DDoSViolationSet
	DDoSViolationClear
	DDoSFlowFound
	DDoSFlowReturnNormal
	DDoSFlowTimeout
	DDoSFlowCleared
	DDoSFlowAggregated
	DDoSFlowDeaggregated
	eventCount
)

// Record is one event that happened. Fields that do not belong to the event are zero.
type Record struct {
	ID      ID
	Shard   int
	Tunnel  uint16         // local tunnel id
	Session uint16         // local session id
	Peer    netip.AddrPort // the LAC
	Group   string         // tunnel group
	LAC     string         // the peer's host name
	User    string         // user name
	Calling string         // calling number
	Address netip.Addr     // the subscriber's
	Name    string         // pool, queue, device or file, by event
	Count   int            // by event
	Text    string         // the event in a sentence, as operators of Junos know it
	Err     error          // cause; its text never holds a secret
}
