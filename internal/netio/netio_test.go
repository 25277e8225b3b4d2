// SPDX-License-Identifier: Apache-2.0

package netio

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
	"holdfast/internal/police"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	loopback4 = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")
)

// open opens groups on a free port for the time of the test.
func open(t testing.TB, c Config) *Sockets {
	t.Helper()
	probe, err := kernel.ListenUDP(netip.AddrPortFrom(c.Gateways[0], 0), kernel.UDPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Port = probe.LocalAddr().Port()
	probe.Close()
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// lac is a socket that sends to the groups.
func lac(t testing.TB, at netip.Addr, o kernel.UDPOptions) *kernel.UDPSocket {
	t.Helper()
	s, err := kernel.ListenUDP(netip.AddrPortFrom(at, 0), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// control makes the 12 octets of a control message's header.
func control(tunnel, session uint16) []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint16(b, 0xc802)
	binary.BigEndian.PutUint16(b[2:], 12)
	binary.BigEndian.PutUint16(b[4:], tunnel)
	binary.BigEndian.PutUint16(b[6:], session)
	return b
}

// data makes a data message with or without Length, S, O and P.
func data(flags uint16, tunnel uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, flags|2)
	if flags&0x4000 != 0 {
		b = binary.BigEndian.AppendUint16(b, 40)
	}
	b = binary.BigEndian.AppendUint16(b, tunnel)
	return append(b, make([]byte, 30)...)
}

// arrived reads a socket until n datagrams have come.
func arrived(t testing.TB, s *kernel.UDPSocket, n int) (got [][]byte) {
	t.Helper()
	s.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
	for len(got) < n {
		k, err := s.ReadBatch(&b)
		if err != nil {
			t.Fatalf("%d of %d datagrams came: %v", len(got), n, err)
		}
		for _, d := range b.Datagrams[:k] {
			got = append(got, append([]byte(nil), d.Data...))
		}
	}
	return got
}

// nothingMore checks that no datagram waits in any socket.
func nothingMore(t testing.TB, s *Sockets) {
	t.Helper()
	b := packet.Batch{Datagrams: make([]packet.Datagram, 1)}
	for _, g := range s.Groups {
		for _, list := range [][]*kernel.UDPSocket{g.Control, g.Data} {
			for i, sock := range list {
				sock.SetReadDeadline(time.Now().Add(time.Millisecond))
				if n, err := sock.ReadBatch(&b); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("socket %d of %v: %d datagrams more, %v", i, g.Local, n, err)
				}
			}
		}
	}
}

// Control goes to the shard that its tunnel id names, data to the data
// sockets, whatever form the header has, over both families.
func TestSteering(t *testing.T) {
	const shards, dataSockets = 3, 2
	for _, gateway := range []netip.Addr{loopback4, loopback6} {
		s := open(t, Config{Gateways: []netip.Addr{gateway}, Shards: shards, DataSockets: dataSockets})
		g := s.Groups[0]
		out := lac(t, gateway, kernel.UDPOptions{})
		send := func(b []byte) {
			t.Helper()
			if n, err := out.WriteBatch([]packet.Datagram{{Data: b, Peer: g.Local}}); n != 1 || err != nil {
				t.Fatalf("WriteBatch: %d, %v", n, err)
			}
		}
		var wantControl [shards]int
		var wantData [dataSockets]int
		for id := 1; id < 1<<16; id += 1021 {
			send(control(uint16(id), 0))
			wantControl[id>>8%shards]++
		}
		for flags := uint16(0); flags < 16; flags++ {
			// L, S, O, P in all combinations.
			f := flags&1<<14 | flags&2<<10 | flags&4<<7 | flags&8<<5
			for _, id := range []uint16{1, 0x100, 0x2ff, 0xffff} {
				send(data(f, id))
				wantData[int(id>>8)%dataSockets]++
			}
		}
		for i, sock := range g.Control {
			for _, b := range arrived(t, sock, wantControl[i]) {
				if id := binary.BigEndian.Uint16(b[4:]); b[0]&0x80 == 0 || int(id>>8)%shards != i {
					t.Errorf("shard %d got tunnel id %#x, first octet %#x", i, id, b[0])
				}
			}
		}
		for i, sock := range g.Data {
			for _, b := range arrived(t, sock, wantData[i]) {
				if b[0]&0x80 != 0 {
					t.Errorf("data socket %d got a control message", i)
				}
			}
		}
		nothingMore(t, s)
	}
}

// Messages with tunnel id 0 spread over all shards; none strays to the data
// sockets, where a data flood could bury it.
func TestSteeringOfTunnelIDZero(t *testing.T) {
	const shards, sent = 4, 400
	s := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: shards})
	g := s.Groups[0]
	out := lac(t, loopback4, kernel.UDPOptions{})
	for range sent {
		out.WriteBatch([]packet.Datagram{{Data: control(0, 0), Peer: g.Local}})
	}
	b := packet.Batch{Datagrams: make([]packet.Datagram, sent)}
	total := 0
	for i, sock := range g.Control {
		sock.SetReadDeadline(time.Now().Add(10 * time.Second))
		here := 0
		for more := true; more; more = sock.Stats().Received < uint64(sent) {
			n, err := sock.ReadBatch(&b)
			if err != nil {
				break
			}
			here += n
			// All were delivered before the first read, loopback being synchronous.
			sock.SetReadDeadline(time.Now().Add(time.Millisecond))
		}
		if here < sent/shards/4 {
			t.Errorf("shard %d got %d of %d", i, here, sent)
		}
		total += here
	}
	if total != sent {
		t.Errorf("%d of %d came to control sockets", total, sent)
	}
}

// Stubs that are too short for any header must not reach a shard's socket.
func TestSteeringOfStubs(t *testing.T) {
	s := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: 2})
	g := s.Groups[0]
	out := lac(t, loopback4, kernel.UDPOptions{})
	for n := range shortest {
		b := make([]byte, n)
		if n > 0 {
			b[0] = 0xc8
		}
		out.WriteBatch([]packet.Datagram{{Data: b, Peer: g.Local}})
	}
	arrived(t, g.Data[0], shortest)
	nothingMore(t, s)
}

// The kernel steers a train by its first datagram; all of it arrives somewhere,
// none is lost or cut.
func TestSteeringOfTrains(t *testing.T) {
	const each = 20
	s := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: 2})
	g := s.Groups[0]
	out := lac(t, loopback4, kernel.UDPOptions{})
	var d []packet.Datagram
	for i := range each {
		d = append(d, packet.Datagram{Data: control(uint16(i+1)<<8, 0), Peer: g.Local})
	}
	if n, err := out.WriteBatch(d); n != each || err != nil {
		t.Fatalf("WriteBatch: %d, %v", n, err)
	}
	if st := out.Stats(); st.Trains != 1 {
		t.Fatalf("not sent as a train: %+v", st)
	}
	// The first has high octet 1: shard 1 gets them all.
	for i, b := range arrived(t, g.Control[1], each) {
		if id := binary.BigEndian.Uint16(b[4:]); int(id) != (i+1)<<8 || len(b) != 12 {
			t.Errorf("datagram %d: tunnel id %#x, %d octets", i, id, len(b))
		}
	}
	nothingMore(t, s)
}

// What an operator gets wrong is said in his words.
func TestOpenErrors(t *testing.T) {
	foreign := netip.MustParseAddr("192.0.2.77")
	_, err := Open(Config{Gateways: []netip.Addr{foreign}, Shards: 1})
	wantError(t, err, syscall.EADDRNOTAVAIL, "gateway 192.0.2.77 is not an address of this host: ")

	first := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: 2})
	port := first.Groups[0].Local.Port()
	_, err = Open(Config{Gateways: []netip.Addr{loopback4}, Port: port, Shards: 2})
	wantError(t, err, syscall.EADDRINUSE, "gateway 127.0.0.1: UDP port ")

	if _, err := Open(Config{Shards: 257}); err == nil {
		t.Error("257 shards were accepted")
	}
}

func wantError(t *testing.T, err error, is error, prefix string) {
	t.Helper()
	if !errors.Is(err, is) || len(err.Error()) < len(prefix) || err.Error()[:len(prefix)] != prefix {
		t.Errorf("error %q, want %q and %v", err, prefix, is)
	}
}

// Open and Close leave no socket behind, after a failure too.
func TestOpenLeaksNothing(t *testing.T) {
	count := func() int {
		u, err := kernel.Process()
		if err != nil {
			t.Fatal(err)
		}
		return u.Descriptors
	}
	cycle := func() {
		s, err := Open(Config{Gateways: []netip.Addr{loopback4, loopback6}, Port: 51701, Shards: 2, DataSockets: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := Open(Config{Gateways: []netip.Addr{loopback4, netip.MustParseAddr("192.0.2.77")}, Port: 51701, Shards: 2}); err == nil {
			t.Error("a foreign gateway was opened")
		}
	}
	cycle() // the runtime's poller opens its own descriptors once
	before := count()
	cycle()
	if after := count(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// A reader hands over what its socket gets, and its batches come back.
func TestReader(t *testing.T) {
	s := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: 1})
	g := s.Groups[0]
	out := make(chan *packet.Batch, QueueLength)
	r := NewReader(g.Control[0], out, nil)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	peer := lac(t, loopback4, kernel.UDPOptions{})
	for i := range 100 * QueueLength {
		message := append(control(uint16(i+1), 0), make([]byte, i%7*1000)...)
		if n, err := peer.WriteBatch([]packet.Datagram{{Data: message, Peer: g.Local}}); n != 1 || err != nil {
			t.Fatalf("WriteBatch: %d, %v", n, err)
		}
		b := <-out
		if len(b.Datagrams) != 1 {
			t.Fatalf("%d datagrams in the batch", len(b.Datagrams))
		}
		d := b.Datagrams[0]
		if id := binary.BigEndian.Uint16(d.Data[4:]); int(id) != i+1 || len(d.Data) != len(message) {
			t.Fatalf("datagram %d: tunnel id %d, %d octets of %d", i, id, len(d.Data), len(message))
		}
		if d.Peer != peer.LocalAddr() || d.Local != g.Local || time.Since(d.At) > 10*time.Second {
			t.Fatalf("from %v to %v at %v", d.Peer, d.Local, d.At)
		}
		b.Release()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A shard that is behind stops its reader; the kernel's buffer overflows and
// counts, and nothing that was read is lost.
func TestReaderIsBounded(t *testing.T) {
	s := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: 1, ReceiveBuffer: 16 << 10})
	g := s.Groups[0]
	out := make(chan *packet.Batch, QueueLength)
	r := NewReader(g.Control[0], out, nil)
	done := make(chan error)
	go func() { done <- r.Run(context.Background()) }()
	peer := lac(t, loopback4, kernel.UDPOptions{})
	sent := uint64(0)
	for g.Control[0].Dropped() == 0 || r.Waits() == 0 {
		peer.WriteBatch([]packet.Datagram{{Data: control(1, 0), Peer: g.Local}})
		sent++
	}
	lost := g.Control[0].Dropped()
	for came := uint64(0); came < sent-lost; {
		b := <-out
		came += uint64(len(b.Datagrams))
		b.Release()
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Strangers stop nobody: however many there are, and though the shard gives no batch
// back, what a tunnel that stands says is read and handed over.
func TestReaderDivertsStrangers(t *testing.T) {
	s := open(t, Config{Gateways: []netip.Addr{loopback4}, Shards: 1})
	g := s.Groups[0]
	p, err := police.New(police.Options{Slots: 1, Epoch: time.Now()}, police.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	lac := lac(t, loopback4, kernel.UDPOptions{})
	p.Stand(7, lac.LocalAddr(), 0, 8)
	out, strangers := make(chan *packet.Batch, QueueLength), make(chan uint16, 1000)
	r := NewReader(g.Control[0], out, p)
	r.Divert(func(d []packet.Datagram) {
		for i := range d {
			strangers <- binary.BigEndian.Uint16(d[i].Data[4:])
		}
	})
	done := make(chan error)
	go func() { done <- r.Run(context.Background()) }()
	const each = 100
	for range QueueLength {
		for i := range each {
			lac.WriteBatch([]packet.Datagram{{Data: control(uint16(1000+i), 0), Peer: g.Local}})
		}
		lac.WriteBatch([]packet.Datagram{{Data: control(7, 0), Peer: g.Local}})
		for i := range each {
			if id := <-strangers; id != uint16(1000+i) {
				t.Fatalf("tunnel id %d, want %d: out of order, or not a stranger", id, 1000+i)
			}
		}
		if b := <-out; len(b.Datagrams) != 1 || binary.BigEndian.Uint16(b.Datagrams[0].Data[4:]) != 7 {
			t.Fatalf("%d datagrams, want the one of the tunnel", len(b.Datagrams))
		}
	}
	if r.Waits() != 0 {
		t.Errorf("waited %d times", r.Waits())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Control messages of one tunnel are one flow whatever their session, data
// messages one for each session, in every form of the header.
func TestFlow(t *testing.T) {
	same := flow(control(7, 0))
	for _, c := range []struct {
		why  string
		b    []byte
		same bool
	}{
		{"another session's control", control(7, 9), true},
		{"another tunnel's control", control(8, 0), false},
		{"data", session(data(0, 7), 2, 9), false},
	} {
		if got := flow(c.b) == same; got != c.same {
			t.Errorf("%s: one flow with the tunnel's control: %v", c.why, got)
		}
	}
	short, long := session(data(0, 7), 2, 9), session(data(0x4000, 7), 4, 9)
	if flow(short) != flow(long) {
		t.Error("the Length field changes the flow")
	}
	if flow(short) == flow(session(data(0, 7), 2, 10)) {
		t.Error("two sessions are one flow")
	}
	for n := range 8 {
		flow(long[:n]) // must not panic
		flow(control(1, 1)[:n])
	}
}

// session writes a Session ID behind a Tunnel ID.
func session(b []byte, tunnelAt int, id uint16) []byte {
	binary.BigEndian.PutUint16(b[tunnelAt+2:], id)
	return b
}

// Datagrams leave from the gateway they name, in order; one that names none is
// counted and harms no other.
func TestSender(t *testing.T) {
	s := open(t, Config{Gateways: []netip.Addr{loopback4, netip.MustParseAddr("127.0.0.2")}, Shards: 2})
	peer := lac(t, loopback4, kernel.UDPOptions{})
	n := s.Sender(1)
	var d []packet.Datagram
	for i := range 20 {
		d = append(d, packet.Datagram{Data: []byte{byte(i)}, Peer: peer.LocalAddr(), Local: s.Groups[i%2].Local})
	}
	d = append(d, packet.Datagram{Data: []byte("stray"), Peer: peer.LocalAddr(), Local: peer.LocalAddr()})
	if err := n.Send(d); err != nil {
		t.Fatal(err)
	}
	if err := n.Send(nil); err != nil {
		t.Fatal(err)
	}
	b := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
	next := map[netip.AddrPort]int{s.Groups[0].Local: 0, s.Groups[1].Local: 1}
	for came := 0; came < 20; {
		k, err := peer.ReadBatch(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range b.Datagrams[:k] {
			if int(got.Data[0]) != next[got.Peer] {
				t.Errorf("from %v: %d, want %d", got.Peer, got.Data[0], next[got.Peer])
			}
			next[got.Peer] += 2
		}
		came += k
	}
	if n.Strays() != 1 {
		t.Errorf("%d strays", n.Strays())
	}
	if err := n.Send(d[20:]); err != nil || n.Strays() != 2 {
		t.Errorf("a stray alone: %v, %d strays", err, n.Strays())
	}
	if allocs := testing.AllocsPerRun(10, func() { n.Send(d) }); allocs != 0 {
		t.Errorf("%v allocations to send over two gateways", allocs)
	}
	s.Close()
	if err := n.Send(d); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
