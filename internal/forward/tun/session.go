// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"holdfast/internal/forward"
	"holdfast/internal/forward/frame"
)

// session is one subscriber as the packet path sees it. It is never changed
// once it is in a table.
type session struct {
	key       forward.Key
	element   uint32
	shard     uint16
	mtu       uint16 // 65,535: no bound but the path's
	overhead  uint8  // of the path's MTU
	has4      bool   // ip4 is set
	has6      bool   // ip6 is set
	sequenced bool
	header    frame.Encapsulation
	ip4       uint32
	ip6       uint64 // upper half
	peer      netip.AddrPort
	path      *path
	instance  *instance
	up, down  *policer       // nil: no bound
	routes    []netip.Prefix // masked
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// newSession takes what the packet path needs out of a forward.Session.
func (p *Plane) newSession(shard int, f *forward.Session) (*session, error) {
	s := &session{
		key: f.Key, element: f.Element, shard: uint16(shard), mtu: f.MTU, sequenced: f.Sequenced,
		header: frame.Encapsulation{TunnelID: f.PeerTunnelID, SessionID: f.PeerSessionID, PFC: f.PFC, ACFC: f.ACFC},
		peer:   unmap(f.Peer),
	}
	if s.mtu == 0 {
		s.mtu = pathUnknown
	}
	s.overhead = overhead(s.header, s.peer.Addr())
	if s.sequenced {
		s.overhead += 6 // Ns, Nr and Length, which the shard writes
	}
	fail := func(format string, args ...any) (*session, error) {
		return nil, fmt.Errorf("tun: session %d/%d: "+format, append([]any{f.TunnelID, f.SessionID}, args...)...)
	}
	if s.instance = p.instances[f.Instance]; s.instance == nil {
		return fail("routing instance %d is not ready", f.Instance)
	}
	if int(f.Element) >= p.opt.ElementMax {
		return fail("element %d of at most %d", f.Element, p.opt.ElementMax)
	}
	if !f.Peer.IsValid() || !f.Local.IsValid() {
		return fail("no tunnel addresses")
	}
	if f.IPv4.IsValid() {
		a := f.IPv4.Unmap()
		if !a.Is4() {
			return fail("%s is no IPv4 address", f.IPv4)
		}
		b := a.As4()
		s.ip4, s.has4 = binary.BigEndian.Uint32(b[:]), true
	}
	routes := f.Routes
	switch {
	case !f.IPv6.IsValid():
	case !f.IPv6.Addr().Is6():
		return fail("%s is no IPv6 prefix", f.IPv6)
	case f.IPv6.Bits() == 64:
		b := f.IPv6.Addr().As16()
		s.ip6, s.has6 = binary.BigEndian.Uint64(b[:]), true
	default: // rare, and as good as a route
		s.routes = append(s.routes, f.IPv6.Masked())
	}
	for _, r := range routes {
		if !r.IsValid() {
			return fail("invalid route")
		}
		s.routes = append(s.routes, r.Masked())
	}
	if held := p.handles[shard].at(f.Element); held != nil && held.key == f.Key {
		s.up, s.down = held.up, held.down // until now
	}
	s.up, s.down = newPolicer(f.Up, s.up, p.now()), newPolicer(f.Down, s.down, p.now())
	s.path = p.path(p.gateway(unmap(f.Local)), s.peer)
	return s, nil
}

// prefixes yields all that the core may call the session by.
func (s *session) prefixes(yield func(netip.Prefix) bool) {
	if s.has4 {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], s.ip4)
		if !yield(netip.PrefixFrom(netip.AddrFrom4(b), 32)) {
			return
		}
	}
	if s.has6 {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], s.ip6)
		if !yield(netip.PrefixFrom(netip.AddrFrom16(b), 64)) {
			return
		}
	}
	for _, r := range s.routes {
		if !yield(r) {
			return
		}
	}
}

// owns tells whether a packet's source is the subscriber's.
func (s *session) owns(ip []byte, v6 bool) bool {
	if v6 {
		if s.has6 && frame.Source6(ip) == s.ip6 {
			return true
		}
		return len(s.routes) > 0 && s.routed(netip.AddrFrom16([16]byte(ip[8:24])))
	}
	if s.has4 && frame.Source4(ip) == s.ip4 {
		return true
	}
	return len(s.routes) > 0 && s.routed(netip.AddrFrom4([4]byte(ip[12:16])))
}

func (s *session) routed(a netip.Addr) bool {
	for _, r := range s.routes {
		if r.Contains(a) {
			return true
		}
	}
	return false
}
