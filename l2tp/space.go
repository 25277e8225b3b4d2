// SPDX-License-Identifier: Apache-2.0

package l2tp

const (
	chunkSize    = 1024                           // sessions that are allocated together
	extentMin    = 8                              // elements of the smallest extent
	extentKinds  = 13                             // 8, 16, 32 ... 32,768 elements
	noElement    = ^Element(0)                    // ends a list
	extentMax    = extentMin << (extentKinds - 1) // elements of the largest extent
	elementLimit = Element(1)<<31 - 2*extentMax   // far above any SessionMax
	indexMax     = 1<<16 - 1                      // session ids of a tunnel: 1 to 65,535
	extentsMax   = extentKinds + 1                // the last one, of 8, holds what is left of 65,535
)

// session is one element of the space. It is kept small: a million of them
// stand side by side. What a call has said is in call, what only few calls have
// is behind a pointer.
type session struct {
	call   *Call       // nil: no call
	errors *CallErrors // of the last WEN; nil: none came
	rested int64       // free: when the id may be used again, ns after Endpoint.start
	next   Element     // free lists, of a tunnel's elements or of the space's blocks
	prev   Element     // free list of blocks
	// missing has a bit for each of the data messages before nr, the newest in bit
	// 0: 1 when it has not come.
	missing uint32
	chain   Element   // in the table of peers' ids: 1 + the next session; 0: the last
	tunnel  TunnelID  // whose extent this is; 0: nobody's
	local   SessionID // fixed as long as the extent belongs to the tunnel
	peer    SessionID // the peer's Assigned Session ID; 0: not known yet
	ns      uint16    // of the next data message we send
	nr      uint16    // expected in the next data message
	late    uint16    // Ns of the last data message that came late
	early   uint16    // where a frame that came too early is kept, plus 1; 0: nowhere
	state   SessionState
	block   uint8 // 1 + kind of the free block that begins here; 0: none does
	lates   uint8 // late data messages in a row, each the next of the one before

	lns        bool // our role in this call
	told       bool // the peer has heard of local
	required   bool // AVP 39: all data of this session is sequenced
	sequencing bool // we send Ns now
}

// space is the dense table of all sessions of an Endpoint: a buddy allocator
// whose blocks are extents of 8<<kind elements, aligned to their size. Free
// blocks are linked through their first element.
type space struct {
	chunks []*[chunkSize]session
	free   [extentKinds]Element // first free block of each kind
	top    Element              // elements in use or in free lists
	peers  peers
}

func newSpace() space {
	var s space
	for k := range s.free {
		s.free[k] = noElement
	}
	return s
}

// at is the session of an element below top.
func (s *space) at(el Element) *session { return &s.chunks[el/chunkSize][el%chunkSize] }

// take finds an extent of 8<<kind elements; noElement when the space is full.
func (s *space) take(kind int) Element {
	k := kind
	for k < extentKinds && s.free[k] == noElement {
		k++
	}
	if k == extentKinds {
		if !s.grow(kind) {
			return noElement
		}
		return s.take(kind)
	}
	el := s.free[k]
	s.unlink(el, k)
	for k > kind { // split, keeping the lower half
		k--
		s.link(el+extentMin<<k, k)
	}
	return el
}

// give takes an extent back and joins it with its buddies.
func (s *space) give(el Element, kind int) {
	for i := range Element(extentMin << kind) {
		*s.at(el + i) = session{}
	}
	for kind < extentKinds-1 {
		buddy := el ^ extentMin<<kind
		if buddy >= s.top || s.at(buddy).block != uint8(kind+1) {
			break
		}
		s.unlink(buddy, kind)
		el = min(el, buddy)
		kind++
	}
	s.link(el, kind)
}

// grow adds room for an extent of the given kind at the top.
func (s *space) grow(kind int) bool {
	size := max(Element(extentMin)<<kind, chunkSize)
	if s.top >= elementLimit {
		return false
	}
	// Blocks are aligned to their size: what is skipped becomes smaller blocks.
	for s.top%size != 0 {
		s.add(chunkSize)
	}
	s.add(size)
	return true
}

// add makes the next n elements, a power of two to which top is aligned, one free block.
func (s *space) add(n Element) {
	el := s.top
	for range n / chunkSize {
		s.chunks = append(s.chunks, new([chunkSize]session))
	}
	s.top += n
	kind := 0
	for extentMin<<kind < n {
		kind++
	}
	s.give(el, kind)
}

func (s *space) link(el Element, kind int) {
	b := s.at(el)
	b.block, b.next, b.prev = uint8(kind+1), s.free[kind], noElement
	if b.next != noElement {
		s.at(b.next).prev = el
	}
	s.free[kind] = el
}

func (s *space) unlink(el Element, kind int) {
	b := s.at(el)
	if b.prev == noElement {
		s.free[kind] = b.next
	} else {
		s.at(b.prev).next = b.next
	}
	if b.next != noElement {
		s.at(b.next).prev = b.prev
	}
	b.block, b.next, b.prev = 0, 0, 0
}
