// SPDX-License-Identifier: Apache-2.0

// Package admission decides which waiting call is set up next, so that work is
// spent on callers who are still there. Pure: calls, times and outcomes in,
// choices out.
//
// The problem: a server that answers every call, late, answers nobody. Its
// callers have given up when the answer comes, have dialled again, and stand in
// the queue twice. Goodput is zero at full load and stays there when the cause
// has gone (a metastable failure).
//
// The design:
//
//		ICRQ --Offer--> parked --Next--> in set-up, holds one of L slots --Done--> up or gone
//		                  |--Withdraw (CDN, StopCCN): costs next to nothing
//		                  '--Expire: deadline passed; refused within a budget, else forgotten
//
//	  - Cheap and dear are separate. Receiving and acknowledging an ICRQ is cheap
//	    and done at once; the rest of a set-up is dear and begins with Next. The
//	    owner calls Next only when it has nothing to do for calls already begun:
//	    what was started is finished first, so a call in set-up never waits behind
//	    a new one, and the load that is let in cannot exceed what can be carried.
//	  - L bounds the calls in set-up where something other than our own processor
//	    is slow (RADIUS, the callers): it grows while set-up latency stays near its
//	    floor and shrinks when it inflates (limit.go).
//	  - A call in set-up whose caller does not answer gives up its slot, and a LAC
//	    with many such calls waits (setup.go): calls that are never connected keep
//	    nobody else from being set up.
//	  - Parked calls are chosen fairly: round robin over LACs, in a LAC round robin
//	    over tunnels. Oldest first while the wait is short; once there is a backlog
//	    newest first, because the newest caller has the most patience left, and
//	    three of four turns of a LAC are its newest call's, in whatever tunnel
//	    (queue.go).
//	  - No more calls are parked than can be set up in time (room.go). When there is
//	    no room, most newcomers are turned away before anything is made for them.
//	  - Two parked calls of one line are one caller who has dialled again: the
//	    older goes (line.go).
//	  - A tunnel in which messages wait for seconds at the LAC makes its calls older
//	    than they look, and their answers late: they are begun only if they can come
//	    up all the same (lag.go).
//	  - A call has a deadline, counted from the kernel's receive timestamp of its
//	    first copy, learned per LAC from when its callers give up (patience.go). What is known of a
//	    LAC is kept for an hour after its last call (memory.go).
//
// One Controller belongs to one shard; nothing here is shared or locked.
//
// Literature: queueing time as the signal (DAGOR), adaptive LIFO and CoDel,
// gradient limits; RFC 6357 on overload control and RFC 5080 on RADIUS back-off.
package admission
