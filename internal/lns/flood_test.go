// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// From the first moment of a flood of calls that nobody finishes, HELLOs of other
// tunnels are acknowledged at once: neither the backlog nor acknowledgements that
// may be late hold them up.
func TestHelloUnderFlood(t *testing.T) {
	w := newWorld(t, testConfig(), 1)
	honest, attacker := w.lac(0), w.lac(1)
	attacker.quiet = true
	id := honest.open(&l2tp.TunnelConfig{HostName: "lac", HelloInterval: 20 * time.Millisecond})
	var tunnels []l2tp.TunnelID
	for range fewTunnels + 1 {
		tunnels = append(tunnels, attacker.tunnel())
	}
	e := w.engines[0]
	before := e.Counters()
	calls := 0
	for range 1000 {
		for range 5 {
			attacker.dial(tunnels[calls%len(tunnels)], fmt.Sprintf("user%d@example", calls), "pw")
			calls++
		}
		w.advance(time.Millisecond)
		if info, ok := honest.ep.Tunnel(id); !ok || info.Unacknowledged > 0 {
			t.Fatalf("%d calls: a HELLO waits, %v", calls, ok)
		}
	}
	after := e.Counters()
	if n := after.L2TP.Received[wire.HELLO] - before.L2TP.Received[wire.HELLO]; n < 40 {
		t.Errorf("%d HELLOs in a second", n)
	}
	if !e.adm.Overloaded(w.now) || after.CallsRequested-before.CallsRequested < 4000 {
		t.Errorf("no flood: %d calls", after.CallsRequested-before.CallsRequested)
	}
}
