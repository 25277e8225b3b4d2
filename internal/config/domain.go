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
		if d.AAA != nil {
			if open, known := sources(d.AAA); !open && !known {
				b.errorf(v.posOf("access-profile"), "%s: nobody could log in: profile %s has no subscriber, and neither none nor radius is in its authentication-order",
					v.at.head(), d.AAA.Name)
			}
		}
		realms[d.Name] = d
	}
	for _, a := range b.aaa {
		a.Domains = realms
	}
}
