// SPDX-License-Identifier: Apache-2.0

package config

import "holdfast/internal/lns"

// domains reads the domain map, which is one for all access profiles.
func (b *builder) domains() {
	entries := b.root.sub("access", "domain").entries("map")
	if len(entries) == 0 {
		return
	}
	realms := make(map[string]*lns.Domain, len(entries))
	for _, v := range entries {
		d := &lns.Domain{
			Name: v.key(), AAA: b.aaa[v.text("access-profile")], Strip: v.has("strip-domain"), Pool: b.poolOf(v, "address-pool", false),
		}
		if d.AAA == nil && !d.Strip && d.Pool == nil {
			b.errorf(v.pos(), "%s says nothing", v.at.head())
		}
		realms[d.Name] = d
	}
	for _, a := range b.aaa {
		a.Domains = realms
	}
}
