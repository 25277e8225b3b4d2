// SPDX-License-Identifier: Apache-2.0

// Package wire reads and writes PPP frames: the frame header, the packets of
// LCP and the NCPs, Configuration Options, PAP and CHAP. It keeps no state and
// knows no time; what an octet means for a link is package ppp's business.
//
// Everything that is parsed borrows from the octets given, and everything that
// is written is appended to them: nothing is copied, nothing allocated.
//
//	FF 03 | protocol | code  id  length | data ...
//	frame.go           packet.go          option.go, auth.go
//
// Reading order: frame.go, packet.go, option.go, auth.go.
//
// Standards: RFC 1661 §2, §5 and §6, RFC 1662 §3.1, RFC 1334, RFC 1994, RFC
// 1332, RFC 1877, RFC 5072 §4.1. No FCS and no octet stuffing: L2TP carries
// frames without them (RFC 2661 §4.4.3).
package wire
