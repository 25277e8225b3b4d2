// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
	"holdfast/internal/wheel"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// nullLNS says yes to everything at once: any tunnel, any call, any password,
// an address that is the same for all. It forwards nothing, limits nothing and
// stores nothing. What a run against it takes is the emulator's own time: the
// back-off of LACs and the redial delays of modems. No LNS can be faster.
func nullLNS() server {
	return server{name: "null", start: func(_ context.Context, n *network, _ string, auth ppp.AuthMethod) (instance, error) {
		if err := n.lns.Address(netip.PrefixFrom(gateway.Addr(), 32)); err != nil {
			return nil, err
		}
		socket, err := listenIn(n.lns, gateway, kernel.UDPOptions{ReceiveBuffer: nullBuffer, SendBuffer: nullBuffer})
		if err != nil {
			return nil, err
		}
		l := newNull(socket, auth)
		go l.run()
		return l, nil
	}}
}

const (
	nullBuffer = 16 << 20
	nullBatch  = 256
	nullPoll   = 20 * time.Millisecond // how long a read waits while no timer is due
)

// null is the null LNS: one goroutine that owns it all.
type null struct {
	socket  *kernel.UDPSocket
	stopped chan struct{}
	err     error // why it has stopped; read after stopped

	endpoint *l2tp.Endpoint
	config   ppp.Config
	links    []ppp.Link // by element
	timers   *wheel.Wheel
	fx       l2tp.Effects
	done     int // effects that were carried out
	ppp      ppp.Effects
	data     []byte // frames to be sent, one behind the other
	out      []packet.Datagram
}

func newNull(socket *kernel.UDPSocket, auth ppp.AuthMethod) *null {
	r := rand.New(rand.NewPCG(1, 1))
	return &null{
		socket: socket, stopped: make(chan struct{}),
		endpoint: l2tp.New(l2tp.Config{Rand: r}),
		config:   ppp.Config{Rand: r, Auth: []ppp.AuthMethod{auth}, HostName: "null", IPCP: true, EchoInterval: keepaliveSeconds * time.Second},
		timers:   wheel.New(time.Millisecond, time.Now()),
	}
}

func (l *null) pid() int { return 0 }

func (l *null) close() error {
	err := l.socket.Close()
	<-l.stopped
	return errors.Join(err, l.err)
}

func (l *null) run() {
	defer close(l.stopped)
	batch := packet.Batch{Datagrams: make([]packet.Datagram, nullBatch)}
	for {
		n, err := l.receive(&batch)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			l.err = err
			return
		}
		now := time.Now()
		for _, d := range batch.Datagrams[:n] {
			l.endpoint.Handle(now, d.Peer, gateway, d.Data, &l.fx)
			l.carryOut(now)
		}
		l.endpoint.Advance(now, &l.fx)
		l.timers.Advance(now, func(id uint32) {
			l.links[id].Advance(now, &l.ppp)
			l.linkEffects(now, l2tp.Element(id))
		})
		l.carryOut(now)
		l.endpoint.Flush(now, &l.fx)
		l.carryOut(now)
		l.flush()
	}
}

func (l *null) receive(batch *packet.Batch) (int, error) {
	if err := l.socket.SetReadDeadline(time.Now().Add(nullPoll)); err != nil {
		return 0, err
	}
	return l.socket.ReadBatch(batch)
}

// flush sends what has gathered. What the kernel does not take is lost.
func (l *null) flush() {
	_, _ = l.socket.WriteBatch(l.out)
	l.fx.Reset()
	l.out, l.data, l.done = l.out[:0], l.data[:0], 0
}

// carryOut says yes.
func (l *null) carryOut(now time.Time) {
	for ; l.done < len(l.fx.List); l.done++ {
		switch e := l.fx.List[l.done]; e.Kind {
		case l2tp.Send:
			l.out = append(l.out, packet.Datagram{Data: e.Packet, Peer: e.Peer, Local: e.Local})
		case l2tp.TunnelRequested:
			l.endpoint.AcceptTunnel(now, e.Tunnel, &l2tp.TunnelConfig{HostName: "null"}, &l.fx)
		case l2tp.CallRequested:
			l.endpoint.AcceptCall(now, e.Element, &l.fx)
		case l2tp.CallUp:
			for int(e.Element) >= len(l.links) {
				l.links = append(l.links, ppp.Link{})
			}
			l.links[e.Element].Init(&l.config, nil)
			l.links[e.Element].Open(now, &l.ppp)
			l.linkEffects(now, e.Element)
		case l2tp.Data:
			l.links[e.Element].Handle(now, e.Packet, &l.ppp)
			l.linkEffects(now, e.Element)
		case l2tp.CallDown:
			if int(e.Element) < len(l.links) {
				l.links[e.Element].Abort(now)
				l.timers.Set(uint32(e.Element), time.Time{})
			}
		}
	}
}

// linkEffects grants what a link asks for.
func (l *null) linkEffects(now time.Time, element l2tp.Element) {
	link := &l.links[element]
	for k := 0; k < len(l.ppp.List); k++ {
		switch e := l.ppp.List[k]; e.Kind {
		case ppp.SendFrame:
			peer, local, _, _, _, ok := l.endpoint.DataHeader(element)
			if !ok {
				continue // the call has ended
			}
			start := len(l.data)
			l.data = l.endpoint.AppendData(l.data, element, e.Frame)
			l.out = append(l.out, packet.Datagram{Data: l.data[start:len(l.data):len(l.data)], Peer: peer, Local: local})
		case ppp.AuthRequest:
			link.Authenticated(now, ppp.Verdict{OK: true}, &l.ppp)
			link.Grant(now, ppp.Network{LocalIPv4: ipcpPeer, PeerIPv4: netip.AddrFrom4([4]byte{100, 64, 0, 1})}, &l.ppp)
		case ppp.Down:
			l.endpoint.CloseCall(now, element, l2tp.Result{Code: 1}, nil, &l.fx)
		}
	}
	l.ppp.Reset()
	l.timers.Set(uint32(element), link.Next())
}
