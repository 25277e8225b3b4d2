// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/policy"
)

// A Dynamic Authorization request (RFC 5176) is served in two steps, so that it
// can be refused as a whole. FindSessions goes to every shard and says which
// sessions are meant (Decide judges the sum); ChangeSession or DisconnectSession
// goes to the shard of each of them, with Target set.

// Match says which sessions a Dynamic Authorization request is about. All that is
// given must agree (RFC 5176 §3); a zero field was not given.
type Match struct {
	SessionID   uint64       // Acct-Session-Id, out of either of its forms
	User        string       // User-Name: as the peer gave it, as it counts, or as RADIUS has named it
	Address     netip.Addr   // Framed-IP-Address
	Prefix      netip.Prefix // Framed-IPv6-Prefix or Delegated-IPv6-Prefix
	InterfaceID [8]byte      // Framed-Interface-Id

	// Also compares the rest, which only requests write as the server knows it:
	// NAS-Port-Id, Calling-Station-Id, Tunnel-Client-Endpoint and so on. It is
	// called on the shard's goroutine; nil: nothing else was given.
	Also func(*AAAProfile, *Subscriber) bool
}

// Target names one session that FindSessions has found. Its Shard says where
// to send the request about it.
type Target struct {
	Shard      int
	Element    uint32
	Generation uint32
}

// Change is what ChangeSession does to its Target.
type Change struct {
	Target     Target
	Attributes *policy.Attributes // nil: nothing is changed; never changed by the engine

	Error     ErrorCause // out: 0: done
	Attribute string     // out: the attribute that was refused
}

// ErrorCause is an Error-Cause (RFC 5176 §3.5); 0: there is no error.
type ErrorCause uint32

// Error causes.
const (
	ErrorUnsupportedAttribute ErrorCause = 401
	ErrorMissingAttribute     ErrorCause = 402
	ErrorNASMismatch          ErrorCause = 403
	ErrorInvalidRequest       ErrorCause = 404
	ErrorUnsupportedService   ErrorCause = 405
	ErrorInvalidAttribute     ErrorCause = 407
	ErrorProhibited           ErrorCause = 501
	ErrorSessionNotFound      ErrorCause = 503
	ErrorNotRemovable         ErrorCause = 504
	ErrorResources            ErrorCause = 506
	ErrorInitiated            ErrorCause = 507
	ErrorMultipleSessions     ErrorCause = 508
)

// Durable says that the AccountOpen records of these sessions are on disk: their
// log-ins go on.
func (e *Engine) Durable(now time.Time, refs []AuthRef, fx *Effects) {
	e.now = now
	e.finish(fx)
}
