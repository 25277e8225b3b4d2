// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"net/netip"
	"time"

	"holdfast/ppp"
)

// spoofer is what the first modem of a LAC sends that is not its own: probes with
// sources drawn from a prefix. Whoever gets an echo of one counts it as corrupt: an
// LNS must not have let it through.
type spoofer struct {
	pace  pace
	on    bool
	from  netip.Prefix
	count AttackCount
}

// nobody is the line of probes that no modem may see again.
const nobody = ^uint32(0)

// Spoof has the first modem send so many packets a second with sources of a
// prefix; 0 ends that. It returns what has been sent since the last call.
func (l *LAC) Spoof(now time.Time, rate float64, from netip.Prefix) AttackCount {
	count := l.spoofer.count
	l.spoofer = spoofer{pace: newPace(rate), on: rate > 0, from: from}
	l.spoofer.pace.start(now)
	return count
}

// spoofs reports whether only the pace keeps the next packet from leaving.
func (l *LAC) spoofs() bool { return l.spoofer.on && l.modems[0].state == online }

// sendSpoofed sends what is due.
func (l *LAC) sendSpoofed(now time.Time, fx *Effects) {
	if !l.spoofs() {
		return
	}
	x, m := &l.spoofer, &l.modems[0]
	network := m.link.Network()
	to := netip.AddrPortFrom(network.PeerIPv4, 0)
	for _, a := range l.plan.Traffic.To {
		if a.Addr().Is4() {
			to = a
			break
		}
	}
	for range probeBurstMax {
		if !to.IsValid() || !x.pace.take(now) {
			return
		}
		src := drawAddress(l.rand, x.from)
		if src == network.LocalIPv4 {
			continue
		}
		fx.frame = append(fx.frame[:0], 0xff, 0x03, byte(ppp.ProtoIPv4>>8), byte(ppp.ProtoIPv4&0xff))
		fx.frame = appendProbe(fx.frame, src, to, l.plan.Traffic.Size, probe{line: nobody, sentAt: now.Sub(l.epoch)})
		before := len(fx.arena)
		l.send(m, fx.frame, fx)
		x.count.Sent++
		x.count.SentBytes += uint64(len(fx.arena) - before)
	}
}
