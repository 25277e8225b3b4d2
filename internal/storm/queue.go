// SPDX-License-Identifier: Apache-2.0

package storm

// queue is a line of modems, first in, first out, linked through modem.next. A
// modem stands in one queue at most. The zero value is empty.
type queue struct {
	head, tail uint32 // index of the modem plus one; zero: none
}

// empty reports whether nobody waits.
func (q *queue) empty() bool { return q.head == 0 }

// first is the modem that pop takes, of a queue that is not empty.
func (q *queue) first() uint32 { return q.head - 1 }

// push puts modem i at the end.
func (q *queue) push(modems []modem, i uint32) {
	modems[i].next = 0
	if q.tail == 0 {
		q.head = i + 1
	} else {
		modems[q.tail-1].next = i + 1
	}
	q.tail = i + 1
}

// pop takes the first modem out of a queue that is not empty.
func (q *queue) pop(modems []modem) uint32 {
	i := q.head - 1
	if q.head = modems[i].next; q.head == 0 {
		q.tail = 0
	}
	modems[i].next = 0
	return i
}
