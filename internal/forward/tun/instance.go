// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"holdfast/internal/forward"
	"holdfast/internal/kernel"
)

// device is one queue of a TUN device: kernel.TUN, or its twin in tests.
type device interface {
	Read(b []byte) (int, error)
	TryRead(b []byte) (int, error) // 0: nothing waits
	writer() deviceWriter
	Close() error
}

// deviceWriter writes to a queue for one goroutine: a virtio header and a
// packet, in as many parts as there are.
type deviceWriter interface {
	Write(vectors [][]byte) error
}

type kernelDevice struct{ *kernel.TUN }

func (d kernelDevice) writer() deviceWriter { return d.NewWriter() }

func openKernel(name string, queues int) ([]device, error) {
	opened, err := kernel.OpenTUN(name, queues, kernel.TUNOptions{VNetHeader: true, Offload: true})
	if err != nil {
		return nil, err
	}
	devices := make([]device, len(opened))
	for i, t := range opened {
		devices[i] = kernelDevice{t}
	}
	return devices, nil
}

// instance is a routing instance: a device and the addresses behind it.
type instance struct {
	forward.Instance                        // as it was last made
	number           int                    // of the plane's instances, dense
	device           string                 //
	table            int                    // kernel table of its pools; 0: main
	queues           []device               //
	addresses        addresses              // of its sessions; changed under Plane.mu
	router           *router                // to those of them that are in no pool
	own              atomic.Pointer[source] // what ICMP errors come from
}

// source is an instance's own addresses, as the packet path needs them.
type source struct {
	v4, v6 netip.Addr // the first of each family; invalid: none
	all    []netip.Addr
}

func newSource(addresses []netip.Prefix) *source {
	o := &source{}
	for _, p := range addresses {
		a := p.Addr()
		o.all = append(o.all, a)
		switch {
		case a.Is4() && !o.v4.IsValid():
			o.v4 = a
		case a.Is6() && !o.v6.IsValid():
			o.v6 = a
		}
	}
	return o
}

// Instance makes a routing instance ready, or makes it what is given now. It
// acts in the calling thread's network namespace.
func (p *Plane) Instance(want forward.Instance) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	i := p.instances[want.ID]
	fresh := i == nil
	if fresh {
		var err error
		if i, err = p.open(want.ID); err != nil {
			return fmt.Errorf("tun: routing instance %s: %w", want.Name, err)
		}
	}
	pools := i.Pools
	if err := i.make(want); err != nil {
		return fmt.Errorf("tun: routing instance %s: %w", want.Name, err)
	}
	if !fresh && !slices.Equal(pools, i.Pools) {
		p.repool(i, pools)
	}
	return nil
}

// repool claims routes for sessions that a pool does not cover any more, and
// gives up those that one does. It looks at all sessions; pools change at a
// commit, if ever. Callers hold mu.
func (p *Plane) repool(i *instance, last []netip.Prefix) {
	for _, h := range p.handles {
		for _, s := range h.elements {
			if s == nil || s.instance != i {
				continue
			}
			for prefix := range s.prefixes {
				switch was, is := i.wantsRoute(last, prefix), i.wantsRoute(i.Pools, prefix); {
				case is && !was:
					i.router.claim(prefix)
				case was && !is:
					i.router.release(prefix)
				}
			}
		}
	}
}

// wantsRoute tells whether a session's prefix needs a route of its own: no pool's
// leads to it. No session gets the host's default route; in a table of its own
// a routing instance may lead all to one.
func (i *instance) wantsRoute(pools []netip.Prefix, p netip.Prefix) bool {
	if p.Bits() == 0 && i.table == 0 {
		return false
	}
	for _, pool := range pools {
		if pool.Bits() <= p.Bits() && pool.Contains(p.Addr()) {
			return false
		}
	}
	return true
}

// claim gives a session its routes.
func (i *instance) claim(s *session) {
	for p := range s.prefixes {
		if i.wantsRoute(i.Pools, p) {
			i.router.claim(p)
		}
	}
}

// release takes a session's routes away.
func (i *instance) release(s *session) {
	for p := range s.prefixes {
		if i.wantsRoute(i.Pools, p) {
			i.router.release(p)
		}
	}
}

// open makes the device and starts its queues.
func (p *Plane) open(id uint16) (*instance, error) {
	i := &instance{number: len(p.instances), device: p.opt.Device}
	if id != 0 {
		i.device = strings.TrimRight(p.opt.Device, "0123456789") + strconv.Itoa(int(id))
		i.table = p.opt.TableBase + int(id)
	}
	var err error
	if i.queues, err = p.opt.open(i.device, p.opt.Queues); err != nil {
		return nil, err
	}
	routes, err := p.opt.openRoutes(i.device, i.table)
	if err != nil {
		for _, q := range i.queues {
			err = errors.Join(err, q.Close())
		}
		return nil, err
	}
	i.router = newRouter(routes, p.opt.routeRetry)
	p.tasks.Go(func() { i.router.run(p.done) })
	i.own.Store(newSource(nil))
	p.instances[id] = i
	for n, q := range i.queues {
		d := newDownlink(p, i, q, n)
		p.tasks.Go(d.run)
	}
	return i, nil
}

// make brings the kernel's side of the instance to what is wanted. Whatever is
// so already stays untouched; after an error the next call goes on from there.
func (i *instance) make(want forward.Instance) error {
	i.router.setPools(want.Pools)
	if _, ok := i.queues[0].(kernelDevice); ok {
		if err := i.configure(want); err != nil {
			return err
		}
	}
	i.own.Store(newSource(want.Addresses))
	i.Instance = want
	i.Addresses, i.Pools = slices.Clone(want.Addresses), slices.Clone(want.Pools)
	return nil
}

func (i *instance) configure(want forward.Instance) error {
	if err := i.settings(); err != nil {
		return err
	}
	if want.MTU > 0 && want.MTU != i.MTU {
		if err := kernel.SetMTU(i.device, want.MTU); err != nil {
			return err
		}
	}
	if err := kernel.LinkUp(i.device); err != nil {
		return err
	}
	for _, a := range want.Addresses {
		if err := kernel.AddAddress(i.device, a); err != nil {
			return err
		}
	}
	for _, a := range i.Addresses {
		if !slices.Contains(want.Addresses, a) {
			if err := kernel.DelAddress(i.device, a); err != nil {
				return err
			}
		}
	}
	if i.table != 0 {
		if err := kernel.AddDeviceRule(i.device, i.table); err != nil {
			return err
		}
	}
	return i.routes(want.Pools)
}

// queueLength is for the time in which a queue's goroutine does not run: 20 ms at
// 100,000 packets a second.
const queueLength = 2048

// settings of the device: see the package's story.
func (i *instance) settings() error {
	if err := kernel.DisableIPv6Autoconf(i.device); err != nil {
		return err
	}
	if err := kernel.SetQueueLength(i.device, queueLength); err != nil {
		return err
	}
	dir := filepath.Join("net/ipv4/conf", i.device)
	return errors.Join(
		kernel.SetSysctl(filepath.Join(dir, "accept_local"), "1"),
		kernel.SetSysctl(filepath.Join(dir, "send_redirects"), "0"))
}

// routes makes the pools and what sessions have beside them, and nothing else of
// ours, lead to the device.
func (i *instance) routes(pools []netip.Prefix) error {
	i.router.working.Lock()
	defer i.router.working.Unlock()
	have, err := kernel.DeviceRoutes(i.device)
	if err != nil {
		return err
	}
	wanted := map[kernel.Route]bool{}
	for _, pool := range pools {
		wanted[kernel.Route{Device: i.device, Prefix: pool.Masked(), Table: i.table}] = true
	}
	var rest []netip.Prefix
	for _, r := range have {
		switch {
		case wanted[r]:
			delete(wanted, r)
		case r.Table == i.table && !r.Via.IsValid():
			rest = append(rest, r.Prefix)
		default:
			if err := kernel.DelRoute(r); err != nil {
				return err
			}
		}
	}
	for _, p := range i.router.compare(rest) {
		if err := kernel.DelRoute(kernel.Route{Device: i.device, Prefix: p, Table: i.table}); err != nil {
			return err
		}
	}
	for r := range wanted {
		if err := kernel.AddRoute(r); err != nil {
			return err
		}
	}
	return nil
}

// close removes what does not go with the device, and the device.
func (i *instance) close(o *Options) error {
	var err error
	if _, ok := i.queues[0].(kernelDevice); ok && i.table != 0 {
		err = kernel.DelDeviceRule(i.device, i.table)
	}
	for _, q := range i.queues {
		err = errors.Join(err, q.Close())
	}
	return err
}
