// SPDX-License-Identifier: Apache-2.0

package shard

import "sync"

// laneBytes is the most octets that wait in a lane whose items carry octets.
const laneBytes = 1 << 20

// lane is a bounded queue from many goroutines to the shard's. Items wait in
// one of two stores; the shard takes a whole store and leaves its empty one, so
// that neither side allocates once the stores have grown to what is usual.
type lane[T any] struct {
	data func(*T) *[]byte // where an item's octets are, which put copies; nil: items own theirs
	wake chan struct{}    // holds one token when something waits

	mu      sync.Mutex
	waiting store[T]

	taken store[T] // the shard's: what it took last
	next  int      // the first of taken that is not served
}

// store holds items and their octets.
type store[T any] struct {
	items []T
	arena []byte
}

func newLane[T any](data func(*T) *[]byte) *lane[T] {
	return &lane[T]{data: data, wake: make(chan struct{}, 1)}
}

// put copies items to the end of the lane unless more than limit would wait
// then, or laneBytes octets; it takes all or none.
func (l *lane[T]) put(items []T, limit int) bool {
	l.mu.Lock()
	took := l.waiting.add(items, limit, l.data)
	l.mu.Unlock()
	if took {
		select {
		case l.wake <- struct{}{}:
		default: // the shard has not taken notice of the last one yet
		}
	}
	return took
}

// add is put under the lock. Octets are reached through the copies: items
// themselves must not escape, or every call would allocate.
func (w *store[T]) add(items []T, limit int, data func(*T) *[]byte) bool {
	first := len(w.items)
	if first+len(items) > limit {
		return false
	}
	w.items = append(w.items, items...)
	if data == nil {
		return true
	}
	octets := len(w.arena)
	for i := first; i < len(w.items); i++ {
		octets += len(*data(&w.items[i]))
	}
	if octets > laneBytes {
		clear(w.items[first:])
		w.items = w.items[:first]
		return false
	}
	for i := first; i < len(w.items); i++ {
		b := data(&w.items[i])
		at := len(w.arena)
		// An arena that grows leaves what it held before to the slices cut from it.
		w.arena = append(w.arena, *b...)
		*b = w.arena[at:len(w.arena):len(w.arena)]
	}
	return true
}

// take is what the shard serves next: at most n items, valid until the next
// take. Empty: nothing waits.
func (l *lane[T]) take(n int) []T {
	if l.next == len(l.taken.items) {
		clear(l.taken.items) // the octets may be others' now
		l.taken.items, l.taken.arena, l.next = l.taken.items[:0], l.taken.arena[:0], 0
		l.mu.Lock()
		l.taken, l.waiting = l.waiting, l.taken
		l.mu.Unlock()
	}
	from := l.next
	l.next = min(len(l.taken.items), from+n)
	return l.taken.items[from:l.next]
}
