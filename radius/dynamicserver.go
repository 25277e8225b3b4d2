// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"maps"
	"net/netip"
	"time"
)

// Ticket names a request that is being processed.
type Ticket uint64

// DynamicServer keeps what a Dynamic Authorization Server (RFC 5176) has to
// remember of requests: duplicates get the reply of the first, replays nothing.
//
//	          Event-Timestamp in the window?
//	 no              yes                     it has none
//	drop         seen before?          seen less than Retain ago?
//	           no          yes             yes         no
//	        process   resend the reply,  likewise   process
//	                  if there is one
type DynamicServer struct {
	options  DynamicOptions
	seen     map[dynamicKey]Ticket
	memory   []dynamicEntry // oldest first; the ticket of the first is oldest
	oldest   Ticket
	counters DynamicCounters
}

// dynamicKey tells requests apart. The Request Authenticator is a digest of all of
// a request, so the source port need not be looked at: whoever repeats the octets
// from another port repeats the request.
type dynamicKey struct {
	source        netip.Addr
	identifier    uint8
	authenticator [16]byte
}

type dynamicEntry struct {
	key       dynamicKey
	code      DynamicCode
	pending   bool
	timestamp bool // it had an Event-Timestamp
	at        time.Time
	reply     []byte // empty: none yet
}

// NewDynamicServer makes a server that has seen nothing.
func NewDynamicServer(o DynamicOptions) *DynamicServer {
	if o.Window <= 0 {
		o.Window = 300 * time.Second
	}
	if o.Retain <= 0 {
		o.Retain = 30 * time.Second
	}
	if o.Max <= 0 {
		o.Max = 65536
	}
	return &DynamicServer{
		options: o, seen: map[dynamicKey]Ticket{}, oldest: 1, // no Ticket is zero
		counters: DynamicCounters{Naks: map[ErrorCause]uint64{}},
	}
}

// Handle takes a request. reply is set with DynamicResend only, and is valid until
// the next call.
func (d *DynamicServer) Handle(now time.Time, r *DynamicRequest) (v DynamicVerdict, t Ticket, reply []byte) {
	d.forget(now)
	n := d.of(r.Code)
	n.Requests++
	if d.stale(r) {
		n.Stale++
		return DynamicDrop, 0, nil
	}
	key := dynamicKey{r.Source.Addr().Unmap(), r.Identifier, r.Authenticator}
	if e := d.entry(d.seen[key]); e != nil && (e.timestamp || now.Sub(e.at) <= d.options.Retain) {
		n.Duplicates++
		if e.pending {
			return DynamicDrop, 0, nil
		}
		return DynamicResend, 0, e.reply
	}
	if len(d.memory) >= d.options.Max {
		if now.Sub(d.memory[0].at) <= d.options.Retain {
			n.Full++
			return DynamicDrop, 0, nil
		}
		d.drop()
	}
	t = d.oldest + Ticket(len(d.memory))
	d.memory = append(d.memory, dynamicEntry{key: key, code: r.Code, pending: true, timestamp: r.HasTimestamp, at: now})
	d.seen[key] = t
	n.Pending++
	return DynamicProcess, t, nil
}

// stale reports whether a request is too old, or from the future.
//
// "If the Event-Timestamp Attribute is not current, then the packet MUST be silently
// discarded." RFC 5176 §6.3
func (d *DynamicServer) stale(r *DynamicRequest) bool {
	if !r.HasTimestamp {
		return d.options.RequireTimestamp
	}
	return r.Age > d.options.Window || r.Age < -d.options.Window
}

// Answered keeps a copy of the reply that was sent to a request: an ACK, or a NAK
// with this cause. A ticket that is not pending is no error.
func (d *DynamicServer) Answered(t Ticket, ack bool, cause ErrorCause, reply []byte) {
	e := d.entry(t)
	if e == nil || !e.pending {
		return
	}
	n := d.of(e.code)
	n.Pending--
	if ack {
		n.Acks++
	} else {
		n.Naks++
		d.counters.Naks[cause]++
	}
	e.pending, e.reply = false, append([]byte(nil), reply...)
}

// Reject counts a datagram that is no request.
func (d *DynamicServer) Reject(why DynamicReject) {
	switch why {
	case DynamicUnknownClient:
		d.counters.UnknownClients++
	case DynamicBadAuthenticator:
		d.counters.BadAuthenticators++
	case DynamicMalformed:
		d.counters.Malformed++
	default:
		d.counters.UnknownTypes++
	}
}

// Counters returns a copy.
func (d *DynamicServer) Counters() DynamicCounters {
	c := d.counters
	c.Naks = maps.Clone(c.Naks)
	return c
}

// Clear sets all counters to zero, but for what is being processed.
func (d *DynamicServer) Clear() {
	disconnect, coa := d.counters.Disconnect.Pending, d.counters.CoA.Pending
	d.counters = DynamicCounters{
		Disconnect: DynamicCodeCounters{Requests: disconnect, Pending: disconnect},
		CoA:        DynamicCodeCounters{Requests: coa, Pending: coa}, Naks: map[ErrorCause]uint64{},
	}
}

// of counts the requests of a code.
func (d *DynamicServer) of(c DynamicCode) *DynamicCodeCounters {
	if c == DisconnectRequest {
		return &d.counters.Disconnect
	}
	return &d.counters.CoA
}

// entry finds what is remembered of a request; nil when nothing is.
func (d *DynamicServer) entry(t Ticket) *dynamicEntry {
	if t < d.oldest || t-d.oldest >= Ticket(len(d.memory)) {
		return nil
	}
	return &d.memory[t-d.oldest]
}

// forget drops what cannot come again: an Event-Timestamp that was a window ahead is
// a window behind two windows later.
//
// "The time window used for duplicate detection MUST be the same as the window used
// to detect a stale Event-Timestamp Attribute." RFC 5176 §6.3
func (d *DynamicServer) forget(now time.Time) {
	keep := max(2*d.options.Window, d.options.Retain)
	for len(d.memory) > 0 && now.Sub(d.memory[0].at) > keep {
		d.drop()
	}
}

// drop forgets the oldest request.
func (d *DynamicServer) drop() {
	e := &d.memory[0]
	if e.pending {
		n := d.of(e.code)
		n.Pending--
		n.Unanswered++
	}
	if d.seen[e.key] == d.oldest { // not one that came again since
		delete(d.seen, e.key)
	}
	*e = dynamicEntry{}
	d.memory = d.memory[1:]
	d.oldest++
}
