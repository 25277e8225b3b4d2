// SPDX-License-Identifier: Apache-2.0

package pool

import "slices"

// Broker lends the blocks of one pool to shards. It lives in the pool's home shard.
type Broker struct {
	space    *Space
	lent     map[BlockID]int      // who holds which block
	returned []BlockID            // given back: lent again when no new one is left, the longest rested first
	at       int                  // the span from which the next new block comes
	next     BlockID              // that block, once at has begun
	begun    bool                 // next is meant
	early    map[BlockID]struct{} // lent by LendThat before their turn
}

// NewBroker makes the broker of a pool none of whose blocks is lent.
func NewBroker(s *Space) *Broker {
	return &Broker{space: s, lent: make(map[BlockID]int), early: make(map[BlockID]struct{})}
}

// Holder is the shard that holds a block; ok is false when nobody does.
func (b *Broker) Holder(id BlockID) (shard int, ok bool) {
	shard, ok = b.lent[id]
	return shard, ok
}

// LendThat gives the shard that very block, which nobody holds. It does nothing
// for one that is lent.
func (b *Broker) LendThat(shard int, id BlockID) {
	if _, out := b.lent[id]; out {
		return
	}
	if i := slices.Index(b.returned, id); i >= 0 {
		b.returned = slices.Delete(b.returned, i, i+1)
	} else {
		b.early[id] = struct{}{}
	}
	b.lent[id] = shard
}

// Lend gives the shard a block that nobody holds. ok is false when all are lent.
func (b *Broker) Lend(shard int) (id BlockID, ok bool) {
	if id, ok = b.fresh(); !ok {
		if len(b.returned) == 0 {
			return 0, false
		}
		id, b.returned = b.returned[0], b.returned[1:]
	}
	b.lent[id] = shard
	return id, true
}

// fresh is the next block that was never lent.
func (b *Broker) fresh() (id BlockID, ok bool) {
	for id, ok = b.following(); ok; id, ok = b.following() {
		if _, was := b.early[id]; !was {
			break
		}
		delete(b.early, id)
	}
	return id, ok
}

// following is the block that comes next, in the order of the spans.
func (b *Broker) following() (BlockID, bool) {
	for b.at < len(b.space.spans) {
		sp := b.space.spans[b.at]
		if !b.begun {
			// Two spans may share their border block: it was lent with the first.
			if first := b.space.block(sp.low); b.at == 0 || first > b.space.block(b.space.spans[b.at-1].high) {
				b.next = first
			} else {
				b.next = first + 1
			}
			b.begun = true
		}
		if b.next <= b.space.block(sp.high) {
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
