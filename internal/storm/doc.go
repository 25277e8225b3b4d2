// SPDX-License-Identifier: Apache-2.0

// Package storm is a subscriber emulator: LACs with tunnels, and modems behind
// them that dial, authenticate, get addresses, send traffic and hang up. It
// qualifies an LNS, ours or any other.
//
// The behaviour is a pure machine. A LAC takes datagrams and the time, and asks
// for datagrams to be sent; a socket (Run) or a simulation drives it. From one
// seed and one sequence of inputs it always does the same.
//
//	           Plan
//	            |
//	+-----------v--------- LAC ------------------------+
//	|  tunnels  -+                                     |   Transmit
//	|            +-- l2tp.Endpoint (as LAC)  ----------+---------->
//	|  modems   -+        |  frames                    |
//	|    each: ppp.Link (as Peer), redial, patience    |<----------
//	|  prober: traffic through modems that are up      |   Handle
//	+--------------------------------------------------+
//
// A modem lives like this; there is one place that changes its state (become):
//
//	          dial queue, pace and window              ICRP, ICCN
//	onHook ------------------------------> dialling ----------------> negotiating
//	  ^  ^                                    |                          |
//	  |  +-- refused, patience, tunnel gone --+--------------------------+
//	  |                                                                  | IPCP (or IPV6CP) opened
//	  |   CDN, echoes lost, Terminate-Request, tunnel gone               v
//	  +<---------------------------------------------------------------online
//	  |                                                                  | HangUp
//	  +<------------------------- Terminate-Ack, CDN ----------------- hangingUp
//
// Nothing here is polite: LCP starts right behind the ICCN, calls are given up
// when patience ends, and the next call comes after the redial delay, whatever
// the LNS is doing.
//
// Files, in reading order: plan.go what to do; effects.go; lac.go the machine
// and its verbs; tunnel.go, modem.go the two lives; queue.go; traffic.go,
// probe.go, router.go what modems send and what they check; counters.go, refusal.go,
// histogram.go what is counted; control.go what a scenario does to a LAC; path.go
// what the way does to datagrams; driver.go a LAC on a socket; run.go the phases
// of a plain storm, report.go its words; swarm.go LACs that are told what to do,
// by package scenario, timeline.go what is recorded of it; attack.go what attackers
// send, assault.go from their sockets, spoof.go from a subscriber's session; echo.go
// the far end of the traffic.
//
// Standards: RFC 2661 and 5515 through l2tp, RFC 1661 and its family through
// ppp; RFC 862 (echo), 792 and 4443 (ping) and the host's part of RFC 4861.
// Left out: DHCPv6, TCP.
package storm
