// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// UDPOptions is how a UDPSocket is opened. The zero value is a plain socket.
type UDPOptions struct {
	ReusePort     bool // SO_REUSEPORT: several sockets share the address, see AttachReusePortCBPF
	ReceiveBuffer int  // octets; 0: the system's default
	SendBuffer    int  // octets; 0: the system's default
	Timestamps    bool // fill Datagram.At from the kernel's receive time
	GRO           bool // let the kernel hand over trains of datagrams; ReadBatch splits them
	PacketInfo    bool // learn and set our own address per datagram: for sockets bound to a wildcard
	Device        bool // fill Datagram.Device
	DontFragment  bool // set DF and refuse what exceeds the path MTU; false: the kernel fragments
	Messages      int  // messages per system call when reading; 0: 32

	// Flow tells datagrams apart whose order must hold: those to one peer with
	// the same result. nil: all datagrams to one peer keep their order.
	Flow func(payload []byte) uint32
}

// UDPSocket is one UDP socket that reads and writes batches of datagrams with
// one system call each. One goroutine at a time may read and one may write;
// more writers take a UDPWriter each. Everything a batch needs is allocated
// when the socket is opened.
type UDPSocket struct {
	UDPWriter // the socket's own writer

	conn  *net.UDPConn
	raw   syscall.RawConn
	local netip.AddrPort // as bound; the port is the kernel's choice if zero was asked for
	opt   UDPOptions
	zone  uint32 // scope of a link-local local address; 0: none
	read  udpReader
	drops atomic.Uint64 // the last sum of Dropped; its low half is the kernel's counter
	count udpCounters
}

// udpCounters are written once a batch, the first line by the reader and the
// others by writers, and kept in different cache lines for that.
type udpCounters struct {
	reads, messages, received, truncated   atomic.Uint64
	_                                      [64]byte
	writes, trains, sent, dropped, refused atomic.Uint64
}

// UDPStats is what a socket has done since it was opened.
type UDPStats struct {
	Reads     uint64 // system calls that returned datagrams
	Messages  uint64 // messages they returned; a GRO train is one message
	Received  uint64 // datagrams after splitting trains
	Truncated uint64 // datagrams dropped because they did not fit a message buffer
	Lost      uint64 // datagrams the kernel dropped for want of receive buffer
	Writes    uint64 // sending system calls
	Trains    uint64 // UDP_SEGMENT sends among their messages
	Sent      uint64 // datagrams the kernel took
	Dropped   uint64 // datagrams not sent because the send buffer stayed full
	Refused   uint64 // datagrams the kernel refused: no route, too big, no such address family
}

// ListenUDP opens a socket on local. The error says which call failed and wraps
// the system's error number.
func ListenUDP(local netip.AddrPort, o UDPOptions) (*UDPSocket, error) {
	if o.Messages <= 0 {
		o.Messages = 32
	}
	s := &UDPSocket{opt: o}
	network := "udp6"
	if local.Addr().Is4() {
		network = "udp4"
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = s.configure(int(fd), local.Addr().Is4()) })
		return errors.Join(err, failed)
	}}
	pc, err := lc.ListenPacket(context.Background(), network, local.String())
	if err != nil {
		return nil, fmt.Errorf("kernel: UDP socket on %v: %w", local, cause(err))
	}
	s.conn = pc.(*net.UDPConn)
	if s.raw, err = s.conn.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: UDP socket on %v: %w", local, err), s.conn.Close())
	}
	bound := s.conn.LocalAddr().(*net.UDPAddr)
	s.local = netip.AddrPortFrom(local.Addr(), uint16(bound.Port))
	if zone := local.Addr().Zone(); zone != "" {
		if itf, err := net.InterfaceByName(zone); err == nil {
			s.zone = uint32(itf.Index)
		}
	}
	s.read.init(s)
	s.UDPWriter.init(s)
	return s, nil
}

// cause strips what package net wraps around an error number: our own text says it better.
func cause(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

// configure sets every option on a socket that is not bound yet.
func (s *UDPSocket) configure(fd int, is4 bool) error {
	o := s.opt
	var err error
	set := func(on bool, name string, level, opt, value int) {
		if on && err == nil {
			err = os.NewSyscallError("setsockopt "+name, unix.SetsockoptInt(fd, level, opt, value))
		}
	}
	set(o.ReusePort, "SO_REUSEPORT", unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	set(o.Timestamps, "SO_TIMESTAMPNS", unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	set(o.GRO, "UDP_GRO", unix.SOL_UDP, unix.UDP_GRO, 1)
	set((o.PacketInfo || o.Device) && is4, "IP_PKTINFO", unix.SOL_IP, unix.IP_PKTINFO, 1)
	set((o.PacketInfo || o.Device) && !is4, "IPV6_RECVPKTINFO", unix.SOL_IPV6, unix.IPV6_RECVPKTINFO, 1)
	set(o.DontFragment && is4, "IP_MTU_DISCOVER", unix.SOL_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO)
	set(o.DontFragment && !is4, "IPV6_MTU_DISCOVER", unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO)
	set(o.DontFragment && !is4, "IPV6_DONTFRAG", unix.SOL_IPV6, unix.IPV6_DONTFRAG, 1)
	if err != nil {
		return err
	}
	if err := setBuffer(fd, o.ReceiveBuffer, unix.SO_RCVBUFFORCE, unix.SO_RCVBUF); err != nil {
		return os.NewSyscallError("setsockopt SO_RCVBUF", err)
	}
	return os.NewSyscallError("setsockopt SO_SNDBUF", setBuffer(fd, o.SendBuffer, unix.SO_SNDBUFFORCE, unix.SO_SNDBUF))
}

// setBuffer asks for a buffer beyond the system's limit, which takes
// CAP_NET_ADMIN, and is content with the limit otherwise.
func setBuffer(fd, octets, force, plain int) error {
	if octets <= 0 || unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, octets) == nil {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, plain, octets)
}

// LocalAddr is the address the socket is bound to.
func (s *UDPSocket) LocalAddr() netip.AddrPort { return s.local }

// SetReadDeadline bounds how long ReadBatch waits; a time that has passed wakes
// a reader, and the zero time lets it wait for ever.
func (s *UDPSocket) SetReadDeadline(at time.Time) error { return s.conn.SetReadDeadline(at) }

// Close wakes a reader, which gets net.ErrClosed, and gives the address back.
// Slices that ReadBatch handed out stay readable. Closing twice is no error.
func (s *UDPSocket) Close() error {
	s.Dropped()
	if err := s.conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil // a second owner, the data plane for one, has closed it before
}

// AttachReusePortCBPF gives the SO_REUSEPORT group of this socket a program
// that chooses among its sockets. The program sees the UDP payload; what it
// returns is the socket's place in the order of binding. A place that does not
// exist makes the kernel choose by hash.
func (s *UDPSocket) AttachReusePortCBPF(prog []bpf.RawInstruction) error {
	if len(prog) == 0 {
		return errors.New("kernel: empty reuseport program")
	}
	filter := make([]unix.SockFilter, len(prog))
	for i, in := range prog {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	var failed error
	err := s.raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_REUSEPORT_CBPF,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	})
	return errors.Join(err, os.NewSyscallError("setsockopt SO_ATTACH_REUSEPORT_CBPF", failed))
}

// Dropped is how many datagrams the kernel has dropped because the receive
// buffer was full. It asks the socket (SO_MEMINFO), so no packet pays for the
// count; SO_RXQ_OVFL would deliver the same counter with every datagram. After
// Close it stays at its last value.
func (s *UDPSocket) Dropped() uint64 {
	var info [unix.SK_MEMINFO_DROPS + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	var errno syscall.Errno
	err := s.raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0)
	})
	if err != nil || errno != 0 {
		return s.drops.Load()
	}
	for {
		// The kernel counts in 32 bits and wraps; the sum does not.
		last := s.drops.Load()
		sum := last + uint64(info[unix.SK_MEMINFO_DROPS]-uint32(last))
		if int32(info[unix.SK_MEMINFO_DROPS]-uint32(last)) < 0 {
			return last // another caller read the counter after we did
		}
		if s.drops.CompareAndSwap(last, sum) {
			return sum
		}
	}
}

// Stats is a copy of the socket's counters; anyone may call it.
func (s *UDPSocket) Stats() UDPStats {
	c := &s.count
	return UDPStats{
		Reads: c.reads.Load(), Messages: c.messages.Load(), Received: c.received.Load(), Truncated: c.truncated.Load(),
		Lost:   s.Dropped(),
		Writes: c.writes.Load(), Trains: c.trains.Load(), Sent: c.sent.Load(),
		Dropped: c.dropped.Load(), Refused: c.refused.Load(),
	}
}
