// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func mustSpace(t testing.TB, ranges []Range, length int, excluded ...netip.Addr) *Space {
	t.Helper()
	s, err := NewSpace(ranges, length, excluded, 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A pool of several ranges in one /24 must lend that /24 once, and hand out
// exactly the addresses of its ranges.
func TestRangesThatShareABlock(t *testing.T) {
	s := mustSpace(t, []Range{
		{addr("192.0.2.200"), addr("192.0.2.210")},
		{addr("192.0.2.10"), addr("192.0.2.20")},
		{addr("192.0.2.15"), addr("192.0.2.25")},
	}, 32, addr("192.0.2.11"), addr("203.0.113.1"))
	if s.Total() != 16+11-1 {
		t.Fatalf("total %d", s.Total())
	}
	b, l := NewBroker(s), NewLocal(s)
	lent := map[BlockID]bool{}
	for id, ok := b.Lend(0); ok; id, ok = b.Lend(0) {
		if lent[id] {
			t.Fatalf("block %v is lent twice", id)
		}
		lent[id] = true
		l.Add(id)
	}
	got := map[netip.Prefix]bool{}
	for {
		u, ok := l.Allocate()
		if !ok {
			break
		}
		got[l.Prefix(u)] = true
	}
	if len(got) != 26 || got[netip.MustParsePrefix("192.0.2.11/32")] || !got[netip.MustParsePrefix("192.0.2.210/32")] {
		t.Fatalf("handed out %v", got)
	}
}

func TestIPv6Prefixes(t *testing.T) {
	s := mustSpace(t, []Range{{addr("2001:db8:100::"), addr("2001:db8:1ff:ffff:ffff:ffff:ffff:ffff")}}, 64)
	if s.Total() != 1<<24 {
		t.Fatalf("total %d", s.Total())
	}
	b, l := NewBroker(s), NewLocal(s)
	id, _ := b.Lend(3)
	l.Add(id)
	u, _ := l.Allocate()
	if p := l.Prefix(u); p != netip.MustParsePrefix("2001:db8:100::/64") {
		t.Fatalf("first prefix %v", p)
	}
	if v, ok := s.Find(addr("2001:db8:100:0:1::9")); !ok || v != u {
		t.Fatalf("an address in the prefix is found as %v %v", v, ok)
	}
}

func TestSpaceErrors(t *testing.T) {
	for _, c := range []struct {
		r      Range
		length int
	}{
		{Range{addr("192.0.2.2"), addr("192.0.2.1")}, 32},
		{Range{addr("192.0.2.2"), addr("2001:db8::")}, 32},
		{Range{addr("192.0.2.1"), addr("192.0.2.2")}, 24},
		{Range{addr("2001:db8::"), addr("2001:db8::1")}, 65},
	} {
		if _, err := NewSpace([]Range{c.r}, c.length, nil, 1); err == nil {
			t.Errorf("%v /%d is accepted", c.r, c.length)
		}
	}
}

// A freed address is used again as late as its block allows: the next
// subscriber must not get the packets meant for the last one.
func TestFreedAddressRests(t *testing.T) {
	s := mustSpace(t, []Range{{addr("198.18.0.0"), addr("198.18.15.255")}}, 32)
	l := NewLocal(s)
	l.Add(s.block(s.spans[0].low))
	first, _ := l.Allocate()
	l.Allocate() // stays, or the block would be empty
	l.Release(first)
	for range 254 {
		if u, _ := l.Allocate(); u == first {
			t.Fatal("used again at once")
		}
	}
	if u, ok := l.Allocate(); !ok || u != first {
		t.Fatalf("%v %v after all others", u, ok)
	}
}

// Small pools must serve every shard: no shard may hold all of them in one block.
func TestSmallPoolServesAllShards(t *testing.T) {
	s, err := NewSpace([]Range{{addr("192.0.2.0"), addr("192.0.2.63")}}, 32, nil, 4)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBroker(s)
	for shard := range 4 {
		l := NewLocal(s)
		id, ok := b.Lend(shard)
		if l.Add(id); !ok {
			t.Fatalf("no block for shard %d", shard)
		}
		if _, ok := l.Allocate(); !ok {
			t.Fatalf("no address for shard %d", shard)
		}
	}
}

// Whatever shards borrow, allocate, release and return, no unit is ever out
// twice, none is lost, and all come back.
func TestNoAddressTwiceNoneLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := uint32(rapid.IntRange(0, 600).Draw(t, "low"))
		size := uint32(rapid.IntRange(1, 1500).Draw(t, "size"))
		base := netip.AddrFrom4([4]byte{198, 18, byte(low >> 8), byte(low)})
		end := low + size - 1
		s, err := NewSpace([]Range{{base, netip.AddrFrom4([4]byte{198, 18, byte(end >> 8), byte(end)})}}, 32, nil, 3)
		if err != nil {
			t.Fatal(err)
		}
		b := NewBroker(s)
		shards := []*Local{NewLocal(s), NewLocal(s), NewLocal(s)}
		type lease struct {
			shard int
			u     Unit
		}
		var out []lease
		held := map[Unit]bool{}
		allocate := func(i int) bool {
			u, ok := shards[i].Allocate()
			if !ok {
				id, lent := b.Lend(i)
				if !lent {
					return false
				}
				shards[i].Add(id)
				u, ok = shards[i].Allocate()
			}
			if !ok || held[u] || !s.has(u) {
				t.Fatalf("unit %v ok %v held %v", u, ok, held[u])
			}
			held[u] = true
			out = append(out, lease{i, u})
			return true
		}
		release := func(k int) {
			l := out[k]
			out[k] = out[len(out)-1]
			out = out[:len(out)-1]
			delete(held, l.u)
			back, empty, ok := shards[l.shard].Release(l.u)
			if !ok {
				t.Fatalf("%v was not out", l.u)
			}
			if empty && !b.Return(l.shard, back) {
				t.Fatalf("block %v was not lent", back)
			}
		}
		for range rapid.IntRange(0, 3000).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "what") > 0 || len(out) == 0 {
				allocate(rapid.IntRange(0, 2).Draw(t, "shard"))
			} else {
				release(rapid.IntRange(0, len(out)-1).Draw(t, "which"))
			}
		}
		for len(out) > 0 {
			release(len(out) - 1)
		}
		for i := 0; allocate(i % 3); i++ {
		}
		for i := range shards { // what other shards still hold must be allocatable by them
			for allocate(i) {
			}
		}
		if uint64(len(held)) != s.Total() {
			t.Fatalf("%d of %d units can be handed out", len(held), s.Total())
		}
	})
}

func TestReleaseOfWhatIsNotOut(t *testing.T) {
	s := mustSpace(t, []Range{{addr("192.0.2.0"), addr("192.0.2.255")}}, 32)
	l := NewLocal(s)
	if _, _, ok := l.Release(5); ok {
		t.Error("a unit of no block was released")
	}
	l.Add(s.block(s.spans[0].low))
	if _, _, ok := l.Release(s.spans[0].low); ok {
		t.Error("a free unit was released")
	}
	if !l.Take(s.spans[0].low+7) || l.Take(s.spans[0].low+7) {
		t.Error("Take must succeed once")
	}
}

func BenchmarkAllocateRelease(b *testing.B) {
	s := mustSpace(b, []Range{{addr("10.0.0.0"), addr("10.0.255.255")}}, 32)
	l := NewLocal(s)
	for id := range BlockID(256) {
		l.Add(s.block(s.spans[0].low) + id)
	}
	b.ReportAllocs()
	for b.Loop() {
		u, _ := l.Allocate()
		l.Release(u)
	}
}

// A block that is lent out of its turn, for the sake of one address in it, is
// lent to nobody else, and lent again when it is given back.
func TestLendThat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := NewSpace([]Range{{addr("192.0.2.0"), addr("192.0.3.255")}, {addr("198.51.100.0"), addr("198.51.100.255")}}, 32, nil, 4)
		if err != nil {
			t.Fatal(err)
		}
		b, l := NewBroker(s), NewLocal(s)
		held := map[BlockID]bool{}
		all := map[BlockID]bool{}
		for _, a := range []string{"192.0.2.0", "192.0.3.0", "198.51.100.0"} {
			for i := range 256 {
				u, _ := l.Find(netip.AddrFrom4([4]byte(append(addr(a).AsSlice()[:3], byte(i)))))
				all[l.Block(u)] = true
			}
		}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				id, ok := b.Lend(1)
				if ok == (len(held) == len(all)) || ok && held[id] {
					t.Fatalf("lend: %v %v with %d of %d out", id, ok, len(held), len(all))
				}
				if ok {
					held[id] = true
				}
			case 1:
				for id := range all {
					b.LendThat(1, id)
					if who, ok := b.Holder(id); !ok || who != 1 {
						t.Fatal("it is not lent")
					}
					held[id] = true
					break
				}
			case 2:
				for id := range held {
					if !b.Return(1, id) {
						t.Fatal("it cannot be given back")
					}
					delete(held, id)
					break
				}
			}
		}
		if b.Lent() != len(held) {
			t.Fatalf("%d lent, %d held", b.Lent(), len(held))
		}
	})
}

// The other units of a block that was lent for the sake of one are handed out only
// when nothing else is left, and the block can go back like any other.
func TestSetAside(t *testing.T) {
	s := mustSpace(t, []Range{{addr("192.0.2.0"), addr("192.0.3.255")}}, 32)
	b, l := NewBroker(s), NewLocal(s)
	own, _ := l.Find(addr("192.0.3.7"))
	b.LendThat(0, l.Block(own))
	l.AddAside(l.Block(own))
	if !l.Holds(l.Block(own)) || !l.Take(own) || l.Take(own) {
		t.Fatal("the unit cannot be had, or twice")
	}
	if _, ok := l.Allocate(); ok {
		t.Fatal("handed out of what is set aside")
	}
	for id, ok := b.Lend(0); ok; id, ok = b.Lend(0) {
		l.Add(id)
	}
	for n := 0; ; n++ {
		u, ok := l.Allocate()
		if !ok && n < 500 && l.OpenAside() {
			u, ok = l.Allocate()
		}
		if !ok {
			if n != 511 {
				t.Fatalf("%d of 511 were handed out", n)
			}
			break
		}
		if u == own {
			t.Fatal("a subscriber's own unit was handed out")
		}
	}
	l2 := NewLocal(s)
	l2.AddAside(l.Block(own))
	l2.Take(own)
	for id := range BlockID(100) {
		l2.Add(l.Block(own) - 1 - id%8)
	}
	if _, empty, ok := l2.Release(own); !ok || !empty || l2.Used() != 0 || l2.OpenAside() {
		t.Error("an empty block that was set aside does not go back")
	}
}
