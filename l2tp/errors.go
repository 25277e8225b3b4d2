// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"errors"
	"fmt"
)

// Why a tunnel or a call ended, or why a verb refused. Effect.Err wraps one of
// these; errors.Is tells which.
var (
	ErrClosed         = errors.New("l2tp: closed by the owner")
	ErrPeerClosed     = errors.New("l2tp: closed by the peer")                             // StopCCN or CDN received
	ErrTunnelClosed   = errors.New("l2tp: tunnel closed")                                  // of a call: its tunnel went down
	ErrNoAnswer       = errors.New("l2tp: peer does not acknowledge")                      // retransmissions exhausted
	ErrTimeout        = errors.New("l2tp: not established in time")                        // EstablishTimeout
	ErrIdle           = errors.New("l2tp: no session for too long")                        // IdleTimeout
	ErrUnauthorized   = errors.New("l2tp: tunnel authentication failed")                   // challenge, response or secret
	ErrWrongResponse  = fmt.Errorf("%w: wrong response", ErrUnauthorized)                  // to our challenge: the peer has seen it
	ErrVersion        = errors.New("l2tp: protocol version not supported")                 // AVP 2
	ErrMalformed      = errors.New("l2tp: malformed message")                              // §7.1
	ErrUnknownAVP     = errors.New("l2tp: unknown mandatory AVP")                          // §4.2
	ErrUnknownMessage = errors.New("l2tp: unknown mandatory message")                      // §4.4.1
	ErrUnexpected     = errors.New("l2tp: message not expected in this state")             // §7.2.1, §7.4, §7.5
	ErrTieBreaker     = errors.New("l2tp: tie breaker lost")                               // §4.4.3
	ErrReplaced       = errors.New("l2tp: peer started anew")                              // same Assigned Tunnel or Session ID again
	ErrEvicted        = errors.New("l2tp: too many half-open tunnels")                     // HalfOpenMax, HalfOpenPeerMax
	ErrAddressChanged = errors.New("l2tp: peer changed its address")                       // AddressChange: reject
	ErrLimit          = errors.New("l2tp: no tunnel or session to spare")                  // TunnelMax, SessionMax, ids
	ErrCapability     = errors.New("l2tp: framing or bearer type not offered by the peer") // AVPs 3, 4, 18, 19
	ErrState          = errors.New("l2tp: not possible in this state")                     // a verb on an unknown or closing tunnel
)
