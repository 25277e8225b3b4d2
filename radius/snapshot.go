// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// State is the state of a server's service.
type State uint8

// States.
const (
	Alive State = iota // has not been found dead
	Dead               // nothing but timeouts came of it for TimeoutGrace: left alone but for a probe now and then
)

var stateNames = [...]string{"alive", "dead"}

// String is the name of the state.
func (s State) String() string { return stateNames[s] }

// Counters count the exchanges with one service of a server, as the MIBs of
// RADIUS clients do (RFC 4668 radiusAuthClientServerExtTable, RFC 4670
// radiusAccClientServerExtTable). A request counts anew with each server it is
// sent to.
//
//	Requests + Late = Accepts + Rejects + Challenges + Responses + Abandoned + Pending
type Counters struct {
	Requests          uint64 // sent to it, without retransmissions
	Retransmissions   uint64
	Accepts           uint64 // Access-Accepts
	Rejects           uint64 // Access-Rejects
	Challenges        uint64 // Access-Challenges
	Responses         uint64 // Accounting-Responses
	Late              uint64 // of these, those that came after their request had moved on, and in time for it all the same
	Abandoned         uint64 // requests that moved on, were cancelled, or ended without an answer of this server
	Rollovers         uint64 // of these, those that moved on to another server
	Malformed         uint64 // replies that could not be parsed
	BadAuthenticators uint64
	Timeouts          uint64 // transmissions that were not answered in time
	UnknownTypes      uint64 // packets of a code that is no reply to what was asked
	Dropped           uint64 // replies that nobody waits for: duplicates, too late, unsolicited
	WrongSource       uint64 // datagrams from another address or port than the server's
	Exceeded          uint64 // requests that found OutstandingMax in flight and had to wait
	Waited            uint64 // requests that had to wait for a place in the window or for the rate, those included
	Refused           uint64 // requests that found the queue full
	Deaths            uint64 // times it was found dead
	Probes            uint64 // requests sent to it while it was dead
}

// ServiceStatus is the state of one service of a server.
type ServiceStatus struct {
	State     State
	Since     time.Time     // when it became so
	Pending   int           // requests in flight
	Peak      int           // the most there ever were in flight
	Queued    int           // requests that wait for a place
	Window    int           // how many may be in flight now; at most OutstandingMax
	Ports     int           // source ports in use
	RoundTrip time.Duration // of the last reply to a request that was sent once
	Smoothed  time.Duration // smoothed round-trip time
	Counters  Counters
}

// ServerStatus is the state of a server.
type ServerStatus struct {
	ID             ServerID
	Server         *Server
	Authentication ServiceStatus
	Accounting     ServiceStatus
}

// Totals counts, by kind, requests and how they ended.
type Totals struct {
	Strays    uint64 // datagrams in slots of servers that are no longer configured
	Submitted [kinds]uint64
	Ended     [kinds][outcomes]uint64
}

// Server is the configuration of a server; nil when it was removed.
func (c *Client) Server(id ServerID) *Server {
	if int(id) >= len(c.servers) || c.servers[id] == nil {
		return nil
	}
	return c.servers[id].cfg
}

// Snapshot appends the state of all servers, in the order of their configuration.
func (c *Client) Snapshot(into []ServerStatus) []ServerStatus {
	for _, s := range c.order {
		into = append(into, ServerStatus{
			ID: s.id, Server: s.cfg,
			Authentication: c.status(&s.services[AuthenticationService]),
			Accounting:     c.status(&s.services[AccountingService]),
		})
	}
	return into
}

func (c *Client) status(s *service) ServiceStatus {
	return ServiceStatus{
		State: s.state, Since: c.time(s.since), Pending: s.inFlight, Peak: s.peak, Queued: s.queued(),
		Window: s.window.places(), Ports: s.slots.ports(),
		RoundTrip: time.Duration(s.last), Smoothed: time.Duration(s.window.smooth), Counters: s.counters,
	}
}

// Totals counts requests by kind and how they ended.
func (c *Client) Totals() Totals { return c.totals }

// Clear sets all counters to zero, but for what is in flight or waits: that counts
// from now on, and so the sums hold.
func (c *Client) Clear() {
	c.totals = Totals{}
	for _, r := range c.requests {
		if r.inFlight || r.queued {
			c.totals.Submitted[r.kind]++
		}
	}
	for _, s := range c.order {
		for k := range s.services {
			v := &s.services[k]
			v.counters, v.peak = Counters{Requests: uint64(v.inFlight)}, v.inFlight
		}
	}
}
