// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/packet"
	"holdfast/internal/police"
)

// Engine is the machine that a shard runs: *lns.Engine, or a small one in tests.
type Engine interface {
	Packets(now time.Time, d []packet.Datagram, fx *lns.Effects)
	Outbound(now time.Time, element uint32, ip []byte, fx *lns.Effects)
	Deliver(now time.Time, m *lns.Message, fx *lns.Effects)
	Request(now time.Time, r *lns.Request, fx *lns.Effects)
	Configure(now time.Time, cfg *lns.Config, fx *lns.Effects)
	Stop(now time.Time, fx *lns.Effects)
	Begin(now time.Time, fx *lns.Effects) bool
	Traffic(now time.Time, elements []uint32, counters []forward.Counters, fx *lns.Effects)
	Authenticated(now time.Time, a lns.AuthAnswer, fx *lns.Effects)
	Durable(now time.Time, refs []lns.AuthRef, fx *lns.Effects)
	Standing(tunnelID uint16) (peer netip.AddrPort, nr uint16, window int, ok bool)
	Next() time.Time
	Advance(now time.Time, fx *lns.Effects)
}

// Sender sends datagrams, each from its Local to its Peer. *netio.Sender is one.
type Sender interface {
	Send(d []packet.Datagram) error
}

// Options is what a Shard is made of.
type Options struct {
	ID      int
	Engine  Engine
	Plane   forward.Handle
	Sender  Sender
	AAA     AAA // nil: queries are answered as if no server did, and nothing is accounted
	Log     *Log
	Police  *police.Police // nil: all that comes is taken
	Packets int            // batches that may wait: the sum of the readers' queue lengths; 0: 16
	// BeginEagerly begins parked calls whenever they may be, and not only when those
	// begun before need nothing: for comparison.
	BeginEagerly bool
	// Burn is processor time that each dear step of a call's set-up costs on top:
	// it makes a slow server of a fast one, to show what overload does.
	Burn time.Duration
}

// Bounds of the lanes; doc.go says what happens at each.
const (
	turnMax        = 256   // items of one lane in one turn
	beginMax       = 16    // parked calls begun in one turn
	puntMax        = 4096  // some 40 ms of work
	bulkMax        = 1024  // punts that are not control
	strangersMax   = 8192  // some 150 ms of work, and the SCCRQs of LACs that start with thousands of tunnels
	outboundMax    = 1024  // packets to sequenced sessions
	messageMax     = 4096  // datagrams from other shards
	messageHardMax = 65536 // other messages, which the engines' own bounds keep far below
)

// beginLatest is after how much time a parked call is begun even when those begun
// before it have work for the shard all the time. It is long: a slow server could
// not set up a call more every few milliseconds.
const beginLatest = 100 * time.Millisecond

// Errors of those who ask a shard for something.
var (
	ErrStopped   = errors.New("shard: stopped")
	ErrRecovered = errors.New("shard: the request failed by a fault of the program, which was contained")
)

// Shard runs one Engine.
type Shard struct {
	id     int
	engine Engine
	plane  forward.Handle
	sender Sender
	aaa    AAA
	log    *Writer
	police *police.Police // nil: there is none
	peers  []*Shard       // by number, this one included; set by Connect

	packets   chan *packet.Batch
	punts     *lane[packet.Datagram]
	bulk      *lane[packet.Datagram] // punts that are not control
	handed    *lane[packet.Datagram] // that arrived at other shards
	strangers *lane[packet.Datagram] // of no tunnel that stands
	messages  *lane[lns.Message]
	outbound  *lane[frame]
	answers   *lane[lns.AuthAnswer]
	durable   *lane[lns.AuthRef] // sessions whose opening is on disk
	requests  chan *request
	orders    chan order
	stopped   chan struct{} // closed when the engine has told its last tunnel
	done      chan struct{} // closed when Run has returned

	// The loop's own.
	fx        lns.Effects
	timer     *time.Timer
	armed     time.Time         // what timer is set to; zero: it is not
	held      *packet.Batch     // received while waiting, served in the next turn
	batches   []*packet.Batch   // of this turn
	gathered  []packet.Datagram // their datagrams
	elements  []uint32          // whose counters the engine wants
	counters  []forward.Counters
	accounted []uint32 // elements of the records that are being accounted
	accounts  []forward.Counters
	begunAt   time.Time    // when parked calls were looked at last
	began     int          // calls begun by the last look
	dear      int          // dear steps in this turn
	more      bool         // a lane with input for calls in set-up was not emptied in this turn
	bites     [bites]bite  // of lanes
	eager     bool         // Options.BeginEagerly
	burn      atomic.Int64 // Options.Burn, ns
	quiet     time.Time    // after a panic in Advance: not again before this
	isStop    bool         // stopped is closed

	stats counters
}

// frame is an inner packet for a sequenced session.
type frame struct {
	element uint32
	ip      []byte
}

// request is an operator's request and where its asker waits. finished has room
// for the only result.
type request struct {
	*lns.Request
	finished chan error
}

// order is what the daemon wants of the engine.
type order struct {
	config *lns.Config   // nil: stop
	taken  chan struct{} // closed when it is done
}

// counters are written by the loop, or by those whose item did not fit.
type counters struct {
	recovered, planeErrors, sendErrors           atomic.Uint64
	puntsDropped, outboundDropped, messagesTaken atomic.Uint64
	datagramsDropped, messagesLost               atomic.Uint64
	strangersDropped                             atomic.Uint64
}

// Stats is what a shard has counted besides the engine.
type Stats struct {
	Recovered        uint64 // panics contained
	PlaneErrors      uint64 // calls that the data plane refused
	SendErrors       uint64 // batches that found their socket closed
	PuntsDropped     uint64 // datagrams of the plane that did not fit the lane
	OutboundDropped  uint64 // packets to sequenced sessions that did not fit
	MessagesTaken    uint64 // messages from other shards
	DatagramsDropped uint64 // datagrams from other shards that did not fit
	MessagesLost     uint64 // other messages that did not fit: the engines' books may differ until they notice
	StrangersDropped uint64 // datagrams of no tunnel that stands, that did not fit
}

// New makes a shard. Connect and Run are next.
func New(o Options) *Shard {
	if o.Packets == 0 {
		o.Packets = 16
	}
	octets := func(d *packet.Datagram) *[]byte { return &d.Data }
	s := &Shard{
		id: o.ID, engine: o.Engine, plane: o.Plane, sender: o.Sender, log: o.Log.Writer(), police: o.Police,
		packets:   make(chan *packet.Batch, o.Packets),
		punts:     newLane(octets),
		bulk:      newLane(octets),
		handed:    newLane(octets),
		strangers: newLane(octets),
		messages:  newLane[lns.Message](nil),
		outbound:  newLane(func(f *frame) *[]byte { return &f.ip }),
		answers:   newLane[lns.AuthAnswer](nil),
		durable:   newLane[lns.AuthRef](nil),
		requests:  make(chan *request),
		orders:    make(chan order),
		stopped:   make(chan struct{}),
		done:      make(chan struct{}),
		gathered:  make([]packet.Datagram, 0, 2*turnMax),
	}
	if s.aaa = o.AAA; s.aaa == nil {
		s.aaa = noAAA{s}
	}
	s.peers = []*Shard{s}
	s.eager = o.BeginEagerly
	s.Burn(o.Burn)
	return s
}

// Connect tells the shards of one another; their numbers are their places.
func Connect(shards []*Shard) {
	for _, s := range shards {
		s.peers = shards
	}
}

// Burn changes Options.Burn. Any goroutine.
func (s *Shard) Burn(d time.Duration) { s.burn.Store(int64(d)) }

// Packets is where readers hand in received batches.
func (s *Shard) Packets() chan<- *packet.Batch { return s.packets }

// Punt takes datagrams that the data plane cannot forward, copies them,
// releases the batch and returns at once. false: the lane is full, nothing was
// taken, and the batch is still the plane's. Any goroutine.
func (s *Shard) Punt(b *packet.Batch) bool {
	lane, limit := s.punts, puntMax
	if b.Bulk {
		lane, limit = s.bulk, bulkMax
	}
	if lane.put(b.Datagrams, limit) {
		b.Release()
		return true
	}
	s.stats.puntsDropped.Add(uint64(len(b.Datagrams)))
	return false
}

// Strange takes datagrams of no tunnel that stands, and copies them. They are served
// when nothing else is to be done in a turn; what does not fit is dropped. Any
// goroutine.
func (s *Shard) Strange(d []packet.Datagram) {
	if !s.strangers.put(d, strangersMax) {
		s.stats.strangersDropped.Add(uint64(len(d)))
	}
}

// Outbound takes an inner packet for a sequenced session, likewise.
func (s *Shard) Outbound(element uint32, ip []byte) bool {
	f := [1]frame{{element, ip}}
	if s.outbound.put(f[:], outboundMax) {
		return true
	}
	s.stats.outboundDropped.Add(1)
	return false
}

// deliver takes a message from another shard's goroutine.
func (s *Shard) deliver(m *lns.Message) {
	if m.Kind == lns.MessageDatagram {
		one := [1]packet.Datagram{{Data: m.Datagram, Peer: m.Peer, Local: m.Local, At: m.At}}
		to, limit := s.handed, messageMax
		if asksForTunnel(m.Datagram) {
			to, limit = s.strangers, strangersMax
		}
		if !to.put(one[:], limit) {
			s.stats.datagramsDropped.Add(1)
		}
		return
	}
	one := [1]lns.Message{*m}
	if !s.messages.put(one[:], messageHardMax) {
		s.stats.messagesLost.Add(1)
	}
}

// Do has the engine serve r and waits for the answer. After an error r belongs
// to the shard, and the asker must not touch it again.
func (s *Shard) Do(ctx context.Context, r *lns.Request) error {
	q := &request{r, make(chan error, 1)}
	r.Reply = func(*lns.Request) { q.finish(nil) }
	select {
	case s.requests <- q:
	case <-s.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-q.finished:
		return err
	case <-s.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish lets the asker go on; the first result counts.
func (q *request) finish(err error) {
	select {
	case q.finished <- err:
	default:
	}
}

// Configure makes cfg the engine's configuration; it returns when that is done.
func (s *Shard) Configure(ctx context.Context, cfg *lns.Config) error {
	return s.order(ctx, cfg)
}

// Stop has the engine tell all its peers that it ends, and returns when the
// last one is told. Run goes on until its context is done.
func (s *Shard) Stop(ctx context.Context) error {
	if err := s.order(ctx, nil); err != nil {
		return err
	}
	select {
	case <-s.stopped:
		return nil
	case <-s.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Shard) order(ctx context.Context, cfg *lns.Config) error {
	o := order{cfg, make(chan struct{})}
	select {
	case s.orders <- o:
		<-o.taken
		return nil
	case <-s.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats is a copy of the counters. Any goroutine.
func (s *Shard) Stats() Stats {
	c := &s.stats
	return Stats{
		Recovered: c.recovered.Load(), PlaneErrors: c.planeErrors.Load(), SendErrors: c.sendErrors.Load(),
		PuntsDropped: c.puntsDropped.Load(), OutboundDropped: c.outboundDropped.Load(),
		MessagesTaken: c.messagesTaken.Load(), DatagramsDropped: c.datagramsDropped.Load(), MessagesLost: c.messagesLost.Load(),
		StrangersDropped: c.strangersDropped.Load(),
	}
}

// note logs an event of the shard itself.
func (s *Shard) note(now time.Time, r event.Record) {
	r.Shard = s.id
	s.log.Write(now, &r)
}
