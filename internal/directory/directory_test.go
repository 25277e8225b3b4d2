// SPDX-License-Identifier: Apache-2.0

package directory

import (
	"testing"

	"pgregory.net/rapid"
)

// world is a home and its shards with messages in flight.
type world struct {
	t       *rapid.T
	key     Key
	max     int
	home    *Home
	shards  []Lease
	waiting []int
	flight  []Message
	refused int
}

func (w *world) want(shard int) {
	ok, ask := w.shards[shard].Take()
	if ok {
		return
	}
	w.waiting[shard]++
	if ask {
		w.flight = append(w.flight, Message{Op: Ask, Shard: shard, Key: w.key, Max: w.max})
	}
}

// deliver carries the i-th message in flight; between a shard and the home
// order is kept, between pairs it is not.
func (w *world) deliver(i int) {
	m := w.flight[i]
	for j := range i {
		if w.flight[j].Shard == m.Shard && w.flight[j].Op.ToHome() == m.Op.ToHome() {
			i, m = j, w.flight[j]
			break
		}
	}
	w.flight = append(w.flight[:i:i], w.flight[i+1:]...)
	if m.Op.ToHome() {
		w.flight = w.home.Handle(&m, w.flight)
		return
	}
	l := &w.shards[m.Shard]
	switch m.Op {
	case Grant:
		l.Granted(m.N)
		for n := w.waiting[m.Shard]; n > 0; n-- {
			w.waiting[m.Shard]--
			w.want(m.Shard)
		}
	case Deny:
		l.Denied()
		w.refused += w.waiting[m.Shard]
		w.waiting[m.Shard] = 0
	case Recall:
		w.flight = append(w.flight, Message{Op: Return, Shard: m.Shard, Key: w.key, N: l.Recalled(), Answer: true})
	}
}

func (w *world) used() (n int) {
	for i := range w.shards {
		n += w.shards[i].Used()
	}
	return n
}

// Whatever the order of messages: a limit is never exceeded, everybody who
// waits gets an answer, and nobody is refused while the limit has room.
func TestLimitIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.IntRange(1, 5).Draw(t, "shards")
		w := &world{
			t: t, key: Key{GroupSessions, "tg"}, max: rapid.IntRange(1, 400).Draw(t, "max"),
			home: NewHome(shards), shards: make([]Lease, shards), waiting: make([]int, shards),
		}
		for range rapid.IntRange(1, 800).Draw(t, "steps") {
			shard := rapid.IntRange(0, shards-1).Draw(t, "shard")
			switch what := rapid.IntRange(0, 5).Draw(t, "what"); {
			case what < 3:
				w.want(shard)
			case what == 3 && w.shards[shard].Used() > 0:
				if n := w.shards[shard].Put(); n > 0 {
					w.flight = append(w.flight, Message{Op: Return, Shard: shard, Key: w.key, N: n})
				}
			case len(w.flight) > 0:
				w.deliver(rapid.IntRange(0, len(w.flight)-1).Draw(t, "message"))
			}
			if w.used() > w.max {
				t.Fatalf("%d in use, limit %d", w.used(), w.max)
			}
		}
		for len(w.flight) > 0 {
			w.deliver(0)
		}
		for i, n := range w.waiting {
			if n > 0 {
				t.Fatalf("%d still wait in shard %d", n, i)
			}
		}
		// Now the rest must be had to the last token, from one shard alone.
		w.refused = 0
		for w.refused == 0 {
			w.want(0)
			for len(w.flight) > 0 {
				w.deliver(0)
			}
		}
		if w.used() != w.max {
			t.Fatalf("refused at %d of %d", w.used(), w.max)
		}
	})
}

func TestClaims(t *testing.T) {
	h := NewHome(2)
	k := Key{UserName, "a@example"}
	holder := func(e uint32) Holder { return Holder{Shard: 1, Element: e, Generation: 1} }
	claim := func(e uint32) Op {
		return h.Handle(&Message{Op: Claim, Shard: 1, Key: k, Max: 2, Holder: holder(e)}, nil)[0].Op
	}
	if claim(1) != Claimed || claim(2) != Claimed || claim(1) != Claimed {
		t.Fatal("two holders must fit, and one may ask twice")
	}
	if claim(3) != Refused {
		t.Fatal("a third holder was let in")
	}
	h.Handle(&Message{Op: Release, Shard: 1, Key: k, Holder: holder(9)}, nil)
	if claim(3) != Refused {
		t.Fatal("the release of somebody else made room")
	}
	h.Handle(&Message{Op: Release, Shard: 1, Key: k, Holder: holder(1)}, nil)
	if claim(3) != Claimed {
		t.Fatal("a released place is not given on")
	}
	h.Handle(&Message{Op: Release, Shard: 1, Key: k, Holder: holder(2)}, nil)
	h.Handle(&Message{Op: Release, Shard: 1, Key: k, Holder: holder(3)}, nil)
	if h.Claims() != 0 {
		t.Fatal("an empty claim is kept")
	}
}

func TestKeysSpreadOverHomes(t *testing.T) {
	var n [4]int
	for i := range 4000 {
		n[Key{UserName, string(rune(i))}.Home(4)]++
	}
	for i, c := range n {
		if c < 800 || c > 1200 {
			t.Errorf("home %d has %d of 4000 keys", i, c)
		}
	}
}
