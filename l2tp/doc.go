// SPDX-License-Identifier: Apache-2.0

// Package l2tp is L2TP version 2, RFC 2661, both ends of it: an Endpoint is any
// number of tunnels and the calls in them, as LNS, as LAC, or as both at once.
//
// It does no I/O. Datagrams and the time go in, a list of effects comes out: what
// to send, what to decide, what to know. The owner carries them out in order and
// comes back when Next says so. Nothing here reads a clock or rolls dice of its
// own, so that the same inputs give the same outputs, octet by octet.
//
//	      datagram, time                          owner's will
//	            |                                      |
//	Handle -> control.go                AcceptTunnel, OpenCall, CloseCall ...
//	            |  header, tunnel                      |
//	        transport.go  order, acknowledge,          |
//	            |         repeat, window               |
//	        tunnel_step.go ---- state of a tunnel -----+
//	        session_step.go --- state of a call -------+
//	            |                                      |
//	            +-----------> Effects <----------------+
//
// # Files, in reading order
//
//	config.go        what an Endpoint and a tunnel are configured with; defaults.go, tolerated.go
//	call.go          what messages say about a call; callmsg.go: between Call and wire.Message
//	effect.go        what an Endpoint asks for and reports; errors.go: why things end
//	state.go         the states and their names
//	endpoint.go      Endpoint, Handle, Next, Advance
//	acknowledge.go   Flush
//	control.go       from a datagram to a message in order, and messages that are faulty
//	transport.go     the reliable transport (§5.8, Appendix A)
//	request.go       how tunnels begin: SCCRQ, tie breaker, OpenTunnel, AcceptTunnel, RefuseTunnel
//	halfopen.go      the bound on tunnels that are not established
//	tunnel.go        a tunnel, its timers and its end
//	tunnel_step.go   the state table of tunnels
//	session.go       the verbs of a call
//	session_step.go  the state tables of calls
//	linemsg.go       WEN, SLI and RFC 5515's speed updates
//	data.go          data messages and their sequence numbers; early.go: data before its ICCN
//	address.go       peers that change their address
//	space.go         the dense table of sessions; sessionids.go, tunnelids.go, peers.go: ids to find them by
//	view.go          copies and listings for readers; info.go: their types; peek.go: for steering
//
// Package wire has the octets, package l2tptest a pair of Endpoints for tests.
//
// # Tunnels
//
// The table of RFC 2661 §7.2.1 as it is done here. The owner decides about an
// SCCRQ, so idle lasts until it has; closed is the time in which the transport
// still runs (§5.7, §5.8): 31 seconds, or until our StopCCN is acknowledged or
// given up. Then the id is free.
//
//	state           event                        action                      new state
//	-----           -----                        ------                      ---------
//	-               OpenTunnel                   SCCRQ                       wait-ctl-reply
//	-               SCCRQ                        TunnelRequested             idle
//	idle            AcceptTunnel, acceptable     SCCRP                       wait-ctl-conn
//	idle            AcceptTunnel, not acceptable StopCCN                     closed
//	idle            RefuseTunnel                 StopCCN                     closed
//	wait-ctl-reply  SCCRP, acceptable            SCCCN, TunnelUp             established
//	wait-ctl-reply  SCCRP, not acceptable        StopCCN                     closed
//	wait-ctl-reply  SCCRQ, tie lost              -                           closed
//	wait-ctl-reply  SCCCN and others             StopCCN                     closed
//	wait-ctl-conn   SCCCN, acceptable            TunnelUp                    established
//	wait-ctl-conn   SCCCN, not acceptable        StopCCN                     closed
//	wait-ctl-conn   SCCRQ, SCCRP and others      StopCCN                     closed
//	established     SCCRQ, SCCRP, SCCCN          StopCCN                     closed
//	established     silence for HelloInterval    HELLO                       established
//	established     no session for IdleTimeout   StopCCN                     closed
//	any of these    not established in time      StopCCN                     closed
//	any of these    CloseTunnel                  StopCCN                     closed
//	any of these    StopCCN                      -                           closed
//	any of these    no acknowledgement           -                           closed
//
// Every way into closed first ends the tunnel's calls (CallDown), then says
// TunnelDown. A retransmitted SCCRQ is no event: it finds its tunnel by address,
// port and Assigned Tunnel ID, and has the SCCRP repeated.
//
// # Calls
//
// RFC 2661 §7.4 and §7.5. Every way to the end says CallDown, and EstablishTimeout
// ends a call in any state before established with a CDN.
//
//	incoming, LNS (§7.4.2)
//	-               ICRQ                         CallRequested               idle
//	-               ICRQ, no room                CDN                         -
//	idle            AcceptCall                   ICRP                        wait-connect
//	wait-connect    ICCN                         CallUp                      established
//	wait-connect    ICCN, not acceptable         CDN                         -
//	any             ICRQ, ICRP, or ICCN again    CDN                         -
//
//	incoming, LAC (§7.4.1)
//	-               OpenCall, tunnel not up      -                           wait-tunnel
//	-, wait-tunnel  tunnel up                    ICRQ                        wait-reply
//	wait-reply      ICRP                         CallAccepted                wait-answer
//	wait-reply      ICCN                         -                           -
//	wait-answer     ConnectCall                  ICCN, CallUp                established
//	any             ICRQ, ICRP or ICCN           CDN                         -
//
//	outgoing, LAC (§7.5.1)
//	-               OCRQ                         CallRequested               idle
//	-               OCRQ, not offered            CDN                         -
//	idle            AcceptCall                   OCRP                        wait-cs-answer
//	wait-cs-answer  ConnectCall                  OCCN, CallUp                established
//	any             OCRQ, OCRP, OCCN             CDN                         -
//
//	outgoing, LNS (§7.5.2)
//	-               OpenCall, tunnel not up      -                           wait-tunnel
//	-, wait-tunnel  tunnel up                    OCRQ                        wait-reply
//	wait-reply      OCRP                         CallAccepted                wait-connect
//	wait-connect    OCCN                         CallUp                      established
//	any             others                       CDN                         -
//
//	all four
//	any             CDN                          -                           -
//	any             CloseCall                    CDN                         -
//	any             tunnel closed                -                           -
//
// # State and memory
//
// One goroutine owns an Endpoint and all its state. A session is a small struct in
// a dense table, found from its ids by arithmetic; its Element indexes that table
// and the owner's own. An idle tunnel has no queues. All timers are in one wheel.
//
// # Standards
//
// RFC 2661; RFC 3145 (why PPP ended); RFC 5515 (the access line, speed updates).
// Left out: RFC 4951 (failover is not offered, so FSQ and FSR only meet an
// acknowledgement), RFC 3308 and RFC 3437 (their AVPs are not mandatory and are
// ignored), L2TP over anything but UDP.
package l2tp
