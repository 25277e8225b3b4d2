// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/internal/kernel"
)

// router keeps the kernel's routes to those prefixes of an instance's sessions
// that no pool covers: framed routes above all, and addresses that RADIUS gave
// from elsewhere. Shards say which prefixes sessions have, and go on; one
// goroutine brings the kernel there, a batch at a time. A prefix waits once,
// whatever happens to it meanwhile, so the queue is never longer than there are
// prefixes. What the kernel refuses is tried again later.
//
//	claim, release ──► prefixes ──► dirty ──► run ──► kernel
//	                                  ▲        │
//	                                  └ refused┘ after a while
type router struct {
	kernel routeTable
	retry  time.Duration
	wake   chan struct{}

	added, deleted, failed atomic.Uint64

	working sync.Mutex // held while a batch is under way; before mu

	mu       sync.Mutex // everything below
	prefixes map[netip.Prefix]*prefixState
	dirty    []netip.Prefix // to be looked at
	refused  []netip.Prefix // to be looked at again
	pools    map[netip.Prefix]bool
}

// routeTable is kernel.DeviceRouter, or its twin in tests.
type routeTable interface {
	Apply(changes []kernel.RouteChange) error
	Close() error
}

// prefixState is a prefix that sessions have, or that the kernel still has.
type prefixState struct {
	claims  int  // sessions that have it
	routed  bool // the kernel has it from us
	queued  bool // it is in dirty
	refused bool // it is in refused
}

func openKernelRoutes(device string, table int) (routeTable, error) {
	return kernel.OpenDeviceRouter(device, table)
}

func newRouter(k routeTable, retry time.Duration) *router {
	return &router{kernel: k, retry: retry, wake: make(chan struct{}, 1), prefixes: map[netip.Prefix]*prefixState{}}
}

// claim says that one session more has a prefix.
func (r *router) claim(p netip.Prefix) { r.change(p, 1) }

// release says that one session less has a prefix.
func (r *router) release(p netip.Prefix) { r.change(p, -1) }

func (r *router) change(p netip.Prefix, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.prefixes[p]
	if s == nil {
		s = &prefixState{}
		r.prefixes[p] = s
	}
	before := s.claims
	if s.claims += by; before == 0 || s.claims == 0 {
		r.queue(p, s)
	}
}

// queue has a prefix looked at. Callers hold mu.
func (r *router) queue(p netip.Prefix, s *prefixState) {
	if s.queued {
		return
	}
	s.queued = true
	r.dirty = append(r.dirty, p)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run brings the kernel to what sessions have, until done.
func (r *router) run(done <-chan struct{}) {
	defer r.kernel.Close()
	again := time.NewTicker(r.retry)
	defer again.Stop()
	batch := make([]kernel.RouteChange, 0, kernel.RouteBatchMax)
	for {
		select {
		case <-done:
			return
		case <-again.C:
			r.requeue()
		case <-r.wake:
		}
		for more := true; more; {
			batch, more = r.turn(batch[:0])
			select {
			case <-done:
				return
			default:
			}
		}
	}
}

// turn handles one batch.
func (r *router) turn(batch []kernel.RouteChange) (_ []kernel.RouteChange, more bool) {
	r.working.Lock()
	defer r.working.Unlock()
	if batch = r.take(batch); len(batch) == 0 {
		return batch, false
	}
	r.apply(batch)
	r.note(batch)
	return batch, true
}

func (r *router) apply(batch []kernel.RouteChange) {
	if err := r.kernel.Apply(batch); err != nil {
		for i := range batch {
			batch[i].Err = err
		}
	}
}

// take collects what is to be changed now.
func (r *router) take(batch []kernel.RouteChange) []kernel.RouteChange {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.dirty) > 0 && len(batch) < kernel.RouteBatchMax {
		p := r.dirty[0]
		r.dirty = r.dirty[1:]
		s := r.prefixes[p]
		s.queued = false
		want := s.claims > 0
		switch {
		case r.pools[p]: // the instance's route, which is not ours to remove
			s.routed = false
			fallthrough
		case want == s.routed:
			r.drop(p, s)
		default:
			batch = append(batch, kernel.RouteChange{Prefix: p, Delete: !want})
		}
	}
	if len(r.dirty) == 0 {
		r.dirty = nil // and what it had grown to
	}
	return batch
}

// note takes down what became of a batch.
func (r *router) note(batch []kernel.RouteChange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range batch {
		c := &batch[i]
		s := r.prefixes[c.Prefix]
		switch {
		case c.Err != nil:
			r.failed.Add(1)
			if !s.refused {
				s.refused = true
				r.refused = append(r.refused, c.Prefix)
			}
			continue
		case c.Delete:
			r.deleted.Add(1)
		default:
			r.added.Add(1)
		}
		s.routed = !c.Delete
		r.drop(c.Prefix, s)
	}
}

// drop forgets a prefix that nobody has any more, in the kernel or above.
// Callers hold mu.
func (r *router) drop(p netip.Prefix, s *prefixState) {
	if s.claims == 0 && !s.routed && !s.queued {
		delete(r.prefixes, p)
	}
}

// requeue has all that was refused looked at again.
func (r *router) requeue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.refused {
		if s := r.prefixes[p]; s != nil { // not given up meanwhile
			s.refused = false
			r.queue(p, s)
		}
	}
	r.refused = nil
}

// setPools says which routes are the instance's own.
func (r *router) setPools(pools []netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pools = make(map[netip.Prefix]bool, len(pools))
	for _, p := range pools {
		r.pools[p.Masked()] = true
	}
}

// compare takes note of what the kernel has, while no batch is under way, and
// returns those prefixes that nobody wants there.
func (r *router) compare(have []netip.Prefix) (strangers []netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	there := make(map[netip.Prefix]bool, len(have))
	for _, p := range have {
		there[p] = true
		if !r.pools[p] && r.prefixes[p] == nil {
			strangers = append(strangers, p)
		}
	}
	for p, s := range r.prefixes {
		if s.routed != there[p] && !r.pools[p] {
			s.routed = there[p]
			r.queue(p, s)
		}
	}
	return strangers
}

// pending is how many prefixes the kernel does not have as it should.
func (r *router) pending() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.dirty)
	for _, p := range r.refused {
		if s := r.prefixes[p]; s != nil && !s.queued {
			n++
		}
	}
	return uint64(n)
}
