// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"errors"
	"slices"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/radius"
)

// ledger is the bookkeeping of accounting: it takes what engines tell of sessions,
// says what is to be written and sent, and in which order. It does no I/O of its
// own but reading the spool, and reads no clock; Accounting runs it.
//
//	record ──► batch ──► spool ──► committed ──► outlet: memory, else disk only
//	   │                               │            │ send
//	   └ Interim ──► outlet            └► durable   ▼
//	                                             answered ──► batch: removal
//
// One batch is being written at any time while the next one gathers. What concerns
// a session that is open is one change in a batch, however often it is told of.
type ledger struct {
	spool Spool
	host  string // our host name
	now   time.Time
	fx    ledgerEffects

	profiles map[string]*lns.AAAProfile // with accounting, as configured now
	limits   lns.Radius                 // PendingStopsMax, WithholdMax
	outlets  map[outletKey]*outlet
	order    []*outlet // those of outlets, in the order of their names
	gates    gates

	batch    *batch // gathers
	writing  *batch // is being written; nil: none
	retryAt  time.Time
	first    uint64 // sequence numbers above are of this boot's own sessions
	sequence uint64 // the last of these
	old      uint64 // the last one given to what is recovered
	cursor   []byte // where recovery goes on in tableOpen
	restored bool   // all that earlier boots have left open is in the queue

	requests  map[uint64]*entry // those that are out, by their reference
	reference uint64
	expireAt  time.Time
	epoch     uint64 // of this boot's session ids

	bounds bounds
	room   []byte // where attributes are made
	stats  AccountingStatistics
}

// ledgerEffects is what a ledger wants done.
type ledgerEffects struct {
	write   *batch // to the spool; committed is called when it cannot be lost
	send    []*entry
	cancel  []*entry
	durable []durableRef
	log     []event.Record
}

func (fx *ledgerEffects) reset() {
	fx.write = nil
	clear(fx.send)
	clear(fx.cancel)
	fx.send, fx.cancel, fx.durable, fx.log = fx.send[:0], fx.cancel[:0], fx.durable[:0], fx.log[:0]
}

// durableRef is a session whose record is on disk.
type durableRef struct {
	shard int
	ref   lns.AuthRef
}

// batch is what is written together.
type batch struct {
	ops      []SpoolOp
	open     map[uint64]int // session id -> its change in ops
	entries  []*entry       // enter their outlets when they are on disk
	dropped  []dropped      // those that were given up without having been in memory
	durable  []durableRef
	interims []*entry // wait for what was told before them
	restore  bool     // holds a part of what is recovered
}

func newBatch() *batch { return &batch{open: make(map[uint64]int)} }

func (b *batch) empty() bool { return len(b.ops) == 0 && len(b.durable) == 0 }

// setOpen makes value the record of an open session; nil removes it.
func (b *batch) setOpen(session uint64, value []byte) {
	if i, ok := b.open[session]; ok {
		b.ops[i].Value = value
		return
	}
	b.open[session] = len(b.ops)
	b.ops = append(b.ops, SpoolOp{tableOpen, openKey(session), value})
}

// bounds of what is held in memory.
type bounds struct {
	batch    int // changes that gather while the disk is not written
	recover  int // sessions that are recovered in one batch
	window   int // records of an outlet
	inFlight int // of them, given to the exchanger, which has bounds of its own for each server
	interims int // of an outlet, that wait
}

const (
	expireInterval = 10 * time.Second
	retryInterval  = time.Second

	pendingStopsDefault = 1000000
)

// newLedger makes a ledger of what is in the spool.
func newLedger(now time.Time, s Spool) (*ledger, error) {
	base := sequenceBase(s.Boot())
	l := &ledger{
		spool: s, now: now, batch: newBatch(),
		outlets: make(map[outletKey]*outlet), requests: make(map[uint64]*entry),
		bounds: bounds{batch: 1 << 17, recover: 2048, window: 2048, inFlight: 512, interims: 8192},
		first:  base | freshBit, sequence: base | freshBit, old: base, epoch: uint64(s.Boot()) & 0xffffff,
	}
	l.gates.began = now
	var failed error
	err := s.Scan(tableQueue, nil, nil, func(k, v []byte) bool {
		key, _, ok := parseQueueKey(k)
		if !ok {
			failed = errors.Join(errRecord, errors.New("key in the queue"))
			return false
		}
		o := l.outlet(key)
		r, err := parseQueued(v)
		if err != nil {
			l.stats.Malformed++ // it is removed when its turn comes
		}
		o.onDisk++
		o.old++
		o.count(r.kind, 1)
		return true
	})
	return l, errors.Join(err, failed)
}

// outlet finds or makes an outlet.
func (l *ledger) outlet(k outletKey) *outlet {
	o := l.outlets[k]
	if o == nil {
		o = &outlet{
			key: k, prefix: k.prefix(),
			window: make(map[uint64]*entry), tail: make(map[uint64]*entry), interims: make(map[uint64]*entry), dropping: make(map[uint64]bool),
		}
		o.attach(l.profiles)
		l.outlets[k] = o
		at, _ := slices.BinarySearchFunc(l.order, o, func(a, b *outlet) int { return compareKeys(a.key, b.key) })
		l.order = slices.Insert(l.order, at, o)
	}
	return o
}

// configure puts profiles in force. At the first time each set of servers is to
// get an Accounting-On.
func (l *ledger) configure(now time.Time, host string, profiles map[string]*lns.AAAProfile, limits lns.Radius) {
	l.now, l.host, l.profiles, l.limits = now, host, profiles, limits
	if l.limits.PendingStopsMax == 0 {
		l.limits.PendingStopsMax = pendingStopsDefault
	}
	for name, p := range profiles {
		if p.Accounting.Set != nil {
			l.outlet(outletKey{name, false})
		}
		if p.Accounting.Duplicate != nil {
			l.outlet(outletKey{name, true})
		}
	}
	for _, o := range l.order {
		o.attach(profiles)
	}
	l.gates.configure(l.order)
	l.settle()
}

// record takes an event of a session.
func (l *ledger) record(now time.Time, shard int, r *lns.AccountRecord) {
	l.now = now
	a := r.Profile.Accounting
	if a == nil {
		l.release(shard, r)
		return
	}
	session := r.Subscriber.ID
	if len(l.batch.ops) >= l.bounds.batch && r.Kind != lns.AccountInterim {
		l.overflow(shard, r)
		return
	}
	switch r.Kind {
	case lns.AccountOpen:
		l.stats.OpenRecords++
		l.putOpen(session, r, false)
	case lns.AccountStart:
		l.putOpen(session, r, true)
		l.enqueue(queuedStart, r)
	case lns.AccountCheckpoint:
		l.stats.CheckpointRecords++
		l.putOpen(session, r, true)
	case lns.AccountInterim:
		l.interim(r)
	case lns.AccountStop:
		l.batch.setOpen(session, nil)
		l.enqueue(queuedStop, r)
	case lns.AccountDiscard:
		l.stats.DiscardRecords++
		l.batch.setOpen(session, nil)
	case lns.AccountFailed:
		l.enqueue(queuedStop, r)
	}
	if r.Kind.Awaited() {
		l.batch.durable = append(l.batch.durable, durableRef{shard, r.Ref})
	}
}

// overflow leaves a record out because too much waits for the disk. Sessions do
// not wait for it. What of a session is on disk stays there, so that the next boot
// makes up for its Start or Stop.
func (l *ledger) overflow(shard int, r *lns.AccountRecord) {
	switch r.Kind {
	case lns.AccountStart, lns.AccountStop, lns.AccountFailed:
		l.stats.Deferred++
	default:
		l.stats.CheckpointsDropped++
	}
	l.release(shard, r)
}

// release lets a session go on that waits for its record.
func (l *ledger) release(shard int, r *lns.AccountRecord) {
	if r.Kind.Awaited() {
		l.fx.durable = append(l.fx.durable, durableRef{shard, r.Ref})
	}
}

// terminateReboot is NAS Reboot (RFC 2866 §5.10).
const terminateReboot = 11

// putOpen writes what is needed to end a session after a failure: its Stop with
// the counters of now, and its Start until that is in the queue itself.
func (l *ledger) putOpen(session uint64, r *lns.AccountRecord, started bool) {
	p, f := r.Profile, &r.Profile.Requests
	o := openRecord{profile: p.Name, at: r.At}
	if p.Accounting.Set != nil {
		o.flags |= flagPrimary
	}
	if p.Accounting.Duplicate != nil {
		o.flags |= flagDuplicate
	}
	c := *r
	c.Kind, c.Terminate = lns.AccountStop, terminateReboot
	b, err := appendAccounting(l.room[:0], l.host, &c)
	if err != nil {
		l.malformed(p, err)
		return
	}
	o.stop = b
	if accountingDelay(f, lns.AccountStop, 0) < 0 {
		o.flags |= flagNoStopDelay
	}
	if started {
		o.flags |= flagStarted
	} else {
		c.Kind = lns.AccountStart
		n := len(b)
		if b, err = appendAccounting(b, l.host, &c); err != nil {
			l.malformed(p, err)
			return
		}
		o.start = b[n:]
		if accountingDelay(f, lns.AccountStart, 0) < 0 {
			o.flags |= flagNoStartDelay
		}
	}
	l.room = b[:0]
	l.batch.setOpen(session, appendOpen(make([]byte, 0, 24+len(p.Name)+len(b)), &o))
}

// malformed counts and reports what could not be made a request of.
func (l *ledger) malformed(p *lns.AAAProfile, err error) {
	l.stats.Malformed++
	l.fx.log = append(l.fx.log, event.Record{ID: event.AccountingMalformed, Name: p.Name, Err: err})
}

// enqueue makes a request of a record, for each set of servers.
func (l *ledger) enqueue(kind uint8, r *lns.AccountRecord) {
	b, err := appendAccounting(l.room[:0], l.host, r)
	if err != nil {
		l.malformed(r.Profile, err)
		return
	}
	l.room = b[:0]
	q := queueRecord{
		kind: kind, session: r.Subscriber.ID, at: r.At, attributes: b,
		noDelay: accountingDelay(&r.Profile.Requests, r.Kind, 0) < 0,
	}
	value := appendQueued(make([]byte, 0, queueHeader+len(b)), &q)
	q.attributes = value[queueHeader:]
	if r.Profile.Accounting.Set != nil {
		l.append(outletKey{r.Profile.Name, false}, l.fresh(), &q, value)
	}
	if r.Profile.Accounting.Duplicate != nil {
		l.append(outletKey{r.Profile.Name, true}, l.fresh(), &q, value)
	}
}

func (l *ledger) fresh() uint64 {
	l.sequence++
	return l.sequence
}

// append has a record written to the queue of an outlet.
func (l *ledger) append(k outletKey, sequence uint64, r *queueRecord, value []byte) {
	o := l.outlet(k)
	if r.kind == queuedStop {
		l.noInterim(o, r.session)
	}
	if !l.isOwn(sequence) {
		o.old++
	}
	e := &entry{outlet: o, sequence: sequence, queueRecord: *r}
	l.count(&l.stats.Requests, e, 1)
	o.count(r.kind, 1)
	l.batch.ops = append(l.batch.ops, SpoolOp{tableQueue, queueKey(o.prefix, sequence), value})
	l.batch.entries = append(l.batch.entries, e)
}

// count adds to the number of requests like e.
func (l *ledger) count(c *AccountingCounts, e *entry, n uint64) {
	switch {
	case e.special == specialOn:
		c.On += n
	case e.special == specialOff:
		c.Off += n
	case e.special == specialInterim:
		c.Interim += n
	case e.kind == queuedStart:
		c.Start += n
	default:
		c.Stop += n
	}
}

// committed takes the news that what was being written cannot be lost.
func (l *ledger) committed(now time.Time) {
	l.now = now
	b := l.writing
	l.writing = nil
	l.stats.Commits++
	for _, e := range b.entries {
		l.commit(e)
	}
	for _, e := range b.interims {
		if !e.gone {
			e.outlet.interimLine = append(e.outlet.interimLine, e)
		}
	}
	for _, d := range b.dropped {
		delete(d.outlet.dropping, d.sequence)
	}
	l.fx.durable = append(l.fx.durable, b.durable...)
	l.restore()
	l.settle()
}

// refused takes the batch back that the spool had no room for.
func (l *ledger) refused(now time.Time) { l.retryAt = now.Add(retryInterval / 10) }

// next is when advance has work. Zero: never.
func (l *ledger) next() time.Time {
	next := l.expireAt
	for _, at := range []time.Time{l.retryAt, l.gates.retryAt} {
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	for _, o := range l.order {
		if !o.retryAt.IsZero() && o.retryAt.Before(next) {
			next = o.retryAt
		}
	}
	return next
}

// advance does what is due.
func (l *ledger) advance(now time.Time) {
	l.now = now
	if due(l.retryAt, now) {
		l.retryAt = time.Time{}
		l.fx.write = l.writing
	}
	if !l.expireAt.After(now) {
		l.expireAt = now.Add(expireInterval)
		l.expire()
	}
	l.restore()
	l.settle()
}

func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// settle does what has become possible: sends, and writes what has gathered.
func (l *ledger) settle() {
	l.bound()
	l.openGates()
	for _, o := range l.order {
		l.pump(o)
	}
	if l.writing == nil && !l.batch.empty() {
		l.writing, l.batch = l.batch, newBatch()
		l.fx.write = l.writing
	}
}

// answered takes what became of a request.
func (l *ledger) answered(now time.Time, ref uint64, outcome radius.Outcome, err error) {
	l.now = now
	e := l.requests[ref]
	if e == nil {
		return // given up meanwhile
	}
	delete(l.requests, ref)
	e.ref = 0
	switch {
	case e.special == specialOn || e.special == specialOff:
		l.toldServers(e, outcome)
	case e.special == specialInterim:
		e.outlet.interimsOut--
		if outcome == radius.Answered {
			l.stats.Responses.Interim++
		} else {
			l.stats.TimedOut++
		}
		e.outlet.unlink(e)
	case outcome == radius.Answered:
		l.count(&l.stats.Responses, e, 1)
		e.outlet.inFlight--
		l.remove(e)
	case err != nil:
		e.outlet.inFlight--
		l.malformed(&lns.AAAProfile{Name: e.outlet.key.profile}, err)
		l.remove(e)
	default: // no server now, no room, or the end: it goes on waiting
		e.outlet.inFlight--
		e.outlet.again(e, now.Add(retryInterval))
	}
}
