// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/policy"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// Subscriber is who a session is, as RADIUS requests tell it. It is never
// changed: when something of it changes the session gets a new one.
type Subscriber struct {
	ID        uint64 // as in SubscriberRow; Acct-Session-Id is made of it
	User      string // the name that counts
	UserGiven string // as the peer gave it
	Method    ppp.AuthMethod
	Source    AuthSource // who said yes

	Calling, Called  string
	Serial           uint32         // Call Serial Number
	LAC, LNS         string         // host names in the tunnel's set-up
	Local, Peer      netip.AddrPort // of the tunnel
	Tunnel, Session  uint16
	Interface        string // si-1/0/0
	Unit             uint32
	Instance         string
	TxSpeed, RxSpeed uint64 // bit/s
	PhysicalChannel  uint32
	Line             *l2tp.Line // nil: the LAC said nothing

	// From authorisation on.
	Address     netip.Addr
	Prefix      netip.Prefix // IPv6
	InterfaceID [8]byte
	Granted     *policy.Attributes // nil: nothing from RADIUS
	MTU         int
}

// AccountKind is what an AccountRecord says.
type AccountKind uint8

// Kinds of records.
const (
	AccountOpen       AccountKind = iota // authorised. Nothing is sent; once it is on disk Engine.Durable is called, and the log-in goes on
	AccountStart                         // the first network protocol has opened
	AccountInterim                       // an update: for RADIUS
	AccountCheckpoint                    // counters for the disk only
	AccountStop                          // the session that was started has ended; once it is on disk Engine.Durable is called, and it is Terminated
	AccountDiscard                       // the session that was opened has ended before it was up
	AccountFailed                        // accounting-stop-on-failure, -on-access-deny: a Stop for one that was never opened
)

// Awaited reports whether the engine waits for Durable to be called for a record of
// this kind.
func (k AccountKind) Awaited() bool { return k == AccountOpen || k == AccountStop }

// AccountRecord is one event in the accounting of a session.
type AccountRecord struct {
	Kind        AccountKind
	Ref         AuthRef // the session; its Attempt is the Kind, so that Engine.Durable knows which record it is told of
	Profile     *AAAProfile
	Subscriber  *Subscriber
	At          time.Time        // when it happened
	SessionTime time.Duration    // since Start
	Element     uint32           //
	Counters    forward.Counters // the shard reads them from the plane when it carries the record out
	Cause       Cause            // Stop and Failed
	Terminate   uint32           // Acct-Terminate-Cause (RFC 2866 §5.10) by the profile's access terminate-code
}
