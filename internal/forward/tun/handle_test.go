// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"net/netip"
	"runtime"
	"testing"

	"holdfast/internal/forward"
)

// subscribers are n sessions of many tunnels, as an LNS would number them.
func subscribers(w *twin, n int) []forward.Session {
	list := make([]forward.Session, n)
	for i := range list {
		s := w.session(0)
		s.TunnelID, s.SessionID = uint16(1+i/500), uint16(1+i%500*131)
		s.Element = uint32(i)
		s.IPv4 = netip.AddrFrom4([4]byte{100, byte(64 + i>>16), byte(i >> 8), byte(i)})
		s.IPv6 = netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 1, byte(i >> 16), byte(i >> 8), byte(i)}), 64)
		list[i] = s
	}
	return list
}

// Budget of the plane for a session with both families, its counters aside.
const sessionBytesMax = 400

// A session costs some hundred octets, and gives them back when it ends.
func TestSessionMemory(t *testing.T) {
	const n = 50_000
	w := newTwin(t, func(o *Options) { o.ElementMax = n })
	list := subscribers(w, n)
	keys := make([]forward.Key, n)
	for i, s := range list {
		keys[i] = s.Key
	}
	h := w.Plane.Handle(0)
	before := heap()
	if err := h.Install(list); err != nil {
		t.Fatal(err)
	}
	if got := int(heap()-before) / n; got > sessionBytesMax {
		t.Errorf("a session costs %d octets, at most %d", got, sessionBytesMax)
	} else {
		t.Logf("a session costs %d octets", got)
	}
	if err := h.Remove(keys); err != nil {
		t.Fatal(err)
	}
	if left := int(heap()-before) / n; left > 16 { // the handle's list of elements
		t.Errorf("%d octets a session are left", left)
	}
	runtime.KeepAlive(list)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkInstall is the cost of a session to its shard: installed in a batch
// of 64, read once, and removed.
func BenchmarkInstall(b *testing.B) {
	const n = 1 << 16
	w := newTwin(b, func(o *Options) { o.ElementMax = n })
	list := subscribers(w, n)
	h := w.Plane.Handle(0)
	keys, elements, into := make([]forward.Key, 64), make([]uint32, 64), make([]forward.Counters, 64)
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		batch := list[at : at+64]
		if err := h.Install(batch); err != nil {
			b.Fatal(err)
		}
		for i, s := range batch {
			keys[i], elements[i] = s.Key, s.Element
		}
		h.Read(elements, into)
		if at&64 != 0 { // half of them stay, so that tables are not empty
			if err := h.Remove(keys); err != nil {
				b.Fatal(err)
			}
		}
		at = (at + 64) % n
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/session")
}
