// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"testing"
	"time"
)

// "Clients SHOULD allocate Identifiers via a least-recently-used (LRU) method for a
// particular source IP address and source UDP port." RFC 5080 §2.2.2
func TestIdentifiersLeastRecentlyUsed(t *testing.T) {
	w := newWorld(t, Options{}, newServerConfig(1))
	for n := range 2*identifiers + 3 {
		w.submit(w.set(Direct), Access)
		at := w.sends()[0].Slot
		if want := (Slot{Identifier: uint8(n)}); at != want {
			t.Fatalf("request %d in %+v, want %+v", n, at, want)
		}
		w.reply(at, AccessAccept)
	}
}

// "RADIUS clients MUST NOT reuse Identifiers [...] until either a valid response has
// been received, or the request has timed out", and some time beyond. RFC 5080 §2.2.2
func TestIdentifiersRest(t *testing.T) {
	s := newSlots()
	s.setMax(1)
	at := int64(1)
	for range identifiers {
		i, ok := s.take(at)
		if !ok {
			t.Fatal("no identifier")
		}
		s.all[i].state = slotHeld
		s.rest(i, at)
		at++
	}
	if got := s.availableAt(); got != 1+restInterval {
		t.Fatalf("the next one at %d", got)
	}
	if _, ok := s.take(restInterval); ok {
		t.Fatal("an identifier that rests was taken")
	}
	if i, ok := s.take(restInterval + 1); !ok || i != 0 {
		t.Fatalf("took %d, %v", i, ok)
	}
	if s.ports() != 1 || s.portsMax != 1 {
		t.Fatalf("%d ports of %d", s.ports(), s.portsMax)
	}
}

// Source ports are opened as needed, and no two requests share a slot.
func TestPortsAsNeeded(t *testing.T) {
	s := newServerConfig(1)
	s.OutstandingMax = 600
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, s)
	w.Client.cfg.QueueMax = 1000
	var open []Slot
	w.onSend = func(e Effect) { open = append(open, e.Slot) }
	seen := map[Slot]bool{}
	for range 600 {
		w.submit(w.set(Direct), Access)
		for w.auth(0).Queued > 0 { // the window grows by answers
			delete(seen, open[0])
			w.reply(open[0], AccessAccept)
			open = open[1:]
		}
	}
	for _, at := range open {
		if seen[at] {
			t.Fatalf("slot %+v twice", at)
		}
		seen[at] = true
	}
	if n := w.auth(0); n.Pending != len(open) || n.Ports != (n.Peak+identifiers-1)/identifiers || n.Peak <= identifiers {
		t.Fatalf("%d open: %+v", len(open), n)
	}
}

// A service without a free identifier goes on when one has rested.
func TestAllIdentifiersRest(t *testing.T) {
	s := newServerConfig(1)
	s.OutstandingMax, s.Retry, s.Timeout = 64, 0, 10*time.Millisecond
	w := newWorld(t, Options{TimeoutGrace: time.Hour}, s)
	w.Client.cfg.QueueMax = 10_000
	for range 1000 {
		w.submit(w.set(Direct), Access)
	}
	w.run(8 * time.Second)
	if n := w.auth(0); n.Counters.Requests != identifiers || n.Ports != 1 {
		t.Fatalf("%+v", n)
	}
	w.run(4 * time.Second)
	if n := w.auth(0); n.Counters.Requests <= identifiers {
		t.Fatalf("it stands still: %+v", n)
	}
	w.checkCounters()
}
