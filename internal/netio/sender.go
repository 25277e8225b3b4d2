// SPDX-License-Identifier: Apache-2.0

package netio

import (
	"net/netip"
	"sync/atomic"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// Sender sends for one shard, from the shard's goroutine, through the shard's
// own control socket of the gateway that each datagram names as Local.
type Sender struct {
	locals  []netip.AddrPort
	sockets []*kernel.UDPSocket
	parts   [][]packet.Datagram // one call's datagrams by gateway; reused
	strays  atomic.Uint64
}

// Sender makes the sender of a shard.
func (s *Sockets) Sender(shard int) *Sender {
	n := &Sender{parts: make([][]packet.Datagram, len(s.Groups))}
	for i := range s.Groups {
		n.locals = append(n.locals, s.Groups[i].Local)
		n.sockets = append(n.sockets, s.Groups[i].Control[shard])
	}
	return n
}

// Strays is how many datagrams named a Local that is no gateway's; they are dropped.
func (n *Sender) Strays() uint64 { return n.strays.Load() }

// Send sends d. Datagrams from one gateway to one peer leave in their order.
// The error is net.ErrClosed: whatever else befalls a datagram is counted by
// its socket.
func (n *Sender) Send(d []packet.Datagram) error {
	if len(d) == 0 {
		return nil
	}
	if n.uniform(d) {
		return n.write(n.gateway(d[0].Local), d)
	}
	for i := range d {
		if g := n.gateway(d[i].Local); g >= 0 {
			n.parts[g] = append(n.parts[g], d[i])
		} else {
			n.strays.Add(1)
		}
	}
	var failed error
	for g, part := range n.parts {
		if err := n.write(g, part); err != nil {
			failed = err
		}
		clear(part) // the octets are the shard's: keep no hold of them
		n.parts[g] = part[:0]
	}
	return failed
}

// uniform is whether all of d leave from one gateway, as they mostly do.
func (n *Sender) uniform(d []packet.Datagram) bool {
	for i := range d {
		if d[i].Local != d[0].Local {
			return false
		}
	}
	return true
}

// gateway finds a gateway by its address; there are few. -1: it is none.
func (n *Sender) gateway(local netip.AddrPort) int {
	for i := range n.locals {
		if n.locals[i] == local {
			return i
		}
	}
	return -1
}

func (n *Sender) write(gateway int, d []packet.Datagram) error {
	if gateway < 0 {
		n.strays.Add(uint64(len(d)))
		return nil
	}
	_, err := n.sockets[gateway].WriteBatch(d)
	return err
}
