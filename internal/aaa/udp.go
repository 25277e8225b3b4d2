// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"holdfast/internal/police"
	"holdfast/radius"
)

// udpBuffer is asked of the kernel for replies: a burst of them must not be lost
// while the exchanger does something else.
const udpBuffer = 1 << 20

// udpPort is one source port of ours towards one port of a server.
type udpPort struct {
	conn *net.UDPConn
	to   netip.AddrPort
}

// openUDP opens a socket on a port that the system chooses, and reads it. The
// socket is not connected: datagrams from elsewhere are to be counted.
func (x *exchanger) openUDP(key portKey, s *radius.Server) (*udpPort, error) {
	network := "udp4"
	if s.Address.Is6() {
		network = "udp6"
	}
	local := net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.Source, 0))
	conn, err := net.ListenUDP(network, local)
	if err != nil {
		return nil, err
	}
	// Less than was asked for is no reason to fail.
	_ = conn.SetReadBuffer(udpBuffer)
	port := s.Authentication
	if key.service == radius.AccountingService {
		port = s.Accounting
	}
	u := &udpPort{conn, netip.AddrPortFrom(s.Address, port)}
	x.tasks.Go(func() { x.readUDP(key, u) })
	return u, nil
}

func (u *udpPort) send(_ time.Time, _ uint8, b []byte) error {
	_, err := u.conn.WriteToUDPAddrPort(b, u.to)
	return err
}

func (u *udpPort) close() {
	// Nothing is lost with a datagram socket.
	_ = u.conn.Close()
}

// refuses asks the policers about a packet that came for a service. What is not
// from the service's server is a stranger's.
func (x *exchanger) refuses(s radius.Service, from, server netip.AddrPort) bool {
	if x.police == nil {
		return false
	}
	t := police.RADIUSAuthorization
	if s == radius.AccountingService {
		t = police.RADIUSAccounting
	}
	return x.police.ScreenRADIUS(time.Now(), t, from, from == server).Dropped()
}

// readUDP hands over what comes until the socket is closed.
func (x *exchanger) readUDP(key portKey, u *udpPort) {
	for {
		p := x.mail.buffer()
		n, from, err := u.conn.ReadFromUDPAddrPort(p.octets[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			x.stats.socketErrors.Add(1)
			x.mail.recycle(p)
			continue // an ICMP error: the machine's timers see to it
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if x.refuses(key.service, from, u.to) {
			x.mail.recycle(p)
			continue
		}
		p.key, p.n, p.from = key, n, from
		if !x.mail.deliver(p) {
			x.stats.packetsLost.Add(1)
			x.mail.recycle(p)
		}
	}
}
