// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// EffectKind says which fields of an Effect mean something.
type EffectKind uint8

// What a Client asks for or reports.
const (
	Send          EffectKind = iota // send the request Ref in Slot: Repeat, Transmission, FirstSent
	Done                            // the request Ref has ended: Outcome; when answered also Slot, Reply, RoundTrip
	ServerDead                      // Slot.Server, Slot.Service: nothing but timeouts came of it
	ServerAlive                     // Slot.Server, Slot.Service: has answered again
	ServerRemoved                   // Slot.Server is no longer configured: close its sockets, forget what was kept for its slots
)

var effectNames = [...]string{"Send", "Done", "ServerDead", "ServerAlive", "ServerRemoved"}

// String is the name of the kind.
func (k EffectKind) String() string { return effectNames[k] }

// Effect is one thing a Client wants done or known. Effects are handled in order.
type Effect struct {
	Kind    EffectKind
	Outcome Outcome
	Reply   Reply

	// Repeat asks for the very octets that were last sent in Slot. Otherwise the
	// request is encoded anew, for this server and with a Request Authenticator
	// of its own; an Accounting-Request always is, because its Acct-Delay-Time has
	// changed.
	Repeat       bool
	Transmission uint16 // 1: the first to this server
	Ref          Ref
	Slot         Slot
	FirstSent    time.Time // when the request was first sent to any server
	RoundTrip    time.Duration
}

// Effects is the caller's buffer: reset and reused, so that nothing is allocated
// per request.
type Effects struct {
	List []Effect
}

// Reset forgets all effects.
func (fx *Effects) Reset() { fx.List = fx.List[:0] }

func (fx *Effects) add(e Effect) { fx.List = append(fx.List, e) }
