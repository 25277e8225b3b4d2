// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"holdfast/internal/packet"
)

// Impairment is what the way between LACs and LNS does to datagrams, in both
// directions. The zero value lets everything through at once.
type Impairment struct {
	Loss      float64       // share of datagrams lost
	Duplicate float64       // share that comes twice
	Reorder   float64       // share held back so long that others overtake it
	Delay     time.Duration // of every datagram
	Jitter    time.Duration // up to this much more, at random
}

// reorderDelay is how long a datagram is held back for others to overtake it.
const reorderDelay = 10 * time.Millisecond

// heldMax bounds the datagrams under way in one direction; beyond it they are lost,
// as in a router's queue.
const heldMax = 1 << 16

// path is one direction of the way. It is pure: datagrams and the time go in,
// datagrams come out.
type path struct {
	Impairment
	rand *rand.Rand
	held delayed
	lost uint64
	n    uint64
}

func newPath(seed, stream uint64) *path { return &path{rand: rand.New(rand.NewPCG(seed, stream))} }

// busy reports whether datagrams need to go through pass at all.
func (p *path) busy() bool { return p.Impairment != Impairment{} || len(p.held) > 0 }

// next is when the next held datagram is due; zero: none is held.
func (p *path) next() time.Time {
	if len(p.held) == 0 {
		return time.Time{}
	}
	return p.held[0].at
}

// pass takes what enters and appends to out what leaves now. Datagrams that are
// held are copied; the others are the caller's own.
func (p *path) pass(now time.Time, in, out []packet.Datagram) []packet.Datagram {
	for i := range in {
		if p.rand.Float64() < p.Loss {
			p.lost++
			continue
		}
		copies := 1
		if p.rand.Float64() < p.Duplicate {
			copies = 2
		}
		for range copies {
			if wait := p.wait(); wait > 0 {
				p.hold(now.Add(wait), &in[i])
			} else {
				out = append(out, in[i])
			}
		}
	}
	for len(p.held) > 0 && !p.held[0].at.After(now) {
		out = append(out, heap.Pop(&p.held).(underWay).Datagram)
	}
	return out
}

// wait is how long one datagram is under way.
func (p *path) wait() time.Duration {
	d := p.Delay
	if p.Jitter > 0 {
		d += time.Duration(p.rand.Int64N(int64(p.Jitter)))
	}
	if p.rand.Float64() < p.Reorder {
		d += reorderDelay
	}
	return d
}

func (p *path) hold(until time.Time, d *packet.Datagram) {
	if len(p.held) >= heldMax {
		p.lost++
		return
	}
	p.n++
	c := *d
	c.Data, c.At = append([]byte(nil), d.Data...), time.Time{}
	heap.Push(&p.held, underWay{c, until, p.n})
}

// underWay is a datagram that is held, and the order in which it came.
type underWay struct {
	packet.Datagram
	at time.Time
	n  uint64
}

// delayed is a heap of what is under way, what is due first on top.
type delayed []underWay

func (d delayed) Len() int { return len(d) }
func (d delayed) Less(i, k int) bool {
	if d[i].at.Equal(d[k].at) {
		return d[i].n < d[k].n
	}
	return d[i].at.Before(d[k].at)
}
func (d delayed) Swap(i, k int) { d[i], d[k] = d[k], d[i] }
func (d *delayed) Push(x any)   { *d = append(*d, x.(underWay)) }
func (d *delayed) Pop() any {
	old := *d
	x := old[len(old)-1]
	old[len(old)-1] = underWay{}
	*d = old[:len(old)-1]
	return x
}
