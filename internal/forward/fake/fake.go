// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

// Options is what a Plane is made with. Everything may be zero: one shard, and
// nothing is taken by it.
type Options struct {
	Shards    int
	ShardOf   func(tunnelID uint16) int
	Punt      forward.Punt
	Sequenced forward.Sequenced
	Now       func() time.Duration // the clock of rates; nil: that of the machine, from now
}

// Plane is a forward.Plane in memory.
type Plane struct {
	opt Options

	mu        sync.Mutex
	closed    bool
	instances map[uint16]forward.Instance
	sessions  map[forward.Key]*session
	elements  map[element]*state
	addresses map[destination][]*session // who has it; the last that was installed with it gets the packets
	totals    forward.Totals
	core      [][]byte
	sent      []packet.Datagram
}

type element struct {
	shard int
	index uint32
}

// destination is what the core calls a session.
type destination struct {
	instance uint16
	prefix   netip.Prefix
}

// state is what an element has counted, and for whom.
type state struct {
	holder *session // nil: the session was removed
	forward.Counters
	up, down bucket
}

type session struct {
	forward.Session
	shard int
}

// New makes a plane.
func New(o Options) *Plane {
	if o.Shards <= 0 {
		o.Shards = 1
	}
	if o.ShardOf == nil {
		o.ShardOf = func(uint16) int { return 0 }
	}
	if o.Now == nil {
		began := time.Now()
		o.Now = func() time.Duration { return time.Since(began) }
	}
	return &Plane{
		opt: o, instances: map[uint16]forward.Instance{},
		sessions: map[forward.Key]*session{}, elements: map[element]*state{}, addresses: map[destination][]*session{},
	}
}

// Handle is a shard's grip on the plane.
func (p *Plane) Handle(shard int) forward.Handle { return &handle{p, shard} }

// Instance makes a routing instance ready.
func (p *Plane) Instance(i forward.Instance) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	p.instances[i.ID] = i
	return nil
}

// Instances is what Instance was last told, by id.
func (p *Plane) Instances() map[uint16]forward.Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	copied := map[uint16]forward.Instance{}
	for id, i := range p.instances {
		copied[id] = i
	}
	return copied
}

// Session is the session that is held under a key.
func (p *Plane) Session(k forward.Key) (forward.Session, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[k]
	if s == nil {
		return forward.Session{}, false
	}
	return s.Session, true
}

// Len is how many sessions are held.
func (p *Plane) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}

// Totals are the counters by cause.
func (p *Plane) Totals() forward.Totals {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.totals
}

// Core returns the packets that have gone to the core since it was last asked.
func (p *Plane) Core() [][]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.core
	p.core = nil
	return out
}

// Sent returns the datagrams that have gone to LACs since it was last asked.
func (p *Plane) Sent() []packet.Datagram {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.sent
	p.sent = nil
	return out
}

// Close makes every further call fail.
func (p *Plane) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	clear(p.sessions)
	clear(p.addresses)
	return nil
}

var errClosed = errors.New("fake: the plane is closed")

type handle struct {
	plane *Plane
	shard int
}

// Install holds sessions under their keys.
func (h *handle) Install(sessions []forward.Session) error {
	p := h.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	var errs error
	for _, f := range sessions {
		if err := p.check(&f); err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		h.install(f)
	}
	return errs
}

func (p *Plane) check(f *forward.Session) error {
	fail := func(what string) error {
		return fmt.Errorf("fake: session %d/%d: %s", f.TunnelID, f.SessionID, what)
	}
	switch _, ready := p.instances[f.Instance]; {
	case !ready:
		return fail("its routing instance is not ready")
	case !f.Local.IsValid() || !f.Peer.IsValid():
		return fail("no tunnel addresses")
	case f.IPv4.IsValid() && !f.IPv4.Unmap().Is4():
		return fail("its IPv4 address is none")
	case f.IPv6.IsValid() && !f.IPv6.Addr().Is6():
		return fail("its IPv6 prefix is none")
	}
	for _, r := range f.Routes {
		if !r.IsValid() {
			return fail("invalid route")
		}
	}
	return nil
}

func (h *handle) install(f forward.Session) {
	p := h.plane
	s := &session{Session: f, shard: h.shard}
	s.Routes = append([]netip.Prefix(nil), f.Routes...)
	at := element{h.shard, f.Element}
	st := p.elements[at]
	if st == nil || st.holder == nil || st.holder.Key != f.Key {
		if st != nil && st.holder != nil {
			p.end(st.holder)
		}
		st = &state{}
		p.elements[at] = st
	}
	now := forward.InstantOf(p.opt.Now())
	st.up.set(f.Up, now)
	st.down.set(f.Down, now)
	if old := p.sessions[f.Key]; old != nil {
		p.end(old)
	}
	for _, d := range s.destinations() {
		p.addresses[d] = append(p.addresses[d], s)
	}
	st.holder = s
	p.sessions[f.Key] = s
}

// destinations are all prefixes that lead to the session.
func (s *session) destinations() []destination {
	var list []destination
	if a := s.IPv4.Unmap(); a.IsValid() {
		list = append(list, destination{s.Instance, netip.PrefixFrom(a, a.BitLen())})
	}
	if s.IPv6.IsValid() {
		list = append(list, destination{s.Instance, s.IPv6.Masked()})
	}
	for _, r := range s.Routes {
		list = append(list, destination{s.Instance, r.Masked()})
	}
	return list
}

// end takes a session out of everything but its counters.
func (p *Plane) end(s *session) {
	if st := p.elements[element{s.shard, s.Element}]; st != nil && st.holder == s {
		st.holder = nil
	}
	for _, d := range s.destinations() {
		p.addresses[d] = slices.DeleteFunc(p.addresses[d], func(o *session) bool { return o == s })
		if len(p.addresses[d]) == 0 {
			delete(p.addresses, d)
		}
	}
	delete(p.sessions, s.Key)
}

// Remove ends sessions.
func (h *handle) Remove(keys []forward.Key) error {
	p := h.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	for _, k := range keys {
		if s := p.sessions[k]; s != nil {
			p.end(s)
		}
	}
	return nil
}

// Read gives counters.
func (h *handle) Read(elements []uint32, into []forward.Counters) {
	p := h.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range elements {
		into[i] = forward.Counters{}
		if st := p.elements[element{h.shard, e}]; st != nil {
			into[i] = st.Counters
		}
	}
}

// Inject gives a packet of a session to the core.
func (h *handle) Inject(k forward.Key, ip []byte) {
	p := h.plane
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[k]
	if s == nil {
		p.totals.UnknownSession++
		return
	}
	trimmed, ok := frame.Trim(ip)
	if !ok {
		p.drop(s, &p.totals.Malformed)
		return
	}
	p.forward(s, trimmed)
}

// state is the session's: what it has counted and may still send.
func (p *Plane) state(s *session) *state { return p.elements[element{s.shard, s.Element}] }

func (p *Plane) counters(s *session) *forward.Counters { return &p.state(s).Counters }

// within tells whether a packet is within a rate, and counts it if not.
func (p *Plane) within(s *session, b *bucket, ip []byte) bool {
	if b.take(forward.InstantOf(p.opt.Now()), len(ip)) {
		return true
	}
	p.counters(s).Policed++
	p.totals.Policed++
	return false
}

// bucket holds one direction to its rate.
type bucket struct {
	meter forward.Meter
	full  forward.Instant
}

// set gives the bucket a rate; one that stays as it is goes on as it was.
func (b *bucket) set(r forward.Rate, now forward.Instant) {
	m := r.Meter()
	switch {
	case m == b.meter:
	case b.meter.Bounds():
		b.meter, b.full = m, m.Carry(b.meter, b.full, now)
	default:
		b.meter, b.full = m, now
	}
}

func (b *bucket) take(now forward.Instant, octets int) bool {
	if !b.meter.Bounds() {
		return true
	}
	full, ok := b.meter.Take(b.full, now, octets)
	if ok {
		b.full = full
	}
	return ok
}

func (p *Plane) drop(s *session, cause *uint64) {
	*cause++
	p.counters(s).Dropped++
}
