// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math/rand/v2"
	"time"

	"holdfast/internal/wheel"
)

// Config is what a Client is made of.
type Config struct {
	Rand     *rand.Rand // jitter; needed
	QueueMax int        // requests that Submit lets wait at each service of a server; 0: 4096
}

// Client exchanges requests with any number of servers. It has one owner, who
// calls its verbs, carries out their effects in order, and calls Advance when
// Next says so.
type Client struct {
	cfg     Config
	options Options

	start   time.Time // one ns before the first call: origin of the ns counted below, so that zero is no time
	now     int64
	timers  *wheel.Wheel // requestTimer and serverTimer; nil before the first call
	due     []uint32     // what the wheel fired in this Advance
	collect func(id uint32)

	servers []*server            // by ServerID; nil: removed
	order   []*server            // as configured
	known   map[identity]*server // those of order
	groups  map[*Set]*group      // those met since Configure
	dirty   []*server            // where there may be something to send: settle looks at them

	requests []*request // by index
	spare    []*request // of these, those that are not in use
	totals   Totals
}

// NewClient makes a Client without servers. It panics without Config.Rand.
func NewClient(cfg Config) *Client {
	if cfg.Rand == nil {
		panic("radius: Config.Rand is needed")
	}
	if cfg.QueueMax <= 0 {
		cfg.QueueMax = 4096
	}
	c := &Client{cfg: cfg, known: map[identity]*server{}, groups: map[*Set]*group{}}
	c.collect = func(id uint32) { c.due = append(c.due, id) }
	return c
}

// at begins a verb.
func (c *Client) at(now time.Time) {
	if c.timers == nil {
		c.start = now.Add(-1)
		c.timers = wheel.New(time.Millisecond, c.start)
	}
	c.now = max(c.now, int64(now.Sub(c.start)))
}

// Ids in the wheel: requests are even, servers odd.
func requestTimer(index uint32) uint32 { return index << 1 }
func serverTimer(id ServerID) uint32   { return uint32(id)<<1 | 1 }

// setTimer sets a timer; zero and never cancel it.
func (c *Client) setTimer(id uint32, at int64) {
	if at == 0 || at == never {
		c.timers.Set(id, time.Time{})
		return
	}
	c.timers.Set(id, c.time(at))
}

// Submit sends a request to a server of set, or keeps it until there is room. It
// ends with exactly one Done, perhaps in this very call. set may be one of an
// earlier configuration: those of its servers that are still there count.
func (c *Client) Submit(now time.Time, set *Set, k Kind, ref Ref, fx *Effects) Exchange {
	c.at(now)
	c.totals.Submitted[k]++
	r := c.take()
	r.ref, r.kind, r.group, r.submittedAt = ref, k, c.group(set), c.now
	x := Exchange(r.generation)<<32 | Exchange(r.index)
	m := r.group.choose(k.Service(), c.now)
	if m < 0 {
		c.end(r, Effect{Outcome: NoServer}, fx)
		return x
	}
	r.first, r.member = m, m
	s := r.service()
	if s.queued() >= c.cfg.QueueMax {
		s.counters.Refused++
		c.end(r, Effect{Outcome: QueueFull}, fx)
		return x
	}
	c.enqueueAt(r, m)
	c.settle(fx)
	if r.queued {
		s.counters.Waited++
		if s.inFlight >= s.outstandingMax() {
			s.counters.Exceeded++
		}
	}
	return x
}

// Cancel ends a request: Done says Cancelled. One that has ended is no error.
func (c *Client) Cancel(now time.Time, x Exchange, fx *Effects) {
	c.at(now)
	i := uint32(x)
	if int(i) >= len(c.requests) || c.requests[i].generation != uint32(x>>32) {
		return
	}
	c.end(c.requests[i], Effect{Outcome: Cancelled}, fx)
	c.settle(fx)
}

// Room is how many more requests of this kind the live servers of a set would
// take at once: the free part of their windows.
func (c *Client) Room(set *Set, k Kind) (n int) {
	for _, m := range c.group(set).members {
		if s := &m.services[k.Service()]; s.state == Alive && !m.removed {
			n += max(s.window.places()-s.inFlight-s.queued(), 0)
		}
	}
	return n
}

// Next is when Advance next has work; zero means never. It may be early, never late.
func (c *Client) Next() time.Time {
	if c.timers == nil {
		return time.Time{}
	}
	return c.timers.Next()
}

// Advance does what is due at now.
func (c *Client) Advance(now time.Time, fx *Effects) {
	c.at(now)
	c.timers.Advance(now, c.collect)
	for _, id := range c.due {
		if id&1 != 0 {
			if s := c.servers[id>>1]; s != nil {
				c.touch(s)
			}
			continue
		}
		// An earlier one of these may have ended this request, or moved it on: then its
		// deadline is another one.
		if r := c.requests[id>>1]; r.deadline != 0 && r.deadline <= c.now {
			c.expire(r, fx)
		}
	}
	c.due = c.due[:0]
	c.settle(fx)
}

// take finds a request that is not in use. Generations begin with one, so that no
// Exchange is zero.
func (c *Client) take() *request {
	if n := len(c.spare); n > 0 {
		r := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return r
	}
	r := &request{index: uint32(len(c.requests)), generation: 1}
	c.requests = append(c.requests, r)
	return r
}

// recycle gives back a request that has ended.
func (c *Client) recycle(r *request) {
	c.setTimer(requestTimer(r.index), 0)
	*r = request{index: r.index, generation: r.generation + 1}
	c.spare = append(c.spare, r)
}
