// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"slices"
	"testing"
	"time"

	"holdfast/internal/packet"
)

// send lets n datagrams in, a millisecond apart, and returns those that leave
// until a second later, by their number.
func (p *path) sendNumbers(n int) (numbers []int, at []time.Duration) {
	now := epoch
	take := func(in []packet.Datagram) {
		for _, d := range p.pass(now, in, nil) {
			numbers, at = append(numbers, int(d.Data[0])<<8|int(d.Data[1])), append(at, now.Sub(epoch))
		}
	}
	for i := range n {
		take([]packet.Datagram{{Data: []byte{byte(i >> 8), byte(i)}}})
		now = now.Add(time.Millisecond)
	}
	for range 1000 {
		take(nil)
		now = now.Add(time.Millisecond)
	}
	return numbers, at
}

// Each impairment does what it says, the same for the same seed.
func TestPathImpairs(t *testing.T) {
	const n = 10000
	for _, c := range []struct {
		i          Impairment
		low, high  int // datagrams that leave
		inOrder    bool
		least, max time.Duration // of the first one
	}{
		{Impairment{}, n, n, true, 0, 0},
		{Impairment{Loss: 0.1}, 8800, 9200, true, 0, 0},
		{Impairment{Duplicate: 0.1}, 10800, 11200, true, 0, 0},
		{Impairment{Reorder: 0.1}, n, n, false, 0, 0},
		{Impairment{Delay: 20 * time.Millisecond}, n, n, true, 20 * time.Millisecond, 20 * time.Millisecond},
		{Impairment{Delay: 20 * time.Millisecond, Jitter: 10 * time.Millisecond}, n, n, false, 20 * time.Millisecond, 30 * time.Millisecond},
	} {
		p, q := newPath(3, 4), newPath(3, 4)
		p.Impairment, q.Impairment = c.i, c.i
		got, at := p.sendNumbers(n)
		again, _ := q.sendNumbers(n)
		if !slices.Equal(got, again) {
			t.Errorf("%+v: not the same twice", c.i)
		}
		if len(got) < c.low || len(got) > c.high {
			t.Errorf("%+v: %d of %d leave", c.i, len(got), n)
		}
		if slices.IsSorted(got) != c.inOrder {
			t.Errorf("%+v: in order: %v", c.i, !c.inOrder)
		}
		if at[0] < c.least || at[0] > c.max {
			t.Errorf("%+v: the first leaves after %v", c.i, at[0])
		}
		if int(p.lost) < n-c.high || len(p.held) != 0 || !p.next().IsZero() {
			t.Errorf("%+v: %d lost, %d held", c.i, p.lost, len(p.held))
		}
	}
}

// What is held belongs to the path: the caller uses his buffer again.
func TestPathCopiesWhatItHolds(t *testing.T) {
	p := newPath(1, 1)
	p.Delay = time.Millisecond
	b := []byte("first")
	p.pass(epoch, []packet.Datagram{{Data: b}}, nil)
	copy(b, "other")
	if !p.busy() || !p.next().Equal(epoch.Add(time.Millisecond)) {
		t.Errorf("busy %v, next %v", p.busy(), p.next())
	}
	if out := p.pass(p.next(), nil, nil); len(out) != 1 || string(out[0].Data) != "first" {
		t.Errorf("%v", out)
	}
}

// The queue of the way is bounded.
func TestPathIsBounded(t *testing.T) {
	p := newPath(1, 1)
	p.Delay = time.Hour
	in := make([]packet.Datagram, 1000)
	for range heldMax/len(in) + 2 {
		p.pass(epoch, in, nil)
	}
	if len(p.held) != heldMax || p.lost == 0 {
		t.Errorf("%d held, %d lost", len(p.held), p.lost)
	}
}
