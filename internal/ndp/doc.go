// SPDX-License-Identifier: Apache-2.0

// Package ndp is the little of IPv6 Neighbor Discovery that a router needs on a
// point-to-point link: it advertises the link's /64, its MTU and name servers,
// answers Router Solicitations and answers pings to its link-local address.
// Packets in, packets out: no timers, no state. When to advertise is the
// owner's business.
//
// There is no address resolution, since a PPP link has no link-layer addresses,
// and no duplicate address detection, since IPV6CP has made the identifiers
// unique (RFC 5072 §5).
//
//	packet.go         IPv6 and ICMPv6 headers, checksum
//	advertisement.go  AppendAdvertisement
//	respond.go        Respond
//
// Standards: RFC 4861 §4.1, §4.2, §4.6, §6.1.1 and §6.2.6, RFC 8106 §5.1, RFC
// 4443 §2.3, §4.1 and §4.2.
package ndp
