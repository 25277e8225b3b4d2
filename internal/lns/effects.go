// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"holdfast/internal/event"
	"holdfast/internal/forward"
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// Effects is what an Engine wants done. It belongs to the shard, which passes
// it to every call, then carries it out and resets it. Each list is in order;
// the lists are carried out in the order of the fields, so that a session is
// installed before the packet leaves that tells its peer so.
type Effects struct {
	Install      []forward.Session // into the plane
	Remove       []forward.Key     // out of the plane
	Inject       []Inject          // inner packets of sequenced sessions, to the core side
	Read         []uint32          // elements whose counters the engine wants: Engine.Traffic is called with them
	Transmit     []packet.Datagram // from Local to Peer; Data is valid until Reset
	Messages     []Message         // to other shards
	Authenticate []AuthQuery       // to RADIUS: Engine.Authenticated is called with each answer
	Account      []AccountRecord   // accounting; the shard fills the counters in
	Answers      []*Request        // finished requests: back to who asked
	Tunnels      []uint16          // local ids of tunnels that were established, have moved or have ended: see Engine.Standing
	Log          []event.Record    //
	Dear         int               // dear steps of call set-up done: what a slow server would spend its time on
	Stopped      bool              // after Stop: every tunnel has been told and has acknowledged it, or was given up

	l2tp  l2tp.Effects
	ppp   ppp.Effects
	arena []byte
}

// Inject is an inner packet that the shard has unpacked itself.
type Inject struct {
	Key    forward.Key
	Packet []byte
}

// Reset forgets all effects and the octets they pointed to.
func (fx *Effects) Reset() {
	clear(fx.Install)
	clear(fx.Transmit)
	clear(fx.Messages)
	clear(fx.Answers)
	clear(fx.Authenticate)
	fx.Authenticate = fx.Authenticate[:0]
	clear(fx.Account)
	fx.Account = fx.Account[:0]
	clear(fx.Log)
	fx.Install, fx.Remove, fx.Inject, fx.Read = fx.Install[:0], fx.Remove[:0], fx.Inject[:0], fx.Read[:0]
	fx.Transmit, fx.Messages, fx.Answers, fx.Log = fx.Transmit[:0], fx.Messages[:0], fx.Answers[:0], fx.Log[:0]
	fx.Tunnels, fx.Stopped, fx.Dear = fx.Tunnels[:0], false, 0
	fx.l2tp.Reset()
	fx.ppp.Reset()
	fx.arena = fx.arena[:0]
}

// keep copies octets that are borrowed from the input.
func (fx *Effects) keep(b []byte) []byte {
	at := len(fx.arena)
	fx.arena = append(fx.arena, b...)
	return fx.arena[at:len(fx.arena):len(fx.arena)]
}
