// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// PathProbe asks the kernel for the path MTU from one of our addresses to
// others: that of the route, or less if routers have said so. It sends nothing.
type PathProbe struct {
	is4 bool
	mu  sync.Mutex
	fd  int // -1: closed
}

// OpenPathProbe opens a probe in the calling thread's namespace.
func OpenPathProbe(local netip.Addr) (*PathProbe, error) {
	p := &PathProbe{is4: local.Is4()}
	domain := unix.AF_INET6
	if p.is4 {
		domain = unix.AF_INET
	}
	var err error
	if p.fd, err = unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("kernel: path probe: %w", err)
	}
	if err := unix.Bind(p.fd, p.address(netip.AddrPortFrom(local, 0))); err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: path probe on %s: %w", local, err), unix.Close(p.fd))
	}
	return p, nil
}

func (p *PathProbe) address(a netip.AddrPort) unix.Sockaddr {
	if p.is4 {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// MTU is the largest IP packet that a path takes unfragmented, as far as the
// kernel knows. Anyone may call it.
func (p *PathProbe) MTU(peer netip.AddrPort) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fd < 0 {
		return 0, os.ErrClosed
	}
	if peer.Addr().Is4() != p.is4 {
		return 0, fmt.Errorf("kernel: path to %s: %w", peer, unix.EAFNOSUPPORT)
	}
	// To connect again is to forget the last peer; datagrams come from nobody.
	if err := unix.Connect(p.fd, p.address(peer)); err != nil {
		return 0, fmt.Errorf("kernel: path to %s: %w", peer, err)
	}
	level, option := unix.SOL_IPV6, unix.IPV6_MTU
	if p.is4 {
		level, option = unix.SOL_IP, unix.IP_MTU
	}
	mtu, err := unix.GetsockoptInt(p.fd, level, option)
	if err != nil {
		return 0, fmt.Errorf("kernel: path MTU to %s: %w", peer, err)
	}
	return mtu, nil
}

// Close ends the probe; a second time is no error.
func (p *PathProbe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fd < 0 {
		return nil
	}
	fd := p.fd
	p.fd = -1
	return unix.Close(fd)
}
