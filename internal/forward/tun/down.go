// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

const (
	readMax  = frame.VNetLength + 1<<16 // a super-packet with its header
	sendMax  = 256                      // datagrams collected before they are sent: some trains
	arenaMax = 1 << 18                  // octets of them
)

// downlink takes the packets of one queue of a device to the subscribers.
type downlink struct {
	plane    *Plane
	instance *instance
	queue    device
	back     deviceWriter // for ICMP errors
	answer   [2][]byte    // a virtio header and an ICMP error
	number   int          // of the queue
	slot     *slot
	buffer   []byte // what is read
	scratch  []byte // one packet of a super-packet; an ICMP error
	pieces   []byte // one fragment
	arena    []byte // datagrams to be sent
	start    int    // where the last of them begins
	count    int    // of them
	outs     []out  // by gateway number
	moment   moment // of the packet in hand
}

// out is what goes through one gateway.
type out struct {
	writer Writer // nil: there was no socket yet
	batch  []packet.Datagram
}

func newDownlink(p *Plane, i *instance, q device, number int) *downlink {
	return &downlink{
		plane: p, instance: i, queue: q, back: q.writer(), number: number, slot: p.newSlot(),
		buffer: make([]byte, readMax), scratch: make([]byte, 0, readMax), pieces: make([]byte, 0, readMax),
		arena: make([]byte, 0, arenaMax),
	}
}

// run reads as long as there is something, then sends what has come together:
// under load whole batches, otherwise each packet at once.
func (d *downlink) run() {
	for {
		n, err := d.queue.Read(d.buffer)
		for n > 0 && err == nil {
			d.slot.turns.busy()
			d.packet(d.buffer[:n])
			d.slot.turns.idle()
			n, err = d.queue.TryRead(d.buffer)
		}
		d.flush()
		if err != nil {
			return
		}
	}
}

// packet handles what one read gave: a packet or a super-packet.
func (d *downlink) packet(b []byte) {
	d.moment.forget()
	v, ip, ok := frame.ParseVNet(b)
	if ok {
		ip, ok = frame.Trim(ip)
	}
	if !ok {
		d.slot.total(malformed)
		return
	}
	v6 := frame.IsIPv6(ip)
	s := d.instance.addresses.find(ip, v6)
	if s == nil {
		d.slot.total(noRoute)
		return
	}
	if v.GSO != frame.GSONone {
		d.segments(s, ip, v, v6)
		return
	}
	if v.NeedsChecksum && !frame.Complete(ip, int(v.ChecksumStart), int(v.ChecksumOffset)) {
		d.slot.drop(s, malformed)
		return
	}
	if frame.ClampMSS(ip, s.limit()) {
		d.slot.total(mssClamped)
	}
	d.fit(s, ip, v6)
}

// segments cuts a super-packet; its packets are of equal size and leave in one
// send.
func (d *downlink) segments(s *session, ip []byte, v frame.VNet, v6 bool) {
	cut, ok := frame.NewSegments(ip, v)
	if !ok {
		d.slot.drop(s, malformed)
		return
	}
	limit := s.limit()
	fits := cut.Largest() <= limit
	if !fits && !frame.MayFragment(ip) {
		d.tooBig(s, ip, v6, limit) // once, not for each
		return
	}
	if fits && !s.sequenced {
		d.sendSegments(s, &cut, v6)
		return
	}
	for {
		if d.scratch, ok = cut.Append(d.scratch[:0]); !ok {
			return
		}
		d.fit(s, d.scratch, v6)
	}
}

// sendSegments builds segments where they leave from.
func (d *downlink) sendSegments(s *session, cut *frame.Segments, v6 bool) {
	packets, bytes := uint64(0), uint64(0)
	for size := cut.Next(); size > 0; size = cut.Next() {
		if !d.within(s, size) {
			cut.Skip()
			continue
		}
		o := d.begin(s, v6, size)
		if o == nil { // there is no socket
			d.slot.drop(s, sendDropped)
			break
		}
		d.arena, _ = cut.Append(d.arena)
		d.end(o, s)
		packets++
		bytes += uint64(size)
	}
	count := d.slot.line(s)
	count[downPackets].Add(packets)
	count[downBytes].Add(bytes)
}

// within tells whether a packet is within the session's rate.
func (d *downlink) within(s *session, octets int) bool {
	return s.down == nil || d.slot.within(s, s.down, d.moment.now(d.plane), octets)
}

// fit sends a packet if it fits the session's link, in fragments if need be, and
// is within its rate.
func (d *downlink) fit(s *session, ip []byte, v6 bool) {
	limit := s.limit()
	if len(ip) <= limit {
		if d.within(s, len(ip)) {
			d.send(s, ip, v6)
		}
		return
	}
	if !frame.MayFragment(ip) {
		d.tooBig(s, ip, v6, limit)
		return
	}
	cut, ok := frame.NewFragments(ip, limit)
	if !ok {
		d.tooBig(s, ip, v6, limit)
		return
	}
	if !d.within(s, len(ip)) {
		return
	}
	for {
		if d.pieces, ok = cut.Append(d.pieces[:0]); !ok {
			return
		}
		d.send(s, d.pieces, v6)
	}
}

// tooBig drops a packet and tells its sender why, within the rate.
func (d *downlink) tooBig(s *session, ip []byte, v6 bool, limit int) {
	d.slot.line(s)[tooBig].Add(1)
	own := d.instance.own.Load()
	from := own.v4
	if v6 {
		from = own.v6
	}
	var ok bool
	d.pieces, ok = frame.AppendTooBig(d.pieces[:0], ip, from, limit)
	if !ok || !d.plane.icmp.take(d.plane.opt.clock()) {
		d.slot.total(icmpSuppressed)
		return
	}
	d.answer[0], d.answer[1] = noVNet, d.pieces
	if d.back.Write(d.answer[:]) != nil {
		d.slot.total(deviceDropped)
		return
	}
	d.slot.total(icmpSent)
}

// send wraps a packet that fits, or gives it to the shard that numbers it.
func (d *downlink) send(s *session, ip []byte, v6 bool) {
	count := d.slot.line(s)
	if s.sequenced {
		if !d.plane.opt.Sequenced(int(s.shard), s.element, ip) {
			count[dropped].Add(1)
			return
		}
	} else if !d.wrap(s, ip, v6) {
		d.slot.drop(s, sendDropped)
		return
	}
	count[downPackets].Add(1)
	count[downBytes].Add(uint64(len(ip)))
}

// wrap puts a datagram into the batch of its gateway.
func (d *downlink) wrap(s *session, ip []byte, v6 bool) bool {
	o := d.begin(s, v6, len(ip))
	if o == nil {
		return false
	}
	d.arena = append(d.arena, ip...)
	d.end(o, s)
	return true
}

// begin writes the header of a datagram with an inner packet of at most most
// octets, which is then appended to the arena. nil: there is no socket.
func (d *downlink) begin(s *session, v6 bool, most int) *out {
	o := d.out(s.path.gateway)
	if o.writer == nil {
		return nil
	}
	if d.count == sendMax || len(d.arena)+frame.HeaderMax+most > cap(d.arena) {
		d.flush()
	}
	d.start = len(d.arena)
	d.arena = frame.AppendHeader(d.arena, s.header, v6)
	return o
}

// end puts the datagram that was begun into its batch.
func (d *downlink) end(o *out, s *session) {
	o.batch = append(o.batch, packet.Datagram{Data: d.arena[d.start:], Peer: s.peer})
	d.count++
}

// out is this queue's batch for a gateway.
func (d *downlink) out(g *gateway) *out {
	for len(d.outs) <= g.number {
		d.outs = append(d.outs, out{batch: make([]packet.Datagram, 0, sendMax)})
	}
	o := &d.outs[g.number]
	if o.writer == nil {
		o.writer = g.writer(d.number)
	}
	return o
}

// flush sends all batches. What the kernel refuses is counted, not retried: it
// is a full buffer, or a path that takes less than it did.
func (d *downlink) flush() {
	for i := range d.outs {
		o := &d.outs[i]
		if len(o.batch) == 0 {
			continue
		}
		n, _ := o.writer.WriteBatch(o.batch)
		if lost := len(o.batch) - n; lost > 0 {
			d.slot.totals[sendDropped].Add(uint64(lost))
			d.plane.lookSoon()
		}
		o.batch = o.batch[:0]
	}
	d.arena, d.count = d.arena[:0], 0
}
