// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/police"
	"holdfast/radius"
)

// request is one thing to be asked of a server.
type request interface {
	// encode appends the packet for one server, signed by s, with this Identifier.
	// random is new and unpredictable, for those that need a Request Authenticator
	// of that kind. It is called again for another server, and, of accounting, for
	// each transmission.
	encode(b []byte, s *signer, host string, id uint8, random [16]byte, now time.Time) ([]byte, error)
	// ended is called once, by the exchanger's goroutine, and must not wait.
	ended(now time.Time, r *result)
}

// result is what became of a request.
type result struct {
	outcome radius.Outcome
	err     error          // cancelled: it could not be encoded
	server  *radius.Server // that has answered
	signer  *signer        // for what the reply hides
	reply   []byte         // answered: the verified packet; valid until ended returns
	request [16]byte       // its Request Authenticator
}

// handle names a submitted request, for cancel. Zero names none.
type handle uint64

// exchanger owns the machine of package radius, and all sockets it exchanges
// packets through. Its Run is the one goroutine that touches what is not marked
// otherwise.
type exchanger struct {
	client *radius.Client
	fx     radius.Effects
	random *rand.ChaCha8
	log    func(now time.Time, r *event.Record)
	turned func(now time.Time) // called when the requests of a turn have ended
	mail   mailbox
	next   atomic.Uint64  // the last handle given out; any goroutine
	police *police.Police // nil: there is none

	host     string // our host name
	options  radius.Options
	tls      tlsConfigs
	stopped  bool // nothing is opened any more
	requests map[radius.Ref]*pending
	ports    map[portKey]*port
	signers  map[radius.ServerID]*signer
	current  []byte // the reply that the machine is being told of
	tasks    sync.WaitGroup
	stats    exchangeCounters
}

// pending is a request on its way.
type pending struct {
	request
	exchange radius.Exchange
	err      error
}

// portKey names one of our source ports: a socket, or a connection over TLS.
type portKey struct {
	server  radius.ServerID
	service radius.Service
	port    uint16
}

// port is a source port with what was last sent in each of its slots.
type port struct {
	transport
	from  netip.AddrPort // where replies come from; TLS: not looked at
	slots [256]struct {
		packet  []byte
		request [16]byte // Request Authenticator
	}
}

// transport carries packets of one port.
type transport interface {
	// send takes the packet of a slot. It does not wait.
	send(now time.Time, id uint8, b []byte) error
	close()
}

// exchangeCounters are written by the exchanger and its readers.
type exchangeCounters struct {
	sendErrors, socketErrors, packetsLost, refused atomic.Uint64
}

// newExchanger makes an exchanger without servers.
func newExchanger(log func(time.Time, *event.Record), turned func(time.Time)) (*exchanger, error) {
	var seed [2][32]byte
	for i := range seed {
		if _, err := crand.Read(seed[i][:]); err != nil {
			return nil, fmt.Errorf("aaa: random seed: %w", err)
		}
	}
	return &exchanger{
		client: radius.NewClient(radius.Config{Rand: rand.New(rand.NewChaCha8(seed[0]))}),
		random: rand.NewChaCha8(seed[1]), log: log, turned: turned,
		mail:     mailbox{wake: make(chan struct{}, 1)},
		requests: make(map[radius.Ref]*pending),
		ports:    make(map[portKey]*port),
		signers:  make(map[radius.ServerID]*signer),
	}, nil
}

// submit has r asked of the servers of set. Any goroutine. Zero: too many wait
// already, r was not taken and ended will not be called.
func (x *exchanger) submit(set *radius.Set, k radius.Kind, r request) handle {
	h := handle(x.next.Add(1))
	if !x.mail.submit(submission{h, set, k, r}) {
		x.stats.refused.Add(1)
		return 0
	}
	return h
}

// cancel ends a request, unless it has ended. Any goroutine.
func (x *exchanger) cancel(h handle) {
	x.mail.do(func(now time.Time) {
		if p := x.requests[radius.Ref(h)]; p != nil {
			x.client.Cancel(now, p.exchange, &x.fx)
		}
	})
}

// do has f called by the exchanger's goroutine and waits for it; false: it has
// ended. Any other goroutine.
func (x *exchanger) do(ctx context.Context, f func(now time.Time)) bool {
	done := make(chan struct{})
	if !x.mail.do(func(now time.Time) { f(now); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// configure puts servers in force.
func (x *exchanger) configure(now time.Time, host string, servers []*radius.Server, o radius.Options, t tlsConfigs) {
	x.host, x.options, x.tls = host, o, t
	x.client.Configure(now, servers, o, &x.fx)
	x.carryOut(now)
}

// run is the loop: it serves until ctx is done, and then closes all sockets.
func (x *exchanger) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-x.mail.wake:
		case <-timer.C:
		case <-ctx.Done():
			x.stop()
			return nil
		}
		for x.turn() {
		}
		if at := x.client.Next(); at.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(at))
		}
	}
}

// turn does what is due and what has come, and reports whether there was anything
// of the latter. Replies go first: they make room for what waits.
func (x *exchanger) turn() bool {
	packets, orders, submissions := x.mail.take()
	now := time.Now()
	x.client.Advance(now, &x.fx)
	x.carryOut(now)
	for _, p := range packets {
		x.receive(now, p)
		x.mail.recycle(p)
	}
	for _, f := range orders {
		f(now)
		x.carryOut(now)
	}
	for i := range submissions {
		x.start(now, &submissions[i])
	}
	x.turned(now)
	return len(packets)+len(orders)+len(submissions) > 0
}

// start gives a request to the machine.
func (x *exchanger) start(now time.Time, s *submission) {
	p := &pending{request: s.request}
	x.requests[radius.Ref(s.handle)] = p
	p.exchange = x.client.Submit(now, s.set, s.kind, radius.Ref(s.handle), &x.fx)
	x.carryOut(now)
}

// stop ends everything.
func (x *exchanger) stop() {
	x.stopped = true
	for key, p := range x.ports {
		p.close()
		delete(x.ports, key)
	}
	x.mail.close()
	now := time.Now()
	for ref, p := range x.requests {
		delete(x.requests, ref)
		p.ended(now, &result{outcome: radius.Cancelled})
	}
	x.turned(now)
	x.tasks.Wait()
}

// carryOut does what the machine wants done. What it does may want more.
func (x *exchanger) carryOut(now time.Time) {
	for i := 0; i < len(x.fx.List); i++ {
		switch e := x.fx.List[i]; e.Kind {
		case radius.Send:
			x.send(now, &e)
		case radius.Done:
			x.finish(now, &e)
		case radius.ServerDead:
			x.note(now, event.RADIUSServerDead, &e)
			x.hangUp(&e)
		case radius.ServerAlive:
			x.note(now, event.RADIUSServerAlive, &e)
		case radius.ServerRemoved:
			x.forget(e.Slot.Server)
		}
	}
	x.fx.Reset()
}

// send sends a request, made anew or as it was.
func (x *exchanger) send(now time.Time, e *radius.Effect) {
	p := x.requests[e.Ref]
	if p == nil {
		return // cancelled while this effect waited
	}
	to, err := x.port(now, e.Slot)
	if err != nil {
		x.failed(now, keyOf(e.Slot), err)
		return // as if it were lost: the machine's timers see to it
	}
	slot := &to.slots[e.Slot.Identifier]
	if !e.Repeat || len(slot.packet) == 0 {
		var random [16]byte
		// ChaCha8 has no error to report.
		_, _ = x.random.Read(random[:])
		b, err := p.encode(slot.packet[:0], x.signer(e.Slot.Server), x.host, e.Slot.Identifier, random, now)
		if err != nil {
			p.err = err
			x.client.Cancel(now, p.exchange, &x.fx)
			return
		}
		slot.packet, slot.request = b, [16]byte(b[4:headerLen])
	}
	if to.send(now, e.Slot.Identifier, slot.packet) != nil {
		x.stats.sendErrors.Add(1)
	}
}

// finish tells the asker how a request has ended.
func (x *exchanger) finish(now time.Time, e *radius.Effect) {
	p := x.requests[e.Ref]
	if p == nil {
		return
	}
	delete(x.requests, e.Ref)
	r := result{outcome: e.Outcome, err: p.err}
	if e.Outcome == radius.Answered {
		r.server, r.signer, r.reply = x.client.Server(e.Slot.Server), x.signer(e.Slot.Server), x.current
		r.request = x.ports[keyOf(e.Slot)].slots[e.Slot.Identifier].request
	}
	p.ended(now, &r)
}

// receive tells the machine what has come.
func (x *exchanger) receive(now time.Time, p *received) {
	server, to := x.client.Server(p.key.server), x.ports[p.key]
	if server == nil || to == nil {
		return // closed meanwhile
	}
	slot := radius.Slot{Server: p.key.server, Service: p.key.service, Port: p.key.port}
	reply, b := x.judge(p, server, to, &slot)
	x.current = b
	x.client.Handle(now, slot, reply, &x.fx)
	x.carryOut(now)
	x.current = nil
}

// judge says what a datagram is.
func (x *exchanger) judge(p *received, server *radius.Server, to *port, slot *radius.Slot) (radius.Reply, []byte) {
	if server.TLS == nil && p.from != to.from {
		return radius.WrongSource, nil
	}
	b, err := parse(p.octets[:p.n])
	if err != nil {
		return radius.Malformed, nil
	}
	slot.Identifier = b[1]
	reply := replyOf(slot.Service, b[0])
	if reply == radius.UnknownType {
		return reply, nil
	}
	if _, ok := x.client.Find(*slot); !ok {
		return reply, nil // nobody waits for it: it is counted and dropped
	}
	need := slot.Service == radius.AuthenticationService && !server.TrustUnsigned && server.TLS == nil
	if x.signer(slot.Server).verifyReply(b, to.slots[slot.Identifier].request[:], need) != nil {
		return radius.BadAuthenticator, nil
	}
	return reply, b
}

// replyOf is the reply that a code is, of that service.
func replyOf(s radius.Service, code uint8) radius.Reply {
	switch {
	case s == radius.AccountingService && code == codeAccountingResponse:
		return radius.AccountingResponse
	case s != radius.AuthenticationService:
	case code == codeAccessAccept:
		return radius.AccessAccept
	case code == codeAccessReject:
		return radius.AccessReject
	case code == codeAccessChallenge:
		return radius.AccessChallenge
	}
	return radius.UnknownType
}

func keyOf(s radius.Slot) portKey { return portKey{s.Server, s.Service, s.Port} }

// signer is that of a server, whose secret does not change.
func (x *exchanger) signer(id radius.ServerID) *signer {
	s := x.signers[id]
	if s == nil {
		s = newSigner(x.client.Server(id).Secret)
		x.signers[id] = s
	}
	return s
}

// port is the source port of a slot, opened when it is first used.
func (x *exchanger) port(now time.Time, s radius.Slot) (*port, error) {
	key := keyOf(s)
	if p := x.ports[key]; p != nil {
		return p, nil
	}
	if x.stopped {
		return nil, net.ErrClosed
	}
	server := x.client.Server(s.Server)
	p := &port{}
	if server.TLS != nil {
		p.transport = newTLSPort(x, key, server)
	} else {
		udp, err := x.openUDP(key, server)
		if err != nil {
			return nil, err
		}
		p.transport, p.from = udp, udp.to
	}
	x.ports[key] = p
	return p, nil
}

// forget closes what belongs to a server that is no more.
func (x *exchanger) forget(id radius.ServerID) {
	for key, p := range x.ports {
		if key.server == id {
			p.close()
			delete(x.ports, key)
		}
	}
	delete(x.signers, id)
}

// hangUp closes the connections of a service that is dead: TCP may take long to
// find out. The next probe opens another.
func (x *exchanger) hangUp(e *radius.Effect) {
	for key, p := range x.ports {
		if t, ok := p.transport.(*tlsPort); ok && key.server == e.Slot.Server && key.service == e.Slot.Service {
			t.hangUp()
		}
	}
}

// failed counts and logs that there is no way to a service of a server.
func (x *exchanger) failed(now time.Time, key portKey, err error) {
	x.stats.socketErrors.Add(1)
	if s := x.client.Server(key.server); s != nil && !x.stopped {
		x.log(now, &event.Record{ID: event.RADIUSSocketFailed, Address: s.Address, Name: key.service.String(), Err: err})
	}
}

// note logs what happened to a server.
func (x *exchanger) note(now time.Time, id event.ID, e *radius.Effect) {
	if s := x.client.Server(e.Slot.Server); s != nil {
		x.log(now, &event.Record{ID: id, Address: s.Address, Name: e.Slot.Service.String()})
	}
}
