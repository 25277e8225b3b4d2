// SPDX-License-Identifier: Apache-2.0

package tun_test

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// How long a row is measured, after as long a time that is not.
const rowTime = 500 * time.Millisecond

// generator sends equal datagrams to one address as fast as it can, either by
// sendmmsg or in UDP_SEGMENT trains.
type generator struct {
	plain *ipv4.PacketConn
	conn  net.PacketConn
	batch []ipv4.Message

	trains *kernel.UDPSocket
	train  []packet.Datagram
}

func newGenerator(from, to netip.AddrPort, b []byte, trains bool) (*generator, error) {
	g := &generator{}
	if trains {
		g.train = make([]packet.Datagram, 256)
		for i := range g.train {
			g.train[i] = packet.Datagram{Data: b, Peer: to}
		}
		var err error
		g.trains, err = kernel.ListenUDP(from, kernel.UDPOptions{SendBuffer: 4 << 20})
		return g, err
	}
	conn, err := net.ListenPacket("udp4", from.String())
	if err != nil {
		return nil, err
	}
	g.conn, g.plain = conn, ipv4.NewPacketConn(conn)
	g.batch = make([]ipv4.Message, 64)
	for i := range g.batch {
		g.batch[i] = ipv4.Message{Buffers: [][]byte{b}, Addr: net.UDPAddrFromAddrPort(to)}
	}
	return g, nil
}

func (g *generator) send() {
	if g.trains != nil {
		_, _ = g.trains.WriteBatch(g.train) // what does not fit is lost: that is the point
		return
	}
	_, _ = g.plain.WriteBatch(g.batch, 0)
}

func (g *generator) Close() error {
	if g.trains != nil {
		return g.trains.Close()
	}
	return g.conn.Close()
}

// rate runs load and tells how many packets a second arrive by count.
func rate(load func(), count func() uint64) float64 {
	var stop atomic.Bool
	var task sync.WaitGroup
	task.Go(func() {
		for !stop.Load() {
			load()
		}
	})
	defer task.Wait()
	defer stop.Store(true)
	<-time.After(rowTime)
	begin, from := time.Now(), count()
	<-time.After(rowTime)
	return float64(count()-from) / time.Since(begin).Seconds()
}

// bench is a world with the plain things to compare with.
type bench struct {
	*world
	b    *testing.B
	size int
	base map[string]float64 // packets a second of plain UDP and plain TUN
}

// row measures one thing, reports it, and its ratio to what is plain.
func (m *bench) row(name string, compare []string, run func() float64) {
	m.b.Run(fmt.Sprintf("%s/%d", name, m.size), func(b *testing.B) {
		var pps float64
		for range b.N {
			pps = run()
		}
		key := fmt.Sprintf("%s/%d", name, m.size)
		if len(compare) == 0 {
			m.base[key] = pps
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(pps/1e3, "kpps")
		b.ReportMetric(pps*float64(m.size)*8/1e9, "Gbit/s")
		for _, c := range compare {
			if base := m.base[fmt.Sprintf("%s/%d", c, m.size)]; base > 0 { // 0: not asked for by -bench
				b.ReportMetric(pps/base, "x-"+c)
			}
		}
	})
}

func (m *bench) must(err error) {
	if err != nil {
		m.b.Fatal(err)
	}
}

// udp is a sender and a receiver on loopback.
func (m *bench) udp(trains bool) float64 {
	var pps float64
	m.must(m.lac.Do(func() error {
		to, err := kernel.ListenUDP(netip.MustParseAddrPort("127.0.0.1:4000"), kernel.UDPOptions{GRO: true, ReceiveBuffer: 4 << 20, Messages: 64})
		if err != nil {
			return err
		}
		g, err := newGenerator(netip.MustParseAddrPort("127.0.0.2:4000"), to.LocalAddr(), make([]byte, m.size), trains)
		if err != nil {
			return err
		}
		var task sync.WaitGroup
		task.Go(func() {
			b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
			for {
				if _, err := to.ReadBatch(&b); err != nil {
					return
				}
			}
		})
		pps = rate(g.send, func() uint64 { return to.Stats().Received })
		err = to.Close()
		task.Wait()
		return joinClose(err, g)
	}))
	return pps
}

func joinClose(err error, g *generator) error {
	if e := g.Close(); err == nil {
		err = e
	}
	return err
}

// sink is somebody in the core that takes packets and does nothing with them.
func (m *bench) sink() (close func()) {
	var s *kernel.UDPSocket
	m.must(m.core.Do(func() (err error) {
		s, err = kernel.ListenUDP(netip.MustParseAddrPort("203.0.113.9:9"), kernel.UDPOptions{ReceiveBuffer: 4096})
		return err
	}))
	return func() { m.must(s.Close()) }
}

// openTUN is a device beside the plane's, with the plane's offloads.
func (m *bench) openTUN() *kernel.TUN {
	var t *kernel.TUN
	m.must(m.lns.Do(func() error {
		queues, err := kernel.OpenTUN("plain0", 1, kernel.TUNOptions{VNetHeader: true, Offload: true})
		if err != nil {
			return err
		}
		t = queues[0]
		if err := kernel.LinkUp("plain0"); err != nil {
			return err
		}
		return kernel.AddRoute(kernel.Route{Device: "plain0", Prefix: netip.MustParsePrefix("100.65.0.0/16")})
	}))
	return t
}

// tunWrite writes packets that the kernel routes to the core.
func (m *bench) tunWrite() float64 {
	defer m.sink()()
	t := m.openTUN()
	w := t.NewWriter()
	ip := forwardtest.IP{From: netip.MustParseAddr("100.65.0.1"), To: netip.MustParseAddr("203.0.113.9"), Size: m.size, DF: true}.Bytes()
	parts := [][]byte{frame.AppendVNet(nil, frame.VNet{}), ip}
	var done atomic.Uint64
	pps := rate(func() {
		if w.Write(parts) == nil {
			done.Add(1)
		}
	}, done.Load)
	m.must(t.Close())
	return pps
}

// tunRead reads packets that the kernel routes from the core, and looks at
// nothing but how many packets a super-packet is.
func (m *bench) tunRead(trains bool) float64 {
	t := m.openTUN()
	var done atomic.Uint64
	var task sync.WaitGroup
	task.Go(func() {
		b := make([]byte, 1<<17)
		for {
			n, err := t.Read(b)
			if err != nil {
				return
			}
			if v, ip, ok := frame.ParseVNet(b[:n]); ok && v.GSO == frame.GSOUDP {
				done.Add(uint64((len(ip) - 28 + int(v.GSOSize) - 1) / int(v.GSOSize)))
			} else {
				done.Add(1)
			}
		}
	})
	pps := m.fromCore(netip.MustParseAddrPort("100.65.0.1:9"), trains, done.Load)
	m.must(t.Close())
	task.Wait()
	return pps
}

// fromCore sends datagrams from the core.
func (m *bench) fromCore(to netip.AddrPort, trains bool, count func() uint64) float64 {
	var pps float64
	m.must(m.core.Do(func() error {
		g, err := newGenerator(netip.MustParseAddrPort("203.0.113.9:5001"), to, make([]byte, m.size-28), trains)
		if err != nil {
			return err
		}
		pps = rate(g.send, count)
		return g.Close()
	}))
	return pps
}

func (m *bench) counters() forward.Counters {
	var c [1]forward.Counters
	m.plane.Handle(0).Read([]uint32{m.session.Element}, c[:])
	return c[0]
}

// up sends data of the session from the LAC's address. Its socket is another
// one, so the session is moved there for the time.
func (m *bench) up(trains bool) float64 {
	defer m.sink()()
	s := m.session
	s.Peer = netip.MustParseAddrPort("192.0.2.10:1702")
	m.must(m.plane.Handle(0).Install([]forward.Session{s}))
	ip := forwardtest.IP{From: s.IPv4, To: netip.MustParseAddr("203.0.113.9"), Size: m.size, DF: true}.Bytes()
	data := forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(ip)
	var pps float64
	m.must(m.lac.Do(func() error {
		g, err := newGenerator(s.Peer, s.Local, data, trains)
		if err != nil {
			return err
		}
		pps = rate(g.send, func() uint64 { return m.counters().UpPackets })
		return g.Close()
	}))
	return pps
}

// down sends from the core to a session whose peer takes datagrams and reads
// none of them.
func (m *bench) down(trains bool) float64 {
	s := m.session
	s.Peer = netip.MustParseAddrPort("192.0.2.10:1703")
	m.must(m.plane.Handle(0).Install([]forward.Session{s}))
	var far *kernel.UDPSocket
	m.must(m.lac.Do(func() (err error) {
		far, err = kernel.ListenUDP(s.Peer, kernel.UDPOptions{ReceiveBuffer: 4096})
		return err
	}))
	pps := m.fromCore(netip.AddrPortFrom(s.IPv4, 9), trains, func() uint64 {
		return m.counters().DownPackets - m.plane.Totals().SendDropped
	})
	m.must(far.Close())
	return pps
}

// BenchmarkForward measures the whole plane in namespaces: how many packets a
// second pass it, and how that compares with what the same machine does at the
// same moment when there is only UDP on loopback, or only a TUN device. size is
// that of the inner IP packet. Rows with "train" send UDP_SEGMENT trains of
// equal packets, the others by sendmmsg. All rows have all CPUs, generator
// included.
func BenchmarkForward(b *testing.B) {
	m := &bench{world: newWorld(b, 2), b: b, base: map[string]float64{}}
	for _, m.size = range []int{64, 512, 1400} {
		m.row("udp", nil, func() float64 { return m.udp(false) })
		m.row("udp-train", nil, func() float64 { return m.udp(true) })
		m.row("tun-write", nil, m.tunWrite)
		m.row("tun-read", nil, func() float64 { return m.tunRead(false) })
		m.row("tun-read-train", nil, func() float64 { return m.tunRead(true) })
		m.row("up", []string{"udp", "tun-write"}, func() float64 { return m.up(false) })
		m.row("up-train", []string{"udp-train", "tun-write"}, func() float64 { return m.up(true) })
		m.row("down", []string{"udp", "tun-read"}, func() float64 { return m.down(false) })
		m.row("down-train", []string{"udp-train", "tun-read-train"}, func() float64 { return m.down(true) })
	}
}
