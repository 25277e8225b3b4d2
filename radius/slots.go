// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math"
	"time"
)

// slotState is what an identifier is doing.
type slotState uint8

const (
	slotFree    slotState = iota
	slotHeld              // its request waits for a reply in it
	slotResting           // its request has left it: a reply may still come
	slotSpent             // rests, and the late reply has come
)

// restInterval is how long an identifier rests after its request has left it, which
// is one RT after the last transmission or more. A server drops its memory of the
// request in about that time: "This time SHOULD be no less than 5 seconds, and no
// more than 30 seconds." RFC 5080 §2.2.2
const restInterval = int64(10 * time.Second)

// slot is one identifier of one source port.
type slot struct {
	state      slotState
	sends      uint16   // datagrams sent in it since it was taken
	next       int32    // in the list of those that are free or resting; -1: last
	request    *request // not free: who was sent in it
	generation uint32   // the request's then: another one now means that it has ended
	attempt    uint32   // the request's then
	ref        Ref      // the request's then
	firstAt    int64    // first sent
	sentAt     int64    // last sent
	until      int64    // resting: to when
}

// waits reports whether the request that was sent in the slot has not ended.
func (s *slot) waits() bool { return s.request.generation == s.generation }

// slots are the identifiers of a service of one server, 256 for each source port.
type slots struct {
	all           []slot
	free, resting fifo
	portsMax      int
}

// fifo is a list of slots by index, through their next.
type fifo struct{ head, tail int32 }

const identifiers = 256

func newSlots() slots { return slots{free: fifo{-1, -1}, resting: fifo{-1, -1}} }

// setMax bounds the ports for n requests in flight. Lost requests and each
// transmission of an Accounting-Request leave an identifier that rests, so there is
// room for four times as many.
func (s *slots) setMax(n int) { s.portsMax = 1 + (4*n-1)/identifiers }

func (s *slots) ports() int { return len(s.all) / identifiers }

// availableAt is the earliest time at which take finds an identifier.
func (s *slots) availableAt() int64 {
	switch {
	case s.free.head >= 0 || s.ports() < s.portsMax:
		return 0
	case s.resting.head >= 0:
		return s.all[s.resting.head].until
	}
	return math.MaxInt64
}

// take claims the identifier that was free for the longest: "Clients SHOULD
// allocate Identifiers via a least-recently-used (LRU) method for a particular
// source IP address and source UDP port." RFC 5080 §2.2.2
func (s *slots) take(at int64) (int32, bool) {
	for i := s.resting.head; i >= 0 && s.all[i].until <= at; i = s.resting.head {
		s.resting.pop(s.all)
		s.release(i)
	}
	if s.free.head < 0 {
		if s.ports() >= s.portsMax {
			return 0, false
		}
		s.openPort()
	}
	return s.free.pop(s.all), true
}

// openPort adds the identifiers of one more source port.
func (s *slots) openPort() {
	first := len(s.all)
	s.all = append(s.all, make([]slot, identifiers)...)
	for i := range identifiers {
		s.free.push(s.all, int32(first+i))
	}
}

// release makes a slot free that is in no list.
func (s *slots) release(i int32) {
	s.all[i] = slot{}
	s.free.push(s.all, i)
}

// rest keeps a held slot for a reply that comes late.
//
// "RADIUS clients MUST NOT reuse Identifiers for a source IP address and source
// UDP port until either a valid response has been received, or the request has
// timed out." RFC 5080 §2.2.2
func (s *slots) rest(i int32, at int64) {
	s.all[i].state, s.all[i].until = slotResting, at+restInterval
	s.resting.push(s.all, i)
}

func (f *fifo) push(all []slot, i int32) {
	all[i].next = -1
	if f.tail < 0 {
		f.head = i
	} else {
		all[f.tail].next = i
	}
	f.tail = i
}

func (f *fifo) pop(all []slot) int32 {
	i := f.head
	if f.head = all[i].next; f.head < 0 {
		f.tail = -1
	}
	return i
}
