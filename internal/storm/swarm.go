// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"fmt"
	"time"

	"holdfast/internal/kernel"
)

// Swarm is a number of LACs on their sockets, and what may be done to them while
// they run. Run goes through fixed phases; a Swarm does what it is told. Its
// methods are for one goroutine.
type Swarm struct {
	run
	parts   []Snapshot
	assault *assault // nil: nobody attacks from a socket of its own
	inside  *Attack  // nil: no subscriber attacks
	attacks []AttackResult
}

// Open makes the LACs and their sockets and starts them: tunnels open at once,
// and modems dial as soon as theirs is up, at the rate and in the window of the
// plan. Close ends it.
func Open(o Options) (*Swarm, error) {
	o.Plan = o.Plan.WithDefaults()
	if err := o.Plan.Check(); err != nil {
		return nil, err
	}
	if o.Listen == nil {
		o.Listen = kernel.ListenUDP
	}
	w := &Swarm{run: run{Options: o, began: time.Now()}}
	if err := w.open(); err != nil {
		w.close()
		return nil, err
	}
	w.parts = make([]Snapshot, len(w.drivers))
	return w, nil
}

// Close ends the goroutines and gives the sockets back, without a word to the LNS.
func (w *Swarm) Close() {
	// Of an attack that failed nobody has asked until now, and nobody will.
	_ = w.EndAttack()
	w.close()
}

// Plan is what the swarm was made of, with its defaults.
func (w *Swarm) Plan() *Plan { return &w.run.Plan }

// Snapshots is what each LAC has counted. The slice is used again by the next
// call. The error says that a LAC had to stop.
func (w *Swarm) Snapshots() ([]Snapshot, error) {
	w.ask(func(i int, l *LAC) { w.parts[i] = l.Snapshot() })
	select {
	case err := <-w.failed:
		return nil, fmt.Errorf("storm: a LAC has stopped: %w", err)
	default:
		return w.parts, nil
	}
}

// Offer has modems dial at rate calls a second over all LACs, 0 being as fast as
// window, the number of calls in set-up, lets.
func (w *Swarm) Offer(rate float64, window int) {
	n := len(w.drivers)
	for i, d := range w.drivers {
		d.orders <- func(l *LAC, now time.Time, _ *Effects) {
			l.Offer(now, rate/float64(n))
			l.Window(max(share(window, n, i), 1))
		}
	}
}

// Cut takes the link away from a share (0..1) of the tunnels of the first so
// many LACs, and reports how many modems are online behind it, LAC by LAC.
func (w *Swarm) Cut(lacs int, tunnels float64) []int {
	online := make([]int, len(w.drivers))
	w.ask(func(i int, l *LAC) {
		n := int(tunnels*float64(l.Tunnels()) + 0.5)
		if i >= lacs {
			n = 0
		} else if tunnels >= 1 {
			n = len(l.tunnels) // those of Plan.Pulse too
		}
		l.Cut(n)
		online[i] = l.OnlineBehind(n)
	})
	return online
}

// Mend gives the link back to all tunnels.
func (w *Swarm) Mend() { w.order(func(l *LAC, now time.Time, _ *Effects) { l.Mend(now) }) }

// Impair makes the way between LACs and LNS worse, or good again.
func (w *Swarm) Impair(i Impairment) {
	for _, d := range w.drivers {
		d.orders <- func(*LAC, time.Time, *Effects) { d.impair(i) }
	}
}

// Send has modems send so many packets a second over all LACs; 0: none.
func (w *Swarm) Send(rate float64) {
	n := float64(len(w.drivers))
	w.order(func(l *LAC, now time.Time, _ *Effects) { l.TrafficAt(now, rate/n) })
}

// Overload has callers dial; see LAC.Overload. Those of the first LAC dial greedy
// times as often as those of each other.
func (w *Swarm) Overload(rate, greedy float64, window int, talk time.Duration) {
	n := len(w.drivers)
	each := rate / (greedy + float64(n-1))
	for i, d := range w.drivers {
		mine := each
		if i == 0 {
			mine *= greedy
		}
		d.orders <- func(l *LAC, now time.Time, _ *Effects) {
			if rate == 0 {
				l.Window(max(share(window, n, i), 1))
			}
			l.Overload(now, mine, talk)
		}
	}
}

// Kill ends n calls at random over all LACs.
func (w *Swarm) Kill(n int) {
	lacs := len(w.drivers)
	for i, d := range w.drivers {
		if k := share(n, lacs, i); k > 0 {
			d.orders <- func(l *LAC, now time.Time, fx *Effects) { l.Kill(now, k, fx) }
		}
	}
}

// HangUp has everything end in order; Done reports when it has.
func (w *Swarm) HangUp() { w.order((*LAC).HangUp) }

// Done reports whether everything has ended after HangUp.
func (w *Swarm) Done() bool { return w.allDone()() }

// Sockets is what the LACs' sockets have done.
func (w *Swarm) Sockets() (x SocketResult) {
	for _, d := range w.drivers {
		x.add(d.socket.Stats())
	}
	return x
}
