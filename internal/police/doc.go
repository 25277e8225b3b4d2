// SPDX-License-Identifier: Apache-2.0

// Package police decides which packets may reach the control plane, so that
// neither a flood nor a flaw of somebody else's keeps it from those that matter.
// It holds what Junos calls control-plane DDoS protection: policers per packet
// type and group, their violations, and the detection of suspicious flows.
//
// It is the cheap part of the defence and knows nothing about calls. Who of the
// honest comes first when there are too many is package admission's business.
//
//	datagram -- Classify --> type
//	   |
//	ingress level, one set per slot ("FPC slot"), where packets are read
//	   1. flow of a culprit?       DropFlow
//	   2. policer of the type      DropPolicer    if one is configured
//	   3. policer of the group     DropAggregate  but see below
//	   |
//	host level ("Routing Engine"), in the shard: 2 and 3 again
//	   |
//	the engine
//
// A packet passes Ingress once and then Host once. Each level counts what it got
// and what it dropped, and by which of its three stages. What an aggregate counts
// is the sum over the group's types, computed when somebody looks.
//
// # Files
//
//	type.go        groups, packet types, priorities: a table
//	classify.go    octets to type
//	gcra.go        a policer: one word and what is done to it
//	config.go      the statements, their defaults and ranges
//	plan.go        a configuration as flat tables, for the packet path
//	police.go      Ingress and Host: the packet path
//	standing.go    which tunnels are established, where their peers are, their windows
//	screen.go      the same for datagrams as they are read
//	violation.go   never, is, was, was and is violated
//	flow.go        what makes a flow, at three levels; hash.go
//	flowtable.go   the bounded table of flows
//	hunt.go        the packet path through the levels
//	sweep.go       once a second through the flows; aggregation
//	advance.go     the owner's turn: events, rates
//	show.go        copies for readers: snapshot.go, event.go; clear.go
//	backoff.go     how long a source of wrong secrets has to wait
//
// # Who owns what
//
// Ingress and Host, and Screen and ScreenHost which lead there, are called by any
// number of goroutines; Stand, Expect and Fall by the owner of the tunnel, which is
// a shard; everything else by one owner. The two sides meet in words that are read and written atomically: the
// policers and counters (type cell), the flows (flowTable), the hunts. Counters
// only grow; clearing them is remembering what they showed. The configuration is
// a plan behind one pointer, replaced and never changed. A flow's record is
// published by its last word, which carries half of the flow's tag, so that
// neither a reader nor a writer takes a record for that of another flow.
//
// The packet path never makes an event, allocates nothing and loops over nothing
// that grows. A drop leaves the time of the first and of the last excess; Advance
// makes violations, rates and events of that, at the time that Next says.
//
// Everything that a packet touches lies in arrays of structs of fixed size made
// of words (cell, limit, flowLimit, record, and the flow tags), so that a program
// in the kernel can hold the same tables and come to the same verdicts; the
// fixtures of policetest are what both have to agree on. Its compare-and-swap
// loops are to be bounded there, and a packet that loses every round passes.
//
// # Policers
//
// A policer is a virtual clock (GCRA): idle time earns a burst, a rate above the
// bandwidth passes at exactly the bandwidth. A bandwidth of 0 passes nothing. The
// clock may go back: at most a burst is owed from then on. A change of rate keeps
// the number of packets owed.
//
// Priority works by reserve: a packet of low priority is admitted by the
// aggregate while less than half the burst is used up, of medium priority three
// quarters, of high priority all. While the aggregate is dry the high ones come
// first and low ones get what is left of the bandwidth; all together still get
// the bandwidth.
//
// # Established tunnels
//
// An LNS at work gets more from its tunnels than any default for strangers can
// allow, and to drop what lies in the window of a reliable channel only delays
// it: it comes again. So while the operator has not set bandwidth or burst of an
// aggregate, packets of established tunnels are counted and not asked about by
// it. Who sets it, as in the original, means all packets, Hellos among them.
//
// A tunnel is known by its local id. A datagram belongs to it if it comes from the
// address and port of its peer and, being control, has an Ns that the peer may send
// now: in the window that it was offered, or as far behind, since what it repeats
// may have been acknowledged in vain. Of a data message that is all that can be
// asked: the sessions of a tunnel are not known here, least of all those that are
// being set up.
//
// Flow control never drops in-window control messages of an established tunnel.
// PPP is another matter: what a subscriber sends over his session is in nobody's
// window, so it counts at the subscriber level, but is never held against his LAC.
//
// # Flow rates
//
// The original's default flow rates for L2TP are 10, 10 and 20,000 packets a
// second (subscriber, logical interface, physical interface). They are meant for
// single subscribers behind an interface. Here the logical interface is a whole
// LAC, whose tunnels come up together after a restart, thousands of them: at 10 a
// second every LAC that restarts during an attack would be a culprit, and shut out.
// Ours are 100, 2,000 and 20,000. What is shown is what is in force; an operator
// who wants the original's writes
//
//	flow-level-bandwidth { subscriber 10; logical-interface 10; }
//
// A flow is judged by its mean rate since it last had a pause, so that bursts of
// up to a second's worth are nobody's concern, and one that goes on for the detect
// time above its bandwidth is a culprit from its first second on.
//
// A packet type for which neither a policer nor flow statements are configured
// shares the flows of its aggregate, as there is nothing else in the original.
//
// # The table of flows
//
// It has a fixed size. A new flow takes a free place of its bucket or that of the
// flow there that owes least, never that of a culprit. When three quarters are
// taken, the level of a type with the most flows is given up: its packets count at
// the level above, down to one flow per slot, and an event says so. After the flow
// recover time flows are told apart again.
//
// # Left out
//
// hostbound-queue: there are no queues of hardware between the levels.
package police
