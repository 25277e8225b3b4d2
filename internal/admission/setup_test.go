// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"testing"
	"time"
)

// field is a controller with LACs whose callers connect, or do not.
type field struct {
	c    *Controller
	now  time.Time
	next uint32
}

func (f *field) offer(lac int) (element uint32) {
	f.next++
	f.c.Offer(f.now, Call{Element: f.next, LAC: lacAddr(lac), Tunnel: uint16(lac)}, nil)
	return f.next
}

// A flood of calls that are never connected, from eight LACs: in the next minute
// everybody else's callers are set up as they come, those of the first second at
// most a second late. When the flood's calls end the LACs may try some again.
func TestUnansweredFlood(t *testing.T) {
	const flooders, honest = 8, 9
	f := &field{c: New(Config{}, epoch), now: epoch}
	mine := map[uint32]time.Time{}
	waited := time.Duration(0)
	for range 6000 {
		f.now = f.now.Add(10 * time.Millisecond)
		for i := range flooders {
			f.offer(i)
		}
		mine[f.offer(honest)] = f.now
		for {
			el, ok := f.c.Next(f.now)
			if !ok {
				break
			}
			if at, ok := mine[el]; ok {
				waited = max(waited, f.now.Sub(at))
				delete(mine, el)
				f.c.Up(f.now, el)
			}
		}
		f.c.Expire(f.now, 100, nil)
		if f.now.Sub(epoch) > 2*time.Second && len(mine) > 0 {
			t.Fatalf("%d honest calls wait after %v", len(mine), f.now.Sub(epoch))
		}
	}
	s := f.c.Snapshot(f.now)
	if waited > asideLeast+100*time.Millisecond || s.Counters.Up < 5990 {
		t.Errorf("an honest caller has waited %v; %d came up", waited, s.Counters.Up)
	}
	// In one go each may have had its part of the slots.
	if s.Aside < flooders*asideMost || s.Aside > flooders*asideMost+s.Slots || s.InSetUp != 0 {
		t.Errorf("%d stand aside, %d in set-up", s.Aside, s.InSetUp)
	}
	for el := range f.c.setup.calls {
		f.c.Vanished(f.now, el)
	}
	if s := f.c.Snapshot(f.now); s.Aside != 0 || s.Counters.SlotsShrunk != 0 {
		t.Errorf("%+v when all have ended", s)
	}
	f.offer(0)
	if _, ok := f.c.Next(f.now); !ok {
		t.Error("a LAC is mute for ever")
	}
}

// A LAC may leave as many calls without an answer as it has brought up of late:
// one whose callers are mute one time in three is not held back.
func TestSomeNeverAnswer(t *testing.T) {
	f := &field{c: New(Config{}, epoch), now: epoch}
	begun := 0
	var muted []uint32
	for i := range 3000 {
		f.now = f.now.Add(10 * time.Millisecond)
		f.offer(1)
		el, ok := f.c.Next(f.now)
		if !ok {
			continue
		}
		begun++
		if i%3 == 0 {
			muted = append(muted, el)
		} else {
			f.c.Up(f.now, el)
		}
		if len(muted) > 267 { // eight seconds
			f.c.Vanished(f.now, muted[0])
			muted = muted[1:]
		}
	}
	if begun != 3000 || f.c.Snapshot(f.now).Aside < 200 {
		t.Errorf("%d of 3000 were begun, %+v", begun, f.c.Snapshot(f.now))
	}
}

// A call that stands aside goes on when its caller does.
func TestAsideComesUp(t *testing.T) {
	f := &field{c: New(Config{SlotsMin: 1, SlotsMax: 1}, epoch), now: epoch}
	slow, other := f.offer(1), f.offer(1)
	f.c.Next(f.now)
	f.now = f.now.Add(asideLeast)
	if _, ok := f.c.Next(f.now); ok {
		t.Fatal("two calls in one slot")
	}
	f.now = f.now.Add(time.Millisecond)
	if el, ok := f.c.Next(f.now); !ok || el != other {
		t.Fatalf("next %d %v", el, ok)
	}
	if f.c.InSetUp() != 1 || f.c.Snapshot(f.now).Aside != 1 || f.c.counters.StoodAside != 1 {
		t.Errorf("%+v", f.c.Snapshot(f.now))
	}
	f.c.Up(f.now, slow)
	f.c.Up(f.now, other)
	if s := f.c.Snapshot(f.now); s.Counters.Up != 2 || s.Aside != 0 || s.InSetUp != 0 {
		t.Errorf("%+v", s)
	}
}

// What remembers the order of calls does not grow, and nothing is allocated.
func TestSetUpBounded(t *testing.T) {
	f := &field{c: New(Config{}, epoch), now: epoch}
	one := func() {
		f.now = f.now.Add(time.Millisecond)
		f.c.Offer(f.now, Call{Element: 1, LAC: lacAddr(1), Tunnel: 1}, nil)
		if _, ok := f.c.Next(f.now); !ok {
			t.Fatal("not begun")
		}
		f.c.Up(f.now, 1)
	}
	for range 20000 {
		one()
	}
	if n := testing.AllocsPerRun(10000, one); n != 0 || cap(f.c.setup.order) > 4096 {
		t.Errorf("%v allocations a call, room for %d", n, cap(f.c.setup.order))
	}
}
