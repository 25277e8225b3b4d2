// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2): a message header and, after the
// call, the octets received or sent. x/sys has no type for it.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// sockaddr holds an IPv4 or an IPv6 socket address; the larger of the two is IPv6's.
type sockaddr struct{ raw unix.RawSockaddrInet6 }

const (
	sockaddrSize4 = unix.SizeofSockaddrInet4
	sockaddrSize6 = unix.SizeofSockaddrInet6
)

// put writes a into s and returns its length; scope is for link-local IPv6 addresses.
func (s *sockaddr) put(a netip.AddrPort, is4 bool, scope uint32) uint32 {
	if is4 {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
		in.Family = unix.AF_INET
		putPort(&in.Port, a.Port())
		in.Addr = a.Addr().As4()
		return sockaddrSize4
	}
	s.raw = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: a.Addr().As16()}
	putPort(&s.raw.Port, a.Port())
	if a.Addr().IsLinkLocalUnicast() {
		s.raw.Scope_id = scope
	}
	return sockaddrSize6
}

// get reads what the kernel wrote; the zero AddrPort if it wrote neither family.
func (s *sockaddr) get() netip.AddrPort {
	switch s.raw.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.raw))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), getPort(&in.Port))
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(s.raw.Addr).Unmap(), getPort(&s.raw.Port))
	}
	return netip.AddrPort{}
}

// Ports are in network order in a field of host order.
func putPort(field *uint16, port uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(field))[:], port)
}

func getPort(field *uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(field))[:])
}

// controlSize has room for all ancillary data a socket can ask for: a
// timestamp (32 octets), a segment size (24) and packet information (40).
const controlSize = 128

// control is a buffer for ancillary data, aligned as struct cmsghdr wants it.
type control struct{ words [controlSize / 8]uint64 }

func (c *control) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&c.words)), controlSize) }

// ancillary is what the kernel says beside a received message.
type ancillary struct {
	stamp   time.Duration // since 1970 on CLOCK_REALTIME; 0: not said
	segment int           // length of all but the last datagram of a train; 0: no train
	local   netip.Addr    // destination address; invalid: not said
	device  uint32        // index of the device at which it came in; 0: not said
}

// parse reads the first n octets.
func (c *control) parse(n int) (a ancillary) {
	b := c.bytes()[:min(n, controlSize)]
	for len(b) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
		size := int(h.Len)
		if size < unix.SizeofCmsghdr || size > len(b) {
			return a
		}
		data := b[unix.CmsgLen(0):size]
		switch {
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
			ts := (*unix.Timespec)(unsafe.Pointer(&data[0]))
			a.stamp = time.Duration(ts.Nano())
		case h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && len(data) >= 4:
			a.segment = int(binary.NativeEndian.Uint32(data))
		case h.Level == unix.SOL_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0]))
			a.local, a.device = netip.AddrFrom4(info.Addr), uint32(info.Ifindex)
		case h.Level == unix.SOL_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0]))
			a.local, a.device = netip.AddrFrom16(info.Addr).Unmap(), info.Ifindex
		}
		b = b[min(len(b), unix.CmsgSpace(size-unix.CmsgLen(0))):]
	}
	return a
}

// putSegment appends UDP_SEGMENT to the first n octets and returns their new number.
func (c *control) putSegment(n, segment int) int {
	b := c.header(n, unix.SOL_UDP, unix.UDP_SEGMENT, 2)
	binary.NativeEndian.PutUint16(b, uint16(segment))
	return n + unix.CmsgSpace(2)
}

// putLocal appends the source address to send from.
func (c *control) putLocal(n int, local netip.Addr) int {
	if local.Is4() {
		b := c.header(n, unix.SOL_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)
		*(*unix.Inet4Pktinfo)(unsafe.Pointer(&b[0])) = unix.Inet4Pktinfo{Spec_dst: local.As4()}
		return n + unix.CmsgSpace(unix.SizeofInet4Pktinfo)
	}
	b := c.header(n, unix.SOL_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo)
	*(*unix.Inet6Pktinfo)(unsafe.Pointer(&b[0])) = unix.Inet6Pktinfo{Addr: local.As16()}
	return n + unix.CmsgSpace(unix.SizeofInet6Pktinfo)
}

func (c *control) header(n, level, kind, size int) []byte {
	b := c.bytes()[n:]
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = int32(level), int32(kind)
	h.SetLen(unix.CmsgLen(size))
	return b[unix.CmsgLen(0):unix.CmsgSpace(size)]
}
