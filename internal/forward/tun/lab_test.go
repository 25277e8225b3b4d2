// SPDX-License-Identifier: Apache-2.0

package tun_test

import (
	"errors"
	"net/netip"
	"sync"
	"testing"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/forward/tun"
	"holdfast/internal/kernel"
	"holdfast/internal/netlab"
	"holdfast/internal/packet"
)

// world is a subscriber behind a LAC, an LNS that is a plane and nothing else,
// and a host in the core:
//
//	lac: sub0 100.64.0.1 --(LAC)-- 192.0.2.10 == 192.0.2.1 --(plane)-- hf0 :lns: 203.0.113.1 == 203.0.113.9 :core
type world struct {
	lac, lns, core *netlab.Namespace
	plane          *tun.Plane
	socket         *kernel.UDPSocket // of the LNS, for data
	session        forward.Session

	modem  *kernel.TUN
	far    *kernel.UDPSocket // of the LAC
	tasks  sync.WaitGroup
	closer sync.Once
	err    error
}

func prefixes(list ...string) (p []netip.Prefix) {
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

func newWorld(t testing.TB, queues int) *world {
	t.Helper()
	lab := newLab(t, "world")
	w := &world{
		lac: must(lab.Namespace("lac")), lns: must(lab.Namespace("lns")), core: must(lab.Namespace("core")),
		session: forward.Session{
			Key: forward.Key{TunnelID: 0x0107, SessionID: 4242}, Element: 9, PeerTunnelID: 3, PeerSessionID: 5,
			Local: netip.MustParseAddrPort("192.0.2.1:1701"), Peer: netip.MustParseAddrPort("192.0.2.10:1701"),
			IPv4: netip.MustParseAddr("100.64.0.1"), IPv6: netip.MustParsePrefix("2001:db8:100:7::/64"), MTU: 1492,
		},
	}
	err := errors.Join(
		lab.Veth(netlab.End{In: w.lac, Device: "lns0", Addresses: prefixes("192.0.2.10/24")},
			netlab.End{In: w.lns, Device: "lac0", Addresses: prefixes("192.0.2.1/24")}, queues),
		lab.Veth(netlab.End{In: w.core, Device: "lns0", Addresses: prefixes("203.0.113.9/24", "2001:db8:c::9/64")},
			netlab.End{In: w.lns, Device: "core0", Addresses: prefixes("203.0.113.1/24", "2001:db8:c::1/64")}, queues),
		w.lns.Forward(),
		w.core.Route(netip.MustParsePrefix("0.0.0.0/0"), "lns0", netip.MustParseAddr("203.0.113.1")),
		w.core.Route(netip.MustParsePrefix("::/0"), "lns0", netip.MustParseAddr("2001:db8:c::1")),
		w.lns.Do(func() error { return w.openPlane(queues) }),
		w.lac.Do(w.openLAC),
	)
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	w.tasks.Go(w.modemUp)
	w.tasks.Go(w.modemDown)
	if err := w.plane.Handle(0).Install([]forward.Session{w.session}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) openPlane(queues int) (err error) {
	w.socket, err = kernel.ListenUDP(w.session.Local, kernel.UDPOptions{GRO: true, ReceiveBuffer: 4 << 20, SendBuffer: 4 << 20, DontFragment: true})
	if err != nil {
		return err
	}
	r := &forwardtest.Recorder{}
	w.plane, err = tun.New(tun.Options{
		Shards: 1, ShardOf: func(uint16) int { return 0 }, Queues: queues, Punt: r.Punt, Sequenced: r.Sequenced,
		Sockets: []tun.Socket{tun.UDP(w.socket)},
	})
	if err != nil {
		return err
	}
	i := forwardtest.Instance()
	i.Addresses = append(i.Addresses, netip.MustParsePrefix("2001:db8:100::1/128"))
	return w.plane.Instance(i)
}

func (w *world) openLAC() (err error) {
	queues, err := kernel.OpenTUN("sub0", 1, kernel.TUNOptions{})
	if err != nil {
		return err
	}
	w.modem = queues[0]
	if w.far, err = kernel.ListenUDP(w.session.Peer, kernel.UDPOptions{ReceiveBuffer: 8 << 20}); err != nil {
		return err
	}
	err = errors.Join(kernel.DisableIPv6Autoconf("sub0"), kernel.SetMTU("sub0", 1492), kernel.LinkUp("sub0"))
	for _, a := range prefixes("100.64.0.1/32", "2001:db8:100:7::42/128") {
		err = errors.Join(err, kernel.AddAddress("sub0", a))
	}
	for _, p := range prefixes("203.0.113.0/24", "198.51.100.0/24", "2001:db8:c::/64", "2001:db8:100::1/128") {
		err = errors.Join(err, kernel.AddRoute(kernel.Route{Device: "sub0", Prefix: p}))
	}
	return err
}

// modemUp wraps what the subscriber sends.
func (w *world) modemUp() {
	e := frame.Encapsulation{TunnelID: w.session.TunnelID, SessionID: w.session.SessionID}
	b, out := make([]byte, 1<<16), make([]byte, 0, 1<<16)
	send := make([]packet.Datagram, 1)
	for {
		n, err := w.modem.Read(b)
		if err != nil {
			return
		}
		out = append(frame.AppendHeader(out[:0], e, frame.IsIPv6(b)), b[:n]...)
		send[0] = packet.Datagram{Data: out, Peer: w.session.Local}
		if _, err := w.far.WriteBatch(send); err != nil {
			return
		}
	}
}

// modemDown unwraps what the subscriber gets.
func (w *world) modemDown() {
	writer := w.modem.NewWriter()
	b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
	for {
		n, err := w.far.ReadBatch(&b)
		if err != nil {
			return
		}
		for _, d := range b.Datagrams[:n] {
			if _, payload, ok := frame.ParseHeader(d.Data); ok {
				if _, ip, ok := frame.ParsePPP(payload); ok && writer.Write([][]byte{ip}) != nil {
					return
				}
			}
		}
	}
}

// close ends everything once, and waits for it.
func (w *world) close() error {
	w.closer.Do(func() {
		if w.plane != nil {
			w.err = w.plane.Close()
		}
		if w.modem != nil {
			w.err = errors.Join(w.err, w.modem.Close())
		}
		if w.far != nil {
			w.err = errors.Join(w.err, w.far.Close())
		}
		w.tasks.Wait()
	})
	return w.err
}
