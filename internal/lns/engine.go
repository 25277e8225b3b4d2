// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"math/rand/v2"
	"time"

	"holdfast/internal/packet"
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
type Engine struct{}

// New makes an Engine.
func New(o Options) *Engine { return &Engine{} }

// Packets takes a batch of L2TP datagrams from the sockets or punted by the
// plane. now is not before any earlier now.
func (e *Engine) Packets(now time.Time, d []packet.Datagram, fx *Effects) {}

// Outbound takes an inner packet for a sequenced session, which the shard must encapsulate.
func (e *Engine) Outbound(now time.Time, element uint32, ip []byte, fx *Effects) {}

// Deliver takes a message from another shard.
func (e *Engine) Deliver(now time.Time, m *Message, fx *Effects) {}

// Request serves an operator; the finished request is in fx.Answers when Request returns.
func (e *Engine) Request(now time.Time, r *Request, fx *Effects) {}

// Configure makes a new configuration the current one for what comes; living
// tunnels and sessions keep what they were set up with.
func (e *Engine) Configure(now time.Time, cfg *Config, fx *Effects) {}

// Stop says StopCCN to every tunnel, a bounded number at a time; fx.Stopped is
// set when the last one is told.
func (e *Engine) Stop(now time.Time, fx *Effects) {}

// Next is when Advance has work; zero: never.
func (e *Engine) Next() time.Time { return time.Time{} }

// Advance does what is due.
func (e *Engine) Advance(now time.Time, fx *Effects) {}

// Counters is a copy of the shard's counters.
func (e *Engine) Counters() Counters { return Counters{} }

// Counters are one shard's plain counters, by cause.
type Counters struct {
	DatagramsReceived uint64
}
