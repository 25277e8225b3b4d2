// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"encoding/binary"
	"net/netip"

	"holdfast/internal/directory"
	"holdfast/internal/event"
	"holdfast/internal/pool"
	"holdfast/ppp"
)

// poolPart is this shard's part of a pool, and its broker when this shard is
// the pool's home.
type poolPart struct {
	cfg     *Pool
	space   *pool.Space
	local   *pool.Local
	broker  *pool.Broker // nil: another shard is home
	asked   bool
	denied  bool         // while those who waited are told that the broker has nothing left
	waiting []sessionRef // for a block
	dry     uint64       // requests that found the pool and those linked to it empty
	polled  int          // shards asked for single units
	loans   []lot        // units of other shards, for those who wait
}

// addPools makes this shard's part of the pools that are new. Their ranges have
// been checked when the configuration was built; one that is not sound is left
// empty and shows as such.
func (e *Engine) addPools(cfg *Config) {
	fixed := cfg.fixedAddresses()
	for _, p := range cfg.Pools {
		if part := e.pools[p.Name]; part != nil {
			part.cfg = p
			continue
		}
		space, err := p.Space(fixed, e.shards)
		if err != nil {
			space = &pool.Space{}
		}
		part := &poolPart{cfg: p, space: space, local: pool.NewLocal(space)}
		if e.poolHome(p.Name) == e.shard {
			part.broker = pool.NewBroker(space)
		}
		e.pools[p.Name] = part
	}
}

func (e *Engine) poolHome(name string) int {
	return directory.Key{Kind: directory.PoolBlocks, Name: name}.Home(e.shards)
}

// assignIPv4 gives the session its address: one of its own, which no other session
// may have, or one from the pool.
func (e *Engine) assignIPv4(s *session, fx *Effects) bool {
	if !s.dynamic().IPv4 || s.ipv4.IsValid() {
		return true
	}
	if fixed := s.framedIPv4(); fixed.IsValid() {
		e.claimUnit(s, addressKey(s.instance(), fixed), fixed, waitAddress, fx)
		return false
	}
	return e.allocate(s, s.poolIPv4(), waitPool, fx)
}

// framedIPv4 is the session's own address; invalid: it gets one from a pool.
//
// "0xFFFFFFFE indicates that the NAS should select an address for the user"
// RFC 2865 §5.8: AnyAddress.
func (s *session) framedIPv4() netip.Addr {
	if a := s.attributes(); a != nil {
		switch {
		case s.grant.chosen.IsValid():
			return s.grant.chosen
		case a.Address.IsValid():
			return a.Address
		case a.AnyAddress || a.Pool != "":
			return netip.Addr{}
		}
	}
	if s.local != nil && s.local.FramedIPv4.IsValid() {
		return s.local.FramedIPv4
	}
	return s.bind.PPP.FramedIPv4
}

// poolIPv4 is where the session's address comes from: the pool that RADIUS names,
// or that of the subscriber, of its realm, of its LAC.
func (s *session) poolIPv4() *Pool {
	g := s.grant
	switch {
	case g != nil && g.pool != nil:
		return g.pool
	case s.local != nil && s.local.Pool != nil:
		return s.local.Pool
	case g != nil && g.domain != nil && g.domain.Pool != nil:
		return g.domain.Pool
	}
	return s.bind.PPP.Pool
}

// framedIPv6 is the session's own prefix; invalid: it gets one from a pool.
func (s *session) framedIPv6() netip.Prefix {
	if a := s.attributes(); a != nil && a.PrefixIPv6.IsValid() {
		return a.PrefixIPv6.Masked()
	}
	return netip.Prefix{}
}

// poolIPv6 is where the session's prefix comes from.
func (s *session) poolIPv6() *Pool {
	if s.grant != nil && s.grant.pool6 != nil {
		return s.grant.pool6
	}
	return s.bind.PPP.PoolIPv6
}

// assignIPv6 gives the session its /64. Without a pool IPV6CP still opens, with
// link-local addresses only.
func (e *Engine) assignIPv6(s *session, fx *Effects) bool {
	if !s.dynamic().IPv6 || s.ipv6.IsValid() {
		return true
	}
	if fixed := s.framedIPv6(); fixed.IsValid() {
		e.claimUnit(s, prefixKey(s.instance(), fixed), fixed.Addr(), waitPrefix, fx)
		return false
	}
	if s.poolIPv6() == nil {
		return true
	}
	return e.allocate(s, s.poolIPv6(), waitPoolIPv6, fx)
}

// allocate takes a unit from a pool or the pools linked to it. It reports false
// when the session must wait for a block, or was refused.
func (e *Engine) allocate(s *session, p *Pool, w wait, fx *Effects) bool {
	if s.search != nil {
		p = s.search // an answer has come: go on there
	}
	for ; p != nil; p = p.Linked {
		part := e.pools[p.Name]
		if l, ok := e.take(part); ok {
			if w == waitPool {
				s.pool, s.ipv4, s.lender4 = part, l.prefix.Addr(), uint16(l.lender)+1
			} else {
				s.pool6, s.ipv6, s.lender6 = part, l.prefix, uint16(l.lender)+1
			}
			s.search = nil
			return true
		}
		if !part.denied {
			s.waits |= w
			s.search = p
			part.waiting = append(part.waiting, s.ref())
			e.askBlock(part, fx)
			return false
		}
		part.dry++
	}
	s.search = nil
	if w == waitPoolIPv6 {
		e.counters.PoolIPv6Exhausted++
		return true // IPv4 is not held up by a lack of prefixes
	}
	e.counters.PoolExhausted++
	fx.Log = append(fx.Log, e.record(s, event.PoolExhausted, CauseNoAddress))
	e.deny(s, CauseNoAddress, "no address available", fx)
	return false
}

// releaseAddresses gives the session's addresses back to their pools.
func (e *Engine) releaseAddresses(s *session, fx *Effects) {
	left := e.bequeath(s, false)
	e.returnLot(left.ipv4, fx)
	e.returnLot(left.ipv6, fx)
}

func (e *Engine) releaseUnit(part *poolPart, a netip.Addr, fx *Effects) {
	u, ok := part.local.Find(a)
	if !ok {
		return
	}
	if block, empty, ok := part.local.Release(u); ok && empty {
		e.tell(Message{To: e.poolHome(part.cfg.Name), Kind: MessagePoolReturn, Pool: part.cfg.Name, Block: block}, fx)
	}
}

// network is what the link may negotiate.
func (e *Engine) network(s *session) ppp.Network {
	p := s.bind.PPP
	n := ppp.Network{DNS: p.DNS, NBNS: p.NBNS, IPv6: s.dynamic().IPv6}
	if s.ipv4.IsValid() {
		n.LocalIPv4, n.PeerIPv4 = p.LocalIPv4, s.ipv4
	}
	if n.IPv6 {
		n.LocalIfID = localIfID
	}
	a := s.attributes()
	if a == nil {
		return n
	}
	n.PeerChooses = a.OwnAddress
	for i := range 2 { // one without the other leaves the other as configured
		if a.DNS[i].IsValid() {
			n.DNS[i] = a.DNS[i]
		}
		if a.NBNS[i].IsValid() {
			n.NBNS[i] = a.NBNS[i]
		}
	}
	if id := binary.BigEndian.Uint64(a.InterfaceID[:]); n.IPv6 && id != 0 {
		n.PeerIfID = id
		if id == localIfID {
			n.LocalIfID = localIfID + 1
		}
	}
	return n
}
