// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"

	"holdfast/internal/pool"
)

// Space is the pool's units, without those that fixed says are given to single
// subscribers.
func (p *Pool) Space(fixed []netip.Addr, shards int) (*pool.Space, error) {
	length := 32
	if p.Prefix.Addr().Is6() {
		length = p.PrefixLength
	}
	ranges := make([]pool.Range, 0, max(len(p.Ranges), 1))
	for _, r := range p.Ranges {
		ranges = append(ranges, pool.Range{Low: r.Low, High: r.High})
	}
	if len(ranges) == 0 {
		ranges = append(ranges, wholeNetwork(p.Prefix))
	}
	s, err := pool.NewSpace(ranges, length, append(fixed[:len(fixed):len(fixed)], p.Excluded...), shards)
	if err != nil {
		return nil, fmt.Errorf("lns: pool %s: %w", p.Name, err)
	}
	return s, nil
}

// wholeNetwork is a prefix from its first to its last address; an IPv4 network
// that has them, without its network and broadcast address.
func wholeNetwork(p netip.Prefix) pool.Range {
	low := p.Masked().Addr()
	b := low.AsSlice()
	for i := p.Bits(); i < low.BitLen(); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	high, _ := netip.AddrFromSlice(b)
	if low.Is4() && p.Bits() < 31 {
		return pool.Range{Low: low.Next(), High: high.Prev()}
	}
	return pool.Range{Low: low, High: high}
}

// fixedAddresses are the addresses that belong to single subscribers by
// configuration: no pool hands them out.
func (c *Config) fixedAddresses() (fixed []netip.Addr) {
	seen := make(map[*AAAProfile]bool)
	terms := func(t *Terms) {
		if t == nil {
			return
		}
		if t.PPP.FramedIPv4.IsValid() {
			fixed = append(fixed, t.PPP.FramedIPv4)
		}
		if seen[t.AAA] {
			return
		}
		seen[t.AAA] = true
		for _, s := range t.AAA.Subscribers {
			if s.FramedIPv4.IsValid() {
				fixed = append(fixed, s.FramedIPv4)
			}
		}
	}
	for _, g := range c.Groups {
		for _, t := range g.TermsByHostName {
			terms(t)
		}
		terms(g.TermsDefault)
	}
	return fixed
}

// ErrReconfigure says that a configuration is sound but cannot follow the
// present one while the daemon runs.
var ErrReconfigure = errors.New("lns: takes effect only after a restart")

// CheckReconfigure says whether Engine.Configure may be called with next while
// current is in force. A pool may be added; one whose addresses may be in use
// may not change.
func CheckReconfigure(current, next *Config) error {
	pools := make(map[string]*Pool, len(current.Pools))
	for _, p := range current.Pools {
		pools[p.Name] = p
	}
	for _, p := range next.Pools {
		if old := pools[p.Name]; old != nil && !samePool(old, p) {
			return fmt.Errorf("%w: change of address-assignment pool %s", ErrReconfigure, p.Name)
		}
	}
	return nil
}

func samePool(a, b *Pool) bool {
	return a.Prefix == b.Prefix && a.PrefixLength == b.PrefixLength && a.Instance == b.Instance &&
		reflect.DeepEqual(a.Ranges, b.Ranges) && reflect.DeepEqual(a.Excluded, b.Excluded)
}
