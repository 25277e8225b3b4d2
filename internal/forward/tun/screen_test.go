// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"testing"
	"time"

	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/packet"
	"holdfast/internal/police"
)

// counting counts what is written.
type counting struct{ n *int }

func (c counting) Write([][]byte) error { *c.n++; return nil }

// Policers are asked about what goes to the shards and about nothing else: with
// all of them shut a subscriber's packets pass, and no PPP control of strangers.
func TestPolicersSeePuntsOnly(t *testing.T) {
	c := police.Defaults()
	for _, y := range []police.Type{police.L2TPAggregate, police.PPPAggregate} {
		c.Types[y].Bandwidth, c.Types[y].Burst = 0, 1
	}
	p, err := police.New(police.Options{Slots: 1, Epoch: time.Now()}, c)
	if err != nil {
		t.Fatal(err)
	}
	punted := 0
	w := newTwin(t, func(o *Options) {
		o.Police = p
		o.Punt = func(_ int, b *packet.Batch) bool {
			for i := range b.Datagrams {
				if b.Datagrams[i].Mark == 0 {
					t.Error("a punted datagram does not say what it is")
				}
			}
			punted += len(b.Datagrams)
			b.Release()
			return true
		}
	})
	s := w.session(1)
	w.install(t, s)
	r := newReader(w.Plane, w.socket)
	forwarded := 0
	r.writers = []deviceWriter{counting{&forwarded}}
	send := func(tunnelID, protocol uint16, payload []byte) {
		d := packet.Datagram{
			Data: forwardtest.L2TP{TunnelID: tunnelID, SessionID: s.SessionID, Protocol: protocol}.Bytes(payload),
			Peer: w.Peer, Local: w.Local,
		}
		r.datagram(&d)
		r.flush()
		r.punts.flush()
	}
	udp, echo := forwardtest.IP{From: s.IPv4, To: core}.Bytes(), []byte{9, 1, 0, 4}
	send(s.TunnelID, 0x21, udp)
	if forwarded != 1 {
		t.Error("a subscriber's packet was policed")
	}
	send(s.TunnelID, 0xc021, echo) // of a session that is there, in a tunnel that nobody has told of
	send(9, 0xc021, echo)
	send(9, 0x21, udp)
	if punted != 0 {
		t.Errorf("%d datagrams of strangers were punted", punted)
	}
	p.Stand(s.TunnelID, w.Peer, 0, 4)
	send(s.TunnelID, 0xc021, echo)
	if punted != 1 {
		t.Errorf("%d datagrams of an established tunnel were punted, want 1", punted)
	}
	shot := p.Snapshot(time.Now())
	if n := shot.Of(police.PPPAggregate).System; n.Received != 4 || n.DroppedAggregate != 3 {
		t.Errorf("policers have seen %+v", n)
	}
}
