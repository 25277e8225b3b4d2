// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"net/netip"
	"time"

	"holdfast/ppp"
)

// probeBurstMax is how many probes leave in one Advance, so that a burst to make
// up for lost time does not keep what was received waiting.
const probeBurstMax = 64

// prober sends probes through the modems that are online, in turn.
type prober struct {
	pace     pace
	on       bool
	turn     int    // whose turn it is, modulo the number online
	sequence uint64 // of the last probe sent
}

// sendProbes sends what is due.
func (l *LAC) sendProbes(now time.Time, fx *Effects) {
	p := &l.probes
	for range probeBurstMax {
		if !p.on || len(l.online) == 0 || !p.pace.take(now) {
			return
		}
		p.turn++
		i := l.online[p.turn%len(l.online)]
		l.sendProbe(now, i, fx)
	}
}

// sendProbe sends one probe through modem i, if it has the address for it.
func (l *LAC) sendProbe(now time.Time, i uint32, fx *Effects) {
	m := &l.modems[i]
	network := m.link.Network()
	dst := netip.AddrPortFrom(network.PeerIPv4, 0)
	if to := l.plan.Traffic.To; len(to) > 0 {
		dst = to[(uint64(i)+l.probes.sequence/uint64(len(l.online)))%uint64(len(to))]
	}
	src, protocol := network.LocalIPv4, ppp.ProtoIPv4
	if dst.Addr().Is6() {
		src, protocol = netip.Addr{}, ppp.ProtoIPv6
		if m.prefix != 0 {
			src = within(m.prefix, network.LocalIfID)
		}
	}
	l.probes.sequence++
	if !src.IsValid() || !dst.Addr().IsValid() {
		return
	}
	fx.frame = append(fx.frame[:0], 0xff, 0x03, byte(protocol>>8), byte(protocol))
	fx.frame = appendProbe(fx.frame, src, dst, l.plan.Traffic.Size, probe{
		line: i, sequence: l.probes.sequence, sentAt: now.Sub(l.epoch),
	})
	l.send(m, fx.frame, fx)
	l.count.ProbesSent++
}

// receive takes an IP packet that came to modem i.
func (l *LAC) receive(i uint32, ip []byte) {
	m := &l.modems[i]
	p, intact, ok := parseProbe(ip)
	if !ok {
		l.count.OtherPackets++
		if prefix, ok := parseAdvertisement(ip); ok && m.prefix == 0 {
			m.prefix = prefix
			l.count.Prefixes++
		}
		return
	}
	if !intact || p.line != i || p.sequence > l.probes.sequence || len(ip) != l.plan.Traffic.Size {
		l.count.ProbesCorrupt++
		return
	}
	l.count.ProbesReceived++
	l.count.RoundTrip.Add(l.arrived.Sub(l.epoch) - p.sentAt)
}
