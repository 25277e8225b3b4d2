// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/policy"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// booksConfig accounts local subscribers.
func booksConfig(a Accounting) *Config {
	cfg := testConfig()
	cfg.terms().AAA.Accounting = &a
	return cfg
}

// kinds are what the books say, in order.
func (w *world) kinds() (kinds []AccountKind) {
	for _, r := range w.books {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

func (w *world) wantKinds(want ...AccountKind) {
	w.t.Helper()
	if got := w.kinds(); !slices.Equal(got, want) {
		w.t.Errorf("books say %v, want %v", got, want)
	}
}

// The books of a session: opened before its addresses are told, started with its
// first network protocol, ended once, with what the plane has counted and the time
// in between.
func TestBooks(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, booksConfig(Accounting{Immediate: true}), shards)
		l := w.lac(0)
		m := l.login(l.tunnel(), "user1@example")
		w.wantKinds(AccountOpen, AccountStart, AccountInterim)
		start := w.books[1]
		sub := start.Subscriber
		if sub.User != "user1@example" || sub.Address != m.link.Network().LocalIPv4 || !sub.Prefix.IsValid() || sub.Calling == "" ||
			sub.LAC != "lac0" || sub.LNS != "lns" || sub.Interface != "si-1/0/0" || sub.Method != ppp.CHAP || sub.MTU == 0 || sub.Source != AuthPassword {
			t.Errorf("subscriber %+v", sub)
		}
		w.traffic[start.Element] = forward.Counters{UpPackets: 3, UpBytes: 300, DownPackets: 4, DownBytes: 400}
		w.advance(90 * time.Second)
		l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
		w.run()
		w.wantKinds(AccountOpen, AccountStart, AccountInterim, AccountStop)
		stop := w.books[3]
		if stop.SessionTime != 90*time.Second || stop.Counters.UpBytes != 300 || stop.Cause != CauseReceivedCDN || stop.Terminate != nasRequest ||
			!stop.At.Equal(start.At.Add(stop.SessionTime)) || stop.Subscriber.ID != sub.ID || stop.Profile != start.Profile {
			t.Errorf("stop %+v", stop)
		}
		w.hangUpAll(l)
	}
}

// A log-in waits for the disk, but not for ever.
func TestLogInWaitsForTheDisk(t *testing.T) {
	for _, c := range []struct{ configured, waits time.Duration }{{0, durableWaitDefault}, {time.Second, time.Second}, {-1, 0}} {
		w := newWorld(t, booksConfig(Accounting{DurableWait: c.configured}), 1)
		w.noDisk = true
		l := w.lac(0)
		m := l.dial(l.tunnel(), "user1@example", "pw")
		w.run()
		if c.waits > 0 {
			w.advance(c.waits - 20*time.Millisecond)
			if m.up4 {
				t.Errorf("%v: let in before its record was on disk", c.configured)
			}
			w.advance(40 * time.Millisecond)
		}
		w.until("log-in", func() bool { return m.up4 })
		if n := w.counters().DurableLate; (n == 1) != (c.waits > 0) {
			t.Errorf("%v: %d late", c.configured, n)
		}
		w.hangUpAll(l)
	}
	w := newWorld(t, booksConfig(Accounting{DurableWait: 10 * time.Second}), 1)
	w.noDisk = true
	l := w.lac(0)
	m := l.dial(l.tunnel(), "user1@example", "pw")
	w.advance(time.Second)
	refs := w.unwritten[0]
	w.engines[0].Durable(w.now, refs, w.fx[0])
	w.carry(0)
	w.engines[0].Durable(w.now, refs, w.fx[0]) // the news twice
	w.carry(0)
	w.until("log-in", func() bool { return m.up4 })
	if w.counters().DurableLate != 0 {
		t.Error("counted as late")
	}
}

// One that ends before it was up has no Start and no Stop: its opening is
// withdrawn. With accounting-stop-on-failure a Stop tells of it.
func TestNeverUp(t *testing.T) {
	for _, onFailure := range []bool{false, true} {
		w := newWorld(t, booksConfig(Accounting{StopOnFailure: onFailure, DurableWait: 10 * time.Second}), 1)
		w.noDisk = true
		l := w.lac(0)
		m := l.dial(l.tunnel(), "user1@example", "pw")
		w.advance(time.Second)
		l.ep.CloseCall(w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
		l.settle()
		w.run()
		if onFailure {
			w.wantKinds(AccountOpen, AccountDiscard, AccountFailed)
		} else {
			w.wantKinds(AccountOpen, AccountDiscard)
		}
		w.hangUpAll(l)
	}
}

// accounting-stop-on-access-deny tells of those whom a source has turned away,
// accounting-stop-on-failure of those whom it has not.
func TestStopsOfTheRefused(t *testing.T) {
	for _, c := range []struct {
		accounting Accounting
		password   string
		grant      policy.Attributes
		failed     int
		terminate  uint32
	}{
		{Accounting{}, "wrong", policy.Attributes{}, 0, 0},
		{Accounting{StopOnDeny: true}, "wrong", policy.Attributes{}, 1, userError},
		{Accounting{StopOnFailure: true}, "wrong", policy.Attributes{}, 0, 0},
		{Accounting{StopOnFailure: true}, "pw", policy.Attributes{Pool: "none"}, 1, serviceUnavailable},
		{Accounting{StopOnDeny: true}, "pw", policy.Attributes{Pool: "none"}, 0, 0},
	} {
		cfg := grantConfig()
		cfg.terms().AAA.Accounting = &c.accounting
		w := newWorld(t, cfg, 1)
		l := w.lac(0)
		m := l.dial(l.tunnel(), "user1@example", c.password)
		w.until("refusal", func() bool {
			w.answer(granting(c.grant))
			return m.gone
		})
		if len(w.books) != c.failed || c.failed > 0 && (w.books[0].Kind != AccountFailed || w.books[0].Terminate != c.terminate || w.books[0].Subscriber == nil) {
			t.Errorf("%+v with %s: %+v", c.accounting, c.password, w.books)
		}
		w.hangUpAll(l)
	}
}

// Interim updates and checkpoints come at their intervals, give or take a tenth.
func TestInterim(t *testing.T) {
	for _, c := range []struct {
		configured, granted, every time.Duration
	}{
		{10 * time.Minute, 0, 10 * time.Minute},
		{10 * time.Minute, 20 * time.Minute, 10 * time.Minute}, // RFC 2869 §2.1
		{0, 20 * time.Minute, 20 * time.Minute},
		{0, time.Second, time.Minute},
		{0, 0, 0},
	} {
		cfg := grantConfig()
		cfg.terms().AAA.Accounting = &Accounting{Interval: c.configured, Checkpoint: 5 * time.Minute}
		w := newWorld(t, cfg, 1)
		l := w.lac(0)
		w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{Interim: c.granted, HasInterim: c.granted > 0})
		if row := w.request(Request{Kind: ShowSubscribers}).Subscribers[0]; row.InterimInterval != c.every {
			t.Errorf("%+v: row %v", c, row.InterimInterval)
		}
		w.advance(4 * time.Hour)
		times := map[AccountKind][]time.Time{}
		for _, r := range w.books {
			times[r.Kind] = append(times[r.Kind], r.At)
		}
		for kind, every := range map[AccountKind]time.Duration{AccountInterim: c.every, AccountCheckpoint: 5 * time.Minute} {
			if every == 0 {
				if len(times[kind]) > 0 {
					t.Errorf("%+v: %d of kind %d", c, len(times[kind]), kind)
				}
				continue
			}
			if n := len(times[kind]); n < int(4*time.Hour*9/10/every) || n > int(4*time.Hour*11/10/every)+1 {
				t.Errorf("%+v: %d of kind %d in four hours", c, n, kind)
			}
			last := times[AccountStart][0]
			for _, at := range times[kind] {
				if d := at.Sub(last); d < every*9/10-wheelTick || d > every*11/10+wheelTick {
					t.Errorf("%+v: kind %d after %v", c, kind, d)
				}
				last = at
			}
		}
		w.hangUpAll(l)
	}
}

// What the plane has counted before a link was negotiated anew is not lost: the
// session stays in the plane, without an address.
func TestRenegotiationKeepsTheCounters(t *testing.T) {
	w := newWorld(t, booksConfig(Accounting{FamilyChange: true}), 1)
	l := w.lac(0)
	m := l.login(l.tunnel(), "user1@example")
	removed := false
	m.link.Abort(w.now)
	m.link.Init(&ppp.Config{
		Role: ppp.Peer, Rand: w.engines[0].rand, Auth: []ppp.AuthMethod{ppp.CHAP}, IPCP: true, IPV6CP: true,
	}, &ppp.Credentials{Name: "user1@example", Password: "pw"})
	m.up4, m.up6 = false, false
	var fx ppp.Effects
	m.link.Open(w.now, &fx)
	l.pppEffects(m, &fx)
	for range 100 {
		removed = removed || len(w.plane) == 0
		if m.up4 && m.up6 {
			break
		}
		w.advance(10 * time.Millisecond)
	}
	if removed || !m.up4 {
		t.Errorf("removed %v, up again %v", removed, m.up4)
	}
	w.hangUpAll(l)
	if n := len(w.kinds()); w.kinds()[n-1] != AccountStop || slices.Index(w.kinds(), AccountStop) != n-1 {
		t.Errorf("books say %v", w.kinds())
	}
}

// The name that RADIUS gives is the one in the books, and Class is kept as it came.
func TestNameAndClassInTheBooks(t *testing.T) {
	cfg := grantConfig()
	cfg.terms().AAA.Accounting = &Accounting{}
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	class := [][]byte{{1, 2}, {3}}
	w.admitted(l, l.tunnel(), "user1@example", policy.Attributes{UserName: "customer 7", Class: class})
	for _, r := range w.books {
		if r.Subscriber.User != "customer 7" || r.Subscriber.UserGiven != "user1@example" || r.Subscriber.Source != AuthRadius ||
			r.Subscriber.Granted == nil || len(r.Subscriber.Granted.Class) != 2 {
			t.Errorf("record %+v of %+v", r, r.Subscriber)
		}
	}
	row := w.request(Request{Kind: ShowSubscribers}).Subscribers[0]
	if row.AccountedUser != "customer 7" || row.User != "user1@example" || row.Classes != 2 || row.Accounted < 0 {
		t.Errorf("row %+v", row)
	}
	w.hangUpAll(l)
}

// An ended session is Terminating until its Stop is on disk, or a bound has passed.
func TestTerminatingUntilTheStopIsOnDisk(t *testing.T) {
	w := newWorld(t, booksConfig(Accounting{}), 1)
	l := w.lac(0)
	id := l.tunnel()
	for i := range 3 {
		l.login(id, fmt.Sprintf("user%d@example", i))
	}
	w.noDisk = true
	w.request(Request{Kind: ClearSessions})
	w.until("clear", func() bool { return len(l.modems) == 0 })
	states := func() (terminating, terminated int) {
		s := w.request(Request{Kind: ShowSummary}).Summary
		rows := w.request(Request{Kind: ShowSubscribers, Filter: Filter{State: StateTerminating, HasState: true}}).Subscribers
		ended := w.request(Request{Kind: ShowSubscribers, Filter: Filter{State: StateTerminated, HasState: true}}).Subscribers
		if len(rows) != s.States[StateTerminating] || len(ended) != s.States[StateTerminated] {
			t.Errorf("%d and %d rows, counted %v", len(rows), len(ended), s.States)
		}
		return s.States[StateTerminating], s.States[StateTerminated]
	}
	if a, b := states(); a != 3 || b != 0 {
		t.Errorf("%d terminating, %d terminated", a, b)
	}
	w.engines[0].Durable(w.now, w.unwritten[0][:1], w.fx[0])
	if a, b := states(); a != 2 || b != 1 {
		t.Errorf("%d terminating, %d terminated", a, b)
	}
	w.advance(stopWait + time.Second)
	if a, b := states(); a != 0 || b != 3 || w.counters().StopsLate != 2 {
		t.Errorf("%d terminating, %d terminated, %d late", a, b, w.counters().StopsLate)
	}
}

// The ring of ended sessions stays consistent however Stops and bounds interleave.
func TestHistoryOfStops(t *testing.T) {
	var h history
	var c Counters
	at := epoch
	for i := range 3 * historyMax {
		at = at.Add(time.Millisecond)
		ref := sessionRef{l2tp.Element(i), 1}
		h.add(at, SubscriberRow{State: StateTerminated}, &c)
		if i%3 > 0 {
			h.await(ref)
		}
		if i%5 == 0 {
			h.settled(sessionRef{l2tp.Element(i / 2), 1})
		}
		h.giveUp(at, &c)
		h.expire(at, 12*time.Second)
		if i%97 > 0 {
			continue
		}
		n := 0
		for j := range h.count {
			if h.at(j).row.State == StateTerminating {
				n++
			}
		}
		if n != len(h.storing) {
			t.Fatalf("after %d: %d rows are terminating, %d are awaited", i, n, len(h.storing))
		}
	}
	h.giveUp(at.Add(time.Hour), &c)
	if len(h.storing) != 0 || h.unsettled() != nil {
		t.Errorf("%d are awaited for ever", len(h.storing))
	}
}

// Redial: the stale session's Stop is written before anything of the newcomer.
func TestRedialInTheBooks(t *testing.T) {
	for _, shards := range []int{1, 4} {
		w := newWorld(t, booksConfig(Accounting{}), shards)
		l := w.lac(0)
		m := l.login(l.tunnel(), "user1@example")
		m.silent = true
		l.login(l.tunnel(), "user1@example")
		w.wantKinds(AccountOpen, AccountStart, AccountStop, AccountOpen, AccountStart)
		if stop := w.books[2]; stop.Cause != CauseReplaced || stop.Terminate != portPreempted {
			t.Errorf("stop %+v", stop)
		}
		w.hangUpAll(l)
	}
}

// A new address is reported at once where the profile wants it.
func TestFamilyChangeIsReported(t *testing.T) {
	for _, wants := range []bool{false, true} {
		w := newWorld(t, booksConfig(Accounting{FamilyChange: wants}), 1)
		l := w.lac(0)
		l.login(l.tunnel(), "user1@example")
		interims := 0
		for _, k := range w.kinds() {
			if k == AccountInterim {
				interims++
			}
		}
		if (interims > 0) != wants { // the second family opens after the Start
			t.Errorf("wanted %v: %v", wants, w.kinds())
		}
		w.hangUpAll(l)
	}
}

// Every cause has an Acct-Terminate-Cause, which access terminate-code replaces.
func TestTerminateCodes(t *testing.T) {
	cfg := booksConfig(Accounting{})
	cfg.Radius.Terminate[CauseAdministrative] = 77
	w := newWorld(t, cfg, 1)
	for c := causeNone + 1; c < causeCount; c++ {
		want := c.Terminate()
		if want < 1 || want > 18 {
			t.Errorf("%v: %d", c, want)
		}
		if c == CauseAdministrative {
			want = 77
		}
		if got := w.engines[0].terminate(c); got != want {
			t.Errorf("%v: %d, want %d", c, got, want)
		}
	}
	l := w.lac(0)
	l.login(l.tunnel(), "user1@example")
	w.request(Request{Kind: ClearSessions})
	w.advance(time.Second)
	if r := w.books[len(w.books)-1]; r.Kind != AccountStop || r.Terminate != 77 {
		t.Errorf("%+v", r)
	}
}

// An orderly stop of the LNS ends its sessions as a reboot.
func TestShutdownInTheBooks(t *testing.T) {
	w := newWorld(t, booksConfig(Accounting{}), 1)
	l := w.lac(0)
	l.login(l.tunnel(), "user1@example")
	w.engines[0].Stop(w.now, w.fx[0])
	w.carry(0)
	w.advance(time.Second)
	if r := w.books[len(w.books)-1]; r.Kind != AccountStop || r.Terminate != adminReboot || r.Cause != CauseShutdown {
		t.Errorf("%+v", r)
	}
}

// Without accounting nothing is written, and a session has nothing for it.
func TestNoBooks(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	l.login(l.tunnel(), "user1@example")
	w.hangUpAll(l)
	if len(w.books) > 0 {
		t.Errorf("books %+v", w.books)
	}
	if c := w.counters(); c.StopsLate+c.DurableLate > 0 {
		t.Errorf("counters %+v", c)
	}
}

// An address that the subscriber has chosen after the Start is reported at once
// where the profile wants it; accounting tells the address that he has.
func TestAddressChangeIsReported(t *testing.T) {
	own := netip.MustParseAddr("192.0.2.99")
	for _, wants := range []bool{false, true} {
		cfg := grantConfig()
		cfg.terms().AAA.Accounting = &Accounting{AddressChange: wants}
		w := newWorld(t, cfg, 1)
		l := w.lac(0)
		m := l.dial(l.tunnel(), "user1@example", "pw")
		m.link.Grant(w.now, ppp.Network{LocalIPv4: own, IPv6: true}, &ppp.Effects{})
		w.until("log-in", func() bool {
			w.answer(granting(policy.Attributes{OwnAddress: true}))
			return m.up4 && m.up6
		})
		interims := 0
		for _, r := range w.books {
			if a := r.Subscriber.Address; a.IsValid() && a != own {
				t.Errorf("record %v tells %v, which was only offered", r.Kind, a)
			}
			if r.Kind == AccountInterim && r.Subscriber.Address == own {
				interims++
			}
		}
		if (interims == 1) != wants {
			t.Errorf("wanted %v: %d interim updates", wants, interims)
		}
		w.hangUpAll(l)
		if last := w.books[len(w.books)-1]; last.Kind != AccountStop || last.Subscriber.Address != own {
			t.Errorf("the Stop tells %v", last.Subscriber.Address)
		}
	}
}
