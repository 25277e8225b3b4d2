// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/ndp"
)

// Router Advertisements of a session: a few at first, so that one lost frame
// does not leave the subscriber without a prefix, then at the interval.
const (
	initialAdvertisements        = 3                // MAX_INITIAL_RTR_ADVERTISEMENTS, RFC 4861 §10
	initialAdvertisementInterval = 16 * time.Second // MAX_INITIAL_RTR_ADVERT_INTERVAL
)

// localIfID is our interface identifier on every link: identifiers need only
// differ from the one at the other end (RFC 5072 §4.1).
const localIfID = 1

// router is what the session's Router Advertisements say.
func (e *Engine) router(s *session) ndp.Router {
	a := &s.bind.PPP.Advertisement
	r := ndp.Router{
		InterfaceID: s.link.Network().LocalIfID, Prefix: s.ipv6, DNS: s.nameServers(),
		MTU: uint32(a.MTU), HopLimit: a.HopLimit, RouterLifetime: a.RouterLifetime,
		ValidLifetime: a.ValidLifetime, PreferredLifetime: a.PreferredLifetime, DNSLifetime: a.DNSLifetime,
	}
	if a.RouterLifetime == 0 {
		r.RouterLifetime = -1 // not a default router
	}
	return r
}

// nameServers are those that Router Advertisements tell.
func (s *session) nameServers() []netip.Addr {
	if a := s.attributes(); a != nil && len(a.DNSIPv6) > 0 {
		return a.DNSIPv6
	}
	return s.bind.PPP.DNSIPv6
}

// advertise sends an unsolicited Router Advertisement and sets the time of the next.
func (e *Engine) advertise(s *session, fx *Effects) {
	s.raAt = time.Time{}
	r := e.router(s)
	e.reply = ndp.AppendAdvertisement(e.reply[:0], &r)
	e.counters.RouterAdvertisements++
	e.sendIP(s, e.reply, fx)
	interval := s.bind.PPP.Advertisement.IntervalMax
	if s.raLeft > 0 {
		s.raLeft--
		interval = min(interval, initialAdvertisementInterval)
	}
	if interval <= 0 {
		return
	}
	// "uniformly distributed random values between the interface's configured
	// MinRtrAdvInterval and MaxRtrAdvInterval" RFC 4861 §6.2.4
	low := interval / 3
	s.raAt = e.now.Add(low + time.Duration(e.rand.Int64N(int64(interval-low)+1)))
}

// ICMPv6 types of our replies (RFC 4443 §4.2, RFC 4861 §4.2), and where they are.
const (
	icmpv6Type           = 40
	icmpv6EchoReply      = 129
	ipv6HeaderBytes      = 40
	ipv6DestinationAt    = 24
	ipv6DestinationBytes = 16
)

// discover takes what does not leave the link: Router Solicitations and pings
// of our link-local address are answered, other link-local and multicast
// packets dropped. It reports false for a packet to be forwarded.
func (e *Engine) discover(s *session, ip []byte, fx *Effects) bool {
	if len(ip) < ipv6HeaderBytes {
		e.counters.MalformedFrames++
		return true
	}
	to, _ := netip.AddrFromSlice(ip[ipv6DestinationAt : ipv6DestinationAt+ipv6DestinationBytes])
	if !to.IsLinkLocalUnicast() && !to.IsMulticast() {
		return false
	}
	r := e.router(s)
	reply, ok := ndp.Respond(e.reply[:0], ip, &r)
	e.reply = reply
	switch {
	case !ok:
		e.counters.LinkLocalDropped++
		return true
	case reply[icmpv6Type] == icmpv6EchoReply:
		e.counters.LinkLocalEchoes++
	default:
		e.counters.RouterSolicitations++
		e.counters.RouterAdvertisements++
	}
	e.sendIP(s, reply, fx)
	return true
}
