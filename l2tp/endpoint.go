// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"holdfast/internal/wheel"
	"holdfast/l2tp/wire"
)

// Endpoint is one end of any number of tunnels, as LNS, as LAC, or both. It has
// one owner, who calls its verbs, carries out their effects in order, and calls
// Advance when Next says so.
type Endpoint struct {
	cfg     Config
	buckets []uint8 // cfg.Buckets, or all

	start     time.Time    // of the first call: origin of the ns counted below
	timers    *wheel.Wheel // tunnel ids, then sessionTimer + Element; nil before the first call
	due       []uint32     // what the wheel fired in this Advance
	pages     [pageSize]*page
	space     space
	requests  map[requestKey]*tunnel   // tunnels that peers opened, by what their SCCRQ said
	half      halfOpen                 // those of them that were never established
	asked     map[netip.Addr][]*tunnel // tunnels in wait-ctl-reply, for the tie breaker
	acks      []*tunnel                // tunnels that Flush has to look at
	lateAcks  []*tunnel                // and those whose acknowledgement waits until lateBy
	lateBy    time.Time                // zero: none waits
	early     []early                  // a ring of frames that came before their call was up; nil before the first
	earlyNext int                      // where the next one goes
	counters  Counters

	decoder    wire.Decoder
	in, out    wire.Message
	vector     [16]byte
	spare      *message
	spareCount int
	spareCalls []*Call // for reuse
	endedCalls []*Call // until Flush
	called     string  // the Called Number of the latest call
}

// sessionTimer is added to an Element to make its id in the wheel.
const sessionTimer = 1 << 16

// timerTick is how finely timers are sorted; they are exact all the same.
const timerTick = time.Millisecond

// New makes an Endpoint without tunnels. It panics without Config.Rand.
func New(cfg Config) *Endpoint {
	if cfg.Rand == nil {
		panic("l2tp: Config.Rand is needed")
	}
	e := &Endpoint{
		cfg:      cfg,
		buckets:  cfg.Buckets,
		space:    newSpace(),
		requests: map[requestKey]*tunnel{},
		half:     halfOpen{peers: map[netip.Addr]*halfPeer{}},
		asked:    map[netip.Addr][]*tunnel{},
	}
	if e.buckets == nil {
		for b := range pageSize {
			e.buckets = append(e.buckets, uint8(b))
		}
	}
	if e.cfg.Tolerated == nil {
		e.cfg.Tolerated = DefaultTolerated()
	}
	e.decoder.Tolerated = e.tolerated
	return e
}

// since turns a time into ns after the first call ever made.
func (e *Endpoint) since(now time.Time) int64 {
	if e.timers == nil {
		e.start, e.timers = now, wheel.New(timerTick, now)
	}
	return int64(now.Sub(e.start))
}

// Handle takes one datagram that came from peer to local, control or data. Any
// octets will do: what cannot be used is dropped and counted.
func (e *Endpoint) Handle(now time.Time, peer, local netip.AddrPort, b []byte, fx *Effects) {
	e.since(now)
	if wire.IsControl(b) {
		e.handleControl(now, peer, local, b, fx)
	} else {
		e.handleData(now, peer, b, fx)
	}
}

// Next is when Advance has work; zero means never. It may be early, never late.
func (e *Endpoint) Next() time.Time {
	if e.timers == nil {
		return time.Time{}
	}
	return first(e.timers.Next(), e.lateBy)
}

// Advance does what is due at now: retransmissions, HELLOs, time-outs. Called
// early it does nothing, called late it does once what was due. Acknowledgements
// are Flush's part.
func (e *Endpoint) Advance(now time.Time, fx *Effects) {
	if e.timers == nil {
		return
	}
	e.due = e.due[:0]
	e.timers.Advance(now, func(id uint32) { e.due = append(e.due, id) })
	for _, id := range e.due {
		// What was done for an earlier id may have ended this one.
		if id >= sessionTimer {
			e.sessionDue(now, Element(id-sessionTimer), fx)
		} else if t := e.tunnel(TunnelID(id)); t != nil {
			e.tunnelDue(now, t, fx)
		}
	}
}

// Alive notes that data of a tunnel came from its peer without passing through
// Handle: no HELLO is needed. It does nothing for an unknown tunnel.
func (e *Endpoint) Alive(now time.Time, id TunnelID) {
	if t := e.tunnel(id); t != nil {
		t.heardAt = now
	}
}

// Counters is a copy of the counters.
func (e *Endpoint) Counters() Counters {
	c := e.counters
	c.TunnelsHalfOpen = len(e.half.all)
	return c
}

// random fills b with octets that nobody can guess.
func (e *Endpoint) random(b []byte) {
	for len(b) > 0 {
		var v [8]byte
		binary.BigEndian.PutUint64(v[:], e.cfg.Rand.Uint64())
		b = b[copy(b, v[:]):]
	}
}
