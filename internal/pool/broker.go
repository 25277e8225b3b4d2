// SPDX-License-Identifier: Apache-2.0

package pool

// Broker lends the blocks of one pool to shards. It lives in the pool's home shard.
type Broker struct {
	space    *Space
	lent     map[BlockID]int // who holds which block
	returned []BlockID       // given back: lent again first
	at       int             // the span from which the next new block comes
	next     BlockID         // that block, once at has begun
	begun    bool            // next is meant
}

// NewBroker makes the broker of a pool none of whose blocks is lent.
func NewBroker(s *Space) *Broker { return &Broker{space: s, lent: make(map[BlockID]int)} }

// Lend gives the shard a block that nobody holds. ok is false when all are lent.
func (b *Broker) Lend(shard int) (id BlockID, ok bool) {
	if n := len(b.returned); n > 0 {
		id, b.returned = b.returned[n-1], b.returned[:n-1]
	} else if id, ok = b.fresh(); !ok {
		return 0, false
	}
	b.lent[id] = shard
	return id, true
}

// fresh is the next block that was never lent.
func (b *Broker) fresh() (BlockID, bool) {
	for b.at < len(b.space.spans) {
		sp := b.space.spans[b.at]
		if !b.begun {
			// Two spans may share their border block: it was lent with the first.
			if first := sp.low.Block(); b.at == 0 || first > b.space.spans[b.at-1].high.Block() {
				b.next = first
			} else {
				b.next = first + 1
			}
			b.begun = true
		}
		if b.next <= sp.high.Block() {
			b.next++
			return b.next - 1, true
		}
		b.at, b.begun = b.at+1, false
	}
	return 0, false
}

// Return takes a block back. A block that the shard does not hold is ignored:
// false says so.
func (b *Broker) Return(shard int, id BlockID) bool {
	if holder, ok := b.lent[id]; !ok || holder != shard {
		return false
	}
	delete(b.lent, id)
	b.returned = append(b.returned, id)
	return true
}

// Lent is how many blocks are out.
func (b *Broker) Lent() int { return len(b.lent) }
