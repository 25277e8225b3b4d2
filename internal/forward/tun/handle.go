// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"errors"

	"holdfast/internal/forward"
	"holdfast/internal/forward/frame"
)

// handle is a shard's grip on the plane. All but Read belongs to the shard.
type handle struct {
	plane    *Plane
	shard    int
	elements []*session // what each element carries; nil: nothing
	inject   *uplink
}

func newHandle(p *Plane, shard int) *handle {
	return &handle{plane: p, shard: shard, inject: newUplink(p, shard)}
}

// at is what an element carries. Callers hold mu.
func (h *handle) at(element uint32) *session {
	if int(element) < len(h.elements) {
		return h.elements[element]
	}
	return nil
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
	for i := range sessions {
		s, err := p.newSession(h.shard, &sessions[i])
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		h.install(s)
	}
	return errs
}

// install puts one session in its place. The new addresses go in before the old
// ones go out, so that a session which keeps an address never loses a packet.
func (h *handle) install(s *session) {
	p := h.plane
	for int(s.element) >= len(h.elements) {
		h.elements = append(h.elements, nil)
	}
	last := h.elements[s.element]
	if last == nil || last.key != s.key {
		p.clearCounters(h.shard, s.element)
	}
	old := p.tunnels.get(s.key)
	s.instance.addresses.add(s)
	s.instance.claim(s)
	p.tunnels.set(s.key, s)
	if old != nil {
		h.end(old)
	}
	if last != nil && last != old {
		p.tunnels.set(last.key, nil)
		h.end(last)
		p.removals.Add(1)
	}
	h.elements[s.element] = s
}

// end takes a session's addresses, path and element away; its key is the caller's.
func (h *handle) end(s *session) {
	s.instance.addresses.remove(s)
	s.instance.release(s)
	h.plane.leave(s.path)
	owner := h.plane.handles[s.shard]
	if owner.elements[s.element] == s {
		owner.elements[s.element] = nil
	}
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
		if s := p.tunnels.get(k); s != nil {
			p.tunnels.set(k, nil)
			h.end(s)
		}
	}
	p.removals.Add(1)
	return nil
}

// Read sums counters. Anyone may call it.
func (h *handle) Read(elements []uint32, into []forward.Counters) {
	h.plane.settle()
	for i, e := range elements {
		into[i] = h.plane.readCounters(h.shard, e)
	}
}

// Inject gives a packet of a session to the core.
func (h *handle) Inject(key forward.Key, ip []byte) {
	s := h.plane.tunnels.get(key)
	if s == nil {
		h.inject.slot.total(unknownSession)
		return
	}
	trimmed, ok := frame.Trim(ip)
	if !ok {
		h.inject.slot.drop(s, malformed)
		return
	}
	h.inject.forward(s, trimmed, frame.IsIPv6(trimmed))
	h.inject.flush()
}
