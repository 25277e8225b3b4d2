// SPDX-License-Identifier: Apache-2.0

package radius

// Ref is the owner's own name of a request. The Client hands it back and never
// looks at it.
type Ref uint64

// Kind is what a request is, as far as the exchange of it differs.
type Kind uint8

// Kinds, the most urgent first.
const (
	Access     Kind = iota // Access-Request: somebody waits; given up 30 s after Submit
	Accounting             // Accounting-Request that must arrive, such as Start and Stop: repeated until it is answered or cancelled
	Interim                // Accounting-Request that the next one makes up for: given up 30 s after Submit
	kinds
)

var kindNames = [...]string{"access", "accounting", "interim"}

// String is the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// Service is the service of a server that requests of this kind go to.
func (k Kind) Service() Service {
	if k == Access {
		return AuthenticationService
	}
	return AccountingService
}

// Service is one of the two services of a server. Each has a port of its own,
// identifiers, a window, and a state: one may be dead while the other lives.
type Service uint8

// Services.
const (
	AuthenticationService Service = iota
	AccountingService
	services
)

var serviceNames = [...]string{"authentication", "accounting"}

// String is the name of the service.
func (s Service) String() string { return serviceNames[s] }

// ServerID names a server of a Client. It is small and never used again.
type ServerID uint32

// Slot is what tells a reply's request: which server's service it comes from, on
// which of our source ports (or connections) it came, and its Identifier. No two
// requests are in one slot. The owner keeps the octets and the Request
// Authenticator of what it last sent in a slot beside it.
type Slot struct {
	Server     ServerID
	Port       uint16 // an index: 0 is the first source port of this server's service; opened when first used
	Service    Service
	Identifier uint8
}

// Exchange names a submitted request, for Cancel. The zero value names none.
type Exchange uint64

// Outcome is how a request ended.
type Outcome uint8

// Outcomes.
const (
	Answered  Outcome = iota // Reply and Slot say how and by whom
	TimedOut                 // no server has answered
	NoServer                 // its set has no server that is configured now
	QueueFull                // too many requests wait already
	Cancelled                // by Cancel
	outcomes
)

var outcomeNames = [...]string{"answered", "timed out", "no server", "queue full", "cancelled"}

// String is the name of the outcome.
func (o Outcome) String() string { return outcomeNames[o] }

// Reply is what came in a slot: the code of a packet that was verified, or why a
// datagram is none.
type Reply uint8

// Replies. The last four say that a datagram is no reply; they are counted, and
// the request goes on waiting.
const (
	AccessAccept Reply = iota
	AccessReject
	AccessChallenge
	AccountingResponse
	BadAuthenticator // Response Authenticator or Message-Authenticator is wrong, or the latter is missing
	Malformed        // cannot be parsed
	UnknownType      // a code that is no reply
	WrongSource      // came from another address or port than the server's; its Identifier is not looked at
	replies
)

var replyNames = [...]string{
	"Access-Accept", "Access-Reject", "Access-Challenge", "Accounting-Response",
	"bad authenticator", "malformed", "unknown type", "wrong source",
}

// String is the name of the reply.
func (r Reply) String() string { return replyNames[r] }
