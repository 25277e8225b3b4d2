// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"bytes"
	"context"
	"encoding/binary"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/lns"
	"holdfast/internal/store"
	"holdfast/radius"
)

// instant is the exchange with servers that answer everything at once, unless they
// are dead.
type instant struct {
	mu    sync.Mutex
	dead  bool
	kept  []request
	taken int
}

func (x *instant) submit(_ *radius.Set, _ radius.Kind, r request) handle {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dead {
		x.kept = append(x.kept, r)
		return 1
	}
	x.taken++
	r.ended(time.Time{}, &result{outcome: radius.Answered})
	return 1
}

func (x *instant) cancel(handle) {}

// revive answers what has gathered.
func (x *instant) revive() {
	x.mu.Lock()
	kept := x.kept
	x.kept, x.dead = nil, false
	x.taken += len(kept)
	x.mu.Unlock()
	for _, r := range kept {
		r.ended(time.Time{}, &result{outcome: radius.Answered})
	}
}

// filed is a Spool on a real file.
type filed struct{ *store.Store }

func (s filed) Write(ops []SpoolOp, done func()) bool {
	list := make([]store.Op, len(ops))
	for i := range ops {
		list[i] = store.Op(ops[i])
	}
	return s.Store.Write(list, done)
}

// office is Accounting that runs, on a real file.
type office struct {
	*Accounting
	tb      testing.TB
	store   *store.Store
	x       *instant
	profile *lns.AAAProfile
	durable chan int // how many records are on disk
	end     func()
}

func newOffice(tb testing.TB, path string, dead bool) *office {
	tb.Helper()
	s, err := store.Open(path, store.Options{Tables: SpoolTables()})
	if err != nil {
		tb.Fatal(err)
	}
	o := &office{tb: tb, store: s, x: &instant{dead: dead}, durable: make(chan int, 1<<16)}
	o.profile = &lns.AAAProfile{Name: "isp", Accounting: &lns.Accounting{Set: &radius.Set{Name: "isp"}}}
	o.Accounting, err = newAccounting(time.Now(), AccountingOptions{
		Spool:   filed{s},
		Durable: func(_ int, refs []lns.AuthRef) { o.durable <- len(refs) },
		Log:     func(time.Time, *event.Record) {},
	}, o.x)
	if err != nil {
		tb.Fatal(err)
	}
	o.Configure(&lns.Config{HostName: "lns1", Groups: []*lns.TunnelGroup{{AAA: o.profile}}})
	ctx, cancel := context.WithCancel(context.Background())
	last, stop := context.WithCancel(context.Background())
	var running, writing sync.WaitGroup
	running.Go(func() { _ = o.Run(ctx) })
	writing.Go(func() {
		if err := s.Run(last); err != nil {
			tb.Error(err)
		}
	})
	o.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		stop()
		writing.Wait()
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(o.end)
	return o
}

// tell records one event of sessions from..to.
func (o *office) tell(kind lns.AccountKind, from, to int) {
	list := make([]lns.AccountRecord, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, lns.AccountRecord{
			Kind: kind, Ref: lns.AuthRef{Element: uint32(i)}, Profile: o.profile, At: time.Now(), Terminate: 1,
			Subscriber: &lns.Subscriber{ID: uint64(o.store.Boot())<<40 | uint64(i), User: "user0815@isp.example", Calling: "0123456789"},
		})
	}
	o.Account(0, list)
}

// wait waits until so many records are on disk.
func (o *office) wait(n int) {
	for n > 0 {
		n -= <-o.durable
	}
}

// rest waits until the servers have everything.
func (o *office) rest() {
	o.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if !o.Accounting.wait(ctx, func(l *ledger) bool { return l.delivered() && l.batch.empty() && l.writing == nil }) {
		o.tb.Fatalf("not at rest: %+v", o.Statistics())
	}
}

// Acct-Delay-Time is that of each sending, or left out where that is configured.
func TestDelayIsOfTheSending(t *testing.T) {
	at := time.Unix(1800000000, 0)
	r := accountingRequest{attributes: []byte{40, 6, 0, 0, 0, 2}, at: at}
	s := newSigner("secret")
	for _, later := range []time.Duration{0, 90 * time.Second, 26 * time.Hour, -time.Hour} {
		b, err := r.encode(nil, s, "", 7, [16]byte{}, at.Add(later))
		want := append([]byte{41, 6}, binary.BigEndian.AppendUint32(nil, uint32(max(later, 0)/time.Second))...)
		if err != nil || !bytes.HasSuffix(b, want) {
			t.Errorf("%v later: %x, %v", later, b, err)
		}
	}
	r.noDelay = true
	if b, err := r.encode(nil, s, "", 7, [16]byte{}, at.Add(time.Hour)); err != nil || len(b) != headerLen+len(r.attributes) {
		t.Errorf("%x, %v", b, err)
	}
}

// Sessions live and end through the real goroutines and a real file; a run that
// ends while they are up leaves the next one their Stops.
func TestAccountingOnAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	o := newOffice(t, path, false)
	o.tell(lns.AccountOpen, 0, 300)
	o.wait(300)
	o.tell(lns.AccountStart, 0, 200)
	o.tell(lns.AccountStop, 0, 100)
	o.wait(100)
	o.rest()
	if s := o.Statistics(); s.Responses.Start != 200 || s.Responses.Stop != 100 || s.Responses.On != 1 {
		t.Errorf("%+v", s)
	}
	o.end()

	o = newOffice(t, path, true)
	o.tell(lns.AccountOpen, 0, 1)
	o.wait(1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o.Accounting.wait(ctx, func(l *ledger) bool { return l.restored })
	if s := o.Statistics(); s.RecoveredStops != 200 || s.RecoveredStarts != 100 || s.PendingStops != 200 {
		t.Errorf("%+v", s)
	}
	if p := o.Pending(); len(p) != 1 || p[0].Stops != 200 || p[0].State != OutletRecovering || p[0].Oldest <= 0 {
		t.Errorf("%+v", p)
	}
	if list := o.Records(3); len(list) != 3 || list[0].User != "user0815@isp.example" {
		t.Errorf("%+v", list)
	}
	o.x.revive()
	o.rest()
	o.Stop(ctx)
	if s := o.Statistics(); s.PendingStops != 0 || s.Responses.Stop != 200 || s.Responses.Off != 1 {
		t.Errorf("%+v", s)
	}
}

// Log-ins of a profile with wait-for-acct-on-ack wait, those of others do not.
func TestHoldUntilOn(t *testing.T) {
	asked := make(chan lns.AuthQuery, 1)
	o := newOffice(t, filepath.Join(t.TempDir(), "spool.db"), true)
	o.opt.Authenticate = func(_ int, q []lns.AuthQuery) { asked <- q[0] }
	waits := *o.profile
	waits.Accounting = &lns.Accounting{Set: o.profile.Accounting.Set, WaitForOnAck: true}
	other := &lns.AAAProfile{Name: "other"}
	o.Configure(&lns.Config{Groups: []*lns.TunnelGroup{{AAA: &waits}, {AAA: other}}})
	rest := o.Hold(0, []lns.AuthQuery{{Profile: &waits}, {Profile: other}})
	if len(rest) != 1 || rest[0].Profile != other || len(asked) != 0 {
		t.Fatalf("%d queries go on, %d were asked", len(rest), len(asked))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o.Accounting.wait(ctx, func(l *ledger) bool { return len(l.requests) > 0 })
	o.x.revive()
	if q := <-asked; q.Profile.Name != "isp" {
		t.Errorf("%+v", q)
	}
	if rest := o.Hold(0, rest); len(rest) != 1 {
		t.Error("held after the answer")
	}
}

// How many sessions a second can log in while as many log out: each opened, started
// and stopped on disk, Start and Stop delivered, and all of it removed again.
func BenchmarkSessions(b *testing.B) {
	o := newOffice(b, filepath.Join(b.TempDir(), "spool.db"), false)
	const lot, live = 500, 20000 // sessions of a shard's turn, and those that are up
	o.tell(lns.AccountOpen, 0, live)
	o.tell(lns.AccountStart, 0, live)
	o.wait(live)
	o.rest()
	began, out := o.store.Stats(), 0
	b.ResetTimer()
	for i := 0; i < b.N; i += lot {
		n := min(lot, b.N-i)
		o.tell(lns.AccountOpen, live+i, live+i+n)
		o.tell(lns.AccountStart, live+i, live+i+n)
		o.tell(lns.AccountStop, i, i+n)
		for out += 2 * n; out > 10*lot; {
			out -= <-o.durable
		}
	}
	o.wait(out)
	o.rest()
	b.StopTimer()
	s := o.store.Stats()
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(b.N)/seconds, "sessions/s")
	b.ReportMetric(float64(s.Commits-began.Commits)/seconds, "transactions/s")
	b.ReportMetric(float64(s.Ops-began.Ops)/seconds, "changes/s")
	b.ReportMetric(float64(s.Bytes-began.Bytes)/float64(b.N), "octets/session")
}
