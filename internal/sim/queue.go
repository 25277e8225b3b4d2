// SPDX-License-Identifier: Apache-2.0

package sim

// happening is one thing that is going to happen.
type happening struct {
	at    instant
	order uint64 // of those at the same instant the one that was planned first comes first
	arg   uint32 // index of a datagram, LAC, server or answer, by kind
	kind  kind
}

// instant is virtual time: nanoseconds since the world began.
type instant int64

// never is after everything.
const never = instant(1<<63 - 1)

type kind uint8

const (
	arrivesAtLNS kind = iota // datagram
	arrivesAtLAC             // datagram
	serverTurns              // server: goes on with its work
	serverWakes              // server: its engine has something due
	lacWakes                 // LAC
	messageComes             // message to a server
	diskWrites               // server: its records are on disk
	queryEnds                // RADIUS: the server has finished a query
	phaseEvent               // number of what the phase has planned
	secondEnds
)

// queue is a heap of four children a node: half as deep as one of two, and four
// children share a cache line or two.
type queue struct {
	heap  []happening
	order uint64
}

func (q *queue) before(a, b *happening) bool {
	return a.at < b.at || a.at == b.at && a.order < b.order
}

// next is when the first thing happens.
func (q *queue) next() instant {
	if len(q.heap) == 0 {
		return never
	}
	return q.heap[0].at
}

func (q *queue) push(at instant, k kind, arg uint32) {
	q.order++
	h := happening{at, q.order, arg, k}
	q.heap = append(q.heap, h)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !q.before(&h, &q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = h
}

func (q *queue) pop() happening {
	first := q.heap[0]
	last := q.heap[len(q.heap)-1]
	q.heap = q.heap[:len(q.heap)-1]
	n, i := len(q.heap), 0
	for {
		least := 4*i + 1
		if least >= n {
			break
		}
		for c := least + 1; c < min(4*i+5, n); c++ {
			if q.before(&q.heap[c], &q.heap[least]) {
				least = c
			}
		}
		if !q.before(&q.heap[least], &last) {
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	if n > 0 {
		q.heap[i] = last
	}
	return first
}
