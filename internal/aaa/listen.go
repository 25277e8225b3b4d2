// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"holdfast/internal/lns"
	"holdfast/radius"
)

// dynamicConfig is who may send CoA and Disconnect requests, and who we are to
// them. It is not changed once it is in force.
type dynamicConfig struct {
	host      string
	names     []string     // NAS-Identifiers
	addresses []netip.Addr // NAS-IP-Addresses
	clients   map[uint16]map[netip.Addr]*dynamicClient
	opened    map[uint16][]*listener // ports that were not open before
}

// dynamicClient is one who may.
type dynamicClient struct{ signer *signer }

// datagramAddress is where a datagram came from, and to which address of ours:
// the reply must leave from there.
type datagramAddress struct {
	from netip.AddrPort
	to   netip.Addr
}

// client is who may send from an address to a port; nil: nobody.
func (c *dynamicConfig) client(port uint16, from netip.Addr) *dynamicClient {
	if c == nil {
		return nil
	}
	return c.clients[port][from]
}

// prepare makes a dynamicConfig and opens the ports that are not open yet. Servers
// over TLS are no clients: their secret is no secret.
func (d *dynamic) prepare(cfg *lns.Config, servers []*radius.Server) (*dynamicConfig, error) {
	c := &dynamicConfig{
		host: cfg.HostName, names: []string{cfg.HostName},
		clients: make(map[uint16]map[netip.Addr]*dynamicClient), opened: make(map[uint16][]*listener),
	}
	add := func(port uint16, a netip.Addr, secret string) {
		if port == 0 || secret == "" {
			return
		}
		if c.clients[port] == nil {
			c.clients[port] = make(map[netip.Addr]*dynamicClient)
		}
		c.clients[port][a.Unmap()] = &dynamicClient{newSigner(secret)}
	}
	for _, s := range servers {
		if s.TLS == nil {
			add(s.Dynamic, s.Address, s.Secret)
		}
	}
	for _, client := range cfg.Radius.Dynamic {
		add(cfg.Radius.DynamicPort, client.Address, client.Secret)
	}
	for _, g := range cfg.Groups {
		c.addresses = append(c.addresses, g.Gateway.Unmap())
	}
	for _, a := range profiles(cfg) {
		if a.Requests.NASIdentifier != "" {
			c.names = append(c.names, a.Requests.NASIdentifier)
		}
		if a.Requests.NASAddress.IsValid() {
			c.addresses = append(c.addresses, a.Requests.NASAddress.Unmap())
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for port := range c.clients {
		if len(d.listeners[port]) > 0 {
			continue
		}
		list, err := listen(port)
		if err != nil {
			c.abort()
			return nil, err
		}
		c.opened[port] = list
	}
	return c, nil
}

// apply puts a prepared configuration in force.
func (d *dynamic) apply(c *dynamicConfig) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cfg = c
	for port, list := range d.listeners {
		if c.clients[port] == nil {
			closeAll(list)
			delete(d.listeners, port)
		}
	}
	for port, list := range c.opened {
		d.listeners[port] = list
		if d.running {
			for _, l := range list {
				d.tasks.Go(func() { d.read(l) })
			}
		}
	}
	c.opened = nil
}

// abort closes what prepare has opened.
func (c *dynamicConfig) abort() {
	for _, list := range c.opened {
		closeAll(list)
	}
}

// listener is one socket of a port.
type listener struct {
	port uint16
	conn *net.UDPConn
	v4   *ipv4.PacketConn // of the one family
	v6   *ipv6.PacketConn // or of the other
}

// listen opens a port for both families. A host without IPv6 has only the one.
func listen(port uint16) ([]*listener, error) {
	l4, err := listenOn("udp4", port)
	if err != nil {
		return nil, fmt.Errorf("dynamic requests: %w", err)
	}
	l4.v4 = ipv4.NewPacketConn(l4.conn)
	if err := l4.v4.SetControlMessage(ipv4.FlagDst, true); err != nil {
		closeAll([]*listener{l4})
		return nil, fmt.Errorf("dynamic requests: %w", err)
	}
	l6, err := listenOn("udp6", port)
	if err != nil {
		return []*listener{l4}, nil
	}
	l6.v6 = ipv6.NewPacketConn(l6.conn)
	if err := l6.v6.SetControlMessage(ipv6.FlagDst, true); err != nil {
		closeAll([]*listener{l4, l6})
		return nil, fmt.Errorf("dynamic requests: %w", err)
	}
	return []*listener{l4, l6}, nil
}

func listenOn(network string, port uint16) (*listener, error) {
	pc, err := net.ListenPacket(network, ":"+strconv.Itoa(int(port)))
	if err != nil {
		return nil, err
	}
	return &listener{port: port, conn: pc.(*net.UDPConn)}, nil
}

func closeAll(list []*listener) {
	for _, l := range list {
		_ = l.conn.Close() // nothing is lost with a datagram socket
	}
}

// read takes datagrams until the socket is closed.
func (d *dynamic) read(l *listener) {
	b := make([]byte, packetMax)
	for {
		n, peer, err := l.receive(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			d.receive(l, peer, b[:n])
		}
	}
}

// receive reads one datagram.
func (l *listener) receive(b []byte) (n int, peer datagramAddress, err error) {
	var from net.Addr
	var to net.IP
	if l.v4 != nil {
		var cm *ipv4.ControlMessage
		if n, cm, from, err = l.v4.ReadFrom(b); cm != nil {
			to = cm.Dst
		}
	} else {
		var cm *ipv6.ControlMessage
		if n, cm, from, err = l.v6.ReadFrom(b); cm != nil {
			to = cm.Dst
		}
	}
	if udp, ok := from.(*net.UDPAddr); ok {
		a := udp.AddrPort()
		peer.from = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	if a, ok := netip.AddrFromSlice(to); ok {
		peer.to = a.Unmap()
	}
	return n, peer, err
}

// send sends a reply. One that is lost is asked for again.
func (l *listener) send(peer datagramAddress, b []byte) {
	to := net.UDPAddrFromAddrPort(peer.from)
	if l.v4 != nil {
		_, _ = l.v4.WriteTo(b, &ipv4.ControlMessage{Src: peer.to.AsSlice()}, to)
		return
	}
	_, _ = l.v6.WriteTo(b, &ipv6.ControlMessage{Src: peer.to.AsSlice()}, to)
}
