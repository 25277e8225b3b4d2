// SPDX-License-Identifier: Apache-2.0

package directory

// leaseMax is the most tokens granted at once.
const leaseMax = 64

// limit is the home's view of one limit.
type limit struct {
	max       int
	leased    []int // by shard: granted and not returned
	total     int   // sum of leased
	waiting   []int // shards that asked when nothing was left, in order
	unsettled int   // answers to a recall still to come
}

func (h *Home) limit(k Key) *limit {
	l := h.limits[k]
	if l == nil {
		l = &limit{leased: make([]int, h.shards)}
		h.limits[k] = l
	}
	return l
}

// ask grants what is free, or recalls what others do not need.
func (h *Home) ask(m *Message, out []Message) []Message {
	l := h.limit(m.Key)
	l.max = m.Max
	l.waiting = append(l.waiting, m.Shard)
	if l.unsettled > 0 {
		return out // a recall is under way: its end settles this too
	}
	if out = l.grant(m.Key, h.shards, out); len(l.waiting) == 0 {
		return out
	}
	for shard, n := range l.leased {
		if n > 0 && shard != m.Shard {
			l.unsettled++
			out = append(out, Message{Op: Recall, Shard: shard, Key: m.Key})
		}
	}
	return l.settle(m.Key, out)
}

func (h *Home) giveBack(m *Message, out []Message) []Message {
	l := h.limit(m.Key)
	n := min(m.N, l.leased[m.Shard]) // never below what is leased, whatever a shard says
	l.leased[m.Shard] -= n
	l.total -= n
	if m.Answer && l.unsettled > 0 {
		l.unsettled--
	}
	out = l.grant(m.Key, h.shards, out)
	return l.settle(m.Key, out)
}

// grant serves the waiting in order while something is free.
func (l *limit) grant(k Key, shards int, out []Message) []Message {
	for len(l.waiting) > 0 {
		free := l.max - l.total
		if free <= 0 {
			break
		}
		n := min(max(free/(4*shards), 1), leaseMax)
		shard := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.leased[shard] += n
		l.total += n
		out = append(out, Message{Op: Grant, Shard: shard, Key: k, N: n})
	}
	return out
}

// settle denies those that still wait once all spare tokens are in.
func (l *limit) settle(k Key, out []Message) []Message {
	if l.unsettled > 0 {
		return out
	}
	for _, shard := range l.waiting {
		out = append(out, Message{Op: Deny, Shard: shard, Key: k})
	}
	l.waiting = nil
	return out
}
