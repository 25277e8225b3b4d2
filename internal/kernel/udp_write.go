// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"holdfast/internal/packet"
)

const (
	writeMax   = 256   // datagrams planned at a time
	trainMax   = 64    // datagrams in one UDP_SEGMENT send: UDP_MAX_SEGMENTS of every kernel that has it
	trainBytes = 65507 // octets in one UDP_SEGMENT send: the largest UDP payload over IPv4
	recentMax  = 32    // trains that a datagram may join: the newest
	flowSlots  = 512   // flows told apart in one plan

	// sendPatience is how long a writer waits for room in the send buffer. A
	// shard writes between two inputs, so it must be short.
	sendPatience = 5 * time.Millisecond
)

// UDPWriter sends batches through a UDPSocket. It owns the headers of one
// batch, so that one goroutine at a time may use it.
type UDPWriter struct {
	s          *UDPSocket
	is4        bool
	noTrains   bool // the kernel cannot segment for this socket's path
	segmentMax int  // longest datagram that goes into a train: what the smallest MTU met so far lets through

	headers  [writeMax]mmsghdr
	names    [writeMax]sockaddr
	control  [writeMax]control
	iovecs   [writeMax]unix.Iovec
	counts   [writeMax]int // datagrams in message i
	messages int           // planned
	next     int           // the first message that is not sent
	vectors  int           // iovecs in use

	trains [writeMax]train
	follow [writeMax]int16 // follow[i] is the datagram after i in its train; -1: none
	flows  [flowSlots]flowSlot
	plans  uint32        // plans made, to tell which slots are of this one
	errno  syscall.Errno // why message next was not taken; 0: it has not been tried
	send   func(fd uintptr)
}

// train is a chain of equal-sized datagrams to one peer; only the last may be
// shorter. Most trains are one datagram long.
type train struct {
	peer         netip.AddrPort
	local        netip.Addr // only when the socket tells the kernel its source address
	size         int        // of its datagrams
	bytes, count int
	first, last  int16  // datagrams
	flow         uint16 // of the last datagram
	closed       bool   // nothing may follow
}

// flowSlot is where a flow's latest datagram went.
type flowSlot struct {
	plan  uint32 // of which plan that holds; another: nowhere yet
	train int16
}

// Writer is a further writer for this socket, for another goroutine.
func (s *UDPSocket) Writer() *UDPWriter {
	w := new(UDPWriter)
	w.init(s)
	return w
}

func (w *UDPWriter) init(s *UDPSocket) {
	w.s, w.is4, w.segmentMax = s, s.local.Addr().Is4(), trainBytes
	for i := range w.headers {
		h := &w.headers[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&w.names[i]))
	}
	w.send = w.sendPlanned // one closure for the life of the writer
}

// WriteBatch sends d, each datagram to its Peer. Datagrams of one flow leave in
// their order (see UDPOptions.Flow). Others may overtake each other, so that
// equal-sized ones to one peer leave in one UDP_SEGMENT send, the last of which
// may be shorter. n is how many the kernel took: what it refuses (no route, too
// big) and what finds the send buffer full for longer than a few milliseconds
// is counted and dropped, as a router would. The error is net.ErrClosed.
func (w *UDPWriter) WriteBatch(d []packet.Datagram) (n int, err error) {
	for len(d) > 0 {
		part := d[:min(len(d), writeMax)]
		d = d[len(part):]
		w.plan(part)
		sent, err := w.flush()
		n += sent
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// plan puts datagrams into trains, and makes a message of each.
func (w *UDPWriter) plan(d []packet.Datagram) {
	w.messages, w.next, w.vectors = 0, 0, 0
	w.plans++
	trains := 0
	for i := range d {
		p := &d[i]
		if peer := p.Peer.Addr(); !peer.IsValid() || peer.Is4() != w.is4 {
			w.s.count.refused.Add(1)
			continue
		}
		var local netip.Addr
		if w.s.opt.PacketInfo {
			local = p.Local.Addr()
		}
		flow := w.flow(p)
		t := w.join(p, local, flow, trains)
		w.follow[i] = -1
		if t < 0 {
			t = trains
			trains++
			w.trains[t] = train{peer: p.Peer, local: local, size: len(p.Data), first: int16(i)}
		} else {
			w.follow[w.trains[t].last] = int16(i)
		}
		w.trains[t].append(int16(i), len(p.Data), flow)
		w.flows[flow] = flowSlot{w.plans, int16(t)}
	}
	for t := range trains {
		w.message(d, &w.trains[t])
	}
}

// flow is the slot of a datagram's flow. Two flows in one slot are taken for
// one, which only costs an opportunity.
func (w *UDPWriter) flow(p *packet.Datagram) uint16 {
	h := uint32(p.Peer.Port())
	if w.s.opt.Flow != nil {
		h = w.s.opt.Flow(p.Data)
	}
	a := p.Peer.Addr().As16()
	h ^= uint32(a[13])<<16 | uint32(a[14])<<8 | uint32(a[15])
	return uint16(h * 0x9e3779b1 >> 23)
}

// join finds the newest train that p may join; -1: none. It must not be older
// than the one with the latest datagram of p's flow, or p would overtake that.
func (w *UDPWriter) join(p *packet.Datagram, local netip.Addr, flow uint16, trains int) int {
	size := len(p.Data)
	if size == 0 || size > w.segmentMax || w.noTrains {
		return -1
	}
	latest := -1
	if slot := w.flows[flow]; slot.plan == w.plans {
		latest = int(slot.train)
	}
	for t := trains - 1; t >= max(0, latest, trains-recentMax); t-- {
		n := &w.trains[t]
		if n.closed || size > n.size || n.peer != p.Peer || n.local != local || n.bytes+size > trainBytes {
			continue
		}
		// A shorter one ends the train. That is right for the tail of a burst of
		// one flow, and a pity for a train of answers to many.
		if size == n.size || t == latest && n.flow == flow && n.count > 1 {
			return t
		}
	}
	return -1
}

// append adds datagram i to the train.
func (n *train) append(i int16, size int, flow uint16) {
	n.last, n.flow = i, flow
	n.bytes += size
	n.count++
	n.closed = n.count == trainMax || size < n.size || size == 0
}

func (w *UDPWriter) vector(b []byte) {
	v := &w.iovecs[w.vectors]
	v.Base = unsafe.SliceData(b)
	v.SetLen(len(b))
	w.vectors++
}

// message makes a message of a train.
func (w *UDPWriter) message(d []packet.Datagram, n *train) {
	m := w.messages
	h := &w.headers[m].hdr
	h.Namelen = w.names[m].put(n.peer, w.is4, w.s.zone)
	h.Iov = &w.iovecs[w.vectors]
	h.SetIovlen(n.count)
	for i := n.first; i >= 0; i = w.follow[i] {
		w.vector(d[i].Data)
	}
	controls := 0
	if n.local.IsValid() && n.local.Is4() == w.is4 {
		controls = w.control[m].putLocal(controls, n.local)
	}
	if n.count > 1 {
		controls = w.control[m].putSegment(controls, n.size)
	}
	h.Control = nil
	if controls > 0 {
		h.Control = (*byte)(unsafe.Pointer(&w.control[m]))
	}
	h.SetControllen(controls)
	w.counts[m] = n.count
	w.messages++
}

// flush sends the planned messages.
func (w *UDPWriter) flush() (sent int, err error) {
	full := false // the buffer was full and nothing has left since
	for w.next < w.messages {
		from := w.next
		w.errno = 0
		if err := w.s.raw.Control(w.send); err != nil {
			return sent, net.ErrClosed
		}
		sent += w.taken(from)
		switch {
		case w.errno == 0: // all sent
		case w.errno != unix.EAGAIN:
			sent += w.refused()
		case full && w.next == from:
			w.drop()
		default:
			full = true
			if err := w.wait(); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// drop gives up on what is not sent.
func (w *UDPWriter) drop() {
	for ; w.next < w.messages; w.next++ {
		w.s.count.dropped.Add(uint64(w.counts[w.next]))
	}
}

// taken counts what has been sent since from.
func (w *UDPWriter) taken(from int) (n int) {
	trains := 0
	for _, count := range w.counts[from:w.next] {
		n += count
		if count > 1 {
			trains++
		}
	}
	w.s.count.sent.Add(uint64(n))
	w.s.count.trains.Add(uint64(trains))
	return n
}

// sendPlanned sends from next on until all is sent or a message is not taken.
func (w *UDPWriter) sendPlanned(fd uintptr) {
	for w.next < w.messages && w.errno == 0 {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&w.headers[w.next])), uintptr(w.messages-w.next), unix.MSG_DONTWAIT, 0, 0)
		w.s.count.writes.Add(1)
		switch errno {
		case 0:
			w.next += int(n)
		case unix.EINTR:
		default:
			w.errno = errno
		}
	}
}

// wait blocks until there may be room, for no longer than sendPatience.
func (w *UDPWriter) wait() error {
	var err error
	closed := w.s.raw.Control(func(fd uintptr) {
		_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, int(sendPatience/time.Millisecond))
	})
	if closed != nil {
		return net.ErrClosed
	}
	if err == unix.EINTR {
		return nil
	}
	return err
}

// refused skips the message that the kernel refused with errno. The datagrams
// of a train are tried one by one, since a train is refused for reasons of its
// own: a segment and its headers must fit the MTU (EINVAL, EMSGSIZE) and the
// path must be able to compute checksums (EIO).
func (w *UDPWriter) refused() (sent int) {
	m := w.next
	count := w.counts[m]
	w.next++
	if count == 1 {
		w.s.count.refused.Add(1)
		return 0
	}
	h := w.headers[m] // a copy: the vectors stay where they are
	first := unsafe.Slice(h.hdr.Iov, count)
	controls := int(h.hdr.Controllen) - unix.CmsgSpace(2) // the segment size comes last
	if controls == 0 {
		h.hdr.Control = nil
	}
	h.hdr.SetControllen(controls)
	h.hdr.SetIovlen(1)
	cause := w.errno
	for i := range first {
		h.hdr.Iov = &first[i]
		var errno syscall.Errno
		err := w.s.raw.Control(func(fd uintptr) {
			_, _, errno = unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&h.hdr)), unix.MSG_DONTWAIT)
		})
		if err == nil && errno == 0 {
			sent++
		}
	}
	w.s.count.sent.Add(uint64(sent))
	w.s.count.refused.Add(uint64(count - sent))
	// Only a train whose datagrams went through singly proves that trains are
	// the trouble; a peer with an impossible address proves nothing.
	if sent > 0 {
		if cause == unix.EIO {
			w.noTrains = true
		} else if size := int(first[0].Len) - 1; size < w.segmentMax {
			w.segmentMax = size
		}
	}
	return sent
}
