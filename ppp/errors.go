// SPDX-License-Identifier: Apache-2.0

package ppp

import "errors"

// Why a link went down: an Effect of kind Down wraps one of these.
var (
	ErrClosed        = errors.New("ppp: closed")                                    // Close was called; the reason follows
	ErrTerminated    = errors.New("ppp: terminated by the peer")                    // Terminate-Request
	ErrNoAnswer      = errors.New("ppp: no answer to Configure-Requests")           // Max-Configure
	ErrNotConverging = errors.New("ppp: negotiation does not converge")             // the peer refuses without end
	ErrLoopback      = errors.New("ppp: link is looped back")                       // our own Magic-Number came back
	ErrNoEcho        = errors.New("ppp: no answer to Echo-Requests")                // EchoMax
	ErrRejected      = errors.New("ppp: peer rejects what the link cannot without") // catastrophic Code- or Protocol-Reject
	ErrAuthRefused   = errors.New("ppp: no common authentication method")           // the peer will not authenticate as we require
	ErrAuthTimeout   = errors.New("ppp: authentication timed out")                  // AuthTimeout
	ErrAuthFailed    = errors.New("ppp: authentication failed")                     // a verdict, the peer's or ours
	ErrNoNetwork     = errors.New("ppp: no network protocol could be opened")       // every NCP was refused or gave up
)
