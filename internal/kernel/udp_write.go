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
	recentMax  = 8     // peers that are looked for when datagrams are put in order of peer

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

	groups [writeMax]group
	follow [writeMax]int16 // follow[i] is the next datagram to the same peer; -1: none
	errno  syscall.Errno   // why message next was not taken; 0: it has not been tried
	send   func(fd uintptr)
}

// group is the chain of one batch's datagrams to one peer, in their order.
type group struct {
	peer        netip.AddrPort
	local       netip.Addr // only when the socket tells the kernel its source address
	first, last int16
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

// WriteBatch sends d, each datagram to its Peer. Datagrams to one peer leave in
// their order; between peers the order may change, so that equal-sized ones to
// one peer leave in one UDP_SEGMENT send, the last of which may be shorter. n
// is how many the kernel took: what it refuses (no route, too big) and what
// finds the send buffer full for longer than a few milliseconds is counted and
// dropped, as a router would. The error is net.ErrClosed.
func (w *UDPWriter) WriteBatch(d []packet.Datagram) (n int, err error) {
	for len(d) > 0 {
		part := d[:min(len(d), writeMax)]
		d = d[len(part):]
		w.group(part)
		sent, err := w.flush()
		n += sent
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// group plans the messages of one part.
func (w *UDPWriter) group(d []packet.Datagram) {
	w.messages, w.next, w.vectors = 0, 0, 0
	groups := 0
next:
	for i := range d {
		p := &d[i]
		if peer := p.Peer.Addr(); !peer.IsValid() || peer.Is4() != w.is4 {
			w.s.count.refused.Add(1)
			continue
		}
		local := netip.Addr{}
		if w.s.opt.PacketInfo {
			local = p.Local.Addr()
		}
		w.follow[i] = -1
		// Only the newest groups are looked at: an older one of the same peer
		// never grows again, so the peer's order holds.
		for g := groups - 1; g >= max(0, groups-recentMax); g-- {
			if w.groups[g].peer == p.Peer && w.groups[g].local == local {
				w.follow[w.groups[g].last] = int16(i)
				w.groups[g].last = int16(i)
				continue next
			}
		}
		w.groups[groups] = group{peer: p.Peer, local: local, first: int16(i), last: int16(i)}
		groups++
	}
	for g := range groups {
		w.plan(d, &w.groups[g])
	}
}

// plan cuts one chain into messages.
func (w *UDPWriter) plan(d []packet.Datagram, g *group) {
	for i := g.first; i >= 0; {
		size := len(d[i].Data)
		first, total, count := w.vectors, 0, 0
		for more := true; more && i >= 0; i = w.follow[i] {
			b := d[i].Data
			if count > 0 && (len(b) > size || len(b) == 0 || total+len(b) > trainBytes) {
				break
			}
			w.vector(b)
			total += len(b)
			count++
			// A shorter one ends a train; a long one travels alone.
			more = len(b) == size && size > 0 && size <= w.segmentMax && count < trainMax && !w.noTrains
		}
		w.message(g, first, count, size)
	}
}

func (w *UDPWriter) vector(b []byte) {
	v := &w.iovecs[w.vectors]
	v.Base = unsafe.SliceData(b)
	v.SetLen(len(b))
	w.vectors++
}

// message adds one message of count datagrams whose vectors begin at first.
func (w *UDPWriter) message(g *group, first, count, size int) {
	m := w.messages
	h := &w.headers[m].hdr
	h.Namelen = w.names[m].put(g.peer, w.is4, w.s.zone)
	h.Iov = &w.iovecs[first]
	h.SetIovlen(count)
	controls := 0
	if g.local.IsValid() && g.local.Is4() == w.is4 {
		controls = w.control[m].putLocal(controls, g.local)
	}
	if count > 1 {
		controls = w.control[m].putSegment(controls, size)
	}
	h.Control = nil
	if controls > 0 {
		h.Control = (*byte)(unsafe.Pointer(&w.control[m]))
	}
	h.SetControllen(controls)
	w.counts[m] = count
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
