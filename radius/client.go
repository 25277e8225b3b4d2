// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math/rand/v2"
	"time"
)

// Config is what a Client is made of.
type Config struct {
	Rand     *rand.Rand // jitter; needed
	QueueMax int        // requests that may wait for a place, of each service of each server; 0: 4096
}

// Client exchanges requests with any number of servers. It has one owner, who
// calls its verbs, carries out their effects in order, and calls Advance when
// Next says so.
type Client struct {
	cfg Config
}

// NewClient makes a Client without servers. It panics without Config.Rand.
func NewClient(cfg Config) *Client { return &Client{cfg: cfg} }

// Configure sets the servers that requests may go to, and the options. A server
// is the same as before when its address, ports, source, secret and TLS are: its
// requests in flight, its counters and its state stay, and all else of it takes
// effect at once. Requests to a server that is no longer there move on to the
// next one of their set.
func (c *Client) Configure(now time.Time, servers []*Server, o Options, fx *Effects) {}

// Submit sends a request to a server of set, or keeps it until there is room. It
// ends with exactly one Done, perhaps in this very call. set may be one of an
// earlier configuration: those of its servers that are still there count.
func (c *Client) Submit(now time.Time, set *Set, k Kind, ref Ref, fx *Effects) Exchange { return 0 }

// Cancel ends a request: Done says Cancelled. One that has ended is no error.
func (c *Client) Cancel(now time.Time, x Exchange, fx *Effects) {}

// Find tells whose reply may come in a slot, so that the owner can verify it. It
// is false when the slot holds nothing: then Handle only counts. A slot rests for a
// while after its request has moved on or ended, and Find still knows it: give its
// reply to Handle too, which shows that the server lives.
func (c *Client) Find(s Slot) (Ref, bool) { return 0, false }

// Handle takes what came in a slot, after the owner has verified it.
func (c *Client) Handle(now time.Time, s Slot, r Reply, fx *Effects) {}

// Disconnected says that a connection of a server reached over TLS was lost: what
// was in flight on it is to be sent again on a new one with the same Port.
func (c *Client) Disconnected(now time.Time, server ServerID, s Service, port uint16, fx *Effects) {}

// Unreachable says that a connection to a server reached over TLS cannot be
// opened: it is dead at once.
func (c *Client) Unreachable(now time.Time, server ServerID, s Service, fx *Effects) {}

// Room is how many more requests of this kind the live servers of a set would
// take at once: the free part of their windows.
func (c *Client) Room(set *Set, k Kind) int { return 0 }

// Server is the configuration of a server; nil when it was removed.
func (c *Client) Server(id ServerID) *Server { return nil }

// Next is when Advance next has work; zero means never.
func (c *Client) Next() time.Time { return time.Time{} }

// Advance does what is due at now.
func (c *Client) Advance(now time.Time, fx *Effects) {}

// Snapshot appends the state of all servers, in the order of their configuration.
func (c *Client) Snapshot(now time.Time, into []ServerStatus) []ServerStatus { return into }

// Totals counts requests by kind and how they ended.
func (c *Client) Totals() Totals { return Totals{} }
