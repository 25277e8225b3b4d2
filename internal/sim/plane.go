// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"net/netip"

	"holdfast/internal/forward"
)

// plane is a data plane that forwards nothing and keeps books: which sessions
// are installed, and who has which address.
type plane struct {
	sessions map[forward.Key]held
	holders  map[netip.Addr]int // how many have an address
	twice    int                // addresses that more than one has now
}

// held is what an installed session has.
type held struct{ ipv4, ipv6 netip.Addr }

func newPlane() *plane {
	return &plane{sessions: make(map[forward.Key]held), holders: make(map[netip.Addr]int)}
}

func (p *plane) install(s *forward.Session) {
	p.remove(s.Key)
	h := held{ipv4: s.IPv4, ipv6: s.IPv6.Addr()}
	p.sessions[s.Key] = h
	p.give(h.ipv4)
	p.give(h.ipv6)
}

func (p *plane) remove(k forward.Key) {
	h, ok := p.sessions[k]
	if !ok {
		return
	}
	delete(p.sessions, k)
	p.take(h.ipv4)
	p.take(h.ipv6)
}

// give notes that one more session has the address. Only for a moment may there
// be two: when a newcomer takes the place of its line's stale session.
func (p *plane) give(a netip.Addr) {
	if !a.IsValid() {
		return
	}
	p.holders[a]++
	if p.holders[a] == 2 {
		p.twice++
	}
}

func (p *plane) take(a netip.Addr) {
	if !a.IsValid() {
		return
	}
	p.holders[a]--
	switch p.holders[a] {
	case 1:
		p.twice--
	case 0:
		delete(p.holders, a)
	}
}
