// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

// A train is policed by its packets, both ways: some of one may pass, and they
// arrive as they were.
func TestPoliceTrains(t *testing.T) {
	w := newTwin(t, nil)
	s := w.session(1)
	s.Down, s.Up = forward.Rate{Bits: 1, Burst: 4*1492 + 100}, forward.Rate{Bits: 1, Burst: 7*1040 + 500}
	w.install(t, s)
	w.device.super(frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1452}, superTCP(s, 10*1452+3))
	o := w.Settle()
	if len(o.Sent) != 5 { // four, and the short last one
		t.Fatalf("%d datagrams, want 5", len(o.Sent))
	}
	for i, d := range o.Sent {
		ip := d.Data[10:]
		at := uint32(1452 * i)
		if i == 4 {
			at = 10 * 1452
		}
		if got := binary.BigEndian.Uint32(ip[24:]) - 0x01020304; got != at || forwardtest.TransportSum(ip) != 0xffff {
			t.Errorf("datagram %d: octet %d of the stream, want %d, or a wrong checksum", i, got, at)
		}
	}
	if got, want := w.read(s), (forward.Counters{DownPackets: 5, DownBytes: 4*1492 + 43, Policed: 6}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}

	for i := range 20 { // a batch, of which the device gets one train
		tcp := append(forwardtest.TCPHeader(0x10, nil)[:20], make([]byte, 1000)...)
		binary.BigEndian.PutUint32(tcp[4:], uint32(i*1000))
		ip := forwardtest.IP{From: s.IPv4, To: core, ID: uint16(i), TCP: tcp}.Bytes()
		w.socket.in.hold(packet.Datagram{Peer: w.Peer, Data: forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(ip)})
	}
	w.socket.in.release()
	o = w.Settle()
	if len(o.Core) != 7 || w.device.supers != 1 || w.read(s).UpPackets != 7 || w.read(s).Policed != 6+13 {
		t.Errorf("%d packets in %d trains, %+v", len(o.Core), w.device.supers, w.read(s))
	}
}

// Goroutines that share a policer get no more and no less than one would.
func TestPoliceTogether(t *testing.T) {
	const burst, size = 1_000_000, 100
	p := newPolicer(forward.Rate{Bits: 1, Burst: burst}, nil, 0)
	var passed atomic.Int64
	var tasks sync.WaitGroup
	for range 4 {
		tasks.Go(func() {
			for range burst / size / 2 {
				if p.take(0, size) {
					passed.Add(size)
				}
			}
		})
	}
	tasks.Wait()
	if passed.Load() != burst {
		t.Errorf("%d octets passed, want %d", passed.Load(), burst)
	}
}

// Only what has a rate asks for the time.
func TestNoRateNoClock(t *testing.T) {
	var asked atomic.Int64
	w := newTwin(t, func(o *Options) {
		o.clock = func() time.Duration { asked.Add(1); return 0 }
	})
	free, bound := w.session(1), w.session(2)
	bound.Down = forward.Rate{Bits: 1_000_000}
	w.install(t, free, bound)
	before := asked.Load()
	for range 10 {
		w.Down(forwardtest.IP{From: core, To: free.IPv4}.Bytes())
		w.Up(w.Peer, forwardtest.L2TP{TunnelID: free.TunnelID, SessionID: free.SessionID, Protocol: 0x21}.Bytes(forwardtest.IP{From: free.IPv4, To: core}.Bytes()))
	}
	w.Settle()
	if got := asked.Load() - before; got != 0 {
		t.Errorf("the clock was asked %d times for a session without a rate", got)
	}
	w.device.super(frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1400}, superTCP(bound, 20*1400))
	w.Settle()
	if got := asked.Load() - before; got != 1 {
		t.Errorf("the clock was asked %d times for a super-packet, want once", got)
	}
}
