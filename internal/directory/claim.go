// SPDX-License-Identifier: Apache-2.0

package directory

import "slices"

// Home keeps the facts that one shard is home of.
type Home struct {
	shards int
	limits map[Key]*limit
	claims map[Key][]Holder
}

// NewHome makes an empty Home.
func NewHome(shards int) *Home {
	return &Home{shards: shards, limits: make(map[Key]*limit), claims: make(map[Key][]Holder)}
}

// Handle takes one message to this home and appends the answers to out.
func (h *Home) Handle(m *Message, out []Message) []Message {
	switch m.Op {
	case Ask:
		return h.ask(m, out)
	case Return:
		return h.giveBack(m, out)
	case Claim:
		return h.claim(m, out)
	case Release:
		h.release(m)
	}
	return out
}

func (h *Home) claim(m *Message, out []Message) []Message {
	holders := h.claims[m.Key]
	if !slices.Contains(holders, m.Holder) {
		if len(holders) >= m.Max {
			var other Holder
			if len(holders) > 0 {
				other = holders[0]
			}
			return append(out, Message{Op: Refused, Shard: m.Shard, Key: m.Key, Holder: m.Holder, Other: other})
		}
		h.claims[m.Key] = append(holders, m.Holder)
	}
	return append(out, Message{Op: Claimed, Shard: m.Shard, Key: m.Key, Holder: m.Holder})
}

func (h *Home) release(m *Message) {
	holders := h.claims[m.Key]
	i := slices.Index(holders, m.Holder)
	if i < 0 {
		return
	}
	if holders = slices.Delete(holders, i, i+1); len(holders) == 0 {
		delete(h.claims, m.Key)
		return
	}
	h.claims[m.Key] = holders
}

// Claims is how many keys are held.
func (h *Home) Claims() int { return len(h.claims) }
