// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"slices"

	"holdfast/internal/forward"
	"holdfast/internal/lns"
)

// addressPools reads the pools, then the links between them.
func (b *builder) addressPools() {
	b.pools = make(map[string]*lns.Pool)
	all := b.root.sub("access", "address-assignment").entries("pool")
	for _, v := range all {
		p := b.pool(v)
		for _, other := range b.result.LNS.Pools {
			if poolsOverlap(p, other) {
				b.errorf(v.pos(), "pool %s hands out addresses that pool %s hands out too", p.Name, other.Name)
			}
		}
		b.pools[p.Name] = p
		b.result.LNS.Pools = append(b.result.LNS.Pools, p)
	}
	for _, v := range all {
		b.link(v)
	}
}

func (b *builder) pool(v view) *lns.Pool {
	if family := v.sub("family", "inet6"); family.present() {
		return b.pool6(v.key(), family)
	}
	family := v.sub("family", "inet")
	p := &lns.Pool{Name: v.key(), Prefix: family.prefix("network"), PrefixLength: 32}
	for _, r := range family.entries("range") {
		b.addRange(p, r, lns.PoolRange{Name: r.key(), Low: r.addr("low"), High: r.addr("high")})
	}
	for i, text := range family.values("excluded-address") {
		a := parseAddr(text)
		if !p.Prefix.Contains(a) {
			b.errorf(family.given("excluded-address").ValuePos[i], "excluded-address %v is not in network %v", a, p.Prefix)
		}
		p.Excluded = append(p.Excluded, a)
	}
	b.excludeOwn(p)
	return p
}

func (b *builder) pool6(name string, family view) *lns.Pool {
	p := &lns.Pool{Name: name, Prefix: family.prefix("prefix"), PrefixLength: 64}
	if p.Prefix.Bits() > 64 {
		b.errorf(family.posOf("prefix"), "prefix %v holds no /64", p.Prefix)
	}
	for _, r := range family.entries("range") {
		p.PrefixLength = r.int("prefix-length")
		low, high := r.prefix("low"), r.prefix("high")
		if !low.IsValid() {
			low = netip.PrefixFrom(p.Prefix.Addr(), p.PrefixLength)
			high = netip.PrefixFrom(lastAddr(p.Prefix), p.PrefixLength).Masked()
		}
		for _, bound := range []netip.Prefix{low, high} {
			if bound.Bits() != p.PrefixLength {
				b.errorf(r.pos(), "range %s: %v is not a /%d, which is what its prefix-length hands out", r.key(), bound, p.PrefixLength)
			}
		}
		b.addRange(p, r, lns.PoolRange{Name: r.key(), Low: low.Addr(), High: high.Addr()})
	}
	return p
}

func (b *builder) addRange(p *lns.Pool, v view, r lns.PoolRange) {
	if !p.Prefix.Contains(r.Low) || !p.Prefix.Contains(r.High) {
		b.errorf(v.pos(), "range %s (%v to %v) is not in %v", r.Name, r.Low, r.High, p.Prefix)
	}
	for _, other := range p.Ranges {
		if r.Low.Compare(other.High) <= 0 && other.Low.Compare(r.High) <= 0 {
			b.errorf(v.pos(), "range %s overlaps range %s", r.Name, other.Name)
		}
	}
	p.Ranges = append(p.Ranges, r)
}

// excludeOwn keeps our own addresses, and those that subscribers have for
// good, from being handed out.
func (b *builder) excludeOwn(p *lns.Pool) {
	out := make(map[netip.Addr]bool)
	for _, a := range p.Excluded {
		out[a] = true
	}
	exclude := func(a netip.Addr) {
		if p.Prefix.Contains(a) && !out[a] {
			out[a] = true
			p.Excluded = append(p.Excluded, a)
		}
	}
	for _, l := range b.result.Daemon.LoopbackAddresses {
		exclude(l.Addr())
	}
	for _, g := range b.root.sub("services", "l2tp").entries("tunnel-group") {
		exclude(g.sub("local-gateway").addr("address"))
	}
	for _, profile := range b.root.sub("access").entries("profile") {
		for _, s := range profile.entries("subscriber") {
			exclude(s.addr("framed-ip-address"))
		}
	}
}

// spans are the addresses a pool may hand out, excluded ones included.
func spans(p *lns.Pool) []lns.PoolRange {
	if len(p.Ranges) > 0 {
		return p.Ranges
	}
	return []lns.PoolRange{{Low: p.Prefix.Addr(), High: lastAddr(p.Prefix)}}
}

func poolsOverlap(p, q *lns.Pool) bool {
	for _, a := range spans(p) {
		for _, c := range spans(q) {
			if a.Low.Is4() == c.Low.Is4() && a.Low.Compare(c.High) <= 0 && c.Low.Compare(a.High) <= 0 {
				return true
			}
		}
	}
	return false
}

// link sets the pool to go on with; a chain of links must end.
func (b *builder) link(v view) {
	p, next := b.pools[v.key()], b.pools[v.text("link")]
	if next == nil {
		return
	}
	if next.Prefix.Addr().Is4() != p.Prefix.Addr().Is4() {
		b.errorf(v.posOf("link"), "link: pool %s is of the other family", next.Name)
		return
	}
	for q := next; q != nil; q = q.Linked {
		if q == p {
			b.errorf(v.posOf("link"), "link: pool %s leads back to pool %s", next.Name, p.Name)
			return
		}
	}
	p.Linked = next
}

// poolOf is the pool that a leaf names, which must be of the family; nil: none
// is named.
func (b *builder) poolOf(v view, leaf string, v6 bool) *lns.Pool {
	p := b.pools[v.text(leaf)]
	if p != nil && p.Prefix.Addr().Is6() != v6 {
		family := "inet"
		if v6 {
			family = "inet6"
		}
		b.errorf(v.posOf(leaf), "%s: pool %s is not of family %s", leaf, p.Name, family)
	}
	return p
}

// instances makes the plane's view: our addresses, and one route for each run
// of addresses that subscribers may have.
func (b *builder) instances() {
	cfg := b.result.LNS
	i := forward.Instance{ID: 0, Name: cfg.Instances[0].Name, MTU: b.result.Daemon.MTU}
	for _, p := range cfg.Pools {
		for _, s := range spans(p) {
			high := s.High
			if p.PrefixLength < high.BitLen() {
				high = lastAddr(netip.PrefixFrom(high, p.PrefixLength))
			}
			i.Pools = appendPrefixes(i.Pools, s.Low, high)
		}
	}
	pooled := slices.Clone(i.Pools)
	alone := make(map[netip.Addr]bool) // addresses outside the pools
	route := func(a netip.Addr) {
		if !a.IsValid() || alone[a] || slices.ContainsFunc(pooled, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return
		}
		alone[a] = true
		i.Pools = append(i.Pools, netip.PrefixFrom(a, a.BitLen()))
	}
	for _, v := range b.root.sub("access").entries("profile") {
		for _, s := range v.entries("subscriber") {
			route(s.addr("framed-ip-address"))
		}
	}
	for _, t := range b.terms {
		route(t.PPP.FramedIPv4)
		if own := t.PPP.LocalIPv4; own.IsValid() && !slices.Contains(i.Addresses, netip.PrefixFrom(own, 32)) {
			i.Addresses = append(i.Addresses, netip.PrefixFrom(own, 32))
		}
	}
	b.result.Instances = []forward.Instance{i}
}

// lastAddr is the highest address of a prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// appendPrefixes appends the fewest prefixes that make up low to high.
func appendPrefixes(out []netip.Prefix, low, high netip.Addr) []netip.Prefix {
	for low.IsValid() && low.Compare(high) <= 0 {
		bits := low.BitLen()
		for bits > 0 {
			wider := netip.PrefixFrom(low, bits-1)
			if wider.Masked().Addr() != low || lastAddr(wider).Compare(high) > 0 {
				break
			}
			bits--
		}
		p := netip.PrefixFrom(low, bits)
		out = append(out, p)
		low = lastAddr(p).Next()
	}
	return out
}
