// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/forward"
	"holdfast/l2tp"
)

// idleSamples is how often the plane's counters are looked at within an idle
// timeout: a session is ended at most a quarter of it late.
const idleSamples = 4

// watchIdle begins to watch whether the subscriber sends or receives anything.
func (e *Engine) watchIdle(s *session) {
	if limit := s.idleTimeout(); limit > 0 {
		s.activeAt = e.now
		s.idleAt = e.now.Add(limit / idleSamples)
	}
}

// Traffic takes what the plane has counted for the elements of fx.Read.
func (e *Engine) Traffic(now time.Time, elements []uint32, counters []forward.Counters, fx *Effects) {
	e.now = now
	for i, el := range elements {
		s := e.sessions.at(l2tp.Element(el))
		if s == nil || s.activeAt.IsZero() {
			continue // it ended in the meantime
		}
		limit := s.idleTimeout()
		if packets := counters[i].UpPackets + counters[i].DownPackets; packets != s.packets {
			s.packets, s.activeAt = packets, now
		}
		if now.Sub(s.activeAt) >= limit {
			e.closeSession(s, CauseIdleTimeout, fx)
			e.settle(fx)
			continue
		}
		s.idleAt = now.Add(limit / idleSamples)
		e.rearm(s)
	}
	e.finish(fx)
}
