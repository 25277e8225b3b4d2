// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"testing"
	"time"
)

// slowServer serves one request after the other, duplicates too, and holds as many
// as a socket buffer would; it answers those who left like everybody else.
type slowServer struct {
	w       *world
	service time.Duration
	queue   []Slot
	freeAt  time.Time
}

const socketBuffer = 500

// run lets time pass and submits a log-in each interval; zero: none.
func (s *slowServer) run(d, interval time.Duration, set *Set) {
	end, next := s.w.now.Add(d), s.w.now
	for s.w.now.Before(end) {
		if interval > 0 && !next.After(s.w.now) {
			s.w.submit(set, Access)
			next = next.Add(interval)
		}
		for len(s.queue) > 0 && !s.freeAt.After(s.w.now) {
			at := s.queue[0]
			s.queue = s.queue[1:]
			s.freeAt = s.w.now.Add(s.service)
			if _, ok := s.w.Find(at); ok {
				s.w.reply(at, AccessAccept)
			}
		}
		s.w.run(time.Millisecond)
	}
}

// A server that is offered many times what it can do does as much as it can, for
// those who still wait, and is well again when the storm is over.
func TestOverloadedServer(t *testing.T) {
	const service = 10 * time.Millisecond // a hundred a second
	for _, times := range []int{1, 3, 10} {
		cfg := newServerConfig(1)
		cfg.Timeout, cfg.Retry, cfg.OutstandingMax = 3*time.Second, 3, 1000
		w := newWorld(t, Options{TimeoutGrace: 10 * time.Second, RevertInterval: time.Minute}, cfg)
		w.Client.cfg.QueueMax = 4096
		s := &slowServer{w: w, service: service}
		submitted, good := map[Ref]time.Time{}, 0
		w.onSend = func(e Effect) {
			if len(s.queue) < socketBuffer {
				s.queue = append(s.queue, e.Slot)
			}
		}
		set := w.set(Direct)
		seconds := 40
		for range seconds * 10 {
			before := w.ref
			s.run(100*time.Millisecond, service/time.Duration(times), set)
			for ref := before + 1; ref <= w.ref; ref++ {
				submitted[ref] = w.now
			}
			for ref, e := range w.done {
				if e.Outcome == Answered && w.now.Sub(submitted[ref]) <= 5*time.Second {
					good++
				}
				delete(w.done, ref)
			}
			w.log, w.sent = nil, nil
		}
		n := w.auth(0)
		share := float64(good) / (float64(seconds) * float64(time.Second/service))
		t.Logf("%d times: %.2f of capacity within 5 s; window %d, smoothed %v, %+v", times, share, n.Window, n.Smoothed, n.Counters)
		if share < 0.9 {
			t.Errorf("%d times the capacity: %.2f of it within 5 s", times, share)
		}
		if n.State != Alive || n.Counters.Deaths > 0 {
			t.Errorf("%d times: a server that answers was found dead", times)
		}
		w.checkCounters()
	}
}
