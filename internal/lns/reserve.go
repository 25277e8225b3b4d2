// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"strconv"

	"holdfast/internal/directory"
	"holdfast/l2tp"
)

// An address or prefix that is one subscriber's own is claimed in the directory.
// When it lies in a pool it must be taken out of the pool as well, or the pool
// would hand it out a second time: it is a unit of that pool then, taken by the
// shard that holds its block.
//
//	session --PoolReserve--> home of the pool --PoolReserve--> holder of the block
//	        <--PoolReserved-- (nobody holds it: lends it to the asker)
//	        <-------------------------PoolReserved------------ (taken, or in use)

// reserveMax is how often a holder may have given the block back in the meantime.
const reserveMax = 4

// claimUnit asks for an address or prefix of the session's own.
func (e *Engine) claimUnit(s *session, k directory.Key, a netip.Addr, w wait, fx *Effects) {
	s.waits |= w
	if part := e.poolAround(a, s.instance()); part != nil {
		e.tell(Message{
			To: e.poolHome(part.cfg.Name), Kind: MessagePoolReserve, Pool: part.cfg.Name, Address: a, Holder: e.holder(s.ref()),
		}, fx)
		return
	}
	e.claim(s, k, 1, fx)
}

// poolAround is the pool of a routing instance that hands the address out; nil:
// none does.
func (e *Engine) poolAround(a netip.Addr, instance uint16) *poolPart {
	for _, p := range e.cfg.Pools {
		part := e.pools[p.Name]
		if part.cfg.Instance != instance {
			continue
		}
		if _, ok := part.local.Find(a); ok {
			return part
		}
	}
	return nil
}

// reserveUnit is the pool's home, or the holder of a block, taking an address for
// a session.
func (e *Engine) reserveUnit(m *Message, fx *Effects) {
	reply := Message{To: int(m.Holder.Shard), Kind: MessagePoolReserved, Pool: m.Pool, Address: m.Address, Holder: m.Holder}
	part := e.pools[m.Pool]
	if part == nil {
		e.tell(reply, fx)
		return
	}
	u, found := part.local.Find(m.Address)
	block := part.local.Block(u)
	switch {
	case !found || m.Number > reserveMax:
	case part.local.Holds(block):
		reply.OK = part.local.Take(u)
	case part.broker == nil: // it has gone back in the meantime
		m.To, m.Number = e.poolHome(m.Pool), m.Number+1
		e.tell(*m, fx)
		return
	default:
		if shard, lent := part.broker.Holder(block); lent && shard != e.shard {
			m.To = shard
			e.tell(*m, fx)
			return
		}
		part.broker.LendThat(int(m.Holder.Shard), block)
		reply.Block, reply.Number, reply.OK = block, 1, true
	}
	e.tell(reply, fx)
}

// reservedUnit gives the session its own address, or tells it that somebody has
// it. What a session that has gone would have got goes back.
func (e *Engine) reservedUnit(m *Message, fx *Effects) {
	part := e.pools[m.Pool]
	lender, ok := m.From, m.OK
	if ok && m.Number > 0 { // its block has become ours
		part.local.AddAside(m.Block)
		u, _ := part.local.Find(m.Address)
		lender, ok = e.shard, part.local.Take(u)
	}
	s := e.find(sessionRef{l2tp.Element(m.Holder.Element), m.Holder.Generation})
	if s == nil {
		if ok {
			e.returnLot(lot{netip.PrefixFrom(m.Address, m.Address.BitLen()), m.Pool, lender}, fx)
		}
		return
	}
	v6 := m.Address.Is6()
	if v6 {
		s.waits &^= waitPrefix
	} else {
		s.waits &^= waitAddress
	}
	switch {
	case !ok:
		e.addressTaken(s, fx)
	case v6:
		s.ipv6, s.pool6, s.lender6 = s.framedIPv6(), part, uint16(lender)+1
	default:
		e.giveIPv4(s, m.Address, part, uint16(lender)+1, fx)
	}
	e.resume(s, fx)
}

// giveIPv4 gives the session an address of its own, in place of the one that it was
// offered before it chose.
func (e *Engine) giveIPv4(s *session, a netip.Addr, part *poolPart, lender uint16, fx *Effects) {
	if s.claimed&claimedAddress != 0 {
		e.unclaim(s, addressKey(s.instance(), s.ipv4), fx)
		s.claimed &^= claimedAddress
	}
	if s.pool != nil {
		e.returnLot(lot{netip.PrefixFrom(s.ipv4, s.ipv4.BitLen()), s.pool.cfg.Name, e.lender(s.lender4)}, fx)
	}
	s.ipv4, s.pool, s.lender4 = a, part, lender
	if s.granted {
		e.install(s, fx)
		e.reportFamilies(s, fx)
	}
}

// choose claims the address that a subscriber has chosen for himself. Until it is
// his, and nobody else's, the plane does not have it.
//
// "The value 0xFFFFFFFF indicates that the NAS Should allow the user to select an
// address (e.g. Negotiated)." RFC 2865 §5.8
func (e *Engine) choose(s *session, a netip.Addr, fx *Effects) {
	if s.waits&waitAddress != 0 || !assignable(a, s.bind.PPP.LocalIPv4) {
		e.hangUp(s, CauseAttribute, fx)
		return
	}
	s.grant.chosen = a
	e.claimUnit(s, addressKey(s.instance(), a), a, waitAddress, fx)
}

// addressTaken turns a subscriber away whose own address somebody else has.
func (e *Engine) addressTaken(s *session, fx *Effects) {
	e.counters.AddressInUse++
	if s.granted {
		e.hangUp(s, CauseAddressInUse, fx)
		return
	}
	e.deny(s, CauseAddressInUse, "address in use", fx)
}

// inInstance is the name of a fact that holds within a routing instance.
func inInstance(instance uint16, name string) string {
	if instance == 0 {
		return name
	}
	return strconv.Itoa(int(instance)) + "/" + name
}
