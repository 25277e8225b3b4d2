// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"testing"
	"time"
)

// The window doubles each round trip while nothing is lost, and no further than
// OutstandingMax.
func TestWindowGrows(t *testing.T) {
	var w window
	w.setMax(1000)
	at := int64(0)
	for trip, want := range []int{128, 256, 512, 1000, 1000} {
		at += int64(10 * time.Millisecond)
		for n := w.places(); n > 0; n-- {
			w.answered(at, int64(10*time.Millisecond), n+w.places()/2)
		}
		if w.places() != want {
			t.Fatalf("after round trip %d: %d, want %d", trip+1, w.places(), want)
		}
	}
}

// Losses halve it, a second's losses once, to no less than its least; then it grows
// by one each round trip.
func TestWindowLosses(t *testing.T) {
	var w window
	w.setMax(64)
	at := int64(time.Second)
	for range 50 {
		w.lost(at)
	}
	if w.places() != 32 {
		t.Fatalf("%d after losses at once", w.places())
	}
	for n := 32; n > 0; n-- {
		w.answered(at, int64(time.Millisecond), 32)
	}
	if w.places() != 32 && w.places() != 33 || w.size < 32.9 {
		t.Fatalf("%v after a round trip", w.size)
	}
	for range 10 {
		at += int64(time.Second)
		w.lost(at)
	}
	if w.places() != windowMin {
		t.Fatalf("%d after ten seconds of losses", w.places())
	}
}

// Replies that take many times as long as they did shrink it, though none is lost.
func TestWindowSlow(t *testing.T) {
	var w window
	w.setMax(64)
	at := int64(time.Second)
	for range 100 {
		at += int64(time.Millisecond)
		w.answered(at, int64(10*time.Millisecond), 1)
	}
	for range 100 {
		at += int64(50 * time.Millisecond)
		w.answered(at, int64(time.Second), 64)
	}
	if w.places() > 40 {
		t.Fatalf("%d with a hundredfold round-trip time", w.places())
	}
}

// A window that is not used does not grow.
func TestWindowIdle(t *testing.T) {
	var w window
	w.setMax(1000)
	for at := range int64(1000) {
		w.answered(at, 1, 3)
	}
	if w.places() != windowFirst {
		t.Fatalf("%d", w.places())
	}
}
