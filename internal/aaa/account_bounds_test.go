// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/internal/lns"
	"holdfast/radius"
)

// up brings a session up.
func (w *books) up(profile string) uint64 {
	id := w.session()
	w.tell(lns.AccountOpen, profile, id)
	w.tell(lns.AccountStart, profile, id)
	return id
}

// answerAll has all requests that are out end with o.
func (w *books) answerAll(o radius.Outcome) {
	for n := len(w.out); n > 0; n-- {
		w.answer(0, o)
	}
}

// on has the servers of all profiles answer Accounting-On.
func (w *books) on() {
	w.quiet()
	w.arrived = nil
}

// arrivedOf counts what has come of a type.
func (w *books) arrivedOf(status uint32) (n int) {
	for _, x := range w.arrived {
		if x.status == status {
			n++
		}
	}
	return n
}

// A day without any server: everything waits on disk, a few records in memory, and
// all of it is delivered when one is back, Start before Stop.
func TestServerDeadForADay(t *testing.T) {
	w := newBooks(t)
	w.on()
	const n = 500
	for range n {
		id := w.up("one")
		w.pass(time.Minute)
		w.tell(lns.AccountInterim, "one", id)
		w.sync()
		w.pass(2 * time.Minute)
		w.tell(lns.AccountStop, "one", id)
		w.sync()
		if len(w.outlets[outletKey{"one", false}].window) > w.bounds.window || len(w.out) > w.bounds.inFlight+w.bounds.inFlight/2 {
			t.Fatalf("%d in memory, %d out", len(w.outlets[outletKey{"one", false}].window), len(w.out))
		}
	}
	if o := w.outlets[outletKey{"one", false}]; o.starts != n || o.stops != n {
		t.Fatalf("%d Starts and %d Stops wait", o.starts, o.stops)
	}
	w.quiet()
	w.wantRest()
	if a, b := w.arrivedOf(statusStart), w.arrivedOf(statusStop); a != n || b != n {
		t.Errorf("%d Starts and %d Stops have come", a, b)
	}
}

// The servers of one profile being dead delays nothing of another.
func TestProfilesDoNotWaitForOneAnother(t *testing.T) {
	w := newBooks(t)
	w.on()
	for range 100 {
		w.up("one")
		w.up("three")
		w.sync()
	}
	for range 1000 {
		for i, e := range w.out {
			if e.outlet.key.profile == "three" {
				w.deliver(i, false)
				break
			}
		}
		w.sync()
	}
	if n := w.arrivedOf(statusStart); n != 100 {
		t.Errorf("%d Starts have come to the living server", n)
	}
}

// Beyond max-pending-accounting-stops the oldest go, each with its Start, and the
// Starts of sessions that are up stay.
func TestPendingStopsBound(t *testing.T) {
	w := newBooks(t)
	w.limits.PendingStopsMax = 40
	w.configure(w.now, "lns", w.profiles, w.limits)
	w.on()
	stays := w.up("one")
	var ids []uint64
	for range 100 {
		id := w.up("one")
		ids = append(ids, id)
		w.sync()
		w.tell(lns.AccountStop, "one", id)
		w.sync()
		w.pass(time.Second)
		w.sync()
		if n := w.outlets[outletKey{"one", false}].stops; n > 41 {
			t.Fatalf("%d Stops wait", n)
		}
	}
	drops := w.stats.DroppedStops
	if drops < 60 || w.stats.DroppedStarts != drops || w.outlets[outletKey{"one", false}].dropped != drops {
		t.Errorf("%d Stops and %d Starts given up", drops, w.stats.DroppedStarts)
	}
	w.quiet()
	w.disk.tables[tableOpen] = nil // of the one that is up
	w.wantRest()
	got := make(map[uint64]int)
	for _, x := range w.arrived {
		got[x.session]++
	}
	if got[stays] != 1 {
		t.Error("the Start of the session that is up was given up")
	}
	for i, id := range ids {
		if want := 2 * min(1, max(0, i-int(drops)+1)); got[id] != want {
			t.Errorf("session %d: %d records have come, not %d", i, got[id], want)
		}
	}
}

// What is older than max-withhold-time goes.
func TestWithholdBound(t *testing.T) {
	w := newBooks(t)
	w.limits.WithholdMax = time.Hour
	w.configure(w.now, "lns", w.profiles, w.limits)
	w.on()
	for range 20 {
		w.tell(lns.AccountStop, "one", w.up("one"))
		w.sync()
	}
	w.pass(time.Hour)
	w.sync()
	if w.stats.DroppedStops != 0 {
		t.Fatalf("%d given up too early", w.stats.DroppedStops)
	}
	w.tell(lns.AccountStop, "one", w.up("one"))
	w.sync()
	w.pass(expireInterval)
	w.sync()
	if w.stats.DroppedStops != 20 || w.stats.DroppedStarts != 20 {
		t.Errorf("given up: %d Starts, %d Stops", w.stats.DroppedStarts, w.stats.DroppedStops)
	}
	w.quiet()
	w.wantRest()
	if w.arrivedOf(statusStop) != 1 {
		t.Errorf("%d Stops have come", w.arrivedOf(statusStop))
	}
}

// Bounds and crashes together lead to no wrong count and no deadlock.
func TestBoundsCountRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newBooks(t)
		w.limits = lns.Radius{PendingStopsMax: 9, WithholdMax: 30 * time.Second}
		w.configure(w.now, "lns", w.profiles, w.limits)
		var list []uint64
		profile := func(id uint64) string { return []string{"one", "two"}[id%2] }
		t.Repeat(map[string]func(*rapid.T){
			"up": func(*rapid.T) {
				id := w.session()
				w.tell(lns.AccountOpen, profile(id), id)
				w.tell(lns.AccountStart, profile(id), id)
				list = append(list, id)
			},
			"down": func(t *rapid.T) {
				if len(list) > 0 {
					w.tell(lns.AccountStop, profile(list[0]), list[0])
					list = list[1:]
				}
			},
			"sync": func(*rapid.T) { w.sync() },
			"deliver": func(t *rapid.T) {
				if len(w.out) > 0 {
					w.deliver(rapid.IntRange(0, len(w.out)-1).Draw(t, "request"), rapid.Bool().Draw(t, "lost"))
				}
			},
			"pass": func(*rapid.T) { w.pass(expireInterval) },
			"crash": func(t *rapid.T) {
				w.crash(rapid.Bool().Draw(t, "written"))
				list = nil
			},
		})
		w.crash(rapid.Bool().Draw(t, "written"))
		w.quiet()
		w.wantRest()
	})
}

// While the disk is not written memory is bounded. What does not fit is made up for
// from the disk at the next boot, as far as the session's opening is there.
func TestDiskNotWritten(t *testing.T) {
	w := newBooks(t)
	w.bounds.batch = 20
	w.ledger.bounds = w.bounds
	w.on()
	first := w.session()
	w.tell(lns.AccountOpen, "one", first)
	w.sync()
	for range 50 { // nothing is synced any more
		w.up("one")
	}
	w.tell(lns.AccountStart, "one", first)
	w.tell(lns.AccountStop, "one", first)
	if n := len(w.ledger.batch.ops); n > 21 {
		t.Errorf("%d changes are in memory", n)
	}
	if w.stats.Deferred == 0 || w.stats.CheckpointsDropped == 0 || !w.durable[uint32(first)+50] {
		t.Errorf("%d deferred, %d openings dropped, the last session may go on: %v", w.stats.Deferred, w.stats.CheckpointsDropped, w.durable[uint32(first)+50])
	}
	w.crash(false)
	w.quiet()
	var got []uint32
	for _, x := range w.arrived {
		if x.session == first {
			got = append(got, x.status)
		}
	}
	if len(got) != 2 || got[0] != statusStart || got[1] != statusStop {
		t.Errorf("of the session whose opening was on disk came %v", got)
	}
}

// Checkpoints of a session are one change of a batch, and a session that opens and
// ends within one leaves no record.
func TestOneChangeForASession(t *testing.T) {
	w := newBooks(t)
	w.on()
	w.pass(time.Second)
	id := w.up("one") // its opening is being written
	for range 10 {
		w.tell(lns.AccountCheckpoint, "one", id)
	}
	if n := len(w.ledger.batch.ops); n != 2 { // the record, and Start
		t.Errorf("%d changes", n)
	}
}

// A profile that is gone keeps its records; when it is back they go out.
func TestProfileGoneAndBack(t *testing.T) {
	w := newBooks(t)
	w.on()
	id := w.up("one")
	gone := map[string]*lns.AAAProfile{"two": w.profiles["two"]}
	w.configure(w.now, "lns", gone, w.limits)
	w.carryOut()
	w.tell(lns.AccountStop, "one", id)
	w.sync()
	w.answerAll(radius.NoServer)
	w.pass(time.Minute)
	w.sync()
	if o := w.outlets[outletKey{"one", false}]; len(w.out) > 0 || o.stops != 1 || w.ledger.state(o) != OutletGone {
		t.Fatalf("%d requests out, %d Stops wait, state %v", len(w.out), o.stops, w.ledger.state(o))
	}
	w.configure(w.now, "lns", w.profiles, w.limits)
	w.carryOut()
	w.quiet()
	w.wantRest()
	if w.arrivedOf(statusStop) != 1 {
		t.Errorf("%d Stops have come", w.arrivedOf(statusStop))
	}
}

// wait-for-acct-on-ack holds log-ins until the answer; Accounting-On is sent again
// until there is one.
func TestHeldUntilOn(t *testing.T) {
	w := newBooks(t)
	if !w.held("three") || w.held("one") {
		t.Fatal("held is not what wait-for-acct-on-ack says")
	}
	w.answerAll(radius.NoServer)
	if len(w.out) != 0 || !w.held("three") {
		t.Fatal("no pause after nobody was there")
	}
	w.on()
	if w.held("three") {
		t.Error("held after the answer")
	}
}

// Accounting-Off goes once to each set of servers that knows of us.
func TestOff(t *testing.T) {
	w := newBooks(t)
	w.on()
	w.off(w.now)
	w.carryOut()
	if len(w.out) != 3 || !w.gates.saying() { // "copy" and "three" are the same
		t.Fatalf("%d requests", len(w.out))
	}
	for len(w.out) > 0 {
		w.deliver(0, false)
	}
	if w.gates.saying() || w.arrivedOf(statusOff) != 3 || w.stats.Responses.Off != 3 {
		t.Errorf("%d have come, %+v", w.arrivedOf(statusOff), w.stats.Responses)
	}
}

// A Stop that recovery makes has cause NAS Reboot, the counters and the time of the
// last checkpoint.
func TestRecoveredStop(t *testing.T) {
	w := newBooks(t)
	w.on()
	id := w.up("one")
	w.pass(5 * time.Minute)
	at := w.now
	w.ledger.record(w.now, 0, &lns.AccountRecord{
		Kind: lns.AccountCheckpoint, Profile: w.profiles["one"], At: at, SessionTime: 5 * time.Minute,
		Subscriber: &lns.Subscriber{ID: id, User: "mouse"},
	})
	w.ledger.settle()
	w.carryOut()
	w.sync()
	w.sync()
	w.pass(time.Hour)
	w.crash(false)
	w.sync()
	stops := 0
	for _, k := range w.disk.keys(tableQueue) {
		r, err := parseQueued(w.disk.tables[tableQueue][k])
		if err != nil {
			t.Fatal(err)
		}
		if r.kind != queuedStop {
			continue
		}
		p := PendingRecord{}
		p.describe(r.attributes)
		if p.User != "mouse" || p.Terminate != terminateReboot || !r.at.Equal(at) || !bytes.Contains(r.attributes, []byte{46, 6, 0, 0, 1, 44}) {
			t.Errorf("%+v at %v: %x", p, r.at, r.attributes)
		}
		stops++
	}
	if stops != 1 || w.stats.RecoveredStops != 1 {
		t.Errorf("%d Stops, %d counted", stops, w.stats.RecoveredStops)
	}
}

// What cannot be read is counted and removed, and nothing is stuck behind it.
func TestUnreadableRecords(t *testing.T) {
	w := newBooks(t)
	w.on()
	id := w.up("one")
	w.sync()
	w.sync()
	for _, table := range SpoolTables() {
		for k := range w.disk.tables[table] {
			w.disk.tables[table][k] = []byte{99, 1, 2}
		}
	}
	w.crash(false)
	w.quiet()
	w.wantRest()
	if w.stats.Malformed == 0 {
		t.Errorf("nothing was counted of session %x", id)
	}
}

func FuzzSpoolRecords(f *testing.F) {
	f.Add(appendOpen(nil, &openRecord{profile: "p", flags: 3, at: time.Unix(1, 2), start: []byte{1}, stop: []byte{2, 3}}))
	f.Add(appendQueued(nil, &queueRecord{kind: queuedStop, noDelay: true, session: 7, at: time.Unix(1, 2), attributes: []byte{4}}))
	f.Add(queueKey(outletKey{"p", true}.prefix(), 9))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseOpen(b); err == nil {
			again, err := parseOpen(appendOpen(nil, &r))
			if err != nil || again.profile != r.profile || !bytes.Equal(again.stop, r.stop) || !bytes.Equal(again.start, r.start) || !again.at.Equal(r.at) {
				t.Errorf("%+v, %v", again, err)
			}
		} else if !errors.Is(err, errRecord) {
			t.Error(err)
		}
		if r, err := parseQueued(b); err == nil {
			if again, err := parseQueued(appendQueued(nil, &r)); err != nil || !bytes.Equal(again.attributes, r.attributes) || again.session != r.session {
				t.Errorf("%+v, %v", again, err)
			}
		}
		if k, sequence, ok := parseQueueKey(b); ok {
			if again := queueKey(k.prefix(), sequence); len(again) > len(b) {
				t.Errorf("%x became %x", b, again)
			}
		}
	})
}
