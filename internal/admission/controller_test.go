// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func lacAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}) }

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// While the wait is short calls are begun in the order they came; with a backlog
// the newest first.
func TestOrder(t *testing.T) {
	c := New(Config{}, epoch)
	for i := range 3 {
		c.Offer(at(i), Call{Element: uint32(i), LAC: lacAddr(1), Tunnel: 1}, nil)
	}
	if el, _ := c.Next(at(10)); el != 0 {
		t.Errorf("after 10 ms call %d is first", el)
	}
	if el, _ := c.Next(at(1000)); el != 2 {
		t.Errorf("after 1 s call %d is first", el)
	}
}

// New bounds hold for what comes, with calls parked and in set-up.
func TestConfigure(t *testing.T) {
	c := New(Config{}, epoch)
	for i := range 100 {
		c.Offer(epoch, Call{Element: uint32(i), LAC: lacAddr(1), Tunnel: 1}, nil)
	}
	begin := func() (n int) {
		for {
			if _, ok := c.Next(at(1)); !ok {
				return n
			}
			n++
		}
	}
	if n := begin(); n != 64 {
		t.Fatalf("%d begun by default", n)
	}
	c.Configure(Config{SlotsMin: 2, SlotsMax: 8})
	for el := range uint32(60) {
		c.Failed(el)
	}
	if n := begin(); n != 4 || c.InSetUp() != 8 {
		t.Errorf("%d begun with 8 slots, %d in set-up", n, c.InSetUp())
	}
	c.Configure(Config{SlotsMin: 20})
	if n := begin(); n != 12 {
		t.Errorf("%d more with 20", n)
	}
	c.Configure(Config{Disabled: true})
	if n := begin(); n != 20 || !c.Idle() {
		t.Errorf("%d begun without admission", n)
	}
}

// Turns go round the LACs and, in a LAC, round its tunnels.
func TestFairness(t *testing.T) {
	c := New(Config{}, epoch)
	el := uint32(0)
	offer := func(lac int, tunnel uint16, n int) {
		for range n {
			c.Offer(epoch, Call{Element: el, LAC: lacAddr(lac), Tunnel: tunnel}, nil)
			el++
		}
	}
	offer(1, 1, 100) // 0..99: a LAC gone wild in one tunnel
	offer(1, 2, 2)   // 100, 101
	offer(2, 9, 3)   // 102..104: it comes last, and had no turn yet
	var got []uint32
	for range 8 {
		el, ok := c.Next(at(1))
		if !ok {
			t.Fatal("no call")
		}
		got = append(got, el)
	}
	if want := "[102 0 103 100 104 1 101 2]"; fmt.Sprint(got) != want {
		t.Errorf("order %v, want %s", got, want)
	}
}

// A line that dials again takes the place of its older call.
func TestLineDialsAgain(t *testing.T) {
	c := New(Config{}, epoch)
	c.Offer(at(0), Call{Element: 1, LAC: lacAddr(1), Tunnel: 1, Line: 77}, nil)
	out := c.Offer(at(1500), Call{Element: 2, LAC: lacAddr(1), Tunnel: 1, Line: 77}, nil)
	if len(out) != 1 || out[0].Element != 1 || out[0].Verdict != Superseded || out[0].Waited != 1500*time.Millisecond {
		t.Fatalf("dismissed %+v", out)
	}
	if el, ok := c.Next(at(1501)); !ok || el != 2 {
		t.Errorf("next %d %v", el, ok)
	}
	if out = c.Offer(at(2600), Call{Element: 3, LAC: lacAddr(1), Tunnel: 1, Line: 77}, nil); len(out) != 0 {
		t.Errorf("a call in set-up was dismissed: %+v", out)
	}
}

// A LAC that tells one number for all its lines must not have them refused.
func TestSharedNumber(t *testing.T) {
	c := New(Config{}, epoch)
	for i := range 50 {
		if out := c.Offer(at(i*10), Call{Element: uint32(i), LAC: lacAddr(1), Line: 5}, nil); len(out) > 0 {
			t.Fatalf("dismissed %+v", out)
		}
	}
}

// The deadline counts from the kernel's timestamp; a call past it is not begun.
func TestDeadline(t *testing.T) {
	c := New(Config{Deadline: 8 * time.Second}, epoch)
	c.Offer(at(3000), Call{Element: 1, LAC: lacAddr(1), Arrived: at(0)}, nil)
	if _, ok := c.Next(at(8000)); ok {
		t.Error("a call was begun at its deadline")
	}
	if out := c.Expire(at(7999), 10, nil); len(out) != 0 {
		t.Errorf("too early: %+v", out)
	}
	if out := c.Expire(at(8000), 10, nil); len(out) != 1 || out[0].Verdict != Expired {
		t.Errorf("dismissed %+v", out)
	}
	c.Offer(at(9000), Call{Element: 2, LAC: lacAddr(1)}, nil)
	if _, ok := c.Next(at(9001)); !ok {
		t.Fatal("not begun")
	}
	if c.Late(at(16999), 2) || !c.Late(at(17000), 2) {
		t.Error("a call in set-up is late at its deadline, and not before")
	}
}

// Refusals have a budget; past it calls are forgotten without a word.
func TestRefusalBudget(t *testing.T) {
	c := New(Config{RefusalsRate: 100}, epoch)
	for i := range 1000 {
		c.Offer(at(0), Call{Element: uint32(i), LAC: lacAddr(1)}, nil)
	}
	silent := 0
	out := c.Expire(at(9000), 2000, nil)
	for _, d := range out {
		if d.Silent {
			silent++
		}
	}
	if len(out) != 1000 || silent < 980 || silent == 1000 {
		t.Errorf("%d dismissed, %d in silence", len(out), silent)
	}
}

// When there is no room the longest waiting call of the fullest LAC goes.
func TestCrowded(t *testing.T) {
	c := New(Config{ParkMax: 10}, epoch)
	for i := range 9 {
		c.Offer(at(i), Call{Element: uint32(i), LAC: lacAddr(1), Tunnel: uint16(i)}, nil)
	}
	c.Offer(at(9), Call{Element: 9, LAC: lacAddr(2)}, nil)
	out := c.Offer(at(10), Call{Element: 10, LAC: lacAddr(2)}, nil)
	if len(out) != 1 || out[0].Element != 0 || out[0].Verdict != Crowded {
		t.Errorf("dismissed %+v", out)
	}
}

// The patience of a LAC's callers is learned from when they give up.
func TestPatienceIsLearned(t *testing.T) {
	c := New(Config{Deadline: 8 * time.Second}, epoch)
	now := epoch
	for i := range 400 {
		c.Offer(now, Call{Element: uint32(i), LAC: lacAddr(1)}, nil)
		now = now.Add(3*time.Second + time.Duration(i%10)*100*time.Millisecond)
		c.Withdraw(now, uint32(i))
	}
	p := c.Snapshot(now).LACs[0].Patience
	if p < 2400*time.Millisecond || p > 3100*time.Millisecond {
		t.Errorf("callers give up after 3.0 to 3.9 s, learned %v", p)
	}
	if c.counters.Withdrawn != 400 || !c.Idle() {
		t.Errorf("counters %+v", c.counters)
	}
}

// The gate keeps calls parked; nothing else does while slots are free.
func TestGate(t *testing.T) {
	c := New(Config{}, epoch)
	c.Offer(epoch, Call{Element: 1, LAC: lacAddr(1)}, nil)
	c.Gate(true)
	if _, ok := c.Next(at(1)); ok {
		t.Error("begun through a closed gate")
	}
	c.Gate(false)
	if _, ok := c.Next(at(2)); !ok {
		t.Error("not begun")
	}
}

// With admission off everything is begun in order: the server of the outage.
func TestDisabled(t *testing.T) {
	c := New(Config{Disabled: true, SlotsMax: 16}, epoch)
	for i := range 100 {
		c.Offer(at(i), Call{Element: uint32(i), LAC: lacAddr(i % 3)}, nil)
	}
	for i := range 100 {
		if el, ok := c.Next(at(60000)); !ok || el != uint32(i) {
			t.Fatalf("call %d begun in place of %d", el, i)
		}
	}
}

// L grows while calls come up as quickly as ever, and shrinks when they do not.
func TestSlotsFollowLatency(t *testing.T) {
	c := New(Config{}, epoch)
	now, el := epoch, uint32(0)
	run := func(d time.Duration, latency func(inSetUp int) time.Duration) {
		type due struct {
			at time.Time
			el uint32
		}
		var pending []due
		for end := now.Add(d); now.Before(end); now = now.Add(time.Millisecond) {
			for range 20 {
				c.Offer(now, Call{Element: el, LAC: lacAddr(1)}, nil)
				el++
			}
			for {
				e, ok := c.Next(now)
				if !ok {
					break
				}
				pending = append(pending, due{now.Add(latency(c.InSetUp())), e})
			}
			rest := pending[:0]
			for _, p := range pending {
				if p.at.After(now) {
					rest = append(rest, p)
				} else {
					c.Up(now, p.el)
				}
			}
			pending = rest
			c.Expire(now, 1000, nil)
		}
		for _, p := range pending {
			c.Failed(p.el)
		}
	}
	run(5*time.Second, func(int) time.Duration { return 50 * time.Millisecond })
	grown := c.Snapshot(now).Slots
	if grown < 500 {
		t.Errorf("L is %d although nothing is slow", grown)
	}
	// Now something serves 200 calls a second, whatever is let in.
	run(30*time.Second, func(n int) time.Duration { return 50*time.Millisecond + time.Duration(n)*5*time.Millisecond })
	if s := c.Snapshot(now).Slots; s > 120 || s < 16 {
		t.Errorf("L is %d for a server of 200 calls a second", s)
	}
}

// Whatever is done to a Controller: each call is in one place, every list agrees,
// and an offered call is admitted, withdrawn, dismissed or still there.
func TestNoCallIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(Config{ParkMax: rapid.IntRange(1, 50).Draw(t, "park"), SlotsMin: 4, SlotsMax: 64}, epoch)
		now, next := epoch, uint32(0)
		parked, setup := map[uint32]bool{}, map[uint32]bool{}
		dismissed := func(out []Dismissal) {
			for _, d := range out {
				if !parked[d.Element] {
					t.Fatalf("%+v was not parked", d)
				}
				delete(parked, d.Element)
			}
		}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1, 2:
				call := Call{
					Element: next, LAC: lacAddr(rapid.IntRange(0, 4).Draw(t, "lac")), Tunnel: uint16(rapid.IntRange(0, 3).Draw(t, "tunnel")),
					Line: uint64(rapid.IntRange(0, 20).Draw(t, "line")),
				}
				parked[next] = true
				next++
				dismissed(c.Offer(now, call, nil))
			case 3:
				if el, ok := c.Next(now); ok {
					if !parked[el] {
						t.Fatalf("%d was not parked", el)
					}
					delete(parked, el)
					setup[el] = true
				}
			case 4:
				if next > 0 {
					el := uint32(rapid.IntRange(0, int(next)-1).Draw(t, "gone"))
					c.Withdraw(now, el)
					delete(parked, el)
					delete(setup, el)
				}
			case 5:
				for el := range setup {
					c.Up(now, el)
					delete(setup, el)
					break
				}
			case 6:
				dismissed(c.Expire(now, 5, nil))
			}
			if c.queue.count != len(parked) || len(c.setup.calls) != len(setup) || placed(c) != len(parked) {
				t.Fatalf("parked %d and %d, in set-up %d and %d", c.queue.count, len(parked), len(c.setup.calls), len(setup))
			}
			c.queue.check(t)
		}
	})
}

// check walks all lists and rings.
func (q *queue) check(t *rapid.T) {
	walk := func(l list, which int) (n int) {
		prev := none
		for i := l.first; i != none; i = q.parked[i].links[which].next {
			if q.parked[i].links[which].prev != prev {
				t.Fatalf("list %d is torn", which)
			}
			prev = i
			n++
		}
		if l.last != prev {
			t.Fatalf("list %d ends elsewhere", which)
		}
		return n
	}
	if n := walk(q.all, ofAll); n != q.count {
		t.Fatalf("%d in the list of all, %d parked", n, q.count)
	}
	chained := 0
	for _, i := range q.lines.heads {
		for ; i != 0; i = q.parked[i-1].chain {
			chained++
		}
	}
	if chained != q.lines.count {
		t.Fatalf("%d lines in chains, %d counted", chained, q.lines.count)
	}
	sum, lacs := 0, 0
	for k := range q.lacs {
		l := &q.lacs[k]
		if n := walk(l.list, ofLAC); n != l.count {
			t.Fatalf("LAC %d has %d, counts %d", k, n, l.count)
		}
		if l.count > 0 {
			lacs++
			tunnels, inTunnels := 0, 0
			for u := l.turn; ; u = q.tunnels[u].ring.next {
				tunnels++
				inTunnels += walk(q.tunnels[u].list, ofTunnel)
				if q.tunnels[u].ring.next == l.turn {
					break
				}
			}
			if inTunnels != l.count {
				t.Fatalf("LAC %d has %d in %d tunnels, counts %d", k, inTunnels, tunnels, l.count)
			}
		} else if l.turn != none {
			t.Fatalf("LAC %d has a tunnel whose turn it is, but no call", k)
		}
		sum += l.count
	}
	ring := 0
	for k := q.turnLAC; k != none; k = q.lacs[k].ring.next {
		if ring++; q.lacs[k].ring.next == q.turnLAC {
			break
		}
	}
	if sum != q.count || lacs != q.waiting || lacs != ring {
		t.Fatalf("LACs have %d of %d, %d wait, %d are in the ring, counted %d", sum, q.count, lacs, ring, q.waiting)
	}
}

func BenchmarkOfferNext(b *testing.B) {
	c := New(Config{SlotsMin: 100}, epoch)
	for i := range 50000 {
		c.Offer(epoch, Call{Element: uint32(i), LAC: lacAddr(i % 3), Tunnel: uint16(i % 2000), Line: uint64(i) + 1}, nil)
	}
	el := uint32(50000)
	b.ReportAllocs()
	for b.Loop() {
		c.Offer(at(1), Call{Element: el, LAC: lacAddr(int(el % 3)), Tunnel: uint16(el % 2000), Line: uint64(el) + 1}, nil)
		el++
		if n, ok := c.Next(at(2)); ok {
			c.Up(at(3), n)
		}
	}
}

// Calls that have waited at their LAC look young when they are withdrawn. What was
// learned from them is put right by callers who are still there at their deadline,
// and a call that vanished for another reason teaches nothing.
func TestPatienceRecovers(t *testing.T) {
	c := New(Config{Deadline: 8 * time.Second}, epoch)
	now, el := epoch, uint32(0)
	round := func(wait time.Duration, end func()) {
		el++
		c.Offer(now, Call{Element: el, LAC: lacAddr(1)}, nil)
		now = now.Add(wait)
		end()
	}
	learnt := func() time.Duration { return c.Snapshot(now).LACs[0].Patience }
	for range 100 {
		round(1200*time.Millisecond, func() { c.Vanished(now, el) })
	}
	if got := learnt(); got != 8*time.Second || c.counters.Withdrawn != 100 {
		t.Errorf("patience %v after %d calls that vanished", got, c.counters.Withdrawn)
	}
	for range 100 {
		round(1200*time.Millisecond, func() { c.Withdraw(now, el) })
	}
	if got := learnt(); got > 1200*time.Millisecond {
		t.Errorf("patience %v when all leave after 1.2 s", got)
	}
	for range 500 {
		round(learnt(), func() {
			if out := c.Expire(now, 1, nil); len(out) != 1 {
				t.Fatalf("dismissed %+v at the deadline", out)
			}
		})
	}
	if got := learnt(); got != 8*time.Second {
		t.Errorf("patience %v after 500 callers have outlived theirs", got)
	}
}

// A call is not begun when it cannot be up before its deadline: its caller would
// leave in the middle, and all work would be for nobody.
func TestTooLateToBegin(t *testing.T) {
	c := New(Config{Deadline: 8 * time.Second}, epoch)
	for i := range 100 { // a set-up takes two seconds
		c.Offer(at(0), Call{Element: uint32(i), LAC: lacAddr(1)}, nil)
	}
	for el, ok := c.Next(at(0)); ok; el, ok = c.Next(at(0)) {
		c.Up(at(2000), el)
	}
	c.Offer(at(10000), Call{Element: 200, LAC: lacAddr(1)}, nil)
	c.Offer(at(12000), Call{Element: 201, LAC: lacAddr(2)}, nil)
	if out := c.Expire(at(14900), 10, nil); len(out) != 0 {
		t.Errorf("dismissed with three seconds left: %+v", out)
	}
	if out := c.Expire(at(15100), 10, nil); len(out) != 1 || out[0].Element != 200 || out[0].Verdict != Expired {
		t.Errorf("dismissed with less time left than a set-up may take: %+v", out)
	}
	if el, ok := c.Next(at(15100)); !ok || el != 201 {
		t.Errorf("next %d %v", el, ok)
	}
	if _, ok := c.Next(at(30000)); ok {
		t.Error("a call was begun past its deadline")
	}
}

// A LAC that takes less than its share does not wait behind those that take
// more; one that has just had its turn does.
func TestSparseLACIsNext(t *testing.T) {
	c := New(Config{}, epoch)
	el := uint32(0)
	offer := func(lac int) uint32 {
		el++
		c.Offer(epoch, Call{Element: el, LAC: lacAddr(lac)}, nil)
		return el
	}
	next := func() int {
		el, ok := c.Next(at(1))
		if !ok {
			t.Fatal("no call")
		}
		return int(c.queue.lacs[c.setup.calls[el].lac].addr.As4()[3])
	}
	for range 10 {
		for lac := range 3 {
			offer(lac)
		}
	}
	for range 5 {
		next()
	}
	offer(9)
	if lac := next(); lac != 9 {
		t.Errorf("the turn is LAC %d's, not the newcomer's", lac)
	}
	offer(9)
	for i := range 3 {
		if lac := next(); lac == 9 {
			t.Errorf("LAC 9 has another turn after %d of the others", i)
		}
	}
	if lac := next(); lac != 9 {
		t.Errorf("the turn is LAC %d's, the round is over", lac)
	}
}

// placed counts the elements that have a place.
func placed(c *Controller) (n int) {
	for _, i := range c.queue.place {
		if i != 0 {
			n++
		}
	}
	return n
}
