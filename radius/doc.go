// SPDX-License-Identifier: Apache-2.0

// Package radius exchanges RADIUS requests with servers as pure machines: who is
// asked, when it is asked again, who is dead, and which reply belongs to which
// request (RFC 2865, 2866, 5080); and what a NAS has to remember of the requests
// that servers make of it (RFC 5176).
//
// It knows no octets, no attributes and no sockets. The owner encodes a request
// when the Client asks for it to be sent, keeps what was sent in each Slot, and
// verifies what comes back before the Client hears of it. Time comes in as an
// argument, effects go out in a reused slice, the dice are the owner's.
//
//	      Submit, Cancel                 datagram
//	            |                            | Find: whose could it be?
//	            |                            | the owner verifies it
//	   group.go choose a server              v
//	            |                   reply.go Handle
//	            v                            |
//	   queue.go wait for a place <--+        |
//	            | window, rate      |        |
//	            v                   |        |
//	transmit.go send, send again ---+        |
//	            |      next server           |
//	            v                            v
//	          Send ....................... Done
//
// # Files, in reading order
//
//	config.go         servers, sets and options as configured
//	request.go        kinds of requests, services, slots, outcomes, replies
//	effect.go         what a Client asks for and reports
//	client.go         Client: Submit, Cancel, Next, Advance
//	configure.go      which servers there are; what becomes of those that go
//	group.go          which server of a set gets a request
//	queue.go          requests that wait, and in which order they are served
//	transmit.go       sending, sending again, moving on, ending
//	schedule.go       when to send again
//	reply.go          replies, and what is none; lost connections
//	service.go        a service of a server: alive or dead
//	slots.go          Identifiers: used, resting, free
//	window.go         how many requests may be in flight
//	gate.go           how many a second
//	snapshot.go       counters and copies for readers
//	dynamic.go        CoA and Disconnect: types and counters
//	dynamicserver.go  DynamicServer: duplicates and stale requests
//
// Package radiustest has a server with sockets for tests of the owner.
//
// # A request
//
//	         Submit                  place, rate
//	(none) ----------> queued -------------------------> in flight -----> ended
//	   |                  ^ |                              |  | ^  reply
//	   | no server,       | | patience over, Cancel:       |  +-+
//	   | queue full:      | | ended                        |  RT: sent again, Retry times
//	   | ended            | |                              |
//	                      +-+------------------------------+
//	                  the server dies     then the next server of the set
//
// A request ends exactly once. An Access-Request or an interim update is given up
// after 30 seconds (MRD), counted from Submit, or when all live servers were asked:
// whoever dialled has left by then, and the next update says what this one would
// have. An Accounting-Request that must arrive begins anew with the first server,
// for as long as it takes; the owner, who has it on disk, may cancel it.
//
// A request that moves on leaves its Identifier resting for ten seconds, and a reply
// that comes in that time ends it all the same, whichever server it is with now. An
// accounting retransmission has an Identifier of its own, because its
// Acct-Delay-Time has changed; the earlier ones rest likewise.
//
// # A service
//
// A server has two services, authentication and accounting, usually two processes,
// of which one may stall when its database does. So each has its own state, window
// and identifiers; only the rate is the server's.
//
//	state   event                                           new state
//	-----   -----                                           ---------
//	alive   nothing but timeouts for TimeoutGrace           dead: all it has goes to live servers
//	alive   its connection cannot be opened                 dead
//	dead    RevertInterval over: the next request probes    dead
//	dead    requests wait and no server lives: one probes   dead
//	dead    a verified reply, however late                  alive: it gets back who waits for nobody else
//
// A probe is a real request, one at a time, sent once: if another server lives it
// goes there after one timeout. While no server of its set lives a log-in is not
// refused at once, since the server may be restarting, but waits in the queue for as
// long as the schedule of transmissions would have taken, and then fails;
// accounting waits. Waiting costs the server nothing, and one reply lets all go on.
//
// # Windows, rates and order
//
// A service has a window of requests in flight that doubles, then grows, while
// replies come as quickly as they did, and shrinks when they are late or lost, as
// TCP's does; OutstandingMax bounds it. A request above it waits for its server and
// does not go to the next one: load is no failure, and the second server is not
// there to be flooded with what the first is slow at. Room tells admission how much
// of the windows is free, so that the wait is in front of the door and not here.
//
// Those who wait are served in order; but once the oldest log-in has waited for a
// second the newest goes first, since the old ones may have left.
//
// Access-Requests go before accounting, because somebody waits, and Start and Stop
// before interim updates, because nothing makes up for those; but every eighth
// request is accounting's and every sixty-fourth an interim update's, if any wait.
// RequestRate bounds what is sent to a server in a second, with a tenth of it as a
// burst. Retransmissions count but never wait, as their time is the RFC's.
//
// # Ownership
//
// One goroutine owns a Client and all its state, whatever the number of profiles:
// sets share their servers. In the steady state an exchange allocates nothing.
//
// # Standards
//
// RFC 2865 §2.5, §3; RFC 2866 §3, §4.1; RFC 4668 and RFC 4670 (counters); RFC 5080
// §2.2; RFC 5176 §2.3, §6.3. Left out: Status-Server (RFC 5997), for a probe by a
// real request shows that the whole way works; a proxy's duties; MRC and MRD of zero
// for interim updates, which RFC 5080 §2.2.1 recommends for all accounting.
package radius
