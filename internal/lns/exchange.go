// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"

	"holdfast/internal/directory"
	"holdfast/l2tp"
)

// lease is this shard's end of a limit, and who waits for a token of it.
type lease struct {
	directory.Lease
	key     directory.Key
	limit   int
	calls   []sessionRef
	tunnels []l2tp.TunnelID
}

// lease is the lease of a key; the limit is the one now configured.
func (e *Engine) lease(k directory.Key, limit int) *lease {
	l := e.leases[k]
	if l == nil {
		l = &lease{key: k}
		e.leases[k] = l
	}
	l.limit = limit
	return l
}

// ask asks a limit's home for tokens.
func (e *Engine) ask(l *lease, fx *Effects) {
	e.toHome(directory.Message{Op: directory.Ask, Key: l.key, Max: l.limit}, fx)
}

// release gives a used token back.
func (e *Engine) release(l *lease, fx *Effects) {
	if n := l.Put(); n > 0 {
		e.toHome(directory.Message{Op: directory.Return, Key: l.key, N: n}, fx)
	}
}

// claim asks a key's home to hold it for the session.
func (e *Engine) claim(s *session, k directory.Key, limit int, fx *Effects) {
	e.toHome(directory.Message{Op: directory.Claim, Key: k, Max: limit, Holder: e.holder(s.ref())}, fx)
}

func (e *Engine) holder(r sessionRef) directory.Holder {
	return directory.Holder{Shard: uint16(e.shard), Element: uint32(r.element), Generation: r.generation}
}

// releaseClaims gives up what the session holds in the directory.
func (e *Engine) releaseClaims(s *session, fx *Effects) {
	if s.claimed&claimedUser != 0 {
		e.unclaim(s, e.userKey(s), fx)
	}
	if s.claimed&claimedAddress != 0 {
		e.unclaim(s, addressKey(s.instance(), s.ipv4), fx)
	}
	if s.claimed&claimedPrefix != 0 {
		e.unclaim(s, prefixKey(s.instance(), s.ipv6), fx)
	}
	if g := s.grant; g != nil {
		for _, p := range g.routes[:g.claimed] {
			e.unclaim(s, e.routeKey(s, p), fx)
		}
		g.claimed = 0
	}
	e.leaveLine(s, fx)
	s.claimed = 0
}

func (e *Engine) unclaim(s *session, k directory.Key, fx *Effects) {
	e.toHome(directory.Message{Op: directory.Release, Key: k, Holder: e.holder(s.ref())}, fx)
}

func (e *Engine) userKey(s *session) directory.Key {
	return directory.Key{Kind: directory.UserName, Name: s.aaa().Name + "/" + s.user}
}

func addressKey(instance uint16, a netip.Addr) directory.Key {
	return directory.Key{Kind: directory.Address, Name: inInstance(instance, a.String())}
}

func prefixKey(instance uint16, p netip.Prefix) directory.Key {
	return directory.Key{Kind: directory.Prefix, Name: inInstance(instance, p.String())}
}

func (e *Engine) toHome(m directory.Message, fx *Effects) {
	m.Shard = e.shard
	e.tell(Message{To: m.Key.Home(e.shards), Kind: MessageDirectory, Directory: m}, fx)
}

// askBlock asks a pool's home for a block, unless it has been asked already.
func (e *Engine) askBlock(part *poolPart, fx *Effects) {
	if part.asked {
		return
	}
	part.asked = true
	e.tell(Message{To: e.poolHome(part.cfg.Name), Kind: MessagePoolAsk, Pool: part.cfg.Name}, fx)
}

// tell sends a message; one to ourselves is handled before the input returns.
func (e *Engine) tell(m Message, fx *Effects) {
	m.From = e.shard
	if m.To == e.shard {
		e.inbox = append(e.inbox, m)
		return
	}
	fx.Messages = append(fx.Messages, m)
}

// deliver handles a message from another shard or from ourselves.
func (e *Engine) deliver(m *Message, fx *Effects) {
	switch m.Kind {
	case MessageDatagram:
		e.arrived = arrival(e.now, m.At)
		if !e.unheard(m.Peer, m.Datagram) {
			e.l2.Handle(e.now, m.Peer, m.Local, m.Datagram, &fx.l2tp)
		}
	case MessageDirectory:
		e.deliverDirectory(&m.Directory, fx)
	case MessagePoolAsk:
		e.lendBlock(m, fx)
	case MessagePoolBlock:
		e.gotBlock(m, fx)
	case MessagePoolReturn:
		if part := e.pools[m.Pool]; part != nil && part.broker != nil {
			part.broker.Return(m.From, m.Block)
		}
	case MessagePoolBorrow:
		e.lendUnits(m, fx)
	case MessagePoolLoan:
		e.gotLoan(m, fx)
	case MessagePoolUnit:
		if part := e.pools[m.Pool]; part != nil {
			e.releaseUnit(part, m.Address, fx)
		}
	case MessagePoolReserve:
		e.reserveUnit(m, fx)
	case MessagePoolReserved:
		e.reservedUnit(m, fx)
	case MessageLineTake:
		e.lineTaken(m, fx)
	case MessageLineLeave:
		e.lines.Leave(m.Line, m.Holder)
	case MessageLineReplaced:
		e.lineReplaced(m, fx)
	case MessageLineYours:
		e.lineYours(m, fx)
	case MessageDestination:
		e.nameDestination(m, fx)
	case MessageDestinationLeave:
		e.unnameDestination(m)
	}
}

func (e *Engine) deliverDirectory(m *directory.Message, fx *Effects) {
	if m.Op.ToHome() {
		e.replies = e.home.Handle(m, e.replies[:0])
		for _, r := range e.replies {
			e.tell(Message{To: r.Shard, Kind: MessageDirectory, Directory: r}, fx)
		}
		return
	}
	switch m.Op {
	case directory.Claimed, directory.Refused:
		e.claimAnswered(m, fx)
		return
	}
	l := e.leases[m.Key]
	if l == nil {
		return // the home answers only what we asked
	}
	switch m.Op {
	case directory.Grant:
		l.Granted(m.N)
		e.retry(l, fx)
	case directory.Deny:
		l.Denied()
		e.turnAway(l, fx)
	case directory.Recall:
		e.toHome(directory.Message{Op: directory.Return, Key: m.Key, N: l.Recalled(), Answer: true}, fx)
	}
}

// retry lets those who waited for a token try again, in order; those for whom
// it does not suffice wait on.
func (e *Engine) retry(l *lease, fx *Effects) {
	tunnels, calls := l.tunnels, l.calls
	l.tunnels, l.calls = nil, nil
	e.wanting -= len(calls)
	for _, id := range tunnels {
		e.admitTunnel(id, fx)
	}
	for _, r := range calls {
		if s := e.find(r); s != nil && !s.answered {
			e.admitCall(s, fx)
		}
	}
}

// turnAway refuses those who waited: the limit is reached.
func (e *Engine) turnAway(l *lease, fx *Effects) {
	tunnels, calls := l.tunnels, l.calls
	l.tunnels, l.calls = nil, nil
	e.wanting -= len(calls)
	for _, id := range tunnels {
		if t := e.tunnels[id]; t != nil && !t.limited {
			e.counters.TunnelsRefusedLimit++
			e.refuseTunnel(id, stopLimit, fx)
		}
	}
	for _, r := range calls {
		if s := e.find(r); s != nil && !s.answered {
			e.refuseCall(s, CauseLimit, fx)
		}
	}
}

// claimAnswered goes on with a session whose claim was answered; a session that
// has gone in the meantime gives the claim up again.
func (e *Engine) claimAnswered(m *directory.Message, fx *Effects) {
	s := e.find(sessionRef{l2tp.Element(m.Holder.Element), m.Holder.Generation})
	if s == nil {
		if m.Op == directory.Claimed {
			e.toHome(directory.Message{Op: directory.Release, Key: m.Key, Holder: m.Holder}, fx)
		}
		return
	}
	won := m.Op == directory.Claimed
	switch m.Key.Kind {
	case directory.UserName:
		s.waits &^= waitUser
		if won {
			s.claimed |= claimedUser
		} else {
			e.counters.UserLimitReached++
			e.deny(s, CauseUserLimit, "session limit exceeded", fx)
		}
	case directory.Address:
		s.waits &^= waitAddress
		if won {
			e.giveIPv4(s, s.framedIPv4(), nil, 0, fx)
			s.claimed |= claimedAddress
		} else {
			e.addressTaken(s, fx)
		}
	case directory.Prefix:
		s.waits &^= waitPrefix
		if won {
			s.claimed |= claimedPrefix
			s.ipv6 = s.framedIPv6()
		} else {
			e.addressTaken(s, fx)
		}
	case directory.Route:
		if s.waits&waitRoute == 0 {
			e.changeClaimed(s, m.Key, won, fx)
			break
		}
		s.waits &^= waitRoute
		if won {
			s.grant.claimed++
		} else {
			e.counters.RouteInUse++
			e.refused(s, CauseRouteInUse, s.grant.routes[s.grant.claimed].String(), fx)
			e.deny(s, CauseRouteInUse, "route in use", fx)
		}
	}
	e.resume(s, fx)
}

// resume goes on with authorisation after an answer.
func (e *Engine) resume(s *session, fx *Effects) {
	e.authorise(s, fx)
	e.runLink(s, fx)
}

// lendBlock is the pool's home answering another shard.
func (e *Engine) lendBlock(m *Message, fx *Effects) {
	reply := Message{To: m.From, Kind: MessagePoolBlock, Pool: m.Pool}
	if part := e.pools[m.Pool]; part != nil && part.broker != nil {
		reply.Block, reply.OK = part.broker.Lend(m.From)
	}
	e.tell(reply, fx)
}

// gotBlock takes a block in, or asks the other shards when there is none.
func (e *Engine) gotBlock(m *Message, fx *Effects) {
	part := e.pools[m.Pool]
	if part == nil {
		return
	}
	if !m.OK && part.local.OpenAside() {
		e.poolAnswered(part, true, fx)
		return
	}
	if !m.OK {
		part.polled = 0
		e.borrow(part, fx)
		return
	}
	part.local.Add(m.Block)
	e.poolAnswered(part, true, fx)
}

// poolAnswered goes on with those who waited for a pool.
func (e *Engine) poolAnswered(part *poolPart, ok bool, fx *Effects) {
	part.asked, part.denied = false, !ok
	waiting := part.waiting
	part.waiting = nil
	for _, r := range waiting {
		if s := e.find(r); s != nil {
			s.waits &^= waitPool | waitPoolIPv6
			e.resume(s, fx)
		}
	}
	part.denied = false
}
