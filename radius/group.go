// SPDX-License-Identifier: Apache-2.0

package radius

// group is a Set as far as its servers are configured now.
type group struct {
	members   []*server
	algorithm Algorithm
	cursor    int   // RoundRobin: who is next
	credit    []int // Weighted: by member, as smooth weighted round robin has it
}

// groupsMax bounds the groups that are remembered.
const groupsMax = 4096

// group finds the group of a set, and makes it when a set is met for the first
// time since Configure.
func (c *Client) group(set *Set) *group {
	if g := c.groups[set]; g != nil {
		return g
	}
	g := &group{}
	if set != nil {
		g.algorithm = set.Algorithm
		for _, s := range set.Servers {
			if m := c.known[identityOf(s)]; m != nil && g.index(m) < 0 {
				g.members = append(g.members, m)
			}
		}
	}
	g.credit = make([]int, len(g.members))
	if len(c.groups) >= groupsMax { // somebody makes a set for each request
		clear(c.groups)
	}
	c.groups[set] = g
	return g
}

// index is the place of a server, or -1.
func (g *group) index(s *server) int {
	for i, m := range g.members {
		if m == s {
			return i
		}
	}
	return -1
}

// choose picks the member for a new request, or -1 when none is configured. A dead
// one that is due for a probe is picked where the algorithm meets it; when all are
// dead the one whose next probe comes first.
func (g *group) choose(kind Service, at int64) int {
	switch g.algorithm {
	case Weighted:
		return g.chooseWeighted(kind, at)
	case RoundRobin:
		first := g.cursor
		m := g.scan(kind, at, first)
		if n := len(g.members); n > 0 {
			g.cursor = (first + 1) % n
			if m >= 0 {
				g.cursor = (m + 1) % n
			}
		}
		return m
	}
	return g.scan(kind, at, 0)
}

// scan looks from first on for a member that lives or is to be probed.
func (g *group) scan(kind Service, at int64, first int) int {
	n := len(g.members)
	for i := range n {
		m := (first + i) % n
		if g.members[m].removed {
			continue
		}
		if s := &g.members[m].services[kind]; s.state == Alive || s.revertDue(at) {
			return m
		}
	}
	return g.firstProbe(kind)
}

// firstProbe is the dead member whose next probe comes first.
func (g *group) firstProbe(kind Service) int {
	best := -1
	for m, s := range g.members {
		if !s.removed && (best < 0 || s.services[kind].probeAt < g.members[best].services[kind].probeAt) {
			best = m
		}
	}
	return best
}

// chooseWeighted gives each live member its share, spread evenly.
func (g *group) chooseWeighted(kind Service, at int64) int {
	best, total := -1, 0
	for m, s := range g.members {
		if s.removed {
			continue
		}
		if s.services[kind].revertDue(at) {
			return m
		}
		if s.services[kind].state != Alive {
			continue
		}
		weight := max(s.cfg.Weight, 1)
		total += weight
		if g.credit[m] += weight; best < 0 || g.credit[m] > g.credit[best] {
			best = m
		}
	}
	if best < 0 {
		return g.firstProbe(kind)
	}
	g.credit[best] -= total
	return best
}

// nextAlive is the next live member that a request was not sent to in this round.
func (c *Client) nextAlive(r *request) (int, bool) {
	g, n := r.group, len(r.group.members)
	for i := 1; i < n; i++ {
		m := (r.member + i) % n
		if m == r.first {
			break // once around
		}
		if s := g.members[m]; !s.removed && s.services[r.kind.Service()].state == Alive {
			return m, true
		}
	}
	return 0, false
}
