// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inbox is a queue in memory that knows when its reader has nothing to do.
type inbox[T any] struct {
	mu     sync.Mutex
	change sync.Cond
	list   []T
	idle   bool // the reader waits
	closed bool
}

func newInbox[T any]() *inbox[T] {
	b := &inbox[T]{}
	b.change.L = &b.mu
	return b
}

func (b *inbox[T]) put(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, v)
	b.idle = false
	b.change.Broadcast()
}

// hold adds without waking the reader: what is held comes in one batch.
func (b *inbox[T]) hold(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, v)
	b.idle = false
}

// release wakes the reader.
func (b *inbox[T]) release() { b.change.Broadcast() }

// take returns up to n; with wait, at least one.
func (b *inbox[T]) take(n int, wait bool) ([]T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for wait && len(b.list) == 0 && !b.closed {
		b.idle = true
		b.change.Broadcast()
		b.change.Wait()
	}
	if b.closed {
		return nil, net.ErrClosed
	}
	n = min(n, len(b.list))
	out := slices.Clone(b.list[:n])
	b.list = b.list[n:]
	return out, nil
}

// settle waits until everything was taken and handled.
func (b *inbox[T]) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.closed && !(b.idle && len(b.list) == 0) {
		b.change.Wait()
	}
}

func (b *inbox[T]) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("closed twice")
	}
	b.closed = true
	b.change.Broadcast()
	return nil
}

// twinSocket is a Socket in memory.
type twinSocket struct {
	local netip.AddrPort
	in    *inbox[packet.Datagram]
	mu    sync.Mutex
	sent  []packet.Datagram
	full  bool // takes nothing
	most  int  // path MTU; 0: unknown
}

// twinProbe is a twinSocket's answer about paths.
type twinProbe twinSocket

func (p *twinProbe) Close() error { return nil }

func (p *twinProbe) MTU(netip.AddrPort) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.most == 0 {
		return 0, errors.New("no route")
	}
	return p.most, nil
}

func newTwinSocket(local netip.AddrPort) *twinSocket {
	return &twinSocket{local: local, in: newInbox[packet.Datagram]()}
}

func (s *twinSocket) LocalAddr() netip.AddrPort { return s.local }
func (s *twinSocket) NewWriter() Writer         { return s }
func (s *twinSocket) NewProbe() (Probe, error)  { return (*twinProbe)(s), nil }
func (s *twinSocket) Close() error              { return s.in.close() }

func (s *twinSocket) ReadBatch(b *packet.Batch) (int, error) {
	list, err := s.in.take(len(b.Datagrams), true)
	return copy(b.Datagrams, list), err
}

func (s *twinSocket) WriteBatch(d []packet.Datagram) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return 0, nil
	}
	for _, d := range d {
		d.Data = slices.Clone(d.Data)
		s.sent = append(s.sent, d)
	}
	return len(d), nil
}

func (s *twinSocket) taken() []packet.Datagram {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.sent
	s.sent = nil
	return out
}

// twinDevice is one queue of a device in memory.
type twinDevice struct {
	in      *inbox[[]byte]
	mu      sync.Mutex
	written [][]byte
	supers  int  // super-packets among what was written
	broken  bool // takes nothing
	noUDP   bool // takes no UDP super-packets
}

func (d *twinDevice) writer() deviceWriter { return d }
func (d *twinDevice) Close() error         { return d.in.close() }

func (d *twinDevice) Read(b []byte) (int, error)    { return d.read(b, true) }
func (d *twinDevice) TryRead(b []byte) (int, error) { return d.read(b, false) }

func (d *twinDevice) read(b []byte, wait bool) (int, error) {
	list, err := d.in.take(1, wait)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return copy(b, list[0]), nil
}

// Write takes a super-packet apart, as the kernel will.
func (d *twinDevice) Write(vectors [][]byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ip, ok := frame.ParseVNet(slices.Concat(vectors...))
	switch {
	case d.broken:
		return errors.New("broken")
	case !ok:
		return errors.New("no virtio header")
	case v == (frame.VNet{}):
		d.written = append(d.written, ip)
		return nil
	case d.noUDP && v.GSO == frame.GSOUDP:
		return errors.New("an old kernel")
	}
	cut, ok := frame.NewSegments(ip, v)
	if _, sound := frame.Trim(ip); !ok || !sound {
		return errors.New("no super-packet")
	}
	d.supers++
	for {
		p, ok := cut.Append(nil)
		if !ok {
			return nil
		}
		d.written = append(d.written, p)
	}
}

func (d *twinDevice) taken() [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.written
	d.written = nil
	return out
}

// super gives the queue a packet as the kernel would.
func (d *twinDevice) super(v frame.VNet, ip []byte) {
	d.in.put(append(frame.AppendVNet(nil, v), ip...))
}

// twin is a plane between twins.
type twin struct {
	*Plane
	socket *twinSocket
	device *twinDevice
	clock  *atomic.Int64
	routes *twinRoutes
	forwardtest.Harness
}

func newTwin(t testing.TB, edit func(*Options)) *twin {
	t.Helper()
	r := &forwardtest.Recorder{}
	w := &twin{
		socket: newTwinSocket(netip.MustParseAddrPort("192.0.2.1:1701")),
		device: &twinDevice{in: newInbox[[]byte]()},
		clock:  &atomic.Int64{},
		routes: newTwinRoutes(),
	}
	o := Options{
		Shards: forwardtest.Shards, ShardOf: forwardtest.ShardOf, Punt: r.Punt, Sequenced: r.Sequenced,
		Sockets: []Socket{w.socket}, ElementMax: 4096,
		open:       func(string, int) ([]device, error) { return []device{w.device}, nil },
		openRoutes: func(string, int) (routeTable, error) { return w.routes, nil },
		clock:      func() time.Duration { return time.Duration(w.clock.Load()) },
	}
	if edit != nil {
		edit(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.Instance(forwardtest.Instance()); err != nil {
		t.Fatal(err)
	}
	w.Plane = p
	w.Harness = forwardtest.Harness{
		Plane: p, Recorder: r, Local: w.socket.local,
		Peer: netip.MustParseAddrPort("192.0.2.10:1701"), Stranger: netip.MustParseAddrPort("192.0.2.10:1702"),
		Up: func(from netip.AddrPort, b []byte) {
			w.socket.in.put(packet.Datagram{Data: slices.Clone(b), Peer: from, Local: w.socket.local})
		},
		Down:    func(ip []byte) { w.device.super(frame.VNet{}, ip) },
		Advance: func(d time.Duration) { w.clock.Add(int64(d)) },
		Settle: func() (o forwardtest.Output) {
			w.socket.in.settle()
			w.device.in.settle()
			o.Core, o.Sent = w.device.taken(), w.socket.taken()
			r.Take(&o)
			return o
		},
	}
	return w
}

// The plane between a socket and a device in memory does what every plane must.
func TestContract(t *testing.T) {
	forwardtest.Run(t, func(t *testing.T) forwardtest.Harness { return newTwin(t, nil).Harness })
}
