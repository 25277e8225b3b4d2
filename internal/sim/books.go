// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"time"

	"holdfast/internal/lns"
)

// books are what accounting has been told, and the disk it is kept on: each session
// is opened, started and stopped once, in that order, or opened and discarded.
type books struct {
	rand     *rand.Rand
	sessions map[uint64]entry // that are not over
	ended    map[uint64]bool  // that are
	counts   [lns.AccountFailed + 1]uint64
}

// entry is a session in the books.
type entry struct {
	started   bool
	startedAt time.Time
	at        time.Time // of its last record
	user      string
}

func newBooks(seed uint64) books {
	return books{rand: rand.New(rand.NewPCG(seed, 3)), sessions: make(map[uint64]entry), ended: make(map[uint64]bool)}
}

// Commits of the disk take a few milliseconds; now and then one takes longer than
// log-ins wait.
const (
	commitTime = 3 * time.Millisecond
	commitSlow = 400 * time.Millisecond
	slowOneIn  = 100
)

// book takes the records of an input of a server. Those that it waits for are on
// disk with the next commit.
func (w *World) book(at instant, s *server, records []lns.AccountRecord) {
	for i := range records {
		r := &records[i]
		w.books.counts[r.Kind]++
		w.enter(r)
		if !r.Kind.Awaited() {
			continue
		}
		if len(s.unwritten) == 0 {
			d := commitTime
			if w.books.rand.IntN(slowOneIn) == 0 {
				d = commitSlow
			}
			w.queue.push(at+instant(d), diskWrites, uint32(s.number))
		}
		s.unwritten = append(s.unwritten, r.Ref)
	}
}

// diskWrites tells a server what of its records is on disk now.
func (w *World) diskWrites(number uint32) {
	s := w.servers[number]
	s.durable = append(s.durable, s.unwritten...)
	s.unwritten = s.unwritten[:0]
	s.wake()
}

// enter checks a record against what the books say of its session.
func (w *World) enter(r *lns.AccountRecord) {
	b, id := &w.books, r.Subscriber.ID
	e, open := b.sessions[id]
	bad := func(what string) {
		w.fault("books: session %x of %s: %s at %v, after %+v", id, r.Subscriber.User, what, r.At, e)
	}
	switch {
	case b.ended[id] && r.Kind != lns.AccountFailed:
		bad("a record after its end")
	case open == (r.Kind == lns.AccountOpen):
		if r.Kind != lns.AccountFailed {
			bad("opened twice, or not at all")
		}
	case open && r.At.Before(e.at):
		bad("time runs backwards")
	case open && r.Subscriber.User != e.user:
		bad("another name: " + r.Subscriber.User)
	}
	started := e.started
	switch r.Kind {
	case lns.AccountOpen:
		e.user = r.Subscriber.User
	case lns.AccountStart:
		if started || r.SessionTime != 0 {
			bad("started twice, or with a past")
		}
		e.started, e.startedAt = true, r.At
	case lns.AccountInterim, lns.AccountCheckpoint, lns.AccountStop:
		if !started || r.SessionTime != r.At.Sub(e.startedAt) {
			bad("its time does not add up")
		}
	case lns.AccountDiscard, lns.AccountFailed:
		if started {
			bad("it was up, and is told to have failed")
		}
	}
	if r.Kind == lns.AccountStop && (r.Terminate == 0 || r.Cause == 0) {
		bad("stopped without a cause")
	}
	if e.at = r.At; r.Kind == lns.AccountStop || r.Kind == lns.AccountDiscard {
		delete(b.sessions, id)
		b.ended[id] = true
		return
	}
	if r.Kind != lns.AccountFailed {
		b.sessions[id] = e
	}
}

// checkBooks: what the books hold is what the engines hold; in the end nothing.
func (w *World) checkBooks(live int) {
	b := &w.books
	if n := len(b.sessions); n > live {
		w.fault("%d sessions are open in the books, %d live", n, live)
	}
	if b.counts[lns.AccountStart] < b.counts[lns.AccountStop] {
		w.fault("books: %d started, %d stopped", b.counts[lns.AccountStart], b.counts[lns.AccountStop])
	}
	if live > 0 {
		return
	}
	if b.counts[lns.AccountStart] != b.counts[lns.AccountStop] || b.counts[lns.AccountOpen] != b.counts[lns.AccountStop]+b.counts[lns.AccountDiscard] {
		w.fault("books do not balance: %v", b.counts)
	}
}
