// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"testing"
	"time"
)

// An answer ends its request, once; a duplicate is counted and ends nothing.
func TestAnswered(t *testing.T) {
	w := newWorld(t, Options{TimeoutGrace: 10 * time.Second, RevertInterval: time.Minute}, newServerConfig(1))
	ref, _ := w.submit(w.set(Direct), Access)
	s := w.sends()
	if len(s) != 1 || s[0].Transmission != 1 || s[0].Repeat || !s[0].FirstSent.Equal(w.now) {
		t.Fatalf("sent %+v", s)
	}
	if got, ok := w.Find(s[0].Slot); !ok || got != ref {
		t.Fatalf("Find: %v %v", got, ok)
	}
	w.run(20 * time.Millisecond)
	w.reply(s[0].Slot, AccessAccept)
	if e := w.wantDone(ref, Answered); e.Reply != AccessAccept || e.RoundTrip != 20*time.Millisecond || e.Slot != s[0].Slot {
		t.Fatalf("done %+v", e)
	}
	w.reply(s[0].Slot, AccessAccept)
	if n := w.auth(0); n.Counters.Dropped != 1 || n.Counters.Accepts != 1 || n.Pending != 0 || n.RoundTrip != 20*time.Millisecond {
		t.Fatalf("%+v", n)
	}
	w.checkCounters()
}
