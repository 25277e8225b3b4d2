// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"time"

	"holdfast/internal/event"
)

// carryOut does all that the engine wants done, in the order of the fields of
// lns.Effects, and empties them. Nothing here waits for anybody.
func (s *Shard) carryOut() {
	fx := &s.fx
	s.dear += fx.Dear
	if d := s.burn.Load(); d > 0 {
		burn(time.Duration(int64(fx.Dear) * d))
	}
	s.stand(fx.Tunnels)
	if len(fx.Install) > 0 {
		s.planeDid(len(fx.Install), s.plane.Install(fx.Install))
	}
	if len(fx.Remove) > 0 {
		s.planeDid(len(fx.Remove), s.plane.Remove(fx.Remove))
	}
	for i := range fx.Inject {
		s.plane.Inject(fx.Inject[i].Key, fx.Inject[i].Packet)
	}
	s.elements = append(s.elements, fx.Read...)
	if len(fx.Transmit) > 0 && s.sender.Send(fx.Transmit) != nil {
		s.stats.sendErrors.Add(1)
	}
	for i := range fx.Messages {
		s.peers[fx.Messages[i].To].deliver(&fx.Messages[i])
	}
	if len(fx.Authenticate) > 0 {
		s.aaa.Authenticate(s.id, fx.Authenticate)
	}
	if len(fx.Account) > 0 {
		s.account(fx.Account)
	}
	for _, r := range fx.Answers {
		r.Reply(r)
	}
	if len(fx.Log) > 0 {
		now := time.Now()
		for i := range fx.Log {
			s.log.Write(now, &fx.Log[i])
		}
	}
	if fx.Stopped && !s.isStop {
		s.isStop = true
		close(s.stopped)
	}
	fx.Reset()
}

// planeDid reports what the data plane refused.
func (s *Shard) planeDid(sessions int, err error) {
	if err == nil {
		return
	}
	s.stats.planeErrors.Add(1)
	s.note(time.Now(), event.Record{ID: event.PlaneFailed, Count: sessions, Err: err})
}

// burn spends processor time.
func burn(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}
