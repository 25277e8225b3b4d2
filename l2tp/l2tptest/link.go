// SPDX-License-Identifier: Apache-2.0

package l2tptest

import (
	"bytes"
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Weather is what a link does to the datagrams of one direction.
type Weather struct {
	Loss, Duplicate float64       // probabilities
	Delay, Jitter   time.Duration // each datagram takes Delay and up to Jitter more: they overtake one another
}

// datagram is on its way.
type datagram struct {
	at       time.Time
	order    uint64 // of sending: ties are broken by it
	from, to netip.AddrPort
	b        []byte
}

// flight holds what is on its way, the earliest first.
type flight []datagram

func (f flight) Len() int { return len(f) }
func (f flight) Less(i, j int) bool {
	if !f[i].at.Equal(f[j].at) {
		return f[i].at.Before(f[j].at)
	}
	return f[i].order < f[j].order
}
func (f flight) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flight) Push(x any)   { *f = append(*f, x.(datagram)) }
func (f *flight) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

// link carries datagrams between any addresses.
type link struct {
	rng    *rand.Rand
	flight flight
	sent   uint64
}

// send puts a copy of b on its way, or two, or none.
func (l *link) send(now time.Time, w Weather, from, to netip.AddrPort, b []byte) {
	copies := 1
	if l.rng.Float64() < w.Duplicate {
		copies = 2
	}
	for range copies {
		if l.rng.Float64() < w.Loss {
			continue
		}
		delay := w.Delay
		if w.Jitter > 0 {
			delay += time.Duration(l.rng.Int64N(int64(w.Jitter)))
		}
		l.sent++
		heap.Push(&l.flight, datagram{now.Add(delay), l.sent, from, to, bytes.Clone(b)})
	}
}

// next is when the next datagram arrives; zero when none is on its way.
func (l *link) next() time.Time {
	if len(l.flight) == 0 {
		return time.Time{}
	}
	return l.flight[0].at
}

// arrive takes the next datagram off the link.
func (l *link) arrive() datagram { return heap.Pop(&l.flight).(datagram) }
