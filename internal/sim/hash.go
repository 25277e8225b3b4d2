// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"holdfast/internal/lns"
)

// hash takes in all effects in their order. It is no defence against anybody: it
// tells two histories apart.
type hash uint64

func (h *hash) number(v uint64) {
	hi, lo := bits.Mul64(uint64(*h)^v^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	*h = hash(hi ^ lo ^ v<<1)
}

func (h *hash) octets(b []byte) {
	h.number(uint64(len(b)))
	for ; len(b) >= 8; b = b[8:] {
		h.number(binary.LittleEndian.Uint64(b))
	}
	if len(b) > 0 {
		var rest [8]byte
		copy(rest[:], b)
		h.number(binary.LittleEndian.Uint64(rest[:]))
	}
}

func (h *hash) text(s string) {
	h.number(uint64(len(s)))
	var b [8]byte
	for ; len(s) > 0; s = s[copy(b[:], s):] {
		h.number(binary.LittleEndian.Uint64(b[:]))
	}
}

func (h *hash) address(a netip.Addr) {
	b := a.As16()
	h.octets(b[:])
}

// effects takes in all that one input of a server has led to.
func (h *hash) effects(server int, at instant, fx *lns.Effects) {
	h.number(uint64(server)<<56 ^ uint64(at))
	for i := range fx.Install {
		s := &fx.Install[i]
		h.number(uint64(s.TunnelID)<<48 | uint64(s.SessionID)<<32 | uint64(s.Element))
		h.number(uint64(s.PeerTunnelID)<<48 | uint64(s.PeerSessionID)<<32 | uint64(s.MTU))
		h.address(s.IPv4)
		h.address(s.IPv6.Addr())
		h.number(s.Up.Bits<<32 ^ s.Down.Bits)
		for _, p := range s.Routes {
			h.address(p.Addr())
		}
	}
	for _, k := range fx.Remove {
		h.number(uint64(k.TunnelID)<<16 | uint64(k.SessionID))
	}
	for i := range fx.Transmit {
		h.octets(fx.Transmit[i].Data)
		h.number(uint64(fx.Transmit[i].Peer.Port()))
	}
	for i := range fx.Messages {
		m := &fx.Messages[i]
		h.number(uint64(m.To)<<32 | uint64(m.Kind)<<16 | uint64(m.Number))
		h.octets(m.Datagram)
	}
	for i := range fx.Authenticate {
		h.number(uint64(fx.Authenticate[i].Ref.Element))
		h.text(fx.Authenticate[i].User)
	}
	for i := range fx.Account {
		r := &fx.Account[i]
		h.number(r.Subscriber.ID<<8 | uint64(r.Kind))
		h.number(uint64(r.SessionTime)<<8 | uint64(r.Terminate))
	}
	for i := range fx.Log {
		r := &fx.Log[i]
		h.number(uint64(r.ID)<<32 | uint64(r.Tunnel)<<16 | uint64(r.Session))
		h.text(r.Calling)
	}
	h.number(uint64(fx.Dear))
}
