// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// wants holds the log since the last call to these lines, times without jitter.
func (w *world) wants(why, want string) {
	w.t.Helper()
	if got := when(w.took()); got != strings.TrimSpace(want) {
		w.t.Fatalf("%s:\n%s\nwant:\n%s", why, got, strings.TrimSpace(want))
	}
}

// answerer answers for servers, in simulated time.
type answerer struct {
	w     *world
	due   []pendingAnswer
	delay map[ServerID]time.Duration // of those that answer; the others are silent
}

type pendingAnswer struct {
	at   time.Time
	slot Slot
}

// answering has servers answer each transmission after their delay.
func (w *world) answering(delay map[ServerID]time.Duration) *answerer {
	a := &answerer{w: w, delay: delay}
	w.onSend = func(e Effect) {
		if d, ok := a.delay[e.Slot.Server]; ok {
			a.due = append(a.due, pendingAnswer{w.now.Add(d), e.Slot})
		}
	}
	return a
}

// run lets time pass, answers included.
func (a *answerer) run(d time.Duration) {
	a.w.t.Helper()
	end := a.w.now.Add(d)
	for {
		i := -1
		for j := range a.due {
			if i < 0 || a.due[j].at.Before(a.due[i].at) {
				i = j
			}
		}
		if i < 0 || a.due[i].at.After(end) {
			break
		}
		p := a.due[i]
		next := a.w.Next()
		if !next.IsZero() && next.Before(p.at) {
			a.w.run(max(next.Sub(a.w.now), 0))
			continue
		}
		a.due = slices.Delete(a.due, i, i+1)
		a.w.now = p.at
		code := AccessAccept
		if p.slot.Service == AccountingService {
			code = AccountingResponse
		}
		a.w.reply(p.slot, code)
	}
	// What is sent in the rest of the time is answered in a later run at the earliest.
	if next := a.w.Next(); !next.IsZero() && !next.After(end) {
		a.w.run(max(next.Sub(a.w.now), 0))
		a.run(end.Sub(a.w.now))
		return
	}
	a.w.now = end
}

// A server of which nothing but timeouts came is dead: what is in flight goes to the
// next one, new requests too, and after RevertInterval one of them finds out.
func TestDeadAndBack(t *testing.T) {
	o := Options{TimeoutGrace: 2 * time.Second, RevertInterval: time.Minute}
	w := newWorld(t, o, newServerConfig(1), newServerConfig(2))
	a := w.answering(map[ServerID]time.Duration{1: 10 * time.Millisecond})
	set := w.set(Direct)
	w.submit(set, Access)
	a.run(2500 * time.Millisecond)
	w.submit(set, Access)
	a.run(time.Second)
	w.wants("the grace is over while both are in flight", `
~0 send 1 to 0 #1
~1 send 1 to 0 #2
~2 send 2 to 0 #1
~3 ServerDead 0 authentication
~3 send 1 to 1 #1
~3 send 2 to 1 #1
~3 done 1 answered
~3 done 2 answered`)
	w.submit(set, Access)
	a.run(50 * time.Second)
	w.wants("a dead server is left alone", `
~4 send 3 to 1 #1
~4 done 3 answered`)
	a.run(10 * time.Second)
	w.submit(set, Access)
	w.submit(set, Access)
	a.run(2 * time.Second)
	w.wants("one request probes it, once, and is not lost", `
~64 send 4 to 0 #1
~64 send 5 to 1 #1
~64 done 5 answered
~65 send 4 to 1 #1
~65 done 4 answered`)
	a.run(60 * time.Second)
	a.delay[0] = 20 * time.Millisecond
	w.submit(set, Access)
	a.run(time.Second)
	w.submit(set, Access)
	a.run(time.Second)
	w.wants("it is back", `
~126 send 6 to 0 #1
~126 ServerAlive 0 authentication
~126 done 6 answered
~126 send 7 to 0 #1
~126 done 7 answered`)
	if n := w.auth(0); n.State != Alive || n.Counters.Deaths != 1 || n.Counters.Probes != 2 || n.Counters.Rollovers != 3 {
		t.Fatalf("%+v", n)
	}
	w.checkCounters()
}

// When all servers are dead one request at a time probes; log-ins fail when they
// would have failed by their schedule, accounting waits, and all that wait go on
// with the first answer.
func TestAllDead(t *testing.T) {
	s := newServerConfig(1)
	s.Retry = 1
	w := newWorld(t, Options{TimeoutGrace: 0, RevertInterval: time.Hour}, s)
	a := w.answering(nil)
	set := w.set(Direct)
	login, _ := w.submit(set, Access)
	stop, _ := w.submit(set, Accounting)
	a.run(10 * time.Second)
	w.wantDone(login, TimedOut)
	if w.auth(0).State != Dead || w.acct(0).State != Dead {
		t.Fatal("not dead")
	}
	w.took()
	first, _ := w.submit(set, Access)  // probes
	second, _ := w.submit(set, Access) // waits
	a.run(1500 * time.Millisecond)
	w.wantDone(first, TimedOut)
	if _, ended := w.done[second]; ended {
		t.Fatal("the one that waits has ended before its schedule")
	}
	probes := w.auth(0).Counters.Probes
	a.run(2 * time.Second)
	w.wantDone(second, TimedOut)
	if got := w.auth(0).Counters.Probes; got != probes+1 && got != probes {
		t.Fatalf("%d probes in two seconds", got-probes)
	}
	if n := w.acct(0); n.Counters.Probes < 5 || n.Pending > 1 {
		t.Fatalf("accounting: %+v", n)
	}
	a.run(24 * time.Hour)
	more, _ := w.submit(set, Accounting)
	a.delay = map[ServerID]time.Duration{0: time.Millisecond}
	a.run(3 * time.Second)
	w.wantDone(stop, Answered)
	w.wantDone(more, Answered)
	if n := w.acct(0); n.State != Alive || n.Ports != 1 {
		t.Fatalf("after a day: %+v", n)
	}
	w.checkCounters()
}

// Those who wait at a dead server go to another one that comes back.
func TestRevivedTakesThoseWhoWait(t *testing.T) {
	w := newWorld(t, Options{RevertInterval: time.Second}, newServerConfig(1), newServerConfig(2))
	set := w.set(Direct)
	for range 2 {
		w.submit(set, Accounting)
	}
	w.run(5 * time.Second)
	if w.acct(0).State != Dead || w.acct(1).State != Dead {
		t.Fatal("not dead")
	}
	for range 5 {
		w.submit(set, Accounting)
	}
	a := w.answering(map[ServerID]time.Duration{1: time.Millisecond})
	a.run(20 * time.Second)
	for ref := Ref(1); ref <= 7; ref++ {
		w.wantDone(ref, Answered)
	}
	if w.acct(1).State != Alive || w.acct(0).State != Dead {
		t.Fatalf("%v %v", w.acct(0).State, w.acct(1).State)
	}
	w.checkCounters()
}

// A reply that comes while its request is already with the next server ends it.
func TestLateReply(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1), newServerConfig(2))
	ref, _ := w.submit(w.set(Direct), Access)
	w.run(8 * time.Second)
	s := w.sends()
	if len(s) < 4 || s[3].Slot.Server != 1 {
		t.Fatalf("sent %+v", s)
	}
	if got, ok := w.Find(s[0].Slot); !ok || got != ref {
		t.Fatal("the slot at the first server is forgotten")
	}
	w.reply(s[0].Slot, AccessReject)
	if e := w.wantDone(ref, Answered); e.Reply != AccessReject || e.Slot != s[0].Slot {
		t.Fatalf("%+v", e)
	}
	if n := w.auth(0).Counters; n.Late != 1 || n.Rejects != 1 || n.Rollovers != 1 {
		t.Fatalf("%+v", n)
	}
	w.reply(s[3].Slot, AccessAccept) // and the second one answers too
	if n := w.auth(1).Counters; n.Dropped != 1 || n.Accepts != 0 || n.Abandoned != 1 {
		t.Fatalf("%+v", n)
	}
	w.run(2 * time.Duration(restInterval))
	if _, ok := w.Find(s[0].Slot); ok {
		t.Fatal("an identifier that was answered is still known")
	}
	w.checkCounters()
}

// An earlier transmission of an Accounting-Request may be the one that is answered.
func TestEarlierTransmissionAnswered(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1))
	ref, _ := w.submit(w.set(Direct), Accounting)
	w.run(2 * time.Second)
	s := w.sends()
	w.reply(s[0].Slot, AccountingResponse)
	w.wantDone(ref, Answered)
	if n := w.acct(0); n.Counters.Responses != 1 || n.Counters.Late != 0 || n.Pending != 0 {
		t.Fatalf("%+v", n)
	}
	w.checkCounters()
}

// Two requests that were lost an hour apart do not make a server dead.
func TestLossesLongAgo(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: 10 * time.Second}, newServerConfig(1))
	for range 2 {
		_, x := w.submit(w.set(Direct), Access)
		w.run(1500 * time.Millisecond)
		w.Cancel(w.now, x, &w.fx)
		w.carryOut()
		w.run(time.Hour)
	}
	if n := w.auth(0); n.State != Alive || n.Counters.Timeouts != 2 {
		t.Fatalf("%+v", n)
	}
}

// A late reply shows that a dead server lives.
func TestTooLateReplyRevives(t *testing.T) {
	w := newWorld(t, Options{}, newServerConfig(1))
	w.submit(w.set(Direct), Access)
	w.run(7500 * time.Millisecond)
	if w.auth(0).State != Dead {
		t.Fatal("not dead")
	}
	w.reply(w.sends()[0].Slot, AccessAccept)
	if n := w.auth(0); n.State != Alive || n.Counters.Dropped != 1 {
		t.Fatalf("%+v", n)
	}
}

// Two servers that flap by turns: every log-in is answered by the one that lives.
func TestFlapping(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: time.Second, RevertInterval: 5 * time.Second}, newServerConfig(1), newServerConfig(2))
	a := w.answering(map[ServerID]time.Duration{})
	set := w.set(RoundRobin)
	for turn := range 20 {
		clear(a.delay)
		a.delay[ServerID(turn%2)] = 5 * time.Millisecond
		for range 30 {
			w.submit(set, Access)
			a.run(500 * time.Millisecond)
		}
	}
	a.run(time.Minute)
	lost := 0
	for ref := Ref(1); ref <= w.ref; ref++ {
		if w.done[ref].Outcome != Answered {
			lost++
		}
	}
	if lost > 0 || w.ref != 600 {
		t.Fatalf("%d of %d log-ins lost", lost, w.ref)
	}
	if n := w.auth(0).Counters; n.Deaths < 5 {
		t.Fatalf("hardly a flap: %+v", n)
	}
	w.checkCounters()
}

// The same seed and the same inputs give the same effects.
func TestDeterminism(t *testing.T) {
	history := func() string {
		w := newWorld(t, Options{TimeoutGrace: time.Second, RevertInterval: 5 * time.Second}, newServerConfig(1), newServerConfig(2))
		a := w.answering(map[ServerID]time.Duration{1: 30 * time.Millisecond})
		for n := range 200 {
			w.submit(w.set(Algorithm(n%3)), Kind(n%int(kinds)))
			a.run(70 * time.Millisecond)
		}
		a.run(time.Minute)
		return strings.Join(w.log, "\n")
	}
	if first, second := history(), history(); first != second || strings.Count(first, "\n") < 400 {
		t.Fatalf("two histories of %d and %d octets", len(first), len(second))
	}
}
