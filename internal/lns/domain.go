// SPDX-License-Identifier: Apache-2.0

package lns

import "strings"

// Names in a domain map that stand for more than one realm, as in Junos.
const (
	domainDefault = "default" // names with a realm that the map does not have
	domainNone    = "none"    // names without a realm
)

// route finds how a subscriber is treated: by which profile, and by which name.
// The realm chooses from the domain map; then strip-domain and the chosen
// profile's strip-user-name take from the name what does not count.
func (a *AAAProfile) route(given string) (profile *AAAProfile, d *Domain, name string) {
	profile, name = a, given
	user, realm, found := cutRealm(given)
	if d = a.domain(realm, found); d != nil {
		if d.AAA != nil {
			profile = d.AAA
		}
		if d.Strip && found {
			name = user
		}
	}
	return profile, d, profile.userName(name)
}

// Route is the profile by which a subscriber who gives this name is treated, and
// the name that counts.
func (a *AAAProfile) Route(given string) (profile *AAAProfile, name string) {
	profile, _, name = a.route(given)
	return profile, name
}

// domain is the entry of the domain map for a realm; nil: there is none.
func (a *AAAProfile) domain(realm string, found bool) *Domain {
	if len(a.Domains) == 0 {
		return nil
	}
	if !found {
		return a.Domains[domainNone]
	}
	if d := a.Domains[realm]; d != nil {
		return d
	}
	// Realms are domain names: their case does not matter (RFC 7542 §2.4).
	if d := a.Domains[strings.ToLower(realm)]; d != nil {
		return d
	}
	return a.Domains[domainDefault]
}

// cutRealm cuts a name before its realm: after the last "@" (RFC 7542 §2.2).
func cutRealm(name string) (user, realm string, found bool) {
	i := strings.LastIndexByte(name, '@')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}
