// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"net/netip"
	"time"
)

// Server is one RADIUS server as configured: access radius-server, or
// radius-server of a profile.
type Server struct {
	Address        netip.Addr
	Authentication uint16 // port
	Accounting     uint16 // accounting-port
	Dynamic        uint16 // dynamic-request-port: CoA and Disconnect are taken from Address on this port of ours; 0: they are not
	Secret         string
	Source         netip.Addr // source-address; invalid: the system's choice

	Timeout           time.Duration // until the first retransmission of an Access-Request (RFC 5080 §2.2.1 IRT); 0: 3 s
	Retry             int           // retransmissions to this server before the next one is tried
	AccountingTimeout time.Duration // of an Accounting-Request; zero: Timeout
	AccountingRetry   int           // zero: Retry
	OutstandingMax    int           // max-outstanding-requests: in flight at once; 0: 1000
	Weight            int           // its share under Weighted; 0: 1

	// TrustUnsigned takes replies without Message-Authenticator: for servers that
	// know nothing of it, on networks where nobody forges replies (RFC 9765's
	// reason, CVE-2024-3596).
	TrustUnsigned bool

	TLS *TLS // RADIUS over TLS (RFC 6614); nil: UDP
}

// TLS is how a server is reached over TLS.
type TLS struct {
	Port       uint16 // 0: 2083
	ServerName string // expected in its certificate; empty: its address
	CAFile     string // PEM; empty: the system's
	CertFile   string // PEM, ours
	KeyFile    string
}

// Algorithm chooses the server of a request.
type Algorithm uint8

// Algorithms.
const (
	Direct     Algorithm = iota // the first that is alive, in order
	RoundRobin                  // each in turn
	Weighted                    // each by its weight
)

// Options are access radius-options and the like: what holds for all servers.
type Options struct {
	RevertInterval time.Duration // how long a dead server is left alone before it is tried again; default 60 s
	TimeoutGrace   time.Duration // how long nothing but timeouts come before a server is dead; default 10 s
	RequestRate    int           // requests a second, each server; 0: no bound
	InterimRate    int           // of them, interim updates; 0: no bound
}

// Set is an ordered group of servers for one purpose of one profile.
type Set struct {
	Name      string // of the profile
	Servers   []*Server
	Algorithm Algorithm
}
