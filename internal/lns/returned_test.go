// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"fmt"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp"
)

// old lets a new tunnel of l get old enough for its calls to tell something, with
// HELLOs often enough for it never to look silent.
func old(l *lac) l2tp.TunnelID {
	l.w.t.Helper()
	id := l.open(&l2tp.TunnelConfig{HostName: l.name, HelloInterval: 2 * time.Second})
	l.w.until("tunnel", func() bool { return l.up[id] })
	l.w.advance(tellsLittle + time.Second)
	return id
}

// How long callers wait is learned from those who leave; not from calls that may
// have waited at their LAC before, as those of a tunnel that is new or was silent,
// nor from the calls of a tunnel that ends.
func TestWhoTeachesPatience(t *testing.T) {
	const wait = 1200 * time.Millisecond
	hangUp := func(l *lac, _ l2tp.TunnelID, all []*modem) {
		for _, m := range all {
			l.ep.CloseCall(l.w.now, m.el, l2tp.Result{Code: 1}, nil, &l.fx)
			l.settle()
		}
	}
	for _, c := range []struct {
		name   string
		tunnel func(l *lac) l2tp.TunnelID
		leave  func(l *lac, id l2tp.TunnelID, all []*modem)
		learnt bool
	}{
		{"CDN in an old tunnel", old, hangUp, true},
		{"CDN in a new tunnel", (*lac).tunnel, hangUp, false},
		{"CDN in a tunnel that was silent", func(l *lac) l2tp.TunnelID {
			id := old(l)
			l.w.lose = func(*packet.Datagram) bool { return true }
			l.w.advance(8 * time.Second)
			l.w.lose = nil
			l.w.advance(9 * time.Second) // what was lost is repeated meanwhile
			return id
		}, hangUp, false},
		{"StopCCN", old, func(l *lac, id l2tp.TunnelID, _ []*modem) {
			l.ep.CloseTunnel(l.w.now, id, l2tp.Result{Code: 1}, &l.fx)
			l.settle()
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, testConfig(), 1)
			l := w.lac(0)
			id := c.tunnel(l)
			w.holdBegin = true
			var all []*modem
			for i := range 60 {
				all = append(all, l.dial(id, fmt.Sprintf("user%d@example", i), "pw"))
			}
			w.advance(wait)
			before := w.engines[0].adm.Snapshot(w.now)
			c.leave(l, id, all)
			w.run()
			s := w.engines[0].adm.Snapshot(w.now)
			if before.Parked < 40 || s.Parked != 0 || s.Counters.Withdrawn != uint64(before.Parked) {
				t.Fatalf("%d parked, then %d and %d withdrawn", before.Parked, s.Parked, s.Counters.Withdrawn)
			}
			if got := s.LACs[0].Patience; (got <= wait) != c.learnt || !c.learnt && got != before.LACs[0].Patience {
				t.Errorf("patience %v, before it was %v", got, before.LACs[0].Patience)
			}
		})
	}
}
