// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/ppp"
)

func radiusConfig() *Config {
	cfg := testConfig()
	cfg.terms().AAA.Order = []AuthSource{AuthRadius}
	return cfg
}

// answer gives the same answer to every query that is out.
func (w *world) answer(check func(*AuthQuery) AuthAnswer) (n int) {
	queries := w.queries
	w.queries = nil
	for i := range queries {
		a := check(&queries[i].AuthQuery)
		a.Ref = queries[i].Ref
		e := queries[i].shard
		w.engines[e].Authenticated(w.now, a, w.fx[e])
		w.beginAt(e)
		w.carry(e)
	}
	return len(queries)
}

func judge(q *AuthQuery) AuthAnswer {
	if v := ppp.Check(&q.Offer, "pw"); !v.OK {
		return AuthAnswer{Result: AuthReject, Message: v.Message}
	} else {
		return AuthAnswer{Result: AuthAccept, Message: v.Message}
	}
}

// A subscriber is judged by RADIUS, with every method.
func TestRADIUSAnswers(t *testing.T) {
	for _, method := range []ppp.AuthMethod{ppp.PAP, ppp.CHAP, ppp.MSCHAPv2} {
		w := newWorld(t, radiusConfig(), 2)
		l := w.lac(0)
		good := l.dial(l.tunnel(), "a@example", "pw", method)
		bad := l.dial(l.tunnel(), "b@example", "wrong", method)
		w.until("queries", func() bool { return len(w.queries) == 2 })
		if q := w.queries[0]; q.User != "a@example" && q.User != "b@example" || q.LAC != "lac0" || q.Calling == "" {
			t.Errorf("query %+v", q)
		}
		w.answer(judge)
		w.until("verdicts", func() bool { return good.up4 && bad.gone })
		if w.logs[event.AuthenticationFailed] != 1 {
			t.Errorf("log %v", w.logs)
		}
	}
}

func TestRADIUSTimeout(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	l := w.lac(0)
	m := l.dial(l.tunnel(), "a@example", "pw")
	w.until("query", func() bool { return len(w.queries) == 1 })
	w.advance(4 * time.Second)
	w.answer(func(*AuthQuery) AuthAnswer { return AuthAnswer{Result: AuthTimeout} })
	w.until("refusal", func() bool { return m.gone })
	c := w.engines[0].Counters()
	if c.RADIUSTimeouts != 1 || c.Ended[CauseNoServer] != 1 || m.cdn.Code != 4 {
		t.Errorf("counters %+v CDN %+v", c, m.cdn)
	}
	w.wantClean()
}

// An answer for a caller who has left changes nothing, and its place in the
// window is free again.
func TestRADIUSAnswersTooLate(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	l := w.lac(0)
	m := l.dial(l.tunnel(), "a@example", "pw")
	w.until("query", func() bool { return len(w.queries) == 1 })
	w.request(Request{Kind: ClearSessions})
	w.until("gone", func() bool { return m.gone })
	w.answer(judge)
	if n := w.engines[0].authorities[0].window.InFlight(); n != 0 {
		t.Errorf("%d in flight", n)
	}
	w.wantClean()
}

// An answer to a question that a renegotiation has overtaken is not the verdict
// on the next one.
func TestRADIUSAnswerAfterRenegotiation(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	l := w.lac(0)
	m := l.dial(l.tunnel(), "a@example", "pw")
	w.until("query", func() bool { return len(w.queries) == 1 })
	stale := w.queries
	w.queries = nil
	m.link.Abort(w.now)
	m.link.Init(&ppp.Config{
		Role: ppp.Peer, Rand: w.engines[0].rand, Auth: []ppp.AuthMethod{ppp.CHAP}, IPCP: true, IPV6CP: true,
	}, &ppp.Credentials{Name: "a@example", Password: "wrong"})
	var fx ppp.Effects
	m.link.Open(w.now, &fx)
	l.pppEffects(m, &fx)
	w.until("second query", func() bool { return len(w.queries) == 1 })
	fresh := w.queries
	w.queries = stale
	w.answer(judge)
	w.advance(time.Second)
	if m.up4 {
		t.Fatal("let in by the answer to another question")
	}
	w.queries = fresh
	w.answer(judge)
	w.until("refusal", func() bool { return m.gone })
	w.wantClean()
}

// A slow RADIUS closes the door to new calls instead of filling queues, and the
// door opens again with its answers.
func TestRADIUSWindow(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	var all []*modem
	for i := range 120 {
		all = append(all, l.dial(id, fmt.Sprintf("user%d@example", i), "pw"))
	}
	w.advance(time.Second)
	e := w.engines[0]
	row := w.request(Request{Kind: ShowAdmission}).Admission[0]
	if len(w.queries) != row.RADIUSWindow || row.RADIUSInFlight != row.RADIUSWindow || row.RADIUSQueued == 0 || !row.Gated || row.Parked == 0 {
		t.Fatalf("queries %d, %+v", len(w.queries), row)
	}
	for range 200 {
		if w.answer(judge) == 0 && len(all) == e.states[StateActive] {
			break
		}
		w.advance(50 * time.Millisecond)
	}
	row = w.request(Request{Kind: ShowAdmission}).Admission[0]
	if e.states[StateActive] != 120 || row.RADIUSInFlight != 0 || row.Gated || row.Parked != 0 {
		t.Errorf("%d active, %+v", e.states[StateActive], row)
	}
}

// Why could he not get in: every call that ended can be found, the newest first.
func TestCallHistory(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	for range 3 {
		m := l.dial(id, "user1@example", "wrong")
		w.until("refusal", func() bool { return m.gone })
		w.advance(10 * time.Second)
	}
	m := l.login(id, "user2@example")
	w.request(Request{Kind: ClearSessions})
	w.until("clear", func() bool { return m.gone })
	all := w.request(Request{Kind: ShowCallHistory}).Calls
	if len(all) != 4 || all[0].User != "user2@example" || !all[0].WasUp || all[0].Cause != CauseAdministrative.String() {
		t.Fatalf("calls %+v", all)
	}
	one := w.request(Request{Kind: ShowCallHistory, Filter: Filter{Calling: "tel-user1@example"}}).Calls
	if len(one) != 3 || one[0].WasUp || one[0].Cause != CauseAuthDenied.String() || one[2].At < 20*time.Second || one[0].PeerName != "lac0" {
		t.Errorf("calls %+v", one)
	}
	if c := w.engines[0].Counters(); c.Failed[CauseAuthDenied] != 3 || c.Failed[CauseAdministrative] != 0 {
		t.Errorf("failed by cause: %v", c.Failed)
	}
}

func TestCallHistoryIsBounded(t *testing.T) {
	var h callHistory
	for i := range callHistoryMax + 5 {
		h.add(CallRow{Session: uint16(i)})
	}
	if len(h.rows) != callHistoryMax || h.newest(0).Session != callHistoryMax+4 || h.newest(callHistoryMax-1).Session != 5 || h.newest(callHistoryMax) != nil {
		t.Errorf("newest %d, oldest %d", h.newest(0).Session, h.newest(callHistoryMax-1).Session)
	}
}

// While RADIUS is silent no work is done for callers that it cannot judge, but
// for one a second, which finds out when it is back. That is noticed long before
// the first query is given up.
func TestRADIUSSilent(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	for i := range 20 {
		m := l.dial(id, fmt.Sprintf("early%d@example", i), "pw")
		w.until("query", func() bool { return w.answer(judge) > 0 })
		w.until("up", func() bool { return m.up4 })
	}
	var all []*modem
	for i := range 50 {
		all = append(all, l.dial(id, fmt.Sprintf("user%d@example", i), "pw"))
		w.advance(100 * time.Millisecond)
	}
	if n := len(w.queries); n < 5 || n > 10 {
		t.Errorf("%d queries in five seconds of silence", n)
	}
	w.until("all up", func() bool {
		w.answer(judge)
		for _, m := range all {
			if !m.up4 {
				return false
			}
		}
		return true
	})
}
