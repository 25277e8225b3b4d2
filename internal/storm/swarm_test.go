// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"testing"
	"time"
)

// Over real sockets, through a way that loses, doubles, delays and disorders:
// everybody comes up, traffic comes back, and all ends in order.
func TestSwarmOverBadWay(t *testing.T) {
	plan := Plan{LACs: 2, Tunnels: 4, Sessions: 20, Callers: 4, Patience: time.Minute, Pulse: 1}
	plan.LNS = append(plan.LNS, serveLNS(t, loopback, plan, nil))
	w, err := Open(Options{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Impair(Impairment{Loss: 0.02, Duplicate: 0.02, Reorder: 0.02, Delay: 2 * time.Millisecond, Jitter: time.Millisecond})
	w.Offer(0, w.Plan().Sessions)
	until(t, w, "up", func(s *Snapshot) bool { return s.Sessions == 20 })
	w.Impair(Impairment{})
	w.Overload(0, 1, 2, 0)
	until(t, w, "callers came", func(s *Snapshot) bool { return s.CallsUp > 100 })
	w.Overload(300, 10, 0, 0)
	until(t, w, "one LAC calls more", func(s *Snapshot) bool {
		return s.CallsUp > 300 && w.parts[0].CallsOffered > 3*w.parts[1].CallsOffered
	})
	w.Overload(-1, 1, 0, 0)
	w.Kill(3)
	until(t, w, "killed", func(s *Snapshot) bool { return s.Killed == 3 })
	w.Cut(1, 1)
	w.Mend()
	w.HangUp()
	until(t, w, "done", func(s *Snapshot) bool { return w.Done() })
	if x := w.Sockets(); x.Sent == 0 || x.Received == 0 {
		t.Errorf("%+v", x)
	}
}

// until waits for a condition on what all LACs together have counted.
func until(t *testing.T, w *Swarm, what string, ok func(s *Snapshot) bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-tick.C {
		parts, err := w.Snapshots()
		if err != nil {
			t.Fatal(err)
		}
		var sum Snapshot
		for i := range parts {
			sum.Merge(&parts[i])
		}
		if ok(&sum) {
			return
		}
	}
	t.Fatalf("not in time: %s", what)
}

// A plan that cannot be done is an error here too.
func TestSwarmRefuses(t *testing.T) {
	if _, err := Open(Options{}); !errors.Is(err, ErrPlan) {
		t.Errorf("%v", err)
	}
}
