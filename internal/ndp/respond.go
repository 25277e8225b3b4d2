// SPDX-License-Identifier: Apache-2.0

package ndp

// Respond answers a packet from the link that is for the router itself: a
// Router Solicitation, or a ping of its link-local address. The reply, a whole
// IPv6 packet, is appended to dst. Anything else is not ok: it is for someone
// else, or it is malformed and silently discarded.
func Respond(dst, ipv6Packet []byte, r *Router) (reply []byte, ok bool) {
	p, ok := parse(ipv6Packet)
	if !ok {
		return dst, false
	}
	switch p.message[0] {
	case typeRouterSolicitation:
		if !validSolicitation(p, r) {
			return dst, false
		}
		// "the router MAY choose to unicast the response directly to the
		// soliciting host's address (if the solicitation's source address is not
		// the unspecified address)." RFC 4861 §6.2.6
		if p.source.IsUnspecified() {
			return appendAdvertisement(dst, r, allNodes), true
		}
		return appendAdvertisement(dst, r, p.source), true
	case typeEchoRequest:
		return echo(dst, p, r)
	}
	return dst, false
}

// validSolicitation is RFC 4861 §6.1.1; parse has checked the checksum. A
// solicitation from another than a link-local address is not answered, since
// nobody but our peer is on the link and its global addresses are not known
// here.
func validSolicitation(p packet, r *Router) bool {
	if p.hopLimit != hopLimit || p.message[1] != 0 || len(p.message) < 8 {
		return false
	}
	if p.destination != allRouters && p.destination != r.LinkLocal() {
		return false
	}
	if !p.source.IsUnspecified() && !p.source.IsLinkLocalUnicast() {
		return false
	}
	return validOptions(p.message[8:], p.source.IsUnspecified())
}

// validOptions checks the options of a solicitation: "All included options have
// a length that is greater than zero. [...] If the IP source address is the
// unspecified address, there is no source link-layer address option in the
// message." RFC 4861 §6.1.1
func validOptions(b []byte, unspecified bool) bool {
	const sourceLinkLayerAddress = 1
	for len(b) > 0 {
		if len(b) < 2 || b[1] == 0 || int(b[1])*8 > len(b) {
			return false
		}
		if unspecified && b[0] == sourceLinkLayerAddress {
			return false
		}
		b = b[int(b[1])*8:]
	}
	return true
}

// echo answers an Echo Request to our link-local address, or to all nodes or
// routers on the link. "The data received in the ICMPv6 Echo Request message MUST
// be returned entirely and unmodified in the ICMPv6 Echo Reply message." RFC
// 4443 §4.2
func echo(dst []byte, p packet, r *Router) (reply []byte, ok bool) {
	if len(p.message) < 8 || p.message[1] != 0 || p.source.IsUnspecified() || p.source.IsMulticast() {
		return dst, false
	}
	if p.destination != r.LinkLocal() && p.destination != allNodes && p.destination != allRouters {
		return dst, false
	}
	start := len(dst)
	dst = begin(dst, r.LinkLocal(), p.source)
	dst = append(dst, typeEchoReply)
	dst = append(dst, p.message[1:]...)
	seal(dst[start:])
	return dst, true
}
