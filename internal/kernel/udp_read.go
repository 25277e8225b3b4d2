// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"holdfast/internal/packet"
)

const (
	// slotSize takes the largest UDP payload and the largest GRO train.
	slotSize = 1 << 16
	// slotStride keeps the beginnings of neighbouring slots out of the same
	// cache set, where a power of two would put them all.
	slotStride = slotSize + 1664
	// ageMax bounds the age a kernel timestamp may give a datagram. More than
	// that is a step of the wall clock, not a queue.
	ageMax = 30 * time.Second
)

// udpReader receives messages into slots of its own and hands the datagrams in
// them out. Slots are used again by the next system call only, which happens
// when everything has been handed out.
type udpReader struct {
	s       *UDPSocket
	headers []mmsghdr
	names   []sockaddr
	iovecs  []unix.Iovec
	control []control
	arena   []byte

	got  int // messages of the last system call
	next int // the first of them that is not handed out whole

	// The message headers[next] as far as it is parsed: rest is what is left of it.
	open    bool
	rest    []byte
	segment int
	peer    netip.AddrPort
	local   netip.AddrPort
	at      time.Time
	device  uint32

	now   time.Time     // when the last system call returned
	wall  time.Duration // now on CLOCK_REALTIME
	errno syscall.Errno // of the last system call
	recv  func(fd uintptr) bool
}

func (r *udpReader) init(s *UDPSocket) {
	n := s.opt.Messages
	r.s = s
	r.headers, r.names = make([]mmsghdr, n), make([]sockaddr, n)
	r.iovecs, r.control = make([]unix.Iovec, n), make([]control, n)
	r.arena = make([]byte, n*slotStride)
	for i := range r.headers {
		r.iovecs[i].Base = &r.arena[i*slotStride]
		r.iovecs[i].SetLen(slotSize)
		h := &r.headers[i].hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		h.Iov = &r.iovecs[i]
		h.SetIovlen(1)
		r.rearm(i)
	}
	r.recv = r.receive // one closure for the life of the socket
}

// rearm gives the kernel back the lengths it has overwritten.
func (r *udpReader) rearm(i int) {
	h := &r.headers[i].hdr
	h.Namelen = sockaddrSize6
	h.Control = (*byte)(unsafe.Pointer(&r.control[i]))
	h.SetControllen(controlSize)
	h.Flags = 0
}

// receive is called by the runtime's poller; false means: wait and call again.
func (r *udpReader) receive(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.headers[0])), uintptr(len(r.headers)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		r.got, r.errno = int(n), errno
		if errno != 0 {
			r.got = 0
		}
		return true
	}
}

// fill waits for messages.
func (r *udpReader) fill() error {
	for i := range r.got {
		r.rearm(i)
	}
	r.got, r.next, r.open = 0, 0, false
	if err := r.s.raw.Read(r.recv); err != nil {
		if errors.Is(err, net.ErrClosed) {
			return net.ErrClosed
		}
		return err
	}
	r.now = time.Now()
	r.wall = time.Duration(r.now.UnixNano())
	if r.errno != 0 {
		return nil // a pending error of an earlier send, ECONNREFUSED for one; it is read now and gone
	}
	r.s.count.reads.Add(1)
	r.s.count.messages.Add(uint64(r.got))
	return nil
}

// start parses the message headers[next].
func (r *udpReader) start() {
	i := r.next
	h := &r.headers[i]
	a := r.control[i].parse(int(h.hdr.Controllen))
	r.open = true
	r.rest = r.arena[i*slotStride:][:h.len]
	r.segment = int(h.len)
	if a.segment > 0 && a.segment < r.segment {
		r.segment = a.segment
	}
	r.peer = r.names[i].get()
	r.local = r.s.local
	if a.local.IsValid() && r.s.opt.PacketInfo {
		r.local = netip.AddrPortFrom(a.local, r.s.local.Port())
	}
	r.at, r.device = r.now, a.device
	// The stamp is of the wall clock, which may be set. Only its distance to
	// the present counts; from the future or the remote past it says nothing.
	if age := r.wall - a.stamp; a.stamp != 0 && age > 0 && age < ageMax {
		r.at = r.now.Add(-age)
	}
}

// split hands out datagrams until d is full or the messages are used up.
func (r *udpReader) split(d []packet.Datagram) (n int) {
	for n < len(d) && r.next < r.got {
		if !r.open {
			if r.headers[r.next].hdr.Flags&unix.MSG_TRUNC != 0 {
				r.s.count.truncated.Add(1)
				r.next++
				continue
			}
			r.start()
		}
		size := min(r.segment, len(r.rest))
		d[n] = packet.Datagram{Data: r.rest[:size:size], Peer: r.peer, Local: r.local, At: r.at, Device: r.device}
		n++
		if r.rest = r.rest[size:]; len(r.rest) == 0 {
			r.next++
			r.open = false
		}
	}
	return n
}

// ReadBatch waits until there is at least one datagram and fills
// b.Datagrams[:n]; the length of b.Datagrams, at least 1, bounds n and is not
// changed. The Data slices point into the socket's own buffers and are valid
// until the next ReadBatch on this socket, which b need not provide for. A
// train that the kernel has aggregated comes as its single datagrams; what does
// not fit into b comes with the next call.
//
// The error is net.ErrClosed after Close, or os.ErrDeadlineExceeded; both wrap.
func (s *UDPSocket) ReadBatch(b *packet.Batch) (n int, err error) {
	r := &s.read
	for n == 0 {
		if r.next >= r.got {
			if err := r.fill(); err != nil {
				return 0, err
			}
		}
		n = r.split(b.Datagrams)
	}
	s.count.received.Add(uint64(n))
	return n, nil
}
