// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/police"
)

// Each failure doubles the wait up to the longest; quiet time makes good for
// failures one by one, and success for all.
func TestBackoff(t *testing.T) {
	b := police.NewBackoff(police.BackoffOptions{Max: 10 * time.Second, Forgive: time.Minute})
	bad, good := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	now := epoch
	for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second} {
		until := b.Fail(now, bad)
		if until.Sub(now) != want {
			t.Fatalf("failure %d: blocked for %v, want %v", i+1, until.Sub(now), want)
		}
		if !b.Blocked(until.Add(-1), bad) || b.Blocked(until, bad) || b.Blocked(now, good) {
			t.Fatalf("failure %d: blocked at the wrong time, or the wrong one", i+1)
		}
		now = until
	}
	now = now.Add(3*time.Minute + time.Second)
	if until := b.Fail(now, bad); until.Sub(now) != 2*time.Second {
		t.Errorf("after three minutes of quiet: %v", until.Sub(now))
	}
	if b.Forget(bad); b.Blocked(now, bad) {
		t.Error("blocked after it has authenticated")
	}
	if until := b.Fail(now, bad); until.Sub(now) != time.Second {
		t.Errorf("begins anew with %v", until.Sub(now))
	}
}

// All addresses of an IPv6 network are one source; IPv4 in IPv6 is IPv4.
func TestBackoffSources(t *testing.T) {
	b := police.NewBackoff(police.BackoffOptions{})
	b.Fail(epoch, netip.MustParseAddr("2001:db8::1"))
	b.Fail(epoch, netip.MustParseAddr("192.0.2.1"))
	for text, want := range map[string]bool{
		"2001:db8::2": true, "2001:db8:0:1::1": false, "192.0.2.2": false, "::ffff:192.0.2.1": true,
	} {
		if got := b.Blocked(epoch, netip.MustParseAddr(text)); got != want {
			t.Errorf("%s blocked: %v", text, got)
		}
	}
}

// The table is bounded; the one that is blocked longest is kept.
func TestBackoffIsBounded(t *testing.T) {
	b := police.NewBackoff(police.BackoffOptions{Sources: 64, Key: [2]uint64{3, 4}})
	stubborn := netip.MustParseAddr("192.0.2.1")
	for range 9 {
		b.Fail(epoch, stubborn)
	}
	var a [4]byte
	blocked := 0
	for i := range 100_000 {
		binary.BigEndian.PutUint32(a[:], 10<<24|uint32(i))
		b.Fail(epoch, netip.AddrFrom4(a))
	}
	for i := range 100_000 {
		binary.BigEndian.PutUint32(a[:], 10<<24|uint32(i))
		if b.Blocked(epoch, netip.AddrFrom4(a)) {
			blocked++
		}
	}
	if blocked > 63 || blocked < 32 || !b.Blocked(epoch, stubborn) {
		t.Errorf("%d blocked of 64, the stubborn one %v", blocked, b.Blocked(epoch, stubborn))
	}
	if n := testing.AllocsPerRun(100, func() { b.Fail(epoch, stubborn); b.Blocked(epoch, stubborn) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
