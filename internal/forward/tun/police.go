// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"sync/atomic"
	"time"

	"holdfast/internal/forward"
)

// policer holds one direction of a session to its rate. Any number of
// goroutines may take from it: several readers carry packets of one session
// when its LAC sends from several ports. Sessions that follow one another under
// a key share it while the rate stays.
type policer struct {
	meter forward.Meter
	full  atomic.Uint64 // a forward.Instant: when the bucket will be full again
	_     [40]byte      // up and down are counted by different goroutines
}

// newPolicer is the policer of a rate, nil without one. last is that of the same
// direction before, if there was any.
func newPolicer(r forward.Rate, last *policer, now forward.Instant) *policer {
	m := r.Meter()
	if !m.Bounds() {
		return nil
	}
	if last != nil && last.meter == m {
		return last
	}
	p := &policer{meter: m}
	p.full.Store(uint64(now))
	if last != nil {
		p.full.Store(uint64(m.Carry(last.meter, forward.Instant(last.full.Load()), now)))
	}
	return p
}

// take asks for a packet.
func (p *policer) take(now forward.Instant, octets int) bool {
	for {
		full := p.full.Load()
		next, ok := p.meter.Take(forward.Instant(full), now, octets)
		if !ok {
			return false
		}
		if p.full.CompareAndSwap(full, uint64(next)) {
			return true
		}
	}
}

// moment is one goroutine's now: read when it is first asked for, and kept until
// forget. Packets that were read at once have come at once.
type moment struct {
	at    forward.Instant
	known bool
}

func (m *moment) now(p *Plane) forward.Instant {
	if !m.known {
		m.at, m.known = p.now(), true
	}
	return m.at
}

func (m *moment) forget() { m.known = false }

// now is the plane's clock.
func (p *Plane) now() forward.Instant { return forward.InstantOf(p.opt.clock()) }

// within tells whether a packet is within a rate, and counts it if not.
func (s *slot) within(of *session, rate *policer, now forward.Instant, octets int) bool {
	if rate.take(now, octets) {
		return true
	}
	s.total(policed)
	s.line(of)[policedPackets].Add(1)
	return false
}

// since is a clock that began now.
func since() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
