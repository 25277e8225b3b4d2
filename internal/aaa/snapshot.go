// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"context"
	"time"

	"holdfast/radius"
)

// AuthStatistics count queries of the engines and how they ended.
type AuthStatistics struct {
	Requests   uint64
	Accepts    uint64
	Rejects    uint64
	Challenges uint64 // taken as rejects
	Timeouts   uint64 // no server has answered
	Refused    uint64 // too many were waiting
	Unsent     uint64 // could not be put into a RADIUS packet: rejected
	Malformed  uint64 // of the accepts: an attribute made no sense, nothing was granted
	Ignored    uint64 // attributes of accepts that nobody acts upon
}

// ExchangeStatistics count what happened beneath the exchanges.
type ExchangeStatistics struct {
	SendErrors   uint64 // packets that no socket would take
	SocketErrors uint64 // sockets and connections that failed
	PacketsLost  uint64 // received packets that did not fit the mailbox
	Refused      uint64 // requests that did not
}

// Snapshot is the state of the service.
type Snapshot struct {
	At             time.Time
	Servers        []radius.ServerStatus // in the order of the configuration
	Totals         radius.Totals
	Options        radius.Options
	Authentication AuthStatistics
	Exchange       ExchangeStatistics
	Dynamic        radius.DynamicCounters
}

// Snapshot is a copy of the state of the service; false: it does not run.
func (s *Service) Snapshot(ctx context.Context) (Snapshot, bool) {
	var shot Snapshot
	if !s.x.do(ctx, func(now time.Time) {
		shot.At, shot.Servers, shot.Totals, shot.Options = now, s.x.client.Snapshot(nil), s.x.client.Totals(), s.x.options
	}) {
		return Snapshot{}, false
	}
	shot.Authentication, shot.Exchange = s.auth.copy(), s.x.stats.copy()
	s.dynamic.mu.Lock()
	defer s.dynamic.mu.Unlock()
	shot.Dynamic = s.dynamic.machine.Counters()
	return shot, true
}

func (c *authCounters) copy() AuthStatistics {
	return AuthStatistics{
		Requests: c.requests.Load(), Accepts: c.accepts.Load(), Rejects: c.rejects.Load(), Challenges: c.challenges.Load(),
		Timeouts: c.timeouts.Load(), Refused: c.refused.Load(), Unsent: c.unsent.Load(), Malformed: c.malformed.Load(), Ignored: c.ignored.Load(),
	}
}

func (c *exchangeCounters) copy() ExchangeStatistics {
	return ExchangeStatistics{
		SendErrors: c.sendErrors.Load(), SocketErrors: c.socketErrors.Load(), PacketsLost: c.packetsLost.Load(), Refused: c.refused.Load(),
	}
}
