// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/forward/fake"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/packet"
)

// The plane in memory does what every plane must do.
func TestContract(t *testing.T) {
	forwardtest.Run(t, func(t *testing.T) forwardtest.Harness {
		r := &forwardtest.Recorder{}
		var now time.Duration
		p := fake.New(fake.Options{Shards: forwardtest.Shards, ShardOf: forwardtest.ShardOf, Punt: r.Punt, Sequenced: r.Sequenced,
			Now: func() time.Duration { return now }})
		if err := p.Instance(forwardtest.Instance()); err != nil {
			t.Fatal(err)
		}
		local := netip.MustParseAddrPort("192.0.2.1:1701")
		return forwardtest.Harness{
			Plane: p, Recorder: r, Local: local,
			Peer: netip.MustParseAddrPort("192.0.2.10:1701"), Stranger: netip.MustParseAddrPort("192.0.2.10:1702"),
			Up:      func(from netip.AddrPort, b []byte) { p.Up(packet.Datagram{Data: b, Peer: from, Local: local}) },
			Down:    func(ip []byte) { p.Down(0, ip) },
			Advance: func(d time.Duration) { now += d },
			Settle: func() (o forwardtest.Output) {
				o.Core, o.Sent = p.Core(), p.Sent()
				r.Take(&o)
				return o
			},
		}
	})
}
