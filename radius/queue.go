// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// request is one that was submitted and has not ended: it waits in the queue of a
// service, or is in flight.
type request struct {
	index      uint32 // in Client.requests
	generation uint32 // how often the struct was used: Exchange carries it
	ref        Ref
	group      *group
	kind       Kind
	inFlight   bool // at its service, in its slot
	queued     bool // in the queue of its service
	first      int  // member of group it began with in this round
	member     int  // the one it is at

	slot          int32  // in flight: its identifier
	attempt       uint32 // how many times it went to a server: the slots of this one carry it
	transmissions uint16 // at this server
	interval      int64  // RT
	submittedAt   int64
	queuedAt      int64 // when it began to wait where it waits
	sentAt        int64 // last sent
	firstSentAt   int64 // zero: never sent
	deadline      int64 // as in the wheel; zero: none

	next, prev *request // in the queue
}

// service is where the request is.
func (r *request) service() *service { return &r.group.members[r.member].services[r.kind.Service()] }

// queue is a list of requests, oldest first.
type queue struct {
	head, tail *request
	count      int
}

func (q *queue) push(r *request) {
	r.queued = true
	r.prev, r.next = q.tail, nil
	if q.tail == nil {
		q.head = r
	} else {
		q.tail.next = r
	}
	q.tail = r
	q.count++
}

func (q *queue) remove(r *request) {
	if r.prev == nil {
		q.head = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		q.tail = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.next, r.prev, r.queued = nil, nil, false
	q.count--
}

// enqueueAt has a request, which is nowhere, wait at a member of its group.
func (c *Client) enqueueAt(r *request, member int) {
	r.member, r.queuedAt = member, c.now
	s := r.service()
	s.waiting[r.kind].push(r)
	c.arm(r)
	c.touch(s.server)
}

// redirect has a waiting request wait at another member.
func (c *Client) redirect(r *request, member int) {
	r.service().waiting[r.kind].remove(r)
	r.first = member
	c.enqueueAt(r, member)
}

// touch notes that a server may have something to send.
func (c *Client) touch(s *server) {
	if !s.dirty {
		s.dirty = true
		c.dirty = append(c.dirty, s)
	}
}

// settle sends what can be sent. Every verb ends with it.
func (c *Client) settle(fx *Effects) {
	for i := 0; i < len(c.dirty); i++ {
		s := c.dirty[i]
		s.dirty = false
		if !s.removed {
			c.pump(s, fx)
		}
	}
	clear(c.dirty)
	c.dirty = c.dirty[:0]
}

// pump sends what waits at a server, as far as its windows and rates allow, and
// sets the server's timer to when they allow more.
func (c *Client) pump(s *server, fx *Effects) {
	for {
		k, at := s.nextKind(c.now)
		if at > c.now {
			c.setTimer(serverTimer(s.id), at)
			return
		}
		v := &s.services[k.Service()]
		r := v.waiting[k].pick(k, c.now)
		v.waiting[k].remove(r)
		s.turn++
		c.begin(r, v, fx)
	}
}

// backlog is the wait from which on the oldest log-in is no longer served first.
const backlog = int64(time.Second)

// pick is who of those who wait is served next: the oldest, but with a backlog of
// log-ins the newest. Served in order all of them would be late, and whoever gave up
// would be served before those who still wait.
func (q *queue) pick(k Kind, now int64) *request {
	if k == Access && now-q.head.queuedAt > backlog {
		return q.tail
	}
	return q.head
}

// turns is the order in which kinds are served. A log-in goes before accounting,
// because somebody waits for it; a Stop before an interim update, because the next
// one makes up for that. But one request in eight is accounting's, and every eighth
// of those an interim update's, so that a storm of log-ins stops neither.
var turns = [...][kinds]Kind{
	{Access, Accounting, Interim},
	{Accounting, Interim, Access},
	{Interim, Accounting, Access},
}

// nextKind picks what to send next and when it can be sent; never: nothing that
// time alone would bring.
func (s *server) nextKind(now int64) (Kind, int64) {
	order := &turns[0]
	switch {
	case s.turn%64 == 63:
		order = &turns[2]
	case s.turn%8 == 7:
		order = &turns[1]
	}
	best, first := Access, int64(never)
	for _, k := range order {
		at := s.services[k.Service()].readyAt(k)
		if at <= now {
			return k, at
		}
		if at < first {
			best, first = k, at
		}
	}
	return best, first
}
