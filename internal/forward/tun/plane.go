// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/police"
)

// Options is what a Plane is made with.
type Options struct {
	Shards  int                       // how many shards there are
	ShardOf func(tunnelID uint16) int // the shard that owns a tunnel; below Shards

	Punt      forward.Punt      // called by readers, from several goroutines at once
	Sequenced forward.Sequenced // called by queues, from several goroutines at once

	Police *police.Police // asked about what goes to the shards; nil: all of it goes

	Sockets []Socket // as AddSocket

	Device     string // of the default routing instance ["hf0"]; others end in their id
	Queues     int    // of each device [one a CPU]
	ElementMax int    // bound on a session's Element [1<<22]
	BatchMax   int    // datagrams read at a time [64]
	ICMPRate   int    // packet-too-big errors a second, over all sessions [1000]
	TableBase  int    // routing instance N has its pools in table TableBase+N [7600]

	open  func(name string, queues int) ([]device, error) // another kind of device; for tests
	clock func() time.Duration                            // another clock; for tests

	openRoutes func(device string, table int) (routeTable, error) // another kernel; for tests
	settleMax  time.Duration                                      // how long Read waits for readers [2 ms]
	routeRetry time.Duration                                      // how long a refused route waits [10 s]
}

func (o *Options) defaults() error {
	if o.Shards <= 0 {
		return errors.New("tun: no shards")
	}
	if o.ShardOf == nil || o.Punt == nil || o.Sequenced == nil {
		return errors.New("tun: ShardOf, Punt and Sequenced must be given")
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Queues, runtime.GOMAXPROCS(0)}, {&o.ElementMax, 1 << 22}, {&o.BatchMax, 64}, {&o.ICMPRate, 1000}, {&o.TableBase, 7600}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.Device == "" {
		o.Device = "hf0"
	}
	if o.open == nil {
		o.open = openKernel
	}
	if o.openRoutes == nil {
		o.openRoutes = openKernelRoutes
	}
	if o.settleMax == 0 {
		o.settleMax = settleMax
	}
	if o.routeRetry == 0 {
		o.routeRetry = 10 * time.Second
	}
	if o.clock == nil {
		o.clock = since()
	}
	return nil
}

// Plane is a forward.Plane on TUN devices.
type Plane struct {
	opt     Options
	icmp    *bucket
	tunnels tunnels                 // read by packets, changed under mu
	slots   atomic.Pointer[[]*slot] // grows only

	removals  atomic.Uint64 // times that sessions were removed
	settled   atomic.Uint64 // of them, those that no reader has in hand any more
	unsettled atomic.Uint64 // times that a reader was not waited for to the end

	mu        sync.Mutex // everything below, and every change of a table
	closed    bool
	instances map[uint16]*instance
	gateways  map[netip.AddrPort]*gateway
	paths     map[pathKey]*path
	handles   []*handle
	sockets   []Socket

	tasks   sync.WaitGroup
	done    chan struct{} // closed: the plane is
	refused chan struct{} // a socket did not take a datagram
}

// New makes a plane. It has no device until Instance is called.
func New(o Options) (*Plane, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	p := &Plane{
		opt: o, icmp: newBucket(o.ICMPRate, max(1, o.ICMPRate/10)),
		instances: map[uint16]*instance{}, gateways: map[netip.AddrPort]*gateway{}, paths: map[pathKey]*path{},
		handles: make([]*handle, o.Shards), done: make(chan struct{}), refused: make(chan struct{}, 1),
	}
	p.slots.Store(new([]*slot))
	for i := range p.handles {
		p.handles[i] = newHandle(p, i)
	}
	p.tasks.Go(p.watchPaths)
	for _, s := range o.Sockets {
		if err := p.AddSocket(s); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// AddSocket reads a data socket from now on, and sends the data of its gateway
// through it. The plane closes it in the end. It acts in the calling thread's
// network namespace.
func (p *Plane) AddSocket(s Socket) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.Join(errClosed, s.Close())
	}
	g := p.gateway(unmap(s.LocalAddr()))
	if g.probe.Load() == nil {
		probe, err := s.NewProbe()
		if err != nil {
			return errors.Join(fmt.Errorf("tun: %w", err), s.Close())
		}
		g.probe.Store(&probe)
		p.lookSoon()
	}
	list := append(slices.Clip(*g.sockets.Load()), s)
	g.sockets.Store(&list)
	p.sockets = append(p.sockets, s)
	r := newReader(p, s)
	p.tasks.Go(r.run)
	return nil
}

var errClosed = errors.New("tun: the plane is closed")

// Handle is a shard's grip on the plane.
func (p *Plane) Handle(shard int) forward.Handle { return p.handles[shard] }

// Close ends all goroutines and removes the devices, and with them addresses
// and routes.
func (p *Plane) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	close(p.done)
	var err error
	for _, s := range p.sockets {
		err = errors.Join(err, s.Close())
	}
	for _, g := range p.gateways {
		if probe := g.probe.Load(); probe != nil {
			err = errors.Join(err, (*probe).Close())
		}
	}
	for _, i := range p.instances {
		err = errors.Join(err, i.close(&p.opt))
	}
	p.mu.Unlock()
	p.tasks.Wait()
	if err != nil {
		return fmt.Errorf("tun: close: %w", err)
	}
	return nil
}
