// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"slices"

	"holdfast/internal/forward/frame"
)

// trainsMax is how many flows a reader gathers at a time. A batch is short;
// bulk flows, which alone profit, are few in it.
const trainsMax = 8

// train is packets of one flow on their way to the device.
type train struct {
	session *session
	frame.Train
}

// gather puts a packet to its flow's train, or writes it if it can be part of
// none. Packets of one flow keep their order.
func (u *uplink) gather(s *session, ip []byte) {
	for i, t := range u.trains {
		if t.session != s || !t.Same(ip) {
			continue
		}
		if t.Add(ip) {
			return
		}
		u.write(t)
		if !u.begin(t, s, ip) {
			u.trains = slices.Delete(u.trains, i, i+1)
			u.spare = append(u.spare, t)
			u.alone(s, ip)
		}
		return
	}
	t := u.take()
	if u.begin(t, s, ip) {
		u.trains = append(u.trains, t)
		return
	}
	u.spare = append(u.spare, t)
	u.alone(s, ip)
}

// begin makes t a train of one packet, unless the kernel takes none of its kind.
func (u *uplink) begin(t *train, s *session, ip []byte) bool {
	t.session = s
	return t.Begin(ip) && !u.refused[t.Kind()]
}

// take finds a train that is not in use; if there is none, the oldest leaves.
func (u *uplink) take() *train {
	if n := len(u.spare); n > 0 {
		t := u.spare[n-1]
		u.spare = u.spare[:n-1]
		return t
	}
	if len(u.trains) < trainsMax {
		return new(train)
	}
	t := u.trains[0]
	u.trains = slices.Delete(u.trains, 0, 1)
	u.write(t)
	return t
}

// flush writes all trains. The packets' buffers are then free.
func (u *uplink) flush() {
	for _, t := range u.trains {
		u.write(t)
	}
	u.spare = append(u.spare, u.trains...)
	u.trains = u.trains[:0]
	u.moment.forget()
}

// write hands a train to the kernel. If that takes the packets, but not as one
// (UDP super-packets came with Linux 6.2), no more trains of the kind are made.
func (u *uplink) write(t *train) {
	packets := t.Packets()
	if u.writer(t.session.instance).Write(t.Vectors()) == nil {
		u.passed(t.session, packets...)
		return
	}
	if len(packets) == 1 {
		u.slot.drop(t.session, deviceDropped)
		return
	}
	for _, ip := range packets {
		if u.alone(t.session, ip) {
			u.refused[t.Kind()] = true
		}
	}
}

// alone hands one packet to the kernel.
func (u *uplink) alone(s *session, ip []byte) bool {
	u.pair[0], u.pair[1] = noVNet, ip
	if u.writer(s.instance).Write(u.pair[:]) != nil {
		u.slot.drop(s, deviceDropped)
		return false
	}
	u.passed(s, ip)
	return true
}

// passed counts packets that the kernel took.
func (u *uplink) passed(s *session, packets ...[]byte) {
	bytes := 0
	for _, ip := range packets {
		bytes += len(ip)
	}
	count := u.slot.line(s)
	count[upPackets].Add(uint64(len(packets)))
	count[upBytes].Add(uint64(bytes))
}
