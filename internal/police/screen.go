// SPDX-License-Identifier: Apache-2.0

package police

import (
	"net/netip"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp/wire"
)

// markStands is the bit of a datagram's mark that says that its tunnel stands; the
// rest is its Type.
const markStands = 1 << 7

// Screen is the ingress level for a datagram as it was read from a socket. It
// finds out what it is, whether its tunnel stands and at which slot it came, and
// leaves the first two in d.Mark for ScreenHost.
func (p *Police) Screen(now time.Time, d *packet.Datagram) Verdict {
	t := Classify(d.Data)
	id, control, ns := addressee(d.Data)
	word, stands := p.stands(id, d.Peer)
	established := stands && (!control || inWindow(word, ns))
	slot := p.slotOf(d, id, control, established)
	if t == None && !stands {
		t = PPPUnclassified // no subscriber's packet: he would have to be in a tunnel
	}
	d.Mark = uint8(t)
	if established {
		d.Mark |= markStands
	}
	return p.Ingress(now, slot, t, d, established)
}

// ScreenHost is the host level for a datagram that Screen has let pass; one that
// it has not seen passes.
func (p *Police) ScreenHost(now time.Time, d *packet.Datagram) Verdict {
	return p.Host(now, Type(d.Mark&^markStands), d.Mark&markStands != 0)
}

// Stranger reports whether Screen has found that d belongs to no tunnel that stands,
// or not to its window.
func Stranger(d *packet.Datagram) bool { return d.Mark&markStands == 0 }

// ScreenRADIUS is both levels for a packet of t that came on a socket for RADIUS;
// known says that it is from a server or client that is configured. Such sockets
// do not tell the device: all of it counts at the first slot.
func (p *Police) ScreenRADIUS(now time.Time, t Type, from netip.AddrPort, known bool) Verdict {
	d := packet.Datagram{Peer: from}
	if v := p.Ingress(now, 0, t, &d, known); v.Dropped() {
		return v
	}
	return p.Host(now, t, known)
}

// addressee is whom a datagram is for, and if it is control its Ns. What cannot be
// read is for tunnel 0, which nobody has.
func addressee(datagram []byte) (tunnelID uint16, control bool, ns uint16) {
	if wire.IsControl(datagram) {
		h, _, _ := wire.ParseControlHeader(datagram)
		return h.TunnelID, true, h.Ns
	}
	h, _, _ := wire.ParseDataHeader(datagram)
	return h.TunnelID, false, 0
}

// slotOf is where the datagram came in: the slot of its device or, of data, which
// does not tell, that of its tunnel's control messages. Strangers' data is at the
// first slot.
func (p *Police) slotOf(d *packet.Datagram, tunnelID uint16, control, established bool) int {
	if d.Device == 0 {
		if at := p.standings.slots[tunnelID].Load(); established && at != 0 {
			return int(at - 1)
		}
		return 0
	}
	slot := p.plan.Load().devices[d.Device]
	if at := &p.standings.slots[tunnelID]; control && established && at.Load() != uint32(slot)+1 {
		at.Store(uint32(slot) + 1)
	}
	return slot
}
