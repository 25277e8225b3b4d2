// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"cmp"
	"strings"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/radius"
)

// outlet delivers the records of one profile to one set of servers, in order for
// each session. The queue is on disk; the oldest part of it is in memory. When all
// of it is, what is committed goes straight to memory.
type outlet struct {
	key      outletKey
	prefix   []byte
	profile  *lns.AAAProfile // as configured now; nil: it is no more
	set      *radius.Set     // of it; nil: records wait
	window   map[uint64]*entry
	tail     map[uint64]*entry // by session, the last of its entries in memory
	ready    []*entry          // may be sent, in order
	dropping map[uint64]bool   // given up without having been in memory, and perhaps still on disk

	loaded        uint64 // the greatest sequence number that was in memory
	onDisk        int    // records on disk only
	inFlight      int
	old           int       // records of earlier boots
	starts, stops int       // records that wait, those to be written included
	retryAt       time.Time // nothing is sent before; zero: at once
	dropped       uint64    // Stops given up

	interims    map[uint64]*entry // by session, waiting
	interimLine []*entry          // the same in order, and some that are there no more
	interimsOut int
}

// entry is a record in memory.
type entry struct {
	outlet   *outlet
	sequence uint64
	queueRecord
	special  special
	next     *entry // of the same session: waits for this one
	ref      uint64 // of the request that is out; 0: none is
	set      *radius.Set
	accepted handle // of the exchanger
	gone     bool   // replaced, given up or done
}

// special is what is no record of the queue.
type special uint8

const (
	specialNone special = iota
	specialInterim
	specialOn
	specialOff
)

func compareKeys(a, b outletKey) int {
	if c := strings.Compare(a.profile, b.profile); c != 0 {
		return c
	}
	role := func(k outletKey) int {
		if k.duplicate {
			return 1
		}
		return 0
	}
	return cmp.Compare(role(a), role(b))
}

// attach finds today's servers.
func (o *outlet) attach(profiles map[string]*lns.AAAProfile) {
	o.profile, o.set = profiles[o.key.profile], nil
	if o.profile != nil {
		o.set = o.profile.Accounting.Set
		if o.key.duplicate {
			o.set = o.profile.Accounting.Duplicate
		}
	}
}

// count counts records that wait.
func (o *outlet) count(kind uint8, n int) {
	if kind == queuedStart {
		o.starts += n
	} else {
		o.stops += n
	}
}

// commit takes an entry that is on disk now. Until all is recovered, what is new
// stays on disk only: the records that come yet go before it.
func (l *ledger) commit(e *entry) {
	if o := e.outlet; o.onDisk > 0 || len(o.window) >= l.bounds.window || l.isOwn(e.sequence) && !l.restored {
		o.onDisk++
	} else {
		o.admit(e)
	}
}

// admit takes an entry into memory: behind that of its session.
func (o *outlet) admit(e *entry) {
	o.loaded = max(o.loaded, e.sequence)
	o.window[e.sequence] = e
	o.link(e)
}

func (o *outlet) link(e *entry) {
	last := o.tail[e.session]
	o.tail[e.session] = e
	if last != nil {
		last.next = e
		return
	}
	o.ready = append(o.ready, e)
}

// unlink lets the next entry of the session go on.
func (o *outlet) unlink(e *entry) {
	e.gone = true
	if o.tail[e.session] == e {
		delete(o.tail, e.session)
	}
	if e.next != nil {
		o.ready = append(o.ready, e.next)
		e.next = nil
	}
}

// again puts an entry back that was not taken.
func (o *outlet) again(e *entry, at time.Time) {
	o.retryAt = at
	o.ready = append([]*entry{e}, o.ready...)
}

// remove ends an entry of the queue that is in memory: it is done, or given up.
func (l *ledger) remove(e *entry) {
	o := e.outlet
	l.batch.ops = append(l.batch.ops, SpoolOp{tableQueue, queueKey(o.prefix, e.sequence), nil})
	o.count(e.kind, -1)
	if !l.isOwn(e.sequence) {
		o.old--
	}
	delete(o.window, e.sequence)
	o.unlink(e)
}

// pump sends what may be sent, and reads more from disk.
func (l *ledger) pump(o *outlet) {
	if due(o.retryAt, l.now) {
		o.retryAt = time.Time{}
	}
	if o.onDisk > 0 && len(o.window) <= l.bounds.window/2 {
		l.load(o)
	}
	if o.set == nil || !o.retryAt.IsZero() {
		return
	}
	open := l.gates.open(o)
	kept := o.ready[:0]
	for i, e := range o.ready {
		switch {
		case e.gone:
		case o.inFlight >= l.bounds.inFlight:
			kept = append(kept, o.ready[i:]...)
			clear(o.ready[len(kept):])
			o.ready = kept
			return
		case !open && l.isOwn(e.sequence):
			kept = append(kept, e)
		default:
			o.inFlight++
			l.send(e, o.set)
		}
	}
	clear(o.ready[len(kept):])
	o.ready = kept
	if open {
		l.pumpInterims(o)
	}
}

// isOwn reports whether a record is of a session of this boot: it waits behind
// Accounting-On.
func (l *ledger) isOwn(sequence uint64) bool { return sequence > l.first }

// send gives an entry to the exchanger.
func (l *ledger) send(e *entry, set *radius.Set) {
	l.reference++
	e.ref, e.set = l.reference, set
	l.requests[e.ref] = e
	l.fx.send = append(l.fx.send, e)
}

// load reads records from disk until the window is full. While the removal of
// others cannot be written there is no use in more.
func (l *ledger) load(o *outlet) {
	if len(l.batch.ops) >= l.bounds.batch {
		return
	}
	var bad []*entry
	err := l.spool.Scan(tableQueue, o.prefix, queueKey(o.prefix, o.loaded+1), func(k, v []byte) bool {
		if len(o.window) >= l.bounds.window || o.onDisk == 0 {
			return false
		}
		_, sequence, _ := parseQueueKey(k)
		if l.isOwn(sequence) && !l.restored {
			return false
		}
		if o.dropping[sequence] {
			return true
		}
		o.onDisk--
		r, err := parseQueued(v)
		r.attributes = append([]byte(nil), r.attributes...)
		e := &entry{outlet: o, sequence: sequence, queueRecord: r}
		o.admit(e)
		if err != nil {
			bad = append(bad, e)
		}
		return true
	})
	if err != nil {
		o.retryAt = l.now.Add(retryInterval)
		l.fx.log = append(l.fx.log, event.Record{ID: event.AccountingSpoolFailed, Err: err})
	}
	for _, e := range bad {
		l.remove(e)
	}
}

// interim takes an interim update. It replaces one of the same session that waits.
func (l *ledger) interim(r *lns.AccountRecord) {
	b, err := appendAccounting(nil, l.host, r)
	if err != nil {
		l.malformed(r.Profile, err)
		return
	}
	q := queueRecord{
		session: r.Subscriber.ID, at: r.At, attributes: b,
		noDelay: accountingDelay(&r.Profile.Requests, r.Kind, 0) < 0,
	}
	if r.Profile.Accounting.Set != nil {
		l.addInterim(l.outlet(outletKey{r.Profile.Name, false}), &q)
	}
	if r.Profile.Accounting.Duplicate != nil {
		l.addInterim(l.outlet(outletKey{r.Profile.Name, true}), &q)
	}
}

// addInterim has an interim update wait. While a batch gathers or is written, which
// may hold the session's Start, it waits for that first.
func (l *ledger) addInterim(o *outlet, q *queueRecord) {
	l.stats.Requests.Interim++
	e := &entry{outlet: o, queueRecord: *q, special: specialInterim}
	if old := o.interims[q.session]; old != nil {
		old.gone = true
		l.stats.InterimsReplaced++
	} else if len(o.interims) >= l.bounds.interims {
		l.stats.InterimsDropped++
		if !o.dropInterim() {
			return
		}
	}
	o.interims[q.session] = e
	switch {
	case !l.batch.empty():
		l.batch.interims = append(l.batch.interims, e)
	case l.writing != nil:
		l.writing.interims = append(l.writing.interims, e)
	default:
		o.interimLine = append(o.interimLine, e)
	}
}

// dropInterim gives the oldest interim update up that may be sent.
func (o *outlet) dropInterim() bool {
	for i, e := range o.interimLine {
		if !e.gone {
			e.gone = true
			delete(o.interims, e.session)
			o.interimLine = o.interimLine[i+1:]
			return true
		}
	}
	return false
}

// pumpInterims sends interim updates of sessions for which nothing else waits: not
// while part of the queue is not in memory, because a Start may be in it.
func (l *ledger) pumpInterims(o *outlet) {
	if o.onDisk > 0 || len(o.interimLine) == 0 {
		return
	}
	kept := o.interimLine[:0]
	for i, e := range o.interimLine {
		switch {
		case e.gone:
		case o.interimsOut >= l.bounds.inFlight/2:
			kept = append(kept, o.interimLine[i:]...)
			clear(o.interimLine[len(kept):])
			o.interimLine = kept
			return
		case o.tail[e.session] != nil:
			kept = append(kept, e)
		default:
			delete(o.interims, e.session)
			o.tail[e.session] = e
			o.interimsOut++
			l.send(e, o.set)
		}
	}
	clear(o.interimLine[len(kept):])
	o.interimLine = kept
}

// noInterim gives up the interim update of a session whose Stop has come.
func (l *ledger) noInterim(o *outlet, session uint64) {
	if e := o.interims[session]; e != nil {
		e.gone = true
		delete(o.interims, session)
		l.stats.InterimsReplaced++
	}
}
