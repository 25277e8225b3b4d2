// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"net/netip"
	"sync/atomic"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// Socket is a data socket of a local gateway: kernel.UDPSocket by way of UDP.
type Socket interface {
	LocalAddr() netip.AddrPort
	// ReadBatch waits for datagrams and fills b.Datagrams[:n]. They stay as
	// they are until the next call. An error ends the reader.
	ReadBatch(b *packet.Batch) (n int, err error)
	NewWriter() Writer
	NewProbe() (Probe, error) // for paths from this address
	Close() error             // wakes ReadBatch
}

// Probe tells path MTUs. Anyone may call it.
type Probe interface {
	MTU(peer netip.AddrPort) (int, error)
	Close() error
}

// Writer sends through a Socket for one goroutine. n is how many datagrams the
// kernel took; the others are lost.
type Writer interface {
	WriteBatch(d []packet.Datagram) (n int, err error)
}

// UDP makes a Socket of a UDP socket.
func UDP(s *kernel.UDPSocket) Socket { return udp{s} }

type udp struct{ *kernel.UDPSocket }

func (u udp) NewWriter() Writer { return u.UDPSocket.Writer() }

func (u udp) NewProbe() (Probe, error) { return kernel.OpenPathProbe(u.LocalAddr().Addr()) }

// gateway is one of our addresses and the sockets that send from it.
type gateway struct {
	number  int // of the plane's gateways, dense
	sockets atomic.Pointer[[]Socket]
	probe   atomic.Pointer[Probe] // nil: no socket yet
}

// writer makes a writer for the n-th queue; nil while there is no socket.
func (g *gateway) writer(n int) Writer {
	s := *g.sockets.Load()
	if len(s) == 0 {
		return nil
	}
	return s[n%len(s)].NewWriter()
}

// gateway finds or makes the gateway of an address. Callers hold mu.
func (p *Plane) gateway(local netip.AddrPort) *gateway {
	g := p.gateways[local]
	if g == nil {
		g = &gateway{number: len(p.gateways)}
		g.sockets.Store(new([]Socket))
		p.gateways[local] = g
	}
	return g
}
