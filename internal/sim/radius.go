// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"time"

	"holdfast/internal/lns"
	"holdfast/ppp"
)

// radius is a RADIUS server with one queue, behind which a client gives up after
// a time-out. The server knows nothing of that: it works for those who left too.
type radius struct {
	RADIUS
	speed   float64 // of full speed
	dead    bool    // it answers nothing
	busy    instant // until then it has work
	queries []query // by number; free ones are in free
	free    []uint32
}

// query is one under way.
type query struct {
	server int
	answer lns.AuthAnswer
	asked  bool    // the server has it; else it was lost, and is sent again
	gaveUp instant // when the client has waited long enough
}

// authenticate takes a query of a server.
func (w *World) authenticate(at instant, server int, q *lns.AuthQuery) {
	r := &w.radius
	var i uint32
	if k := len(r.free); k > 0 {
		i, r.free = r.free[k-1], r.free[:k-1]
	} else {
		i = uint32(len(r.queries))
		r.queries = append(r.queries, query{})
	}
	v := ppp.Check(&q.Offer, password)
	answer := lns.AuthAnswer{Ref: q.Ref, Result: lns.AuthAccept, Message: v.Message}
	switch {
	case !v.OK:
		answer.Result = lns.AuthReject
	case r.Grants:
		answer.Granted = grants(q.User)
	}
	r.queries[i] = query{server: server, answer: answer, gaveUp: at + instant(r.Timeout)}
	w.ask(at, i)
}

// ask sends a query, for the first time or again.
func (w *World) ask(at instant, i uint32) {
	r := &w.radius
	q := &r.queries[i]
	next := at + instant(r.Retry)
	if q.asked = !r.dead; q.asked {
		r.busy = max(r.busy, at) + instant(float64(time.Second)/(r.Rate*r.speed))
		next = r.busy + instant(r.Latency)
	}
	w.queue.push(min(next, q.gaveUp), queryEnds, i)
}

// queryEnds brings the answer to the engine, or the news that there is none, or
// sends the query again.
func (w *World) queryEnds(i uint32) {
	r := &w.radius
	q := &r.queries[i]
	switch {
	case w.at >= q.gaveUp:
		q.answer.Result, q.answer.Message = lns.AuthTimeout, ""
	case !q.asked || r.dead: // perhaps it died with the question
		w.ask(w.at, i)
		return
	}
	s := w.servers[q.server]
	s.answers = append(s.answers, q.answer)
	*q = query{}
	r.free = append(r.free, i)
	s.wake()
}

// radiusDies has the server lose what it was asked, and answer nothing for d.
func (w *World) radiusDies(d time.Duration) {
	w.radius.dead = true
	w.after(d, func() { w.radius.dead, w.radius.busy = false, w.at })
}
