// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// RT is IRT, then doubles up to MRT, each within a tenth.
func TestIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 0))
	seen := map[int64]bool{}
	for range 1000 {
		irt := int64(3 * time.Second)
		rt := firstInterval(r, irt)
		for n, ideal := 0, irt; n < 8; n++ {
			if low, high := ideal*9/10, ideal*11/10; rt < low || rt > high {
				t.Fatalf("RT %d is %v, not within %v and %v", n, time.Duration(rt), time.Duration(low), time.Duration(high))
			}
			seen[rt] = true
			ideal = 2 * rt
			next := nextInterval(r, rt, irt)
			if ideal+rt/10 > mrt && next > mrt*11/10 {
				t.Fatalf("RT %v above MRT", time.Duration(next))
			}
			if ideal > mrt {
				ideal = mrt
			} else {
				ideal = next // RAND is of RTprev: within a tenth of 2*RTprev all the more
				if next < 2*rt-rt/10 || next > 2*rt+rt/10 {
					t.Fatalf("RT %v after %v", time.Duration(next), time.Duration(rt))
				}
			}
			rt = next
		}
	}
	if len(seen) < 1000 {
		t.Fatalf("only %d different intervals: no jitter", len(seen))
	}
}

func TestPatience(t *testing.T) {
	for _, row := range []struct {
		irt   time.Duration
		retry int
		want  time.Duration
	}{
		{time.Second, 0, time.Second},
		{time.Second, 2, 7 * time.Second},
		{3 * time.Second, 2, 21 * time.Second},
		{3 * time.Second, 3, 30 * time.Second}, // MRD
		{20 * time.Second, 1, 30 * time.Second},
	} {
		if got := time.Duration(patience(int64(row.irt), row.retry)); got != row.want {
			t.Errorf("patience(%v, %d) = %v, want %v", row.irt, row.retry, got, row.want)
		}
	}
}

// when rounds the times of a log to what they would be without jitter.
func when(log []string) string {
	out := make([]string, len(log))
	for i, l := range log {
		at, what, _ := strings.Cut(l, " ")
		var s float64
		_, _ = fmt.Sscan(at, &s)
		out[i] = fmt.Sprintf("~%.0f %s", s, what)
	}
	return strings.Join(out, "\n")
}

// Transmissions of one request to silent servers, and its end.
func TestSchedule(t *testing.T) {
	never := Options{TimeoutGrace: time.Hour, RevertInterval: time.Hour}
	for _, row := range []struct {
		why     string
		kind    Kind
		servers int
		lasts   time.Duration
		want    string
	}{
		{"one server", Access, 1, time.Minute, `
~0 send 1 to 0 #1
~1 send 1 to 0 #2
~3 send 1 to 0 #3
~7 done 1 timed out`},
		{"the next one is asked", Access, 2, time.Minute, `
~0 send 1 to 0 #1
~1 send 1 to 0 #2
~3 send 1 to 0 #3
~7 send 1 to 1 #1
~8 send 1 to 1 #2
~10 send 1 to 1 #3
~14 done 1 timed out`},
		{"accounting begins anew", Accounting, 1, 9 * time.Second, `
~0 send 1 to 0 #1
~1 send 1 to 0 #2
~3 send 1 to 0 #3
~7 send 1 to 0 #1
~8 send 1 to 0 #2`},
		{"an interim update does not", Interim, 1, time.Minute, `
~0 send 1 to 0 #1
~1 send 1 to 0 #2
~3 send 1 to 0 #3
~7 done 1 timed out`},
	} {
		var servers []*Server
		for n := range row.servers {
			servers = append(servers, newServerConfig(n+1))
		}
		w := newWorld(t, never, servers...)
		w.submit(w.set(Direct), row.kind)
		w.run(row.lasts)
		if got := when(w.took()); got != strings.TrimSpace(row.want) {
			t.Errorf("%s:\n%s\nwant:%s", row.why, got, row.want)
		}
		w.checkCounters()
	}
}

// MRD ends an Access-Request that would have had more transmissions.
func TestMRD(t *testing.T) {
	s := newServerConfig(1)
	s.Timeout, s.Retry = 3*time.Second, 10
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, s)
	ref, _ := w.submit(w.set(Direct), Access)
	w.run(time.Hour)
	w.wantDone(ref, TimedOut)
	if last := w.log[len(w.log)-1]; last != "30.0 done 1 timed out" {
		t.Fatal(last)
	}
}

// "If the RADIUS client is retransmitting a RADIUS request to the same server as
// before, and the attributes haven't changed, you MUST use the same Request
// Authenticator, ID, and source port. If any attributes have changed, you MUST use a
// new Request Authenticator and ID." RFC 2865 §2.5
func TestRetransmissionSlots(t *testing.T) {
	for _, kind := range []Kind{Access, Accounting, Interim} {
		w := newWorld(t, Options{TimeoutGrace: time.Hour}, newServerConfig(1))
		w.submit(w.set(Direct), kind)
		start := w.now
		w.run(5 * time.Second)
		s := w.sends()
		if len(s) != 3 {
			t.Fatalf("%v: %d transmissions", kind, len(s))
		}
		for i, e := range s {
			again := i > 0 && kind == Access
			if same := e.Slot == s[0].Slot; e.Repeat != again || i > 0 && same != again {
				t.Errorf("%v #%d: repeat %v, slot %v after %v", kind, i+1, e.Repeat, e.Slot, s[0].Slot)
			}
			if !e.FirstSent.Equal(start) {
				t.Errorf("%v #%d: first sent %v, want %v", kind, i+1, e.FirstSent, start)
			}
		}
	}
}
