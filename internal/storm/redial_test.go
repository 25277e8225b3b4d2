// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"testing"
	"time"
)

// waits starts one modem at an LNS that never answers, has it dial for a while and
// lists how long it waited from the end of each call to the next.
func waits(t *testing.T, plan Plan, d time.Duration) (list []time.Duration, b *lab) {
	plan.Patience = 10 * time.Second
	b = newLab(t, plan)
	b.lns.mute = true
	b.start()
	offered, failed, endedAt := uint64(1), uint64(0), time.Time{}
	b.run(d, func(s *Snapshot) bool {
		if n := s.FailedAll(); n > failed {
			failed, endedAt = n, b.now
		}
		if s.CallsOffered > offered {
			offered = s.CallsOffered
			list = append(list, b.now.Sub(endedAt))
		}
		return false
	})
	return list, b
}

// "it SHOULD resend it's PADI packet and double the waiting period", RFC 2516 §8.
// A call that comes up begins anew.
func TestRedialBacksOff(t *testing.T) {
	plan := Plan{RedialDelay: time.Second, RedialJitter: time.Millisecond, RedialMax: 20 * time.Second, EchoInterval: -1}
	list, b := waits(t, plan, 5*time.Minute)
	want := []time.Duration{1, 2, 4, 8, 16} // and no longer: 32 s would be more than 20
	if len(list) < 8 {
		t.Fatalf("%d calls: waits %v", len(list), list)
	}
	wantNear := func(got, want time.Duration) {
		t.Helper()
		if got < want || got > want+want/10 {
			t.Errorf("waited %v, want %v", got, want)
		}
	}
	for i, got := range list {
		// The first failure has doubled the wait already.
		seconds := want[min(i+1, len(want)-1)]
		wantNear(got, seconds*time.Second)
	}

	b.lns.mute = false
	b.want("up", b.run(time.Minute, allUp(1)), true)
	b.lns.mute = true
	b.lac.Kill(b.now, 1, &b.fx)
	b.collect()
	was := b.lac.Snapshot().CallsOffered
	from := b.now
	b.run(time.Minute, func(s *Snapshot) bool { return s.CallsOffered > was })
	wantNear(b.now.Sub(from), time.Second)
}

// Without a longest wait it stays the same.
func TestRedialStays(t *testing.T) {
	list, _ := waits(t, Plan{RedialDelay: time.Second, RedialJitter: time.Second}, 2*time.Minute)
	if len(list) < 9 {
		t.Fatalf("waits %v", list)
	}
	for _, d := range list {
		if d < time.Second || d > 2100*time.Millisecond {
			t.Errorf("waited %v", d)
		}
	}
}

// A LAC gives a tunnel up when it has sent a message so often in vain as its plan
// says: the waits are 1, 2, 4, 8, 8 and 8 s here.
func TestTunnelIsGivenUpAsPlanned(t *testing.T) {
	b := newLab(t, Plan{
		Sessions: 1, EchoInterval: -1, HelloInterval: 10 * time.Second, RedialDelay: -1,
		RetransmitMax: 5, RetransmitIntervalMax: 8 * time.Second,
	}).start()
	b.want("up", b.run(time.Second, allUp(1)), true)
	b.cut = true
	from := b.now
	b.want("lost", b.run(3*time.Minute, func(s *Snapshot) bool { return s.TunnelsLost == 1 }), true)
	if d := b.now.Sub(from); d < 40*time.Second || d > 42*time.Second {
		t.Errorf("given up after %v, want the HELLO and 31 s", d)
	}
}
