// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"testing"
	"time"
)

// A tunnel whose window is small has ICCNs waiting in its queue. No PPP frame
// goes before the ICCN of its call, and everybody is up in the end.
func TestPPPComesBehindICCN(t *testing.T) {
	b := newLab(t, Plan{Tunnels: 2, Sessions: 200, InFlight: 200, EchoInterval: -1, Seed: 1})
	b.lns.tunnel.ReceiveWindow = 2
	b.start()
	queued := false
	up := b.run(time.Minute, func(s *Snapshot) bool {
		queued = queued || len(b.lac.crowded) > 0
		return s.Sessions == 200
	})
	b.want("everybody is up", up, true)
	b.want("ICCNs have waited", queued, true)
	b.want("calls that failed", b.lac.count.FailedAll(), uint64(0))
	b.want("frames before their ICCN", b.lns.endpoint.Counters().EarlyData, uint64(0))
	b.run(time.Second, nil)
	b.want("tunnels with ICCNs that wait", len(b.lac.crowded), 0)
}
