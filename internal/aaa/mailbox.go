// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"net/netip"
	"sync"
	"time"

	"holdfast/radius"
)

// Bounds of the mailbox. Each shard has at most 4,096 queries out, by its window.
const (
	submissionsMax = 1 << 16
	packetsMax     = 1 << 13
	freeMax        = 1 << 10 // buffers kept for reuse
)

// mailbox is how other goroutines reach the exchanger's. It is two stores of each
// kind: the exchanger takes the full ones and leaves the empty ones.
type mailbox struct {
	wake chan struct{} // holds a token when there is something

	mu          sync.Mutex
	closed      bool
	packets     []*received
	orders      []func(now time.Time)
	submissions []submission
	free        []*received

	takenPackets     []*received // the exchanger's, until the next take
	takenOrders      []func(now time.Time)
	takenSubmissions []submission
}

// submission is a request for the machine.
type submission struct {
	handle handle
	set    *radius.Set
	kind   radius.Kind
	request
}

// received is a packet from a server.
type received struct {
	key    portKey
	from   netip.AddrPort
	n      int
	octets [packetMax]byte
}

// submit appends a request; false: there are too many, or the exchanger has stopped.
func (m *mailbox) submit(s submission) bool {
	m.mu.Lock()
	ok := !m.closed && len(m.submissions) < submissionsMax
	if ok {
		m.submissions = append(m.submissions, s)
	}
	m.mu.Unlock()
	m.awake()
	return ok
}

// do appends an order. They are few; false: the exchanger has stopped.
func (m *mailbox) do(f func(now time.Time)) bool {
	m.mu.Lock()
	ok := !m.closed
	if ok {
		m.orders = append(m.orders, f)
	}
	m.mu.Unlock()
	m.awake()
	return ok
}

// deliver appends a packet; false: there are too many.
func (m *mailbox) deliver(p *received) bool {
	m.mu.Lock()
	ok := len(m.packets) < packetsMax
	if ok {
		m.packets = append(m.packets, p)
	}
	m.mu.Unlock()
	m.awake()
	return ok
}

func (m *mailbox) awake() {
	select {
	case m.wake <- struct{}{}:
	default: // it has not taken notice of the last one yet
	}
}

// buffer is an empty one for a packet.
func (m *mailbox) buffer() *received {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.free); n > 0 {
		p := m.free[n-1]
		m.free = m.free[:n-1]
		return p
	}
	return new(received)
}

// recycle takes a buffer back.
func (m *mailbox) recycle(p *received) {
	m.mu.Lock()
	if len(m.free) < freeMax {
		m.free = append(m.free, p)
	}
	m.mu.Unlock()
}

// take is all that waits. It is valid until the next take.
func (m *mailbox) take() ([]*received, []func(now time.Time), []submission) {
	clear(m.takenPackets)
	clear(m.takenOrders)
	clear(m.takenSubmissions)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.takenPackets, m.packets = m.packets, m.takenPackets[:0]
	m.takenOrders, m.orders = m.orders, m.takenOrders[:0]
	m.takenSubmissions, m.submissions = m.submissions, m.takenSubmissions[:0]
	return m.takenPackets, m.takenOrders, m.takenSubmissions
}

// close refuses what comes from now on, and ends what has been submitted.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	waiting, orders := m.submissions, m.orders
	m.submissions, m.orders = nil, nil
	m.mu.Unlock()
	for _, f := range orders {
		f(time.Now()) // somebody may wait for it
	}
	for i := range waiting {
		waiting[i].ended(time.Now(), &result{outcome: radius.Cancelled})
	}
}
