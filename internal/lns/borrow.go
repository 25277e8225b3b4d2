// SPDX-License-Identifier: Apache-2.0

package lns

// A pool whose blocks are all lent may still have free addresses: in blocks of
// other shards that are not full. Before a subscriber is refused the other
// shards are asked in turn for single units, which go back to them when the
// session ends.

// borrowMax is the most units asked for at once.
const borrowMax = 32

// borrow asks the next shard for units for those who wait; when all have been
// asked, those who wait are told.
func (e *Engine) borrow(part *poolPart, fx *Effects) {
	if part.polled++; part.polled >= e.shards {
		e.poolAnswered(part, false, fx)
		return
	}
	e.tell(Message{
		To: (e.shard + part.polled) % e.shards, Kind: MessagePoolBorrow, Pool: part.cfg.Name,
		Number: min(len(part.waiting), borrowMax),
	}, fx)
}

// lendUnits answers another shard with what this one can spare.
func (e *Engine) lendUnits(m *Message, fx *Effects) {
	reply := Message{To: m.From, Kind: MessagePoolLoan, Pool: m.Pool}
	if part := e.pools[m.Pool]; part != nil {
		for range m.Number {
			u, ok := part.local.Allocate()
			if !ok && part.local.OpenAside() {
				u, ok = part.local.Allocate()
			}
			if !ok {
				break
			}
			reply.Units = append(reply.Units, part.local.Prefix(u))
		}
	}
	e.tell(reply, fx)
}

// gotLoan hands borrowed units to those who wait, and asks on when there were
// none. What nobody wants any more goes back.
func (e *Engine) gotLoan(m *Message, fx *Effects) {
	part := e.pools[m.Pool]
	if part == nil {
		return
	}
	if len(m.Units) == 0 {
		e.borrow(part, fx)
		return
	}
	for _, p := range m.Units {
		part.loans = append(part.loans, lot{p, m.Pool, m.From})
	}
	e.poolAnswered(part, true, fx)
	for _, l := range part.loans {
		e.returnLot(l, fx)
	}
	part.loans = part.loans[:0]
}

// take hands out a unit of this shard's blocks, or a borrowed one.
func (e *Engine) take(part *poolPart) (lot, bool) {
	if u, ok := part.local.Allocate(); ok {
		return lot{part.local.Prefix(u), part.cfg.Name, e.shard}, true
	}
	n := len(part.loans)
	if n == 0 {
		return lot{}, false
	}
	l := part.loans[n-1]
	part.loans = part.loans[:n-1]
	return l, true
}
