// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3576"

	"holdfast/internal/lns"
	"holdfast/internal/police"
	"holdfast/radius"
)

// Of Dynamic Authorization.
const (
	dynamicWorkers = 4
	dynamicQueue   = 256 // requests that wait for a worker
	dynamicTimeout = 5 * time.Second
)

// dynamic serves CoA- and Disconnect-Requests (RFC 5176). Each listener has a
// goroutine that reads it; the machine of package radius, which knows duplicates
// and replays, is behind a lock that is held for the time of a look-up. What is to
// be done goes to a few workers, who ask the shards.
//
//	listener ── verified ──▶ machine ──▶ queue ──▶ worker ── lns.Request ──▶ shards
//	    ▲                       │ duplicate: the reply of the first           │
//	    └──────────── reply ◀───┴──────────────────◀── ACK, NAK ◀─────────────┘
type dynamic struct {
	service *Service
	queue   chan *dynamicRequest
	tasks   sync.WaitGroup
	cancel  context.CancelFunc
	ctx     context.Context

	mu        sync.Mutex
	machine   *radius.DynamicServer
	cfg       *dynamicConfig // in force; nil: before the first
	listeners map[uint16][]*listener
	running   bool
}

// dynamicRequest is one that is to be carried out.
type dynamicRequest struct {
	from   *listener
	peer   datagramAddress
	client *dynamicClient
	ticket radius.Ticket
	octets []byte
}

func newDynamic(s *Service) *dynamic {
	ctx, cancel := context.WithCancel(context.Background())
	return &dynamic{
		service: s, queue: make(chan *dynamicRequest, dynamicQueue), ctx: ctx, cancel: cancel,
		machine:   radius.NewDynamicServer(radius.DynamicOptions{}),
		listeners: make(map[uint16][]*listener),
	}
}

// start begins to serve what is configured.
func (d *dynamic) start() {
	for range dynamicWorkers {
		d.tasks.Go(d.work)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = true
	for _, list := range d.listeners {
		for _, l := range list {
			d.tasks.Go(func() { d.read(l) })
		}
	}
}

// stop closes the ports and waits for the workers.
func (d *dynamic) stop() {
	d.cancel()
	d.mu.Lock()
	d.running = false
	for _, list := range d.listeners {
		closeAll(list)
	}
	d.mu.Unlock()
	d.tasks.Wait()
}

// receive takes a datagram.
func (d *dynamic) receive(l *listener, peer datagramAddress, octets []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	client := d.cfg.client(l.port, peer.from.Addr())
	if p := d.service.opt.Police; p != nil && p.ScreenRADIUS(time.Now(), police.RADIUSServer, peer.from, client != nil).Dropped() {
		return
	}
	if client == nil {
		d.machine.Reject(radius.DynamicUnknownClient)
		return
	}
	b, err := parse(octets)
	switch {
	case err != nil:
		d.machine.Reject(radius.DynamicMalformed)
		return
	case b[0] != codeCoARequest && b[0] != codeDisconnectRequest:
		d.machine.Reject(radius.DynamicUnknownType)
		return
	case client.signer.verifyRequest(b) != nil:
		d.machine.Reject(radius.DynamicBadAuthenticator)
		return
	}
	now := time.Now()
	r := radius.DynamicRequest{
		Source: peer.from, Code: radius.DynamicCode(b[0]), Identifier: b[1], Authenticator: [16]byte(b[4:headerLen]),
	}
	if v, ok := attribute(b, byte(rfc2869.EventTimestamp_Type)); ok && len(v) == 4 {
		r.HasTimestamp, r.Age = true, now.Sub(time.Unix(int64(binary.BigEndian.Uint32(v)), 0))
	}
	verdict, ticket, reply := d.machine.Handle(now, &r)
	switch verdict {
	case radius.DynamicResend:
		l.send(peer, reply)
	case radius.DynamicProcess:
		q := &dynamicRequest{l, peer, client, ticket, append([]byte(nil), b...)}
		select {
		case d.queue <- q:
		default:
			d.answer(q, lns.ErrorResources)
		}
	}
}

// work carries requests out until the end.
func (d *dynamic) work() {
	for {
		select {
		case q := <-d.queue:
			cause := d.carryOut(q.octets)
			d.mu.Lock()
			d.answer(q, cause)
			d.mu.Unlock()
		case <-d.ctx.Done():
			return
		}
	}
}

// answer sends the reply to a request: ACK without a cause, or NAK. d.mu is held.
func (d *dynamic) answer(q *dynamicRequest, cause lns.ErrorCause) {
	code := q.octets[0] + 1 // the ACK
	if cause != 0 {
		code++
	}
	w := writer{b: make([]byte, 0, 128)}
	w.begin(code, q.octets[1])
	_, signed := attribute(q.octets, byte(rfc2869.MessageAuthenticator_Type))
	if signed {
		w.b = reserveSignature(w.b)
	}
	if cause != 0 {
		w.integer("", rfc3576.ErrorCause_Type, uint32(cause))
	}
	// "If there are any Proxy-State Attributes in a Disconnect-Request or
	// CoA-Request received from the Dynamic Authorization Client, the Dynamic
	// Authorization Server MUST include those Proxy-State Attributes in its
	// response" RFC 5176 §3.1
	each(q.octets, func(t byte, v []byte) {
		if t == byte(rfc2865.ProxyState_Type) {
			w.octets(rfc2865.ProxyState_Type, v)
		}
	})
	if w.finish() != nil {
		return // it fitted the request, and so it fits
	}
	copy(w.b[4:headerLen], q.octets[4:headerLen])
	if signed {
		q.client.signer.sign(w.b)
	}
	q.client.signer.sealReply(w.b, q.octets[4:headerLen])
	q.from.send(q.peer, w.b)
	d.machine.Answered(q.ticket, cause == 0, radius.ErrorCause(cause), w.b)
}

// each visits the attributes of a packet that parse has accepted.
func each(b []byte, visit func(t byte, v []byte)) {
	for at := headerLen; at < len(b); at += int(b[at+1]) {
		visit(b[at], b[at+2:at+int(b[at+1])])
	}
}

// attribute is the first of a type.
func attribute(b []byte, t byte) (value []byte, ok bool) {
	each(b, func(is byte, v []byte) {
		if is == t && !ok {
			value, ok = v, true
		}
	})
	return value, ok
}
