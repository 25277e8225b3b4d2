// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// PacketSocket sees what a device receives and sends from it, beneath IP. For
// captures and tests.
type PacketSocket struct {
	file  *os.File
	conn  syscall.RawConn
	index int
	skip  int // octets in front of the IP header
}

const (
	vnetHeaderLength = 10
	packetBuffer     = 8 << 20
)

// OpenPacket opens a packet socket on a device of the calling thread's
// namespace. Link-layer headers are left out. With vnetHeader, which is for
// devices that have none, each packet that is read or written has a virtio header
// of 10 octets in front: it tells super-packets.
func OpenPacket(device string, vnetHeader bool) (*PacketSocket, error) {
	index, err := LinkIndex(device)
	if err != nil {
		return nil, err
	}
	all := htons(unix.ETH_P_ALL)
	kind := unix.SOCK_DGRAM
	if vnetHeader {
		kind = unix.SOCK_RAW // the kernel has virtio headers for these only
	}
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(all))
	if err != nil {
		return nil, fmt.Errorf("kernel: packet socket: %w", err)
	}
	if vnetHeader {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
			return nil, errors.Join(fmt.Errorf("kernel: virtio headers of a packet socket: %w", err), unix.Close(fd))
		}
	}
	// Not to lose packets while the reader is busy; best effort.
	_ = setBuffer(fd, packetBuffer, unix.SO_RCVBUFFORCE, unix.SO_RCVBUF)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: packet socket on %s: %w", device, err), unix.Close(fd))
	}
	p := &PacketSocket{file: os.NewFile(uintptr(fd), "packet:"+device), index: index}
	if vnetHeader {
		p.skip = vnetHeaderLength
	}
	if p.conn, err = p.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: packet socket on %s: %w", device, err), p.file.Close())
	}
	return p, nil
}

// Read waits for a packet that the device received; what the host sends
// through it is left out.
func (p *PacketSocket) Read(b []byte) (n int, err error) {
	readErr := p.conn.Read(func(fd uintptr) bool {
		for {
			var from unix.Sockaddr
			n, from, err = unix.Recvfrom(int(fd), b, 0)
			switch {
			case err == unix.EINTR:
			case err == unix.EAGAIN:
				return false
			case err != nil:
				return true
			default:
				if l, ok := from.(*unix.SockaddrLinklayer); ok && l.Pkttype == unix.PACKET_OUTGOING {
					continue
				}
				return true
			}
		}
	})
	return n, errors.Join(readErr, err)
}

// Write sends an IP packet through the device.
func (p *PacketSocket) Write(b []byte) error {
	protocol := uint16(unix.ETH_P_IP)
	if len(b) > p.skip && b[p.skip]>>4 == 6 {
		protocol = unix.ETH_P_IPV6
	}
	to := &unix.SockaddrLinklayer{Protocol: htons(protocol), Ifindex: p.index}
	var err error
	writeErr := p.conn.Write(func(fd uintptr) bool {
		err = unix.Sendto(int(fd), b, 0, to)
		return err != unix.EAGAIN
	})
	return errors.Join(writeErr, err)
}

// Close closes the socket and wakes its reader.
func (p *PacketSocket) Close() error { return p.file.Close() }

func htons(v uint16) uint16 { return v<<8 | v>>8 }
