// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"net/netip"
	"slices"

	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

// noVNet is the virtio header of a packet with nothing left to do.
var noVNet = make([]byte, frame.VNetLength)

// uplink brings packets of one goroutine to the devices.
type uplink struct {
	plane   *Plane
	slot    *slot
	number  int            // chooses the queue of each device
	writers []deviceWriter // by instance number; nil: not used yet
	trains  []*train       // of the batch in hand, oldest first
	spare   []*train       // not in use
	refused [8]bool        // kinds of super-packets that the kernel does not take
	pair    [2][]byte      // a virtio header and a packet
	moment  moment         // of the batch in hand
}

func newUplink(p *Plane, number int) *uplink {
	return &uplink{
		plane: p, slot: p.newSlot(), number: number,
		trains: make([]*train, 0, trainsMax), spare: make([]*train, 0, trainsMax),
	}
}

// writer is this goroutine's own way into an instance's device.
func (u *uplink) writer(i *instance) deviceWriter {
	for len(u.writers) <= i.number {
		u.writers = append(u.writers, nil)
	}
	if u.writers[i.number] == nil {
		u.writers[i.number] = i.queues[u.number%len(i.queues)].writer()
	}
	return u.writers[i.number]
}

// forward brings a sound inner packet on its way to the kernel if its source is
// right and its session's rate allows it. It leaves with flush at the latest.
func (u *uplink) forward(s *session, ip []byte, v6 bool) {
	if !s.owns(ip, v6) {
		u.slot.line(s)[spoofed].Add(1)
		u.slot.total(notOwned)
		return
	}
	if s.up != nil && !u.slot.within(s, s.up, u.moment.now(u.plane), len(ip)) {
		return
	}
	if frame.ClampMSS(ip, s.limit()) {
		u.slot.total(mssClamped)
	}
	if frame.TTL(ip) <= 1 && !s.instance.isOwn(ip, v6) {
		u.slot.total(ttlExpired)
	}
	u.gather(s, ip)
}

// isOwn tells whether a packet is for the instance itself.
func (i *instance) isOwn(ip []byte, v6 bool) bool {
	own := i.own.Load().all
	if v6 {
		return slices.Contains(own, netip.AddrFrom16([16]byte(ip[24:40])))
	}
	return slices.Contains(own, netip.AddrFrom4([4]byte(ip[16:20])))
}

// reader takes the datagrams of one socket.
type reader struct {
	uplink
	socket Socket
	batch  packet.Batch
	punts  *punter
}

func newReader(p *Plane, s Socket) *reader {
	r := &reader{uplink: *newUplink(p, len(p.sockets)-1), socket: s}
	r.batch.Datagrams = make([]packet.Datagram, p.opt.BatchMax)
	r.punts = newPunter(p, r.slot)
	return r
}

func (r *reader) run() {
	for {
		n, err := r.socket.ReadBatch(&r.batch)
		if err != nil {
			return
		}
		r.slot.turns.busy()
		for i := range r.batch.Datagrams[:n] {
			r.datagram(&r.batch.Datagrams[i])
		}
		r.flush()
		r.slot.turns.idle()
		r.punts.flush()
	}
}

// datagram handles one datagram from a LAC, or whoever claims to be one.
func (r *reader) datagram(d *packet.Datagram) {
	h, payload, ok := frame.ParseHeader(d.Data)
	if !ok {
		r.slot.total(malformed)
		return
	}
	if h.Control {
		r.punts.add(laneControl, h.TunnelID, d)
		return
	}
	s := r.plane.tunnels.lookup(&h)
	if s == nil {
		r.unknown(&h, payload, d)
		return
	}
	if d.Peer != s.peer {
		r.slot.total(wrongPeer)
		return
	}
	if s.sequenced { // all of it, so that the order of Ns holds
		r.punts.add(laneSequenced, h.TunnelID, d)
		return
	}
	protocol, ip, ok := frame.ParsePPP(payload)
	if !ok {
		r.slot.drop(s, malformed)
		return
	}
	switch {
	case protocol == frame.ProtocolIPv4:
		if ip, ok = frame.TrimIPv4(ip); ok {
			r.forward(s, ip, false)
			return
		}
	case protocol == frame.ProtocolIPv6:
		if ip, ok = frame.TrimIPv6(ip); ok {
			if frame.LinkScoped(ip) {
				r.punts.add(laneLink, h.TunnelID, d)
				return
			}
			r.forward(s, ip, true)
			return
		}
	case protocol >= frame.ProtocolControl:
		r.punts.add(laneControl, h.TunnelID, d)
		return
	default: // the link answers with a Protocol-Reject
		r.punts.add(laneOther, h.TunnelID, d)
		return
	}
	r.slot.drop(s, malformed)
}

// unknown hands over data of a session that is not installed: it is being set
// up, or just gone, or never was.
func (r *reader) unknown(h *frame.Header, payload []byte, d *packet.Datagram) {
	protocol, _, ok := frame.ParsePPP(payload)
	switch {
	case !ok:
		r.slot.total(malformed)
	case protocol >= frame.ProtocolControl:
		r.punts.add(laneControl, h.TunnelID, d)
	default:
		r.slot.total(unknownSession)
		r.punts.add(laneOther, h.TunnelID, d)
	}
}
