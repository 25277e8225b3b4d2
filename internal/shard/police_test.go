// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/lns"
	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

// tight lets no SCCRQ in at the host level, and nothing of strangers but calls and
// SCCRQs at the ingress level.
func tight(t *testing.T) *police.Police {
	t.Helper()
	c := police.Defaults()
	own := police.KnobBandwidth | police.KnobBurst
	s := &c.Types[police.SCCRQ]
	s.Bandwidth, s.Burst, s.Configured, s.DisableFPC = 0, 1, own, true
	a := &c.Types[police.L2TPAggregate]
	a.Bandwidth, a.Burst = 0, 1
	a.DisableRoutingEngine = true
	for _, y := range []police.Type{police.SCCRQ, police.ICRQ} {
		c.Types[y].BypassAggregate = true
	}
	p, err := police.New(police.Options{Slots: 1, Epoch: time.Now()}, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// screened is what the ingress level has let pass.
func screened(t *testing.T, p *police.Police, kinds ...police.Type) []packet.Datagram {
	t.Helper()
	var list []packet.Datagram
	for _, k := range kinds {
		d := packet.Datagram{Data: policetest.Octets(k, 0, 0)}
		if p.Screen(time.Now(), &d).Dropped() {
			t.Fatalf("%v is dropped at the ingress level", k)
		}
		list = append(list, d)
	}
	return list
}

// What the host level drops does not reach the engine, whichever way it came; the
// rest does, in order, and batches and lanes are given back.
func TestHostLevel(t *testing.T) {
	var got []police.Type
	r := newRig(&machine{quiet: true, packets: func(_ time.Time, d []packet.Datagram, _ *lns.Effects) {
		for i := range d {
			got = append(got, police.Classify(d[i].Data))
		}
	}})
	r.police = tight(t)
	freed := 0
	for _, way := range []string{"sockets", "punted"} {
		b := batch(&freed)
		b.Datagrams = screened(t, r.police, police.ICRQ, police.SCCRQ, police.SCCRQ, police.ICRQ)
		if way == "sockets" {
			r.Packets() <- b
		} else if !r.Punt(b) {
			t.Fatal("the lane is full")
		}
		for r.turn() {
		}
	}
	want := []police.Type{police.ICRQ, police.ICRQ, police.ICRQ, police.ICRQ}
	if len(got) != len(want) || freed != 2 {
		t.Fatalf("the engine was given %v, %d batches came back", got, freed)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("the engine was given %v, want %v", got, want)
		}
	}
}

// standing is a machine with one tunnel, number 5.
type standing struct {
	machine
	peer netip.AddrPort
	nr   uint16
	up   bool
}

func (m *standing) Standing(id uint16) (netip.AddrPort, uint16, int, bool) {
	return m.peer, m.nr, 4, m.up && id == 5
}

// The ingress level hears of a tunnel before anything is sent on it, follows its
// window, and hears of its end.
func TestIngressFollowsTunnels(t *testing.T) {
	m := &standing{peer: netip.MustParseAddrPort("192.0.2.7:1701"), nr: 7}
	m.quiet = true
	r := newRig(&m.machine)
	r.engine, r.Shard.engine, r.police = &m.machine, m, tight(t)
	change := false
	m.packets = func(_ time.Time, _ []packet.Datagram, fx *lns.Effects) {
		if change {
			fx.Tunnels = append(fx.Tunnels, 5)
		}
	}
	freed := 0
	message := packet.Datagram{Data: policetest.Octets(police.Hello, 5, 0), Peer: m.peer}
	passes := func(ns byte) bool {
		d := packet.Datagram{Data: append([]byte(nil), message.Data...), Peer: m.peer}
		d.Data[9] = ns
		return !r.police.Screen(time.Now(), &d).Dropped()
	}
	step := func() {
		r.Packets() <- &packet.Batch{Datagrams: []packet.Datagram{message}, Free: func(*packet.Batch) { freed++ }}
		for r.turn() {
		}
	}
	if step(); passes(7) {
		t.Error("a tunnel stands that is not established")
	}
	m.up, change = true, true
	if step(); !passes(7) || passes(11) {
		t.Error("the tunnel does not stand, or not with its window")
	}
	m.nr, change = 9, false
	if step(); !passes(12) || passes(13) {
		t.Error("the window does not follow")
	}
	m.up = false
	if step(); !passes(9) {
		t.Error("a tunnel of which nothing was said has fallen") // it may be another shard's
	}
	change = true
	if step(); passes(9) {
		t.Error("the tunnel stands after its end")
	}
}
