// SPDX-License-Identifier: Apache-2.0

package fake

import (
	"net/netip"
	"slices"

	"holdfast/internal/forward"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

// verdict is what becomes of a datagram.
type verdict uint8

const (
	done verdict = iota // forwarded, or dropped and counted
	toControl
	toOther
)

// Up handles a datagram as if a LAC had sent it to a data socket.
func (p *Plane) Up(d packet.Datagram) {
	d.Data = slices.Clone(d.Data)
	h, _, _ := frame.ParseHeader(d.Data)
	v := p.up(d)
	if v == done {
		return
	}
	// Not under the lock: the shard may call back.
	b := &packet.Batch{Datagrams: []packet.Datagram{d}}
	taken := p.opt.Punt != nil && p.opt.Punt(p.opt.ShardOf(h.TunnelID), b)
	p.mu.Lock()
	defer p.mu.Unlock()
	if v == toControl {
		p.totals.PuntedControl++
	}
	if !taken {
		p.totals.PuntDropped++
	}
}

func (p *Plane) up(d packet.Datagram) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	h, payload, ok := frame.ParseHeader(d.Data)
	if !ok {
		p.totals.Malformed++
		return done
	}
	if h.Control {
		return toControl
	}
	s := p.sessions[forward.Key{TunnelID: h.TunnelID, SessionID: h.SessionID}]
	if s != nil && d.Peer != s.Peer {
		p.totals.WrongPeer++
		return done
	}
	if s != nil && s.Sequenced {
		return toOther
	}
	protocol, ip, ok := frame.ParsePPP(payload)
	isIP := protocol == frame.ProtocolIPv4 || protocol == frame.ProtocolIPv6
	switch {
	case !ok && s == nil:
		p.totals.Malformed++
	case !ok:
		p.drop(s, &p.totals.Malformed)
	case protocol >= frame.ProtocolControl:
		return toControl
	case s == nil:
		p.totals.UnknownSession++
		return toOther
	case !isIP:
		return toOther
	default:
		return p.inner(s, ip, protocol == frame.ProtocolIPv6)
	}
	return done
}

func (p *Plane) inner(s *session, ip []byte, v6 bool) verdict {
	trim := frame.TrimIPv4
	if v6 {
		trim = frame.TrimIPv6
	}
	ip, ok := trim(ip)
	switch {
	case !ok:
		p.drop(s, &p.totals.Malformed)
	case v6 && frame.LinkScoped(ip):
		return toControl
	default:
		p.forward(s, ip)
	}
	return done
}

// forward gives a sound packet of a session to the core.
func (p *Plane) forward(s *session, ip []byte) {
	c := p.counters(s)
	source, to := addresses(ip)
	if !s.holds(source) {
		c.Spoofed++
		p.totals.Spoofed++
		return
	}
	if !p.within(s, &p.state(s).up, ip) {
		return
	}
	if s.MTU != 0 && frame.ClampMSS(ip, int(s.MTU)) {
		p.totals.MSSClamped++
	}
	own := slices.ContainsFunc(p.instances[s.Instance].Addresses, func(a netip.Prefix) bool { return a.Addr() == to })
	if frame.TTL(ip) <= 1 && !own {
		p.totals.TTLExpired++
	}
	c.UpPackets++
	c.UpBytes += uint64(len(ip))
	p.core = append(p.core, slices.Clone(ip))
}

// holds tells whether an address is the session's.
func (s *session) holds(a netip.Addr) bool {
	if a == s.IPv4.Unmap() || s.IPv6.IsValid() && s.IPv6.Contains(a) {
		return true
	}
	return slices.ContainsFunc(s.Routes, func(r netip.Prefix) bool { return r.Contains(a) })
}

// addresses are a packet's source and destination.
func addresses(ip []byte) (source, destination netip.Addr) {
	if frame.IsIPv6(ip) {
		return netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
	}
	return netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
}

// Down handles an inner packet as if the core had routed it to the plane.
func (p *Plane) Down(instance uint16, ip []byte) {
	for _, q := range p.down(instance, slices.Clone(ip)) {
		taken := p.opt.Sequenced != nil && p.opt.Sequenced(q.s.shard, q.s.Element, q.ip)
		p.mu.Lock()
		if taken {
			p.countDown(q.s, q.ip)
		} else {
			p.counters(q.s).Dropped++
		}
		p.mu.Unlock()
	}
}

// numbered is a packet that its shard must number.
type numbered struct {
	s  *session
	ip []byte
}

func (p *Plane) down(instance uint16, ip []byte) []numbered {
	p.mu.Lock()
	defer p.mu.Unlock()
	ip, ok := frame.Trim(ip)
	if !ok {
		p.totals.Malformed++
		return nil
	}
	s := p.find(instance, ip)
	if s == nil {
		p.totals.NoRoute++
		return nil
	}
	if s.MTU != 0 && frame.ClampMSS(ip, int(s.MTU)) {
		p.totals.MSSClamped++
	}
	pieces, fits := p.pieces(s, ip)
	if !fits {
		p.tooBig(s, ip)
		return nil
	}
	if !p.within(s, &p.state(s).down, ip) {
		return nil
	}
	var rest []numbered
	for _, ip := range pieces {
		if s.Sequenced {
			rest = append(rest, numbered{s, ip})
			continue
		}
		p.countDown(s, ip)
		p.send(s, ip)
	}
	return rest
}

// find is the longest match among the sessions' addresses.
func (p *Plane) find(instance uint16, ip []byte) *session {
	_, to := addresses(ip)
	for bits := to.BitLen(); bits >= 0; bits-- {
		if list := p.addresses[destination{instance, netip.PrefixFrom(to, bits).Masked()}]; len(list) > 0 {
			return list[len(list)-1]
		}
	}
	return nil
}

// pieces is the packet itself if it fits the session's link, or its fragments.
func (p *Plane) pieces(s *session, ip []byte) (list [][]byte, fits bool) {
	if s.MTU == 0 || len(ip) <= int(s.MTU) {
		return [][]byte{ip}, true
	}
	if !frame.MayFragment(ip) {
		return nil, false
	}
	cut, ok := frame.NewFragments(ip, int(s.MTU))
	if !ok {
		return nil, false
	}
	for {
		piece, ok := cut.Append(nil)
		if !ok {
			return list, true
		}
		list = append(list, piece)
	}
}

func (p *Plane) tooBig(s *session, ip []byte) {
	p.counters(s).TooBig++
	var from netip.Addr
	for _, a := range p.instances[s.Instance].Addresses {
		if a.Addr().Is6() == frame.IsIPv6(ip) {
			from = a.Addr()
			break
		}
	}
	answer, ok := frame.AppendTooBig(nil, ip, from, int(s.MTU))
	if !ok {
		p.totals.ICMPSuppressed++
		return
	}
	p.totals.ICMPSent++
	p.core = append(p.core, answer)
}

func (p *Plane) countDown(s *session, ip []byte) {
	c := p.counters(s)
	c.DownPackets++
	c.DownBytes += uint64(len(ip))
}

func (p *Plane) send(s *session, ip []byte) {
	e := frame.Encapsulation{TunnelID: s.PeerTunnelID, SessionID: s.PeerSessionID, PFC: s.PFC, ACFC: s.ACFC}
	b := append(frame.AppendHeader(nil, e, frame.IsIPv6(ip)), ip...)
	p.sent = append(p.sent, packet.Datagram{Data: b, Peer: s.Peer, Local: s.Local})
}
