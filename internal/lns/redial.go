// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/directory"
	"holdfast/internal/forward"
	"holdfast/l2tp"
)

// Redial says when a new session replaces the stale one of the same line. The
// line must agree in what LineBy names, and the user name too.
type Redial struct {
	Disabled   bool
	LineBy     []LineKey     // the first that the call tells; empty: calling number, then circuit id
	MinimumAge time.Duration // a younger session is not replaced: two modems may share a line
}

// LineKey is one way to know a line.
type LineKey uint8

// Ways to know a line.
const (
	LineByCallingNumber LineKey = iota
	LineByCircuitID             // agent circuit id, RFC 5515
	LineByUserName              // the user name alone
)

var defaultLineBy = []LineKey{LineByCallingNumber, LineByCircuitID}

// inheritance is what a session leaves to the one that replaces it.
type inheritance struct {
	ipv4, ipv6 lot
	key        forward.Key // of the plane's entry, still installed; zero: it is not
}

// lot is an address or prefix from a pool, and the shard whose block it is from.
type lot struct {
	prefix netip.Prefix
	pool   string
	lender int
}

// redialLine names the line of an authenticated session; 0: it has none.
func (e *Engine) redialLine(s *session) uint64 {
	if e.cfg.Redial.Disabled {
		return 0
	}
	keys := e.cfg.Redial.LineBy
	if len(keys) == 0 {
		keys = defaultLineBy
	}
	call := e.call(s)
	circuit, _ := lineIDs(call)
	for _, k := range keys {
		name := ""
		switch k {
		case LineByCallingNumber:
			name = call.CallingNumber
		case LineByCircuitID:
			name = circuit
		case LineByUserName:
			if s.user != "" {
				return hashNames(s.user, "")
			}
		}
		if name != "" {
			return hashNames(name, s.user)
		}
	}
	return 0
}

// takeLine makes the session the one of its line. It reports false while the
// line's home, or the shard of the stale session, has not answered.
func (e *Engine) takeLine(s *session, fx *Effects) bool {
	if s.claimed&claimedLine != 0 {
		return true
	}
	if s.redial = e.redialLine(s); s.redial == 0 {
		return true
	}
	s.waits |= waitLine
	e.tell(Message{
		To: directory.LineHome(s.redial, e.shards), Kind: MessageLineTake, Line: s.redial, Holder: e.holder(s.ref()),
	}, fx)
	return false
}

// leaveLine gives the line up.
func (e *Engine) leaveLine(s *session, fx *Effects) {
	if s.claimed&claimedLine != 0 {
		e.tell(Message{
			To: directory.LineHome(s.redial, e.shards), Kind: MessageLineLeave, Line: s.redial, Holder: e.holder(s.ref()),
		}, fx)
	}
}

// lineTaken is the line's home: the newcomer has the line, and the session that
// had it is told.
func (e *Engine) lineTaken(m *Message, fx *Effects) {
	had, ok := e.lines.Take(m.Line, m.Holder)
	if !ok {
		e.tell(Message{To: int(m.Holder.Shard), Kind: MessageLineYours, Line: m.Line, Holder: m.Holder}, fx)
		return
	}
	e.tell(Message{To: int(had.Shard), Kind: MessageLineReplaced, Line: m.Line, Holder: m.Holder, Other: had}, fx)
}

// lineReplaced ends the stale session and leaves what it held to the newcomer.
func (e *Engine) lineReplaced(m *Message, fx *Effects) {
	reply := Message{To: int(m.Holder.Shard), Kind: MessageLineYours, Line: m.Line, Holder: m.Holder}
	old := e.find(sessionRef{l2tp.Element(m.Other.Element), m.Other.Generation})
	switch {
	case old == nil:
	case old.cause != causeNone: // it is going already, and the newcomer needs what it holds
		e.endCall(old, old.cause, fx)
	case e.now.Sub(old.upAt) >= e.cfg.Redial.MinimumAge:
		e.counters.Replaced++
		reply.Left = e.bequeath(old, int(m.Holder.Shard) == e.shard)
		old.claimed &^= claimedLine // it is the newcomer's
		e.endCall(old, CauseReplaced, fx)
	}
	e.tell(reply, fx)
}

// bequeath takes from a session what its successor gets. An heir of the same
// shard also gets the plane's entry, to be removed when its own is installed.
func (e *Engine) bequeath(s *session, here bool) (left inheritance) {
	if s.pool != nil {
		left.ipv4 = lot{netip.PrefixFrom(s.ipv4, s.ipv4.BitLen()), s.pool.cfg.Name, e.lender(s.lender4)}
		s.pool = nil
	}
	if s.pool6 != nil {
		left.ipv6 = lot{s.ipv6, s.pool6.cfg.Name, e.lender(s.lender6)}
		s.pool6 = nil
	}
	if here && s.installed {
		left.key = s.key()
		s.installed = false
	}
	return left
}

// lender is the shard whose block an address is from: 0 in a session means ours.
func (e *Engine) lender(l uint16) int {
	if l == 0 {
		return e.shard
	}
	return int(l) - 1
}

// lineYours goes on with a newcomer that has its line now. One that has gone in
// the meantime gives back what it would have got.
func (e *Engine) lineYours(m *Message, fx *Effects) {
	s := e.find(sessionRef{l2tp.Element(m.Holder.Element), m.Holder.Generation})
	if s == nil {
		e.returnLot(m.Left.ipv4, fx)
		e.returnLot(m.Left.ipv6, fx)
		e.removeStale(m.Left.key, fx)
		e.tell(Message{
			To: directory.LineHome(m.Line, e.shards), Kind: MessageLineLeave, Line: m.Line, Holder: m.Holder,
		}, fx)
		return
	}
	s.waits &^= waitLine
	s.claimed |= claimedLine
	e.inherit(s, &m.Left, fx)
	e.resume(s, fx)
}

// inherit gives a session what its predecessor left, as far as it is entitled to
// it: an address of another pool than its own goes back.
func (e *Engine) inherit(s *session, left *inheritance, fx *Effects) {
	e.removeStale(s.stale, fx)
	s.stale = left.key
	if l := left.ipv4; l.pool != "" {
		if s.dynamic().IPv4 && !s.ipv4.IsValid() && s.wantsIPv4(&l) {
			s.ipv4, s.pool, s.lender4 = l.prefix.Addr(), e.pools[l.pool], uint16(l.lender)+1
		} else {
			e.returnLot(l, fx)
		}
	}
	if l := left.ipv6; l.pool != "" {
		if s.dynamic().IPv6 && !s.ipv6.IsValid() && s.wantsIPv6(&l) {
			s.ipv6, s.pool6, s.lender6 = l.prefix, e.pools[l.pool], uint16(l.lender)+1
		} else {
			e.returnLot(l, fx)
		}
	}
}

// wantsIPv4 reports whether an address is the session's own, or one that its pool
// could give it.
func (s *session) wantsIPv4(l *lot) bool {
	if own := s.framedIPv4(); own.IsValid() {
		return own == l.prefix.Addr()
	}
	return s.poolIPv4().serves(l.pool)
}

// wantsIPv6 is wantsIPv4 for a prefix.
func (s *session) wantsIPv6(l *lot) bool {
	if own := s.framedIPv6(); own.IsValid() {
		return own == l.prefix
	}
	return s.poolIPv6().serves(l.pool)
}

// serves reports whether an address of the named pool may be given to somebody
// whose pool is p: it is p or linked to it.
func (p *Pool) serves(name string) bool {
	for ; p != nil; p = p.Linked {
		if p.Name == name {
			return true
		}
	}
	return false
}

// returnLot gives an address back to the shard whose block it is from.
func (e *Engine) returnLot(l lot, fx *Effects) {
	switch {
	case l.pool == "":
	case l.lender == e.shard:
		e.releaseUnit(e.pools[l.pool], l.prefix.Addr(), fx)
	default:
		e.tell(Message{To: l.lender, Kind: MessagePoolUnit, Pool: l.pool, Address: l.prefix.Addr()}, fx)
	}
}

// removeStale takes a predecessor's entry out of the plane.
func (e *Engine) removeStale(k forward.Key, fx *Effects) {
	if k != (forward.Key{}) {
		fx.Remove = append(fx.Remove, k)
	}
}

// hashNames is FNV-1a over two names; never 0.
func hashNames(a, b string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{a, "\x00", b} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	return max(h, 1)
}
