// SPDX-License-Identifier: Apache-2.0

package netio

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"holdfast/internal/kernel"
)

// Port is where L2TP lives: "The Initiator of an L2TP tunnel picks an available
// source UDP port (which may or may not be 1701), and sends to the desired
// destination address at port 1701." RFC 2661 §8.1.
const Port = 1701

// Config says which sockets to open.
type Config struct {
	Gateways      []netip.Addr // local addresses, each once
	Port          uint16       // 0: Port
	Shards        int          // control sockets per gateway
	DataSockets   int          // data sockets per gateway; 0: 1
	ReceiveBuffer int          // octets per socket; 0: 4 MiB
	SendBuffer    int          // octets per socket; 0: 4 MiB
}

// bufferBytes holds some 5,000 small datagrams as the kernel accounts for them:
// what a LAC with thousands of tunnels may send within a few milliseconds.
const bufferBytes = 4 << 20

// Sockets are the open groups of all gateways.
type Sockets struct {
	Groups []Group // in the order of Config.Gateways
}

// Group is the sockets of one gateway.
type Group struct {
	Local   netip.AddrPort      // the gateway's address and port
	Control []*kernel.UDPSocket // by shard
	Data    []*kernel.UDPSocket // for the data plane, which reads them; Close closes them
}

// Open opens all sockets or none.
func Open(c Config) (*Sockets, error) {
	if c.Port == 0 {
		c.Port = Port
	}
	c.DataSockets = max(1, c.DataSockets)
	if c.ReceiveBuffer == 0 {
		c.ReceiveBuffer = bufferBytes
	}
	if c.SendBuffer == 0 {
		c.SendBuffer = bufferBytes
	}
	if c.Shards < 1 || c.Shards > 256 {
		return nil, fmt.Errorf("netio: %d shards: there are 256 buckets of tunnel ids", c.Shards)
	}
	s := &Sockets{}
	for _, gateway := range c.Gateways {
		g, err := openGroup(netip.AddrPortFrom(gateway, c.Port), &c)
		if err != nil {
			return nil, errors.Join(explain(gateway, c.Port, err), s.Close())
		}
		s.Groups = append(s.Groups, g)
	}
	return s, nil
}

// explain says what an operator can do about the usual mistakes.
func explain(gateway netip.Addr, port uint16, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("gateway %v is not an address of this host: %w", gateway, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("gateway %v: UDP port %d is in use by another program: %w", gateway, port, err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("gateway %v: no permission for UDP port %d: %w", gateway, port, err)
	}
	return fmt.Errorf("gateway %v: %w", gateway, err)
}

// openGroup binds the control sockets in the order of shards, then the data
// sockets: the program's result is a place in that order.
func openGroup(local netip.AddrPort, c *Config) (g Group, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	if err := free(local); err != nil {
		return g, err
	}
	prog, err := steering(c.Shards, c.DataSockets)
	if err != nil {
		return g, err
	}
	o := kernel.UDPOptions{ReusePort: true, ReceiveBuffer: c.ReceiveBuffer, SendBuffer: c.SendBuffer, Timestamps: true, GRO: true, Device: true, Flow: flow}
	g.Local = local
	for range c.Shards {
		s, err := kernel.ListenUDP(local, o)
		if err != nil {
			return g, err
		}
		g.Control = append(g.Control, s)
		g.Local = s.LocalAddr()
		local = g.Local // the rest of the group follows where port 0 has led
	}
	o.DontFragment = true // a subscriber's packet is cut inside the tunnel, never around it
	o.Timestamps, o.Device = false, false
	for range c.DataSockets {
		s, err := kernel.ListenUDP(local, o)
		if err != nil {
			return g, err
		}
		g.Data = append(g.Data, s)
	}
	return g, g.Control[0].AttachReusePortCBPF(prog)
}

// free fails when anybody has a socket on local. Without this test a second
// daemon of the same user would join the first one's group in silence and take
// part of its datagrams away.
func free(local netip.AddrPort) error {
	s, err := kernel.ListenUDP(local, kernel.UDPOptions{Messages: 1})
	if err != nil {
		return err
	}
	return s.Close()
}

// Close closes all sockets; readers get net.ErrClosed.
func (s *Sockets) Close() error {
	var errs []error
	for i := range s.Groups {
		errs = append(errs, s.Groups[i].close())
	}
	return errors.Join(errs...)
}

// close goes backwards: the kernel fills the place of a closed socket with the
// last one, so the places of the living stay right to the end.
func (g *Group) close() error {
	var errs []error
	for _, list := range [][]*kernel.UDPSocket{g.Data, g.Control} {
		for i := len(list) - 1; i >= 0; i-- {
			errs = append(errs, list[i].Close())
		}
	}
	return errors.Join(errs...)
}
