// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"testing"
	"time"
)

// A shard is made slow, and fast again, while it runs: each dear step takes as
// long as it is told, and costs processor time, not sleep.
func TestBurn(t *testing.T) {
	r := newRig(&machine{})
	took := func(dear int) time.Duration {
		began := time.Now()
		r.fx.Dear = dear
		r.carryOut()
		return time.Since(began)
	}
	r.Burn(2 * time.Millisecond)
	if d := took(3); d < 6*time.Millisecond {
		t.Errorf("three steps of 2 ms took %v", d)
	}
	r.Burn(time.Hour)
	took(0)
	r.Burn(0)
	took(1000)
}

// An eager shard begins a parked call although calls begun before have work for it.
func TestBeginEagerly(t *testing.T) {
	for _, eager := range []bool{false, true} {
		m := &machine{parked: 1}
		r := newRig(m)
		r.eager, r.dear = eager, 1
		r.begunAt = time.Now().Add(time.Hour)
		if r.begin(true) != eager {
			t.Errorf("eager %v: a call was begun: %v", eager, !eager)
		}
	}
}
