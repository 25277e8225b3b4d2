// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"strings"
	"time"

	"holdfast/internal/directory"
	"holdfast/internal/forward"
	"holdfast/internal/policy"
	"holdfast/ppp"
)

// grant is what a session has beyond its binding: from RADIUS, by its realm, and
// its accounting. A session that needs none of it has none.
type grant struct {
	aaa    *AAAProfile    // by which the subscriber is treated
	domain *Domain        // its realm's; nil: none
	given  string         // its name as the peer gave it
	offer  *ppp.AuthOffer // while RADIUS is asked and other sources come after it; nil: none do
	next   uint8          // that source's place in authentication-order
	said   AuthSource     // who has let it in

	granted     *policy.Attributes // nil: nothing from RADIUS
	server      string             // which has granted it
	pool, pool6 *Pool              // named by RADIUS; nil: as configured
	instance    uint16             // if hasInstance
	hasInstance bool
	chosen      netip.Addr     // by the subscriber, whom RADIUS lets choose
	routes      []netip.Prefix // behind the subscriber: framed routes, its network, its delegated prefix
	claimed     int            // so many of the routes are claimed

	change  *routeChange // that waits for new routes; nil: none does
	sub     *Subscriber  // as requests and accounting tell it; nil: not before authorisation
	account account
	listed  bool  // in the index of find.go
	links   links // there
}

// grants makes the session's grant, if it has none.
func (s *session) grants() *grant {
	if s.grant == nil {
		s.grant = &grant{aaa: s.bind.AAA}
	}
	return s.grant
}

// aaa is the profile by which the subscriber is treated.
func (s *session) aaa() *AAAProfile {
	if s.grant != nil {
		return s.grant.aaa
	}
	return s.bind.AAA
}

// attributes is what RADIUS has granted; nil: nothing.
func (s *session) attributes() *policy.Attributes {
	if s.grant != nil {
		return s.grant.granted
	}
	return nil
}

// dynamic is the session's dynamic profile: its realm's, or that of its LAC.
func (s *session) dynamic() *DynamicProfile {
	if s.grant != nil && s.grant.domain != nil && s.grant.domain.Profile != nil {
		return s.grant.domain.Profile
	}
	return s.bind.Profile
}

// instance is the session's routing instance.
func (s *session) instance() uint16 {
	if s.grant != nil && s.grant.hasInstance {
		return s.grant.instance
	}
	return s.dynamic().Instance
}

// treat has the subscriber treated by its realm's profile, and moves it to the
// routing instance that follows.
func (e *Engine) treat(s *session, aaa *AAAProfile, d *Domain, given string) {
	e.byInstance[s.instance()]--
	if d != nil || aaa.remembers() || e.dynamic {
		g := s.grants()
		g.aaa, g.domain, g.given = aaa, d, given
	}
	e.byInstance[s.instance()]++
}

// remembers reports whether sessions of this profile need a grant.
func (a *AAAProfile) remembers() bool {
	if a.Accounting != nil {
		return true
	}
	for _, source := range a.Order {
		if source == AuthRadius {
			return true
		}
	}
	return false
}

// entitle makes what a server has granted the session's, as far as its profile
// lets it. A cause says that it cannot be had, and the name of what cannot.
func (e *Engine) entitle(s *session, a *policy.Attributes) (Cause, string) {
	g := s.grants()
	e.ignore(g.aaa, a)
	if a.Malformed != "" {
		return CauseAttribute, a.Malformed
	}
	if cause, what := e.filters(g.aaa, a); cause != causeNone {
		return cause, what
	}
	if g.granted != nil {
		// The link was negotiated anew. The session has its addresses and routes; what
		// can change in place does.
		a.Routes = nil
		g.granted = g.granted.With(a)
		e.retell(s)
		e.adjust(s, a)
		return causeNone, ""
	}
	if cause, what := e.place(s, g, a); cause != causeNone {
		return cause, what
	}
	routes, what := routesOf(a, s.bind.PPP.LocalIPv4)
	if what != "" {
		return CauseAttribute, what
	}
	a.ReplyMessage, a.MSCHAP, a.Ignored, a.Services = "", "", nil, nil // they have had their effect
	g.granted, g.routes = a, routes
	return causeNone, ""
}

// place finds the routing instance and the pools that a server has named, and
// looks at the addresses.
func (e *Engine) place(s *session, g *grant, a *policy.Attributes) (Cause, string) {
	if a.Instance != "" {
		id, ok := e.instanceID(a.Instance)
		if !ok {
			return CauseInstance, a.Instance
		}
		e.byInstance[s.instance()]--
		g.instance, g.hasInstance = id, true
		e.byInstance[id]++
	}
	var ok bool
	if g.pool, ok = e.namedPool(s, a.Pool, false); !ok {
		return CausePool, a.Pool
	}
	if g.pool6, ok = e.namedPool(s, a.PoolIPv6, true); !ok {
		return CausePool, a.PoolIPv6
	}
	if a.Address.IsValid() && !assignable(a.Address, s.bind.PPP.LocalIPv4) {
		return CauseAttribute, "Framed-IP-Address"
	}
	// Only of a /64 can a host make itself an address (RFC 4862 §5.5.3 d).
	if a.PrefixIPv6.IsValid() && (a.PrefixIPv6.Bits() != 64 || !a.PrefixIPv6.Addr().Is6()) {
		return CauseAttribute, "Framed-IPv6-Prefix"
	}
	return causeNone, ""
}

// ignore takes out what the profile ignores, and counts what nobody acts upon.
func (e *Engine) ignore(p *AAAProfile, a *policy.Attributes) {
	i, n := &p.Ignore, 0
	count := func(was bool) {
		if was {
			n++
		}
	}
	if i.Netmask {
		count(a.Forget(9))
	}
	if i.SessionTimeout {
		count(a.Forget(27))
	}
	if i.IdleTimeout {
		count(a.Forget(28))
	}
	for _, t := range i.Standard {
		count(a.Forget(t))
	}
	if i.InputFilter {
		count(len(a.FiltersIn) > 0)
		a.FiltersIn = nil
	}
	if i.OutputFilter {
		count(len(a.FiltersOut) > 0)
		a.FiltersOut = nil
	}
	if i.Instance {
		count(a.Instance != "")
		a.Instance = ""
	}
	e.counters.AttributesIgnored += uint64(n)
	e.counters.AttributesUnused += uint64(len(a.Ignored) + len(a.Services))
	// Nobody could tell the subscriber of what is from these pools: it would take
	// DHCPv6. Nor is a session asked about again when its time is over.
	for _, unused := range [...]bool{a.PoolDelegated != "", a.PoolAddressIPv6 != "", a.Terminate != 0} {
		if unused {
			e.counters.AttributesUnused++
		}
	}
}

// filters refuses a subscriber whose filters we cannot apply, or lets it in
// without, as the profile says.
func (e *Engine) filters(p *AAAProfile, a *policy.Attributes) (Cause, string) {
	for _, list := range [...][]string{a.Filters, a.FiltersIn, a.FiltersOut} {
		if len(list) == 0 {
			continue
		}
		if p.Ignore.RefuseFilters {
			return CauseFilter, list[0]
		}
		e.counters.FiltersIgnored += uint64(len(list))
	}
	return causeNone, ""
}

// instanceID is a routing instance by its name, with or without the logical
// system before it ("default:red").
func (e *Engine) instanceID(name string) (uint16, bool) {
	name = name[strings.LastIndexByte(name, ':')+1:]
	if name == "default" || name == "" {
		return 0, true
	}
	for _, in := range e.cfg.Instances {
		if in.Name == name {
			return in.ID, true
		}
	}
	return 0, false
}

// namedPool is a pool that RADIUS has named, of the family and the session's
// routing instance; ok is false when there is none.
func (e *Engine) namedPool(s *session, name string, v6 bool) (p *Pool, ok bool) {
	if name == "" {
		return nil, true
	}
	part := e.pools[name]
	if part == nil || part.cfg.Prefix.Addr().Is6() != v6 || part.cfg.Instance != s.instance() {
		return nil, false
	}
	return part.cfg, true
}

// assignable reports whether an address may be a subscriber's.
func assignable(a, own netip.Addr) bool {
	return a.Is4() && a.IsGlobalUnicast() && a != own
}

// routesOf is what a server has put behind the subscriber, or the name of an
// attribute that is of no use.
func routesOf(a *policy.Attributes, own netip.Addr) (routes []netip.Prefix, what string) {
	add := func(p netip.Prefix) {
		if p = p.Masked(); !containsPrefix(routes, p) {
			routes = append(routes, p)
		}
	}
	for _, r := range a.Routes {
		name := "Framed-Route"
		if r.Prefix.Addr().Is6() {
			name = "Framed-IPv6-Route"
		}
		// "Whenever the gateway address is specified as "0.0.0.0" the IP address of the
		// user SHOULD be used as the gateway address." RFC 2865 §5.22
		far := r.NextHop.IsValid() && !r.NextHop.IsUnspecified() && r.NextHop != a.Address && !a.PrefixIPv6.Contains(r.NextHop)
		if !r.Prefix.IsValid() || far || r.Prefix.Contains(own) && r.Prefix.IsSingleIP() {
			return nil, name
		}
		add(r.Prefix)
	}
	if a.Netmask.IsValid() && a.Address.IsValid() {
		bits, ok := maskBits(a.Netmask)
		if !ok {
			return nil, "Framed-IP-Netmask"
		}
		if bits < 32 {
			add(netip.PrefixFrom(a.Address, bits))
		}
	}
	if a.Delegated.IsValid() {
		add(a.Delegated)
	}
	if a.AddressIPv6.IsValid() {
		add(netip.PrefixFrom(a.AddressIPv6, 128))
	}
	return routes, ""
}

func containsPrefix(list []netip.Prefix, p netip.Prefix) bool {
	for _, q := range list {
		if p == q {
			return true
		}
	}
	return false
}

// maskBits is a netmask as a prefix length.
func maskBits(mask netip.Addr) (bits int, ok bool) {
	if !mask.Is4() {
		return 0, false
	}
	for _, b := range mask.As4() {
		for i := 7; i >= 0; i-- {
			switch {
			case b>>i&1 == 0:
				ok = true // from here on there must be zeros
			case ok:
				return 0, false
			default:
				bits++
			}
		}
	}
	return bits, true
}

// sessionsMax is how many sessions the subscriber may have; 0: no bound.
func (s *session) sessionsMax() int {
	if a := s.attributes(); a != nil && a.PortLimit > 0 {
		return a.PortLimit
	}
	return s.aaa().SessionLimitPerUserName
}

// sessionTimeout is how long the session may last; 0: for ever. said: RADIUS has
// granted it.
func (s *session) sessionTimeout() (limit time.Duration, said bool) {
	if a := s.attributes(); a != nil && a.HasSessionTimeout {
		return a.SessionTimeout, true
	}
	if s.bind.PPP.SessionTimeout > 0 {
		return s.bind.PPP.SessionTimeout, false
	}
	return s.aaa().ClientSessionTimeout, false
}

// idleTimeout is how long the session may be without traffic; 0: for ever.
func (s *session) idleTimeout() time.Duration {
	if a := s.attributes(); a != nil && a.HasIdleTimeout {
		return a.IdleTimeout
	}
	if s.bind.PPP.IdleTimeout > 0 {
		return s.bind.PPP.IdleTimeout
	}
	return s.aaa().ClientIdleTimeout
}

// claimRoutes claims what is behind the subscriber, one after the other, so that
// no two have the same. It reports false while an answer is awaited.
func (e *Engine) claimRoutes(s *session, fx *Effects) bool {
	g := s.grant
	if g == nil || g.claimed == len(g.routes) {
		return true
	}
	s.waits |= waitRoute
	e.claim(s, e.routeKey(s, g.routes[g.claimed]), 1, fx)
	return false
}

func (e *Engine) routeKey(s *session, p netip.Prefix) directory.Key {
	return directory.Key{Kind: directory.Route, Name: inInstance(s.instance(), p.String())}
}

// apply adds to the plane's session what the grant says, for the families that
// are open.
func (g *grant) apply(f *forward.Session, ipv4, ipv6 bool) {
	for _, p := range g.routes {
		if p.Addr().Is4() && ipv4 || p.Addr().Is6() && ipv6 {
			f.Routes = append(f.Routes, p)
		}
	}
	if a := g.granted; a != nil {
		f.Up, f.Down = forward.Rate(a.Up), forward.Rate(a.Down)
	}
}

// accounted reports whether the session is in the books.
func (s *session) accounted() bool { return s.grant != nil && s.grant.account.state != accountNone }
