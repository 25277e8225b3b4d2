// SPDX-License-Identifier: Apache-2.0

// Package frame is what a data plane does to octets: take the L2TP and PPP
// headers off a packet and put them on, look at the inner IP packet, clamp its
// MSS, answer that it is too big, cut it into fragments or into segments.
//
//	from the LAC   L2TP header | FF 03 | protocol | IP packet      header.go
//	inner packet   sound at all? whose is it?                      ip.go
//	               the MSS option of a SYN                         mss.go
//	               too big for the link: an ICMP error             icmp.go
//	               too big and may be cut: fragments               fragment.go
//	from the core  a GSO super-packet becomes wire-sized ones      segment.go
//	               the virtio header that announces it             vnet.go
//	for all        the Internet checksum, whole and incremental    checksum.go
//
// Everything here is a function of its arguments, reads untrusted octets
// without a panic and allocates nothing. There are no tables, no counters and
// no policy: these belong to the planes.
//
// Standards: RFC 2661 §3.1 and §5.4 (data messages; the Priority bit is not
// acted upon), RFC 1661 §6.5 and §6.6 (compressed PPP headers), RFC 791
// (fragmentation), RFC 1191, RFC 1812 §4.3 and RFC 4443 (packet too big),
// RFC 1071 and RFC 1624 (checksums), RFC 9293 §3.7.1 (MSS). IPv6 extension
// headers are not walked: a SYN behind one keeps its MSS.
package frame
