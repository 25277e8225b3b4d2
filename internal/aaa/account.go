// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/radius"
)

// Accounting delivers what engines tell of sessions to the accounting servers, and
// keeps it in the spool until they have it. Its Run is one goroutine around a
// ledger; it waits neither for the disk nor for a server.
type Accounting struct {
	opt  AccountingOptions
	x    exchange
	mail accountingMail
	held atomic.Pointer[map[string]bool] // profiles whose log-ins wait; nil: none

	mu      sync.Mutex // guards what follows: held for a turn of Run, and by those who look
	ledger  *ledger
	waiters []waiter
	kept    []keptQuery
}

// AccountingOptions is what Accounting is made of.
type AccountingOptions struct {
	Spool Spool
	// Durable is told of records that are on disk, of the kinds that are Awaited. It
	// must not block.
	Durable func(shard int, refs []lns.AuthRef)
	// Authenticate takes the queries that Hold has kept, likewise.
	Authenticate func(shard int, queries []lns.AuthQuery)
	Log          func(now time.Time, r *event.Record)
}

// exchange is what Accounting needs of the exchanger.
type exchange interface {
	submit(set *radius.Set, k radius.Kind, r request) handle
	cancel(h handle)
}

// NewAccounting makes Accounting of what is in the spool, which sends through the
// service's sockets. Configure and Run are next.
func (s *Service) NewAccounting(now time.Time, o AccountingOptions) (*Accounting, error) {
	return newAccounting(now, o, s.x)
}

func newAccounting(now time.Time, o AccountingOptions, x exchange) (*Accounting, error) {
	l, err := newLedger(now, o.Spool)
	if err != nil {
		return nil, fmt.Errorf("accounting: %w", err)
	}
	return &Accounting{opt: o, x: x, ledger: l, mail: accountingMail{wake: make(chan struct{}, 1)}}, nil
}

// accountingMail is how other goroutines reach that of Run.
type accountingMail struct {
	wake chan struct{}

	mu        sync.Mutex
	records   []sessionRecord
	answers   []accountingAnswer
	committed bool
	lost      uint64 // checkpoints, interim updates and openings that did not fit
}

type sessionRecord struct {
	shard int
	lns.AccountRecord
}

type accountingAnswer struct {
	ref     uint64
	outcome radius.Outcome
	err     error
}

// recordsMax is how many records may wait for a turn. A turn waits for nothing, so
// that so many only come together when the processor is given to others.
const recordsMax = 1 << 17

// Account takes records of a shard's sessions. It does not wait. When too many
// have gathered, interim updates, checkpoints and openings are left out and
// counted; Starts and Stops always are taken, and a session has one of each.
func (a *Accounting) Account(shard int, list []lns.AccountRecord) {
	m := &a.mail
	m.mu.Lock()
	for i := range list {
		r := &list[i]
		must := r.Kind == lns.AccountStart || r.Kind == lns.AccountStop || r.Kind == lns.AccountFailed || r.Kind == lns.AccountDiscard
		if !must && len(m.records) >= recordsMax {
			m.lost++
			continue
		}
		m.records = append(m.records, sessionRecord{shard, *r})
	}
	m.mu.Unlock()
	m.awake()
}

func (m *accountingMail) awake() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *accountingMail) answer(x accountingAnswer) {
	m.mu.Lock()
	m.answers = append(m.answers, x)
	m.mu.Unlock()
	m.awake()
}

func (m *accountingMail) commit() {
	m.mu.Lock()
	m.committed = true
	m.mu.Unlock()
	m.awake()
}

// take swaps what has come for empty slices.
func (m *accountingMail) take(records []sessionRecord, answers []accountingAnswer) (r []sessionRecord, x []accountingAnswer, committed bool, lost uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, x, committed, lost = m.records, m.answers, m.committed, m.lost
	m.records, m.answers, m.committed, m.lost = records[:0], answers[:0], false, 0
	return r, x, committed, lost
}

// Configure puts profiles and bounds in force. The first call is before Run.
func (a *Accounting) Configure(cfg *lns.Config) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.ledger.configure(now, cfg.HostName, accountingProfiles(cfg), cfg.Radius)
	a.carryOut(now)
}

// Run serves until ctx is done, and gives what has gathered to the spool then.
func (a *Accounting) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var records []sessionRecord
	var answers []accountingAnswer
	for {
		select {
		case <-a.mail.wake:
		case <-timer.C:
		case <-ctx.Done():
			a.end()
			return nil
		}
		var committed bool
		var lost uint64
		records, answers, committed, lost = a.mail.take(records, answers)
		next := a.turn(time.Now(), records, answers, committed, lost)
		clear(records)
		clear(answers)
		timer.Reset(time.Until(next))
	}
}

// turn does what has come and what is due, and says when there is more to do.
func (a *Accounting) turn(now time.Time, records []sessionRecord, answers []accountingAnswer, committed bool, lost uint64) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.ledger
	l.stats.CheckpointsDropped += lost
	for i := range records {
		l.record(now, records[i].shard, &records[i].AccountRecord)
	}
	if committed {
		l.committed(now)
	}
	for _, x := range answers {
		l.answered(now, x.ref, x.outcome, x.err)
	}
	l.advance(now)
	a.carryOut(now)
	for i := 0; i < len(a.waiters); {
		if w := a.waiters[i]; w.until(l) {
			close(w.done)
			a.waiters = append(a.waiters[:i], a.waiters[i+1:]...)
			continue
		}
		i++
	}
	return l.next()
}

// carryOut does what the ledger wants done.
func (a *Accounting) carryOut(now time.Time) {
	l := a.ledger
	fx := &l.fx
	if b := fx.write; b != nil && !a.opt.Spool.Write(b.ops, a.mail.commit) {
		l.refused(now)
	}
	for _, e := range fx.cancel {
		a.x.cancel(e.accepted)
	}
	for _, e := range fx.send {
		kind := radius.Accounting
		if e.special == specialInterim {
			kind = radius.Interim
		}
		r := &accountingRequest{mail: &a.mail, ref: e.ref, attributes: e.attributes, at: e.at, noDelay: e.noDelay}
		if e.accepted = a.x.submit(e.set, kind, r); e.accepted == 0 {
			a.mail.answer(accountingAnswer{ref: e.ref, outcome: radius.QueueFull})
		}
	}
	a.tellDurable(fx.durable)
	for i := range fx.log {
		a.opt.Log(now, &fx.log[i])
	}
	fx.reset()
	a.releaseHeld()
}

// tellDurable tells the shards, each in as few calls as there are runs of its own.
func (a *Accounting) tellDurable(list []durableRef) {
	for len(list) > 0 {
		n := 0
		for n < len(list) && list[n].shard == list[0].shard {
			n++
		}
		refs := make([]lns.AuthRef, n)
		for i := range refs {
			refs[i] = list[i].ref
		}
		a.opt.Durable(list[0].shard, refs)
		list = list[n:]
	}
}

// keptQuery waits for the answer to Accounting-On.
type keptQuery struct {
	shard int
	lns.AuthQuery
}

// Hold keeps those queries whose log-ins are to wait for the answer to
// Accounting-On (wait-for-acct-on-ack), and returns the others. The engines' windows
// bound how many there are. Any goroutine.
func (a *Accounting) Hold(shard int, queries []lns.AuthQuery) []lns.AuthQuery {
	if m := a.held.Load(); m == nil || len(*m) == 0 {
		return queries
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var others []lns.AuthQuery
	for _, q := range queries {
		if a.ledger.held(q.Profile.Name) {
			a.kept = append(a.kept, keptQuery{shard, q})
		} else {
			others = append(others, q)
		}
	}
	return others
}

// releaseHeld publishes which profiles' log-ins wait, and lets those go on that wait
// no more.
func (a *Accounting) releaseHeld() {
	var next map[string]bool
	for name := range a.ledger.profiles {
		if a.ledger.held(name) {
			if next == nil {
				next = make(map[string]bool)
			}
			next[name] = true
		}
	}
	if old := a.held.Load(); next != nil || old != nil && len(*old) > 0 {
		a.held.Store(&next)
	}
	still := a.kept[:0]
	for _, k := range a.kept {
		if next[k.Profile.Name] {
			still = append(still, k)
		} else {
			a.opt.Authenticate(k.shard, []lns.AuthQuery{k.AuthQuery})
		}
	}
	clear(a.kept[len(still):])
	a.kept = still
}

// accountingRequest is an Accounting-Request on its way.
type accountingRequest struct {
	mail       *accountingMail
	ref        uint64
	attributes []byte
	at         time.Time
	noDelay    bool
}

// encode makes the packet. Acct-Delay-Time is that of now.
func (r *accountingRequest) encode(b []byte, s *signer, _ string, id uint8, _ [16]byte, now time.Time) ([]byte, error) {
	delay := max(now.Sub(r.at), 0)
	if r.noDelay {
		delay = -1
	}
	return sealAccounting(b, s, id, r.attributes, delay)
}

// ended passes the result on.
func (r *accountingRequest) ended(_ time.Time, x *result) {
	r.mail.answer(accountingAnswer{r.ref, x.outcome, x.err})
}

// end gives all that has gathered to the spool, which writes it before it closes.
func (a *Accounting) end() {
	records, answers, committed, lost := a.mail.take(nil, nil)
	a.turn(time.Now(), records, answers, committed, lost)
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.ledger
	if l.writing != nil && !l.retryAt.IsZero() { // the spool had no room for it
		a.opt.Spool.Write(l.writing.ops, nil)
	}
	if !l.batch.empty() {
		a.opt.Spool.Write(l.batch.ops, nil)
	}
}

// waiter waits for a state of the ledger.
type waiter struct {
	until func(*ledger) bool
	done  chan struct{}
}

// wait waits until the ledger is as until says; false: ctx was done before.
func (a *Accounting) wait(ctx context.Context, until func(*ledger) bool) bool {
	w := waiter{until, make(chan struct{})}
	a.mu.Lock()
	a.waiters = append(a.waiters, w)
	a.mu.Unlock()
	a.mail.awake()
	select {
	case <-w.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// Stop ends accounting in order, once the shards have ended all sessions: it waits
// until all is on disk, gives the servers some time to take what waits, and tells
// them Accounting-Off. What they have not taken by then is sent after the next
// start. Run goes on until its context is done.
func (a *Accounting) Stop(ctx context.Context) {
	a.wait(ctx, func(l *ledger) bool { return l.batch.empty() && l.writing == nil })
	drain, cancel := ctx, context.CancelFunc(func() {})
	if deadline, ok := ctx.Deadline(); ok {
		drain, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	defer cancel()
	a.wait(drain, func(l *ledger) bool { return l.delivered() })
	a.mu.Lock()
	now := time.Now()
	a.ledger.off(now)
	a.carryOut(now)
	a.mu.Unlock()
	a.wait(ctx, func(l *ledger) bool { return !l.gates.saying() })
}

// delivered reports whether nothing waits for servers that are configured.
func (l *ledger) delivered() bool {
	for _, o := range l.order {
		if o.set != nil && o.starts+o.stops > 0 {
			return false
		}
	}
	return true
}

// accountingProfiles are the profiles of a configuration that have accounting.
func accountingProfiles(cfg *lns.Config) map[string]*lns.AAAProfile {
	list := make(map[string]*lns.AAAProfile)
	for _, p := range profiles(cfg) {
		if p.Accounting != nil {
			list[p.Name] = p
		}
	}
	return list
}

// Accounts reports whether a configuration has accounting at all.
func Accounts(cfg *lns.Config) bool { return len(accountingProfiles(cfg)) > 0 }
