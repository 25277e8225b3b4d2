// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"math/bits"
	"time"
)

// Instant is a moment of a plane's clock, in ticks of 1/64 ns since the plane
// began: fine enough for 40 octets at 100 Gbit/s within 1 %. It may wrap; what
// counts is how far two of them are apart, which is less than four years.
type Instant uint64

// ticks of a nanosecond, as a shift.
const tickShift = 6

// InstantOf is the moment so long after the plane began.
func InstantOf(d time.Duration) Instant { return Instant(d) << tickShift }

// Meter is a Rate made ready for packets: the virtual scheduling form of the
// generic cell rate algorithm, over octets. All that it remembers of a flow is
// one Instant, when the flow's bucket will be full again; that is the caller's,
// so that it can be one atomic word. The zero Meter bounds nothing.
type Meter struct {
	perOctet uint64 // ticks in which the rate earns an octet, with meterFraction binary places
	depth    uint64 // ticks in which it earns the whole burst
}

const (
	meterFraction = 20
	depthMax      = 1 << 62 // ticks; two years

	// fullPacket is what any link takes. A bucket that is smaller would never let
	// one pass.
	fullPacket = 1500
)

// Meter makes a rate ready.
func (r Rate) Meter() Meter {
	if r.Bits == 0 {
		return Meter{}
	}
	const second = uint64(time.Second) << (tickShift + meterFraction)
	m := Meter{depth: depthMax}
	high, low := bits.Mul64(second, 8)
	if m.perOctet = ^uint64(0); high < r.Bits {
		m.perOctet, _ = bits.Div64(high, low, r.Bits)
	}
	burst := max(r.Burst, fullPacket)
	if r.Burst == 0 {
		burst = max(r.Bits/80, 2*fullPacket)
	}
	if high, low := bits.Mul64(burst, m.perOctet); high < 1<<meterFraction {
		m.depth = min(depthMax, high<<(64-meterFraction)|low>>meterFraction)
	}
	return m
}

// Bounds tells whether the meter bounds anything.
func (m Meter) Bounds() bool { return m != Meter{} }

// Take asks for a packet at now. full is when the bucket will be full again; if
// the packet may pass, next is that moment with the packet.
func (m Meter) Take(full, now Instant, octets int) (next Instant, ok bool) {
	if int64(full-now) < 0 {
		full = now
	}
	high, low := bits.Mul64(uint64(octets), m.perOctet)
	next = full + Instant(high<<(64-meterFraction)|low>>meterFraction)
	return next, uint64(next-now) <= m.depth
}

// Carry is when the bucket of m will be full again if it holds now what the
// bucket of last does, and no more than fits: another rate earns anew, and does
// not begin with a burst.
func (m Meter) Carry(last Meter, full, now Instant) Instant {
	ahead := uint64(max(0, int64(full-now)))
	if ahead > last.depth {
		ahead = last.depth
	}
	// What is left, in ticks of the new rate: octets cost what they cost.
	left := uint64(depthMax)
	if high, low := bits.Mul64(last.depth-ahead, m.perOctet); high < last.perOctet {
		left, _ = bits.Div64(high, low, last.perOctet)
	}
	return now + Instant(m.depth-min(left, m.depth))
}
