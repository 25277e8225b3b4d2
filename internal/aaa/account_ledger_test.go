// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/lns"
	"holdfast/radius"
)

// disk is a Spool in memory. It holds what was synced, and nothing else.
type disk struct {
	tables map[string]map[string][]byte
	boot   uint32
}

func newDisk() *disk {
	d := &disk{tables: make(map[string]map[string][]byte)}
	for _, name := range SpoolTables() {
		d.tables[name] = make(map[string][]byte)
	}
	return d
}

func (d *disk) Boot() uint32                 { return d.boot }
func (d *disk) Write([]SpoolOp, func()) bool { panic("a ledger asks for it") }
func (d *disk) keys(table string) []string   { return slices.Sorted(maps.Keys(d.tables[table])) }

func (d *disk) apply(ops []SpoolOp) {
	for _, op := range ops {
		if op.Value == nil {
			delete(d.tables[op.Table], string(op.Key))
		} else {
			d.tables[op.Table][string(op.Key)] = slices.Clone(op.Value)
		}
	}
}

func (d *disk) Scan(table string, prefix, from []byte, each func(key, value []byte) bool) error {
	for _, k := range d.keys(table) {
		if k >= string(from) && strings.HasPrefix(k, string(prefix)) && !each([]byte(k), slices.Clone(d.tables[table][k])) {
			break
		}
	}
	return nil
}

// arrival is an Accounting-Request that has reached a server.
type arrival struct {
	set     string
	status  uint32 // Acct-Status-Type
	session uint64
	boot    uint32 // that it was sent in
}

// Acct-Status-Types (RFC 2866 §5.1).
const (
	statusStart   = 1
	statusStop    = 2
	statusInterim = 3
	statusOn      = 7
	statusOff     = 8
)

// books is a ledger with a disk and servers that the test is in the place of.
type books struct {
	t interface {
		Fatalf(string, ...any)
		Helper()
	}
	*ledger
	disk     *disk
	now      time.Time
	profiles map[string]*lns.AAAProfile
	limits   lns.Radius
	bounds   bounds
	writing  []SpoolOp // asked for; nil: nothing is
	isAsked  bool
	out      []*entry // requests at the exchanger
	arrived  []arrival
	durable  map[uint32]bool // elements whose sessions may go on
	next     uint64
	again    map[string]int // how often a record may have arrived more than once
}

func newBooks(t interface {
	Fatalf(string, ...any)
	Helper()
}) *books {
	server := func(last byte) *radius.Server {
		return &radius.Server{Address: netip.AddrFrom4([4]byte{192, 0, 2, last}), Accounting: 1813}
	}
	a, b, c := server(1), server(2), server(3)
	set := func(name string, s ...*radius.Server) *radius.Set { return &radius.Set{Name: name, Servers: s} }
	w := &books{
		t: t, disk: newDisk(), now: time.Unix(1800000000, 0), again: make(map[string]int),
		profiles: map[string]*lns.AAAProfile{
			"one":   {Name: "one", Accounting: &lns.Accounting{Set: set("one", a, b)}},
			"two":   {Name: "two", Accounting: &lns.Accounting{Set: set("two", b), Duplicate: set("copy", c)}},
			"three": {Name: "three", Accounting: &lns.Accounting{Set: set("three", c), WaitForOnAck: true}},
		},
		bounds: bounds{batch: 1 << 17, recover: 3, window: 6, inFlight: 4, interims: 8},
	}
	w.boot()
	return w
}

// boot begins with what is on the disk.
func (w *books) boot() {
	w.disk.boot++
	w.isAsked, w.writing, w.out = false, nil, nil
	w.durable = make(map[uint32]bool)
	var err error
	if w.ledger, err = newLedger(w.now, w.disk); err != nil {
		w.t.Fatalf("%v", err)
	}
	w.ledger.bounds = w.bounds
	w.ledger.configure(w.now, "lns", w.profiles, w.limits)
	w.ledger.advance(w.now)
	w.carryOut()
}

// crash loses what is not on the disk. A batch that was being written is there
// whole, or not at all.
func (w *books) crash(written bool) {
	if w.isAsked && written {
		w.disk.apply(w.writing)
	}
	for _, k := range w.disk.keys(tableQueue) {
		key, _, _ := parseQueueKey([]byte(k))
		r, err := parseQueued(w.disk.tables[tableQueue][k])
		if err != nil {
			continue // a test has damaged it
		}
		w.again[fmt.Sprint(w.setOf(key), statusOf(r.attributes), r.session)]++
	}
	w.boot()
}

func (w *books) setOf(k outletKey) string {
	if k.duplicate {
		return w.profiles[k.profile].Accounting.Duplicate.Name
	}
	return w.profiles[k.profile].Accounting.Set.Name
}

func (w *books) carryOut() {
	fx := &w.ledger.fx
	if fx.write != nil {
		if w.isAsked {
			w.t.Fatalf("two batches at once")
		}
		w.isAsked, w.writing = true, fx.write.ops
	}
	for _, e := range fx.cancel {
		w.out = slices.DeleteFunc(w.out, func(x *entry) bool { return x == e })
	}
	w.out = append(w.out, fx.send...)
	for _, d := range fx.durable {
		w.durable[d.ref.Element] = true
	}
	fx.reset()
}

// sync finishes the write that is asked for.
func (w *books) sync() {
	if w.isAsked {
		w.disk.apply(w.writing)
		w.isAsked = false
		w.ledger.committed(w.now)
		w.carryOut()
	}
}

// deliver brings request i to a server, and its answer back unless it is lost.
func (w *books) deliver(i int, lost bool) {
	e := w.out[i]
	x := arrival{e.set.Name, statusOf(e.attributes), e.session, w.disk.boot}
	w.arrived = append(w.arrived, x)
	if lost {
		w.again[fmt.Sprint(x.set, x.status, x.session)]++
		return
	}
	w.answer(i, radius.Answered)
}

func (w *books) answer(i int, o radius.Outcome) {
	e := w.out[i]
	w.out = slices.Delete(w.out, i, i+1)
	w.ledger.answered(w.now, e.ref, o, nil)
	w.ledger.settle()
	w.carryOut()
}

func (w *books) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.ledger.advance(w.now)
	w.carryOut()
}

// tell records an event of a session.
func (w *books) tell(kind lns.AccountKind, profile string, id uint64) {
	w.ledger.record(w.now, 0, &lns.AccountRecord{
		Kind: kind, Ref: lns.AuthRef{Element: uint32(id)}, Profile: w.profiles[profile], At: w.now,
		Subscriber: &lns.Subscriber{ID: id, User: fmt.Sprint("user", id&0xffffffff)}, Terminate: 1,
	})
	w.ledger.settle()
	w.carryOut()
}

// session is the id of a new one.
func (w *books) session() uint64 {
	w.next++
	return uint64(w.disk.boot)<<40 | w.next
}

// quiet runs until nothing is left to do, everything going well.
func (w *books) quiet() {
	w.t.Helper()
	for range 100000 {
		switch {
		case w.isAsked:
			w.sync()
		case len(w.out) > 0:
			w.deliver(0, false)
		case w.pending() > 0 || !w.ledger.restored:
			w.pass(retryInterval)
		default:
			w.pass(retryInterval)
			if !w.isAsked && len(w.out) == 0 {
				return
			}
		}
	}
	w.t.Fatalf("it does not come to rest: %d pending, %d out", w.pending(), len(w.out))
}

func (w *books) pending() (n int) {
	for _, o := range w.ledger.order {
		if o.set != nil {
			n += o.starts + o.stops
		}
	}
	return n
}

// statusOf is the Acct-Status-Type.
func statusOf(attributes []byte) uint32 {
	for b := attributes; len(b) >= 2; b = b[b[1]:] {
		if b[0] == 40 {
			return binary.BigEndian.Uint32(b[2:])
		}
	}
	return 0
}

// life is what the test knows of a session.
type life struct {
	profile          string
	opened, started  bool
	ended, discarded bool
	isDurable        bool // its opening or its Start is on disk
	boot             uint32
}

// Whatever happens - crashes at any point, answers that are lost, servers that take
// nothing for long - every session whose record was on disk has its Start and its
// Stop in the end, in order, and more than once only where an answer was lost or its
// effect not on disk; and no server hears of a session before Accounting-On, or of
// one of an earlier boot after it.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newBooks(t)
		lives := make(map[uint64]*life)
		alive := func() (list []uint64) {
			for id, x := range lives {
				if x.boot == w.disk.boot && !x.ended && !x.discarded {
					list = append(list, id)
				}
			}
			slices.Sort(list)
			return list
		}
		// some picks a session that is up, or says that none is.
		some := func(t *rapid.T) (uint64, *life) {
			list := alive()
			if len(list) == 0 {
				return 0, &life{}
			}
			id := list[rapid.IntRange(0, len(list)-1).Draw(t, "session")]
			return id, lives[id]
		}
		// oneOut does something with a request that is out.
		oneOut := func(t *rapid.T, do func(i int)) {
			if len(w.out) > 0 {
				do(rapid.IntRange(0, len(w.out)-1).Draw(t, "request"))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				id := w.session()
				x := &life{profile: rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "profile"), opened: true, boot: w.disk.boot}
				lives[id] = x
				w.tell(lns.AccountOpen, x.profile, id)
			},
			"start": func(t *rapid.T) {
				if id, x := some(t); id != 0 && !x.started {
					x.started = true
					w.tell(lns.AccountStart, x.profile, id)
				}
			},
			"update": func(t *rapid.T) {
				if id, x := some(t); x.started {
					w.tell(lns.AccountCheckpoint, x.profile, id)
					w.tell(lns.AccountInterim, x.profile, id)
				}
			},
			"end": func(t *rapid.T) {
				switch id, x := some(t); {
				case x.started:
					x.ended = true
					w.tell(lns.AccountStop, x.profile, id)
				case id != 0:
					x.discarded = true
					w.tell(lns.AccountDiscard, x.profile, id)
				}
			},
			"sync":    func(*rapid.T) { w.sync() },
			"deliver": func(t *rapid.T) { oneOut(t, func(i int) { w.deliver(i, false) }) },
			"lose":    func(t *rapid.T) { oneOut(t, func(i int) { w.deliver(i, true) }) },
			"refuse": func(t *rapid.T) {
				o := rapid.SampledFrom([]radius.Outcome{radius.QueueFull, radius.NoServer, radius.TimedOut}).Draw(t, "outcome")
				oneOut(t, func(i int) { w.answer(i, o) })
			},
			"pass":  func(*rapid.T) { w.pass(retryInterval) },
			"crash": func(t *rapid.T) { w.crash(rapid.Bool().Draw(t, "written")) },
			"": func(*rapid.T) {
				for id, x := range lives {
					if x.boot == w.disk.boot && w.durable[uint32(id)] {
						x.isDurable = true
					}
				}
			},
		})
		w.crash(rapid.Bool().Draw(t, "written"))
		w.quiet()
		w.wantRest()
		w.check(t, lives)
	})
}

// wantRest: nothing is left in memory or on disk, and everything was counted.
func (w *books) wantRest() {
	w.t.Helper()
	if n := len(w.disk.tables[tableOpen]) + len(w.disk.tables[tableQueue]); n > 0 {
		w.t.Fatalf("%d records are left on disk", n)
	}
	for _, o := range w.ledger.order {
		sum := o.starts + o.stops + o.onDisk + o.old + o.inFlight + o.interimsOut
		sum += len(o.window) + len(o.tail) + len(o.ready) + len(o.dropping) + len(o.interims) + len(o.interimLine)
		if sum != 0 || o.starts != 0 || o.onDisk != 0 || o.old != 0 {
			w.t.Fatalf("outlet %v is not at rest: %+v", o.key, *o)
		}
	}
	if len(w.ledger.requests) > 0 {
		w.t.Fatalf("%d requests are still known", len(w.ledger.requests))
	}
}

// shareServers are the sets that have a server in common, in newBooks. Two of them
// are the same servers, and hear of Accounting-On once.
var shareServers = map[string][]string{
	"one": {"one", "two"}, "two": {"one", "two"}, "copy": {"copy"}, "three": {"copy"},
}

// check holds what has arrived against what must have.
func (w *books) check(t *rapid.T, lives map[uint64]*life) {
	count := make(map[string]int)
	on := make(map[string]uint32) // set -> boot of the last Accounting-On
	stopped := make(map[string]bool)
	for _, x := range w.arrived {
		if x.status == statusOn {
			if x.set == "three" {
				x.set = "copy"
			}
			on[x.set] = x.boot
			continue
		}
		key := fmt.Sprint(x.set, x.status, x.session)
		count[key]++
		born := uint32(x.session >> 40)
		own := fmt.Sprint(x.set, " ", x.session)
		for _, set := range shareServers[x.set] {
			if x.boot == born && on[set] < born {
				t.Fatalf("session %x is told of before Accounting-On of its boot", x.session)
			}
			if on[set] > born && count[key] == 1 { // one that was acknowledged may come again
				t.Fatalf("session %x of boot %d is told of after Accounting-On of boot %d", x.session, born, on[set])
			}
		}
		switch {
		case x.status == statusStop:
			stopped[own] = true
		case x.status == statusInterim && (stopped[own] || count[fmt.Sprint(x.set, statusStart, x.session)] == 0):
			t.Fatalf("an interim update of session %x out of order", x.session)
		case x.status == statusStart && stopped[own] && count[key] == 1:
			t.Fatalf("the Start of session %x after its Stop", x.session)
		}
	}
	for id, x := range lives {
		for _, set := range w.setsOf(x.profile) {
			starts, stops := count[fmt.Sprint(set, statusStart, id)], count[fmt.Sprint(set, statusStop, id)]
			if x.isDurable && !x.discarded && (starts == 0 || stops == 0) {
				t.Fatalf("session %x of %s: %d Starts, %d Stops at %s", id, x.profile, starts, stops, set)
			}
			if (starts == 0) != (stops == 0) {
				t.Fatalf("session %x: %d Starts, %d Stops at %s", id, starts, stops, set)
			}
			for status, n := range map[uint32]int{statusStart: starts, statusStop: stops} {
				if n > 1+w.again[fmt.Sprint(set, status, id)] {
					t.Fatalf("session %x: %d records of type %d at %s without a reason", id, n, status, set)
				}
			}
		}
	}
}

func (w *books) setsOf(profile string) []string {
	a := w.profiles[profile].Accounting
	list := []string{a.Set.Name}
	if a.Duplicate != nil {
		list = append(list, a.Duplicate.Name)
	}
	return list
}
