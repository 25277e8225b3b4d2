// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// A million sessions stand side by side: what one of them costs is budgeted.
func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 64 {
		t.Errorf("a session takes %d octets", n)
	}
	if n := unsafe.Sizeof(tunnel{}); n > 640 {
		t.Errorf("a tunnel takes %d octets", n)
	}
	if n := unsafe.Sizeof(session{}) + unsafe.Sizeof(Call{}); n > 256 {
		t.Errorf("a session and its call take %d octets", n)
	}
}

// Extents never overlap, lie where their size says, and when all have been given
// back the space is one again.
func TestSpaceIsAnAllocator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSpace()
		type extent struct {
			at   Element
			kind int
		}
		var have []extent
		owner := map[Element]int{} // start of each block of 8
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"take": func(t *rapid.T) {
				kind := rapid.IntRange(0, extentKinds-1).Draw(t, "kind")
				if kind > 9 && len(have) > 20 {
					kind = 0
				}
				el := s.take(kind)
				if el == noElement || el%(extentMin<<kind) != 0 {
					t.Fatalf("extent of kind %d at %d", kind, el)
				}
				next++
				for i := range Element(1 << kind) {
					if owner[el+i*extentMin] != 0 {
						t.Fatalf("extent of kind %d at %d overlaps another", kind, el)
					}
					owner[el+i*extentMin] = next
				}
				have = append(have, extent{el, kind})
			},
			"give": func(t *rapid.T) {
				if len(have) == 0 {
					return
				}
				i := rapid.IntRange(0, len(have)-1).Draw(t, "which")
				x := have[i]
				have[i] = have[len(have)-1]
				have = have[:len(have)-1]
				for j := range Element(1 << x.kind) {
					delete(owner, x.at+j*extentMin)
				}
				s.give(x.at, x.kind)
			},
			"": func(t *rapid.T) {
				free := Element(0)
				for kind, el := range s.free {
					for ; el != noElement; el = s.at(el).next {
						free += extentMin << kind
						if owner[el] != 0 {
							t.Fatalf("free block %d is in use", el)
						}
					}
				}
				if used := Element(len(owner)) * extentMin; free+used != s.top {
					t.Fatalf("%d free and %d used of %d", free, used, s.top)
				}
			},
		})
		for _, x := range have {
			s.give(x.at, x.kind)
		}
		blocks := 0
		for kind := range extentKinds - 1 {
			for el := s.free[kind]; el != noElement; el = s.at(el).next {
				blocks++
			}
		}
		if blocks > extentKinds {
			t.Fatalf("%d blocks smaller than the largest are left unjoined", blocks)
		}
	})
}

// Every session number has its own id, none is zero, and the way back is right:
// for all 65,535 of them and any key.
func TestSessionIDsAreAPermutation(t *testing.T) {
	for _, key := range []uint64{0, 1, 0x0123456789abcdef, ^uint64(0), 0xdeadbeefcafef00d} {
		c := calls{key: key}
		seen := make([]bool, 1<<16)
		sequential := 0
		for n := range indexMax {
			id := c.sessionID(n)
			if id == 0 || seen[id] {
				t.Fatalf("key %x: number %d has id %d", key, n, id)
			}
			seen[id] = true
			if back := c.number(id); back != n {
				t.Fatalf("key %x: id %d is number %d, want %d", key, id, back, n)
			}
			if n > 0 && id == c.sessionID(n-1)+1 {
				sequential++
			}
		}
		if key != 0 && sequential > 100 {
			t.Errorf("key %x: %d ids follow the one before", key, sequential)
		}
	}
}

// All 65,535 ids of a tunnel can be in use at once; each leads to its element,
// and an element to its id.
func TestFullTunnel(t *testing.T) {
	s, c := newSpace(), calls{key: 42}
	seen := map[Element]bool{}
	for n := range indexMax {
		el := s.allocate(7, &c, 0)
		if el == noElement || seen[el] {
			t.Fatalf("call %d: element %d", n, el)
		}
		seen[el] = true
		s.at(el).state, s.at(el).told = SessionEstablished, true
		if back := c.element(s.at(el).local); back != el {
			t.Fatalf("id %d leads to %d, want %d", s.at(el).local, back, el)
		}
	}
	if el := s.allocate(7, &c, 0); el != noElement {
		t.Fatalf("a 65,536th session: %d", el)
	}
	if c.element(0) != noElement {
		t.Fatal("id 0 leads somewhere")
	}
	for el := range seen {
		s.release(&c, el, 100)
	}
	if s.allocate(7, &c, 99) != noElement || s.allocate(7, &c, 100) == noElement {
		t.Fatal("a freed id must rest, and then be used again")
	}
	el := s.allocate(7, &c, 100)
	if s.release(&c, el, 200); s.allocate(7, &c, 100) != el {
		t.Fatal("an id that nobody has heard of need not rest")
	}
	s.drop(&c)
	if el := s.take(extentKinds - 1); el == noElement || el >= s.top {
		t.Fatal("nothing was given back")
	}
}
