// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/directory"
	"holdfast/internal/event"
	"holdfast/internal/packet"
	"holdfast/internal/wheel"
	"holdfast/l2tp"
)

// Options is what an Engine is made with.
type Options struct {
	Config *Config
	Shard  int        // 0 <= Shard < Shards
	Shards int        // how many engines share the work
	Rand   *rand.Rand // ChaCha8 seeded from the system in production, PCG in simulation
	Now    time.Time
	Epoch  uint32 // distinguishes this run of the daemon from earlier ones in session identifiers
}

// Engine is one shard of the LNS: a pure machine.
type Engine struct {
	shard, shards int
	rand          *rand.Rand
	epoch         uint32
	now           time.Time // of the input being handled
	cfg           *Config
	l2            *l2tp.Endpoint
	wheel         *wheel.Wheel // one entry a session, by element
	due           []uint32     // scratch of Advance

	sessions    slab
	tunnels     [1 << 16]*tunnel // by local tunnel id; nil: not ours
	tunnelsUp   int              // that are established
	dests       map[destinationKey]*destination
	destNumbers destNumbers // in their home, shard 0
	bindings    map[*Terms]*binding
	groups      map[string]*usage // by tunnel group
	clients     map[clientKey]*usage
	interfaces  interfaces
	leases      map[directory.Key]*lease
	home        *directory.Home
	lines       directory.Lines // lines whose home this shard is
	pools       map[string]*poolPart
	index       index // of sessions that servers may name
	dynamic     bool  // they may name any, not only those with a grant of their own
	history     history
	calls       callHistory
	watch       watch
	authorities []*authority // the RADIUS servers of each profile
	started     time.Time
	adm         *admission.Controller
	admitting   bool                  // calls are parked and chosen; false: begun as they come
	arrived     time.Time             // kernel timestamp of the datagram being handled
	wanting     int                   // calls that wait for a token of a limit
	aside       aside                 // calls that wait for what comes right behind them
	expireAt    time.Time             // when parked calls are looked through next
	dismissals  []admission.Dismissal // scratch
	inbox       []Message             // to ourselves: handled before the input returns
	replies     []directory.Message

	failures     failures        // of addresses to authenticate
	states       [stateCount]int // live subscribers by state
	byInstance   map[uint16]int  // and by routing instance
	serial       uint32          // counts sessions, for their ids
	frame, reply []byte          // scratch of sendIP and of ipv6.go
	sweepAt      time.Time       // when destinations are looked through next
	stopping     bool
	stopAt       int           // next tunnel id to be told
	stopAcked    l2tp.TunnelID // up to here all have acknowledged that
	counters     Counters
}

// New makes an Engine.
func New(o Options) *Engine {
	e := &Engine{
		shard: o.Shard, shards: o.Shards, rand: o.Rand, epoch: o.Epoch, now: o.Now,
		wheel:      wheel.New(wheelTick, o.Now),
		dests:      make(map[destinationKey]*destination),
		groups:     make(map[string]*usage),
		clients:    make(map[clientKey]*usage),
		leases:     make(map[directory.Key]*lease),
		home:       directory.NewHome(o.Shards),
		lines:      make(directory.Lines),
		pools:      make(map[string]*poolPart),
		index:      make(index),
		byInstance: make(map[uint16]int),
	}
	e.destNumbers.given = make(map[destinationKey]destNumber)
	e.l2 = l2tp.New(l2tp.Config{
		Rand:            o.Rand,
		Buckets:         buckets(o.Shard, o.Shards),
		HalfOpenMax:     share(o.Config.HalfOpenMax, o.Shards),
		HalfOpenPeerMax: share(o.Config.HalfOpenPeerMax, o.Shards),
	})
	e.started = o.Now
	e.adm = admission.New(o.Config.Admission, o.Now)
	e.adopt(o.Config)
	return e
}

// wheelTick is the grain of session timers.
const wheelTick = 10 * time.Millisecond

// share is one shard's part of a bound that is not worth a message.
func share(n, shards int) int { return (n + shards - 1) / shards }

// adopt makes cfg the configuration for what comes.
func (e *Engine) adopt(cfg *Config) {
	e.cfg = cfg
	e.admitting = !cfg.Admission.Disabled
	e.adm.Configure(cfg.Admission)
	e.bindings = make(map[*Terms]*binding)
	e.interfaces.bound(cfg.Interfaces, e.shards)
	e.addPools(cfg)
	e.dynamic = cfg.dynamic()
}

// dynamic reports whether anybody may send Dynamic Authorization requests.
func (c *Config) dynamic() bool {
	if len(c.Radius.Dynamic) > 0 {
		return true
	}
	listens := func(t *Terms) bool {
		if t == nil || t.AAA.Radius == nil {
			return false
		}
		for _, s := range t.AAA.Radius.Servers {
			if s.Dynamic != 0 {
				return true
			}
		}
		return false
	}
	for _, g := range c.Groups {
		for _, t := range g.TermsByHostName {
			if listens(t) {
				return true
			}
		}
		if listens(g.TermsDefault) {
			return true
		}
	}
	return false
}

// Packets takes a batch of L2TP datagrams from the sockets or punted by the
// plane. now is not before any earlier now.
func (e *Engine) Packets(now time.Time, d []packet.Datagram, fx *Effects) {
	e.now = now
	for i := range d {
		e.counters.Datagrams++
		e.arrived = arrival(now, d[i].At)
		if e.handOver(&d[i], fx) {
			continue
		}
		if e.unheard(d[i].Peer, d[i].Data) {
			continue
		}
		e.l2.Handle(now, d[i].Peer, d[i].Local, d[i].Data, &fx.l2tp)
		e.settle(fx)
	}
	e.finish(fx)
}

// Outbound takes an inner packet for a sequenced session, which the shard must encapsulate.
func (e *Engine) Outbound(now time.Time, element uint32, ip []byte, fx *Effects) {
	e.now = now
	s := e.sessions.at(l2tp.Element(element))
	if s == nil || !s.installed || len(ip) == 0 {
		e.counters.OutboundUnknown++
		return
	}
	e.counters.Outbound++
	e.sendIP(s, ip, fx)
	e.finish(fx)
}

// Deliver takes a message from another shard.
func (e *Engine) Deliver(now time.Time, m *Message, fx *Effects) {
	e.now = now
	e.deliver(m, fx)
	e.finish(fx)
}

// Request serves an operator or a RADIUS server; the finished request is in
// fx.Answers when Request returns, unless other shards must be asked: then it comes
// in a later input's.
func (e *Engine) Request(now time.Time, r *Request, fx *Effects) {
	e.now = now
	e.serve(r, fx)
	if !r.waiting {
		fx.Answers = append(fx.Answers, r)
	}
	e.finish(fx)
}

// Configure makes a new configuration the current one for what comes; living
// tunnels and sessions keep what they were set up with. CheckReconfigure has
// said that cfg may follow the present one.
func (e *Engine) Configure(now time.Time, cfg *Config, fx *Effects) {
	e.now = now
	if cfg.Drain && !e.cfg.Drain {
		fx.Log = append(fx.Log, event.Record{ID: event.Draining, Shard: e.shard})
	}
	e.adopt(cfg)
	e.finish(fx)
}

// Stop says StopCCN to every tunnel, a bounded number at a time; fx.Stopped is
// set when all have acknowledged it or were given up.
func (e *Engine) Stop(now time.Time, fx *Effects) {
	e.now = now
	e.stopping = true
	e.finish(fx)
}

// Next is when Advance has work; zero: never.
func (e *Engine) Next() time.Time {
	if e.stopping && e.stopAt < len(e.tunnels) {
		return e.now
	}
	return first(e.l2.Next(), e.wheel.Next(), e.history.next(e.cfg.DestructTimeout), e.sweepAt, e.expireAt, e.watch.at, e.aside.at())
}

// arrival is when a datagram came: its kernel timestamp, or now.
func arrival(now, at time.Time) time.Time {
	if at.IsZero() || at.After(now) {
		return now
	}
	return at
}

// first is the earliest of the times that are not zero.
func first(times ...time.Time) (at time.Time) {
	for _, t := range times {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// Advance does what is due.
func (e *Engine) Advance(now time.Time, fx *Effects) {
	e.now = now
	e.l2.Advance(now, &fx.l2tp)
	e.settle(fx)
	e.due = e.due[:0]
	e.wheel.Advance(now, func(id uint32) { e.due = append(e.due, id) })
	for _, id := range e.due {
		if s := e.sessions.at(l2tp.Element(id)); s != nil {
			e.advanceSession(s, fx)
			e.settle(fx)
		}
	}
	e.history.giveUp(now, &e.counters)
	e.history.expire(now, e.cfg.DestructTimeout)
	e.sweepDestinations(fx)
	e.offerAside(fx)
	e.expireParked(fx)
	e.watchLogIns(fx)
	e.finish(fx)
}

// finish ends an input: messages to ourselves, and acknowledgements that nothing
// else carried.
func (e *Engine) finish(fx *Effects) {
	if e.stopping {
		e.stopSome(fx)
	}
	e.settleAll(fx)
	e.l2.FlushLate(e.now, e.ackDelay(), &fx.l2tp) // last: an answer given meanwhile carries the acknowledgement
	e.settleAll(fx)
}

// settleAll settles, and handles messages to ourselves, until nothing is left:
// each may lead to the other, and what stayed behind would wait for the next input.
func (e *Engine) settleAll(fx *Effects) {
	e.settle(fx)
	for i := 0; i < len(e.inbox); i++ {
		m := e.inbox[i]
		e.deliver(&m, fx)
		e.settle(fx)
	}
	clear(e.inbox)
	e.inbox = e.inbox[:0]
}

// settle turns what the endpoint asks for into events of the others, until it
// asks for nothing more.
func (e *Engine) settle(fx *Effects) {
	for i := 0; i < len(fx.l2tp.List); i++ {
		switch ef := &fx.l2tp.List[i]; ef.Kind {
		case l2tp.Send:
			fx.Transmit = append(fx.Transmit, packet.Datagram{Data: ef.Packet, Peer: ef.Peer, Local: ef.Local})
		case l2tp.TunnelRequested:
			e.tunnelRequested(ef, fx)
		case l2tp.TunnelUp:
			e.tunnelUp(ef, fx)
		case l2tp.TunnelDown:
			e.tunnelDown(ef, fx)
		case l2tp.TunnelMoved:
			e.tunnelMoved(ef, fx)
		case l2tp.CallRequested:
			e.callRequested(ef, fx)
		case l2tp.CallAccepted: // of an outgoing call: OCCN follows
		case l2tp.CallUp:
			e.callUp(ef, fx)
		case l2tp.CallDown:
			e.callDown(ef, fx)
		case l2tp.Data:
			e.data(ef, fx)
		case l2tp.LinkInfo:
			e.counters.LinkInfo++
		case l2tp.LineErrors:
			e.counters.LineErrors++
		}
	}
	clear(fx.l2tp.List)
	fx.l2tp.List = fx.l2tp.List[:0]
}

// Standing is what tells the datagrams of an established tunnel of this shard from
// others: see l2tp.Endpoint.
func (e *Engine) Standing(tunnelID uint16) (peer netip.AddrPort, nr uint16, window int, ok bool) {
	return e.l2.Standing(l2tp.TunnelID(tunnelID))
}

// Counters is a copy of the shard's counters.
func (e *Engine) Counters() Counters {
	c := e.counters
	c.L2TP = e.l2.Counters()
	return c
}
