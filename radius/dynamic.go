// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"time"
)

// DynamicCode is the code of a Dynamic Authorization request (RFC 5176 §2).
type DynamicCode uint8

// Codes.
const (
	DisconnectRequest DynamicCode = 40
	CoARequest        DynamicCode = 43
)

// DynamicRequest is what the machine looks at in a request that the owner has
// verified: from a known client, with a right Request Authenticator, and a right
// Message-Authenticator if there is one.
type DynamicRequest struct {
	Source        netip.AddrPort
	Code          DynamicCode
	Identifier    uint8
	Authenticator [16]byte      // Request Authenticator
	HasTimestamp  bool          // it has an Event-Timestamp
	Age           time.Duration // our time of day less the Event-Timestamp; may be negative
}

// DynamicVerdict is what to do with a request.
type DynamicVerdict uint8

// Verdicts.
const (
	DynamicProcess DynamicVerdict = iota // do it, then call Answered with its Ticket
	DynamicResend                        // send the reply again that is returned
	DynamicDrop                          // counted; silence
)

var dynamicVerdictNames = [...]string{"process", "resend", "drop"}

// String is the name of the verdict.
func (v DynamicVerdict) String() string { return dynamicVerdictNames[v] }

// DynamicReject is why a datagram never came so far as Handle.
type DynamicReject uint8

// Reasons.
const (
	DynamicUnknownClient    DynamicReject = iota // no such client is configured
	DynamicBadAuthenticator                      // Request Authenticator or Message-Authenticator is wrong
	DynamicMalformed                             // cannot be parsed
	DynamicUnknownType                           // neither CoA-Request nor Disconnect-Request
)

// ErrorCause is the attribute Error-Cause (RFC 5176 §3.5); zero: none.
type ErrorCause uint32

// DynamicOptions are what a DynamicServer is made of.
type DynamicOptions struct {
	Window           time.Duration // how far an Event-Timestamp may be off either way; 0: 300 s
	RequireTimestamp bool          // a request without Event-Timestamp is dropped
	Retain           time.Duration // how long a request without Event-Timestamp is taken for a duplicate of its like; 0: 30 s
	Max              int           // requests remembered at once; 0: 65536
}

// DynamicCounters count Dynamic Authorization requests.
type DynamicCounters struct {
	Disconnect, CoA   DynamicCodeCounters
	UnknownClients    uint64
	BadAuthenticators uint64
	Malformed         uint64
	UnknownTypes      uint64
	Naks              map[ErrorCause]uint64 // both codes, by cause
}

// DynamicCodeCounters count the requests of one code.
//
//	Requests = Acks + Naks + Duplicates + Stale + Full + Unanswered + Pending
type DynamicCodeCounters struct {
	Requests   uint64
	Acks, Naks uint64
	Duplicates uint64 // answered with the first one's reply, or dropped while that is not there
	Stale      uint64 // Event-Timestamp outside the window, or missing where it is required
	Full       uint64 // dropped because Max young ones are remembered
	Unanswered uint64 // processed without Answered until they were forgotten
	Pending    uint64 // being processed
}
