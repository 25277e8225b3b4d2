// SPDX-License-Identifier: Apache-2.0

// Package ppp is one end of a PPP link without I/O: LCP, authentication by PAP,
// CHAP or MS-CHAPv2, IPCP and IPV6CP. The same code is the Authenticator (an
// LNS) and the Peer (a modem).
//
// A Link is given frames and the time, and asks for what it wants through
// Effects: frames to send, a judgement of what the peer offered, the news that
// a network protocol is up. It opens no socket, reads no clock and allocates
// nothing for a frame once the link is up.
//
//	           Open, Close, Grant, Authenticated          Effects
//	                        |                                ^
//	frame -> Handle -> control / authentication / network ---+
//	                        |
//	time  -> Advance -> restart timer, echo, login timers
//
// The parts, in reading order:
//
//	api.go        configuration, phases, effects
//	link.go       Link and its verbs
//	table.go      the automaton of RFC 1661 §4.1, printed as the RFC prints it
//	automaton.go  the table's actions; Configure- and Terminate-Requests
//	control.go    packets of LCP and the NCPs become events of the automaton
//	answer.go     judging a Configure-Request: Ack, Nak or Reject
//	lcp.go        LCP options, Protocol-Reject, what up and down mean
//	echo.go       Echo-Requests, both ways
//	auth.go       the authentication phase; pap.go, chap.go, mschapv2.go, check.go
//	network.go    the network phase: Grant and what it opens
//	ipcp.go, ipv6cp.go  the options of the NCPs
//	proxy.go      taking over LCP and authentication from a LAC
//	counters.go, errors.go, config.go, effects.go
//
// The Example is the smallest owner that there is.
//
// A link lives through the phases of RFC 1661 §3.2. Abort ends it from any of
// them, and a Configure-Request from the peer takes it back to establish:
//
//	dead --Open--> establish --> authenticate --> network
//	  ^                |               |             |
//	  +-----Down-------+---terminate---+-------------+
//
// Who owns what: the owner holds the Link by value, calls its verbs from one
// goroutine and carries the effects out in order. Config and Credentials are
// shared between links and never changed; Config.Rand and Config.Counters
// belong to the same goroutine.
//
// Standards: RFC 1661 (without Quality-Protocol), RFC 1662 §7.1 (ACCM is
// acknowledged and means nothing here), RFC 1570 §2.1 and §2.2 (taken, never
// sent), RFC 1334 §2, RFC 1994, RFC 2759 (without Change-Password), RFC 1332
// (without IP-Addresses and header compression), RFC 1877, RFC 5072. Left out:
// CCP and encryption (answered with Protocol-Reject), multilink, EAP.
package ppp
