// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/internal/forward"
	"holdfast/internal/forward/fake"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/packet"
)

// universe is small, so that sessions meet: keys, elements and addresses are
// used again and again.
type universe struct{ t *rapid.T }

func (u universe) pick(what string, n int) int { return rapid.IntRange(0, n-1).Draw(u.t, what) }

func (u universe) v4() netip.Addr {
	return netip.AddrFrom4([4]byte{100, 64, byte(u.pick("block", 2)), byte(u.pick("host", 4))})
}

func (u universe) v6() netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 1, 0, 0, byte(u.pick("site", 4)), 15: byte(u.pick("host", 2))})
}

func (u universe) key() forward.Key {
	return forward.Key{TunnelID: uint16(0x0105 + u.pick("shard", 2)<<8), SessionID: uint16(1 + u.pick("session", 5))}
}

func (u universe) session(h *forwardtest.Harness) forward.Session {
	s := forward.Session{
		Key: u.key(), Element: uint32(u.pick("element", 4)), PeerTunnelID: 7, PeerSessionID: uint16(u.pick("peer", 100)),
		Local: h.Local, Peer: h.Peer, MTU: uint16([]int{0, 300, 1492}[u.pick("MTU", 3)]),
		PFC: rapid.Bool().Draw(u.t, "PFC"), ACFC: rapid.Bool().Draw(u.t, "ACFC"), Sequenced: u.pick("sequenced", 5) == 0,
	}
	if u.pick("IPv4", 5) > 0 {
		s.IPv4 = u.v4()
	}
	if u.pick("IPv6", 3) > 0 {
		s.IPv6 = netip.PrefixFrom(u.v6(), 64).Masked()
	}
	s.Up, s.Down = u.rate(), u.rate()
	for range u.pick("routes", 3) {
		if rapid.Bool().Draw(u.t, "IPv6 route") {
			s.Routes = append(s.Routes, netip.PrefixFrom(u.v6(), 48+8*u.pick("bits", 3)))
		} else {
			s.Routes = append(s.Routes, netip.PrefixFrom(u.v4(), 24+4*u.pick("bits", 3)))
		}
	}
	return s
}

// rate bounds some directions, so that a few packets reach the bound.
func (u universe) rate() forward.Rate {
	return forward.Rate{Bits: []uint64{0, 0, 1000, 64_000}[u.pick("rate", 4)], Burst: uint64(1500 * u.pick("burst", 3))}
}

// ip is a packet between the universe and the core.
func (u universe) ip(up bool) []byte {
	p := forwardtest.IP{From: u.v4(), To: core, Size: 60 + 100*u.pick("size", 12), DF: rapid.Bool().Draw(u.t, "DF"), TTL: uint8(1 + u.pick("TTL", 3))}
	if rapid.Bool().Draw(u.t, "IPv6 packet") {
		p.From, p.To = u.v6(), netip.MustParseAddr("2001:db8:ffff::9")
	}
	if !up {
		p.From, p.To = p.To, p.From
	}
	switch u.pick("kind", 4) {
	case 0:
		p.TCP = forwardtest.SYN(1460, rapid.Bool().Draw(u.t, "odd"))
	case 1:
		p.Protocol, p.Payload = 47, make([]byte, p.Size)
	}
	b := p.Bytes()
	if u.pick("damage", 10) == 0 {
		b[u.pick("where", len(b))] ^= 4
	}
	return b
}

// The TUN plane and the plane in memory, which were written apart, do the same
// with whatever happens to them.
func TestSameAsFake(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newTwin(t, func(o *Options) { o.ICMPRate = 1 << 20 })
		defer w.Plane.Close()
		r := &forwardtest.Recorder{}
		f := fake.New(fake.Options{
			Shards: forwardtest.Shards, ShardOf: forwardtest.ShardOf, Punt: r.Punt, Sequenced: r.Sequenced,
			Now: func() time.Duration { return time.Duration(w.clock.Load()) },
		})
		if err := f.Instance(forwardtest.Instance()); err != nil {
			rt.Fatal(err)
		}
		u := universe{rt}
		var last string
		for range u.pick("steps", 40) {
			switch u.pick("step", 7) {
			case 0, 1:
				s := u.session(&w.Harness)
				last = fmt.Sprintf("install %+v", s)
				shard := forwardtest.ShardOf(s.TunnelID)
				if a, b := w.Plane.Handle(shard).Install([]forward.Session{s}), f.Handle(shard).Install([]forward.Session{s}); a != nil || b != nil {
					rt.Fatalf("%s: %v and %v", last, a, b)
				}
			case 2:
				k := u.key()
				last = fmt.Sprintf("remove %+v", k)
				shard := forwardtest.ShardOf(k.TunnelID)
				if a, b := w.Plane.Handle(shard).Remove([]forward.Key{k}), f.Handle(shard).Remove([]forward.Key{k}); a != nil || b != nil {
					rt.Fatalf("%s: %v and %v", last, a, b)
				}
			case 3, 4:
				k, from := u.key(), w.Peer
				if u.pick("stranger", 8) == 0 {
					from = w.Stranger
				}
				protocol := []uint16{0x21, 0x57, 0x21, 0x57, 0xc021, 0x2d}[u.pick("protocol", 6)]
				b := forwardtest.L2TP{TunnelID: k.TunnelID, SessionID: k.SessionID, L: rapid.Bool().Draw(rt, "L"), Protocol: protocol}.Bytes(u.ip(true))
				last = fmt.Sprintf("up %x", b)
				w.Up(from, b)
				f.Up(packet.Datagram{Data: b, Peer: from, Local: w.Local})
			case 5:
				w.Advance(time.Duration(u.pick("milliseconds", 500)) * time.Millisecond)
				last = "time passes"
			default:
				ip := u.ip(false)
				last = fmt.Sprintf("down %x", ip)
				w.Down(ip)
				f.Down(0, ip)
			}
			got, want := w.Settle(), forwardtest.Output{Core: f.Core(), Sent: f.Sent()}
			r.Take(&want)
			same(rt, last, got, want)
			if d := cmp.Diff(f.Totals(), w.Totals()); d != "" {
				rt.Fatalf("%s: totals (-fake +tun):\n%s", last, d)
			}
			for shard := range forwardtest.Shards {
				var a, b [4]forward.Counters
				w.Plane.Handle(shard).Read([]uint32{0, 1, 2, 3}, a[:])
				f.Handle(shard).Read([]uint32{0, 1, 2, 3}, b[:])
				if d := cmp.Diff(b, a); d != "" {
					rt.Fatalf("%s: counters of shard %d (-fake +tun):\n%s", last, shard, d)
				}
			}
		}
	})
}

func same(t *rapid.T, last string, got, want forwardtest.Output) {
	for _, o := range []*forwardtest.Output{&got, &want} {
		slices.SortFunc(o.Core, bytes.Compare)
		for i := range o.Sent {
			o.Sent[i].Local = netip.AddrPort{} // the socket's, not the datagram's
		}
	}
	equal := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	clean := func(o *forwardtest.Output) *forwardtest.Output {
		if len(o.Core) == 0 {
			o.Core = nil
		}
		return o
	}
	if d := cmp.Diff(clean(&want), clean(&got), equal); d != "" {
		t.Fatalf("%s: (-fake +tun):\n%s", last, d)
	}
}
