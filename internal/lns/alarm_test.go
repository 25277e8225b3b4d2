// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/internal/event"
)

// What is an alarm and what is not, second by second.
func TestWatch(t *testing.T) {
	for _, test := range []struct {
		name   string
		second func(i int) watchSample
		want   string // when what changed
	}{
		{"the outage: thousands in Init, Active flat", func(i int) watchSample {
			return watchSample{init: 7000 + i%3, ups: 8000}
		}, "10 log_ins_stalled SET"},
		{"a few come up all the same", func(i int) watchSample {
			return watchSample{init: 7000, ups: uint64(5 * i)}
		}, "10 log_ins_stalled SET"},
		{"a surge being worked off", func(i int) watchSample {
			return watchSample{init: max(7000-220*i, 0), ups: uint64(min(220*i, 7000))}
		}, ""},
		{"many wait because more keep coming", func(i int) watchSample {
			return watchSample{init: 7000, ups: uint64(220 * i)}
		}, ""},
		{"a LAC's calls time out, all at once", func(i int) watchSample {
			return watchSample{init: 7000 >> i}
		}, ""},
		{"some modems that never finish", func(int) watchSample { return watchSample{init: stalledLeast - 1} }, ""},
		{"a stall that ends", func(i int) watchSample {
			return watchSample{init: 7000, ups: uint64(max(i-20, 0) * 100)}
		}, "10 log_ins_stalled SET, 23 log_ins_stalled CLEAR"},
		{"a moment of progress", func(i int) watchSample {
			return watchSample{init: 7000, ups: uint64(min(max(i-20, 0), 1) * 69)}
		}, "10 log_ins_stalled SET"},
		{"all have gone", func(i int) watchSample {
			if i < 20 {
				return watchSample{init: 100}
			}
			return watchSample{}
		}, "10 log_ins_stalled SET, 22 log_ins_stalled CLEAR"},
		{"RADIUS does not answer", func(int) watchSample { return watchSample{init: 20, waiting: 4, requests: 16} }, "10 radius_stalled SET"},
		{"RADIUS is slow", func(i int) watchSample {
			return watchSample{init: 20, waiting: 400, requests: uint64(i / 5)}
		}, ""},
		{"RADIUS has nothing to do", func(int) watchSample { return watchSample{init: 20, requests: 16} }, ""},
		{"RADIUS comes back", func(i int) watchSample {
			return watchSample{init: 20, waiting: 4, requests: uint64(16 + max(i-15, 0))}
		}, "10 radius_stalled SET, 18 radius_stalled CLEAR"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var w watch
			got := ""
			for i := range 40 {
				for a, c := range w.take(epoch.Add(time.Duration(i)*watchInterval), test.second(i)) {
					if c != unchanged {
						if got != "" {
							got += ", "
						}
						got += fmt.Sprintf("%d %v %v", i, Alarm(a), c)
					}
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// The watch sleeps while nobody waits, and begins anew.
func TestWatchSleeps(t *testing.T) {
	var w watch
	busy := watchSample{init: 100}
	now := epoch
	for range 10 {
		w.arm(now)
		now = w.at
		w.take(now, busy)
	}
	if w.take(now.Add(watchInterval), watchSample{}); !w.at.IsZero() {
		t.Fatal("it goes on without subscribers in Init")
	}
	w.arm(now)
	if changes := w.take(w.at, busy); changes[AlarmLogInsStalled] != unchanged || len(w.rows(now)) != 0 {
		t.Error("samples from before the pause count")
	}
}

// RADIUS falls silent under a steady stream of calls: an operator is told, and
// told again when it has come back.
func TestAlarms(t *testing.T) {
	w := newWorld(t, radiusConfig(), 1)
	l := w.lac(0)
	id := l.tunnel()
	second := func(answer bool) {
		for i := range 30 {
			l.dial(id, fmt.Sprintf("user%d@example", i), "pw")
		}
		for range 10 {
			w.advance(100 * time.Millisecond)
			if answer {
				w.answer(judge)
			}
		}
	}
	for range 14 {
		second(false)
	}
	rows := w.request(Request{Kind: ShowAdmission}).Admission[0].Alarms
	if len(rows) != 2 || rows[0].Alarm != AlarmLogInsStalled || rows[0].Waiting < stalledLeast || rows[0].Age > 5*time.Second {
		t.Fatalf("alarms %+v, admission %+v", rows, w.request(Request{Kind: ShowAdmission}).Admission[0])
	}
	if w.logs[event.LogInsStalled] != 1 || w.logs[event.RADIUSStalled] != 1 {
		t.Errorf("events %v", w.logs)
	}
	for range 20 {
		second(true)
	}
	if rows := w.request(Request{Kind: ShowAdmission}).Admission[0].Alarms; len(rows) != 0 {
		t.Errorf("still set: %+v", rows)
	}
	if w.logs[event.LogInsStalled] != 2 || w.logs[event.RADIUSStalled] != 2 {
		t.Errorf("events %v", w.logs)
	}
}

// A listing goes on where it stopped, although calls end between its pages, and
// although their number wraps.
func TestCallHistoryPages(t *testing.T) {
	for _, before := range []uint32{0, historyCursor - 12, historyCursor, 1<<32 - 12} {
		w := newWorld(t, testConfig(), 1)
		e := w.engines[0]
		e.calls.added = before
		for i := range 10 {
			e.calls.add(CallRow{Session: uint16(i)})
		}
		r := Request{Kind: ShowCallHistory, Limit: 3}
		var seen []uint16
		for range 10 {
			r.Calls = nil
			e.Request(w.now, &r, w.fx[0])
			for _, c := range r.Calls {
				seen = append(seen, c.Session)
			}
			if r.Done {
				break
			}
			e.calls.add(CallRow{Session: 100})
		}
		if !slices.Equal(seen, []uint16{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}) {
			t.Errorf("after %d calls: listed %v", before, seen)
		}
	}
}
