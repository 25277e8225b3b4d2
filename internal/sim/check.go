// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/lns"
	"holdfast/internal/storm"
)

// faultsKept is how many faults are told in words.
const faultsKept = 20

// fault notes that something is as it must not be.
func (w *World) fault(format string, args ...any) {
	if w.result.FaultsAll++; len(w.result.Faults) < faultsKept {
		w.result.Faults = append(w.result.Faults, fmt.Sprintf("%v ", time.Duration(w.at).Round(time.Millisecond))+fmt.Sprintf(format, args...))
	}
}

// check is what must hold at the end of each second.
func (w *World) check() {
	live, addresses, parked, starting := 0, 0, 0, 0
	underWay := len(w.posts) - len(w.freePosts)
	for _, s := range w.servers {
		h, a := s.engine.Held(), s.engine.Admission(w.now())
		live += h.Live
		addresses += h.Addresses
		underWay += len(s.messages)
		w.checkCalls(s, &h, &a)
		parked += a.Parked
		starting += s.engine.Starting()
	}
	w.parkedMost, w.initMost = max(w.parkedMost, parked), max(w.initMost, starting)
	// A unit is held by the shard that has its block, and may be on its way from one
	// shard to another.
	if addresses > live+underWay {
		w.fault("%d addresses are held, %d subscribers live", addresses, live)
	}
	if n := len(w.plane.sessions); n > live {
		w.fault("the plane has %d sessions, the engines %d", n, live)
	}
	if w.plane.twice > 0 {
		w.fault("%d addresses have two holders", w.plane.twice)
	}
	w.checkBooks(live)
	for _, l := range w.lacs {
		w.checkLAC(l)
	}
}

// checkCalls: each call that was requested lives or has ended once; each that was
// offered to admission is in one place, or has left it one way; nothing is held
// for nobody.
func (w *World) checkCalls(s *server, h *lns.Held, a *admission.Snapshot) {
	c := s.engine.Counters()
	ended := uint64(0)
	for _, n := range c.Ended {
		ended += n
	}
	if c.CallsRequested != ended+uint64(h.Live) {
		w.fault("shard %d: %d calls requested, %d live, %d ended", s.number, c.CallsRequested, h.Live, ended)
	}
	k := &a.Counters
	if left := k.Admitted + k.Superseded + k.Crowded + k.Expired + k.Withdrawn + k.Cleared; k.Offered != left+uint64(a.Parked) {
		w.fault("shard %d: of %d calls offered to admission %d have left and %d are parked", s.number, k.Offered, left, a.Parked)
	}
	if left := k.Up + k.Failed + k.WithdrawnLate; k.Admitted != left+uint64(a.InSetUp+a.Aside) {
		w.fault("shard %d: of %d calls begun %d have ended and %d are in set-up", s.number, k.Admitted, left, a.InSetUp+a.Aside)
	}
	if h.Timers > h.Live || h.Tokens > h.Live || h.OnUnits > h.Live || h.Live > h.Sessions {
		w.fault("shard %d holds %+v", s.number, *h)
	}
}

// checkLAC: what was up has not been lost but by the fault of its link.
func (w *World) checkLAC(l *lac) {
	c := l.Counters()
	defer func() { l.last = c }()
	if w.draining || w.scenario.Ruin || w.at < l.excused {
		return
	}
	if n := c.TunnelsLost - l.last.TunnelsLost; n > 0 {
		w.fault("LAC %d has lost %d tunnels: %v", l.number, n, l.Snapshot().TunnelErr)
	}
	for cause := range c.Dropped {
		n := c.Dropped[cause] - l.last.Dropped[cause]
		// Echoes that the network has lost one after the other are its own doing; that
		// we answer each that comes is seen in how long datagrams stay.
		if n > 0 && !(storm.Cause(cause) == storm.EchoLost && w.network.Loss > 0) {
			w.fault("LAC %d: %d sessions lost: %v", l.number, n, storm.Cause(cause))
		}
	}
}

// Bounds of what must hold over the whole.
const (
	staleMost = 1.0 // per cent
	stayMost  = time.Second
)

// checkEnd is what must hold when all have hung up.
func (w *World) checkEnd() {
	if !w.scenario.Ruin {
		w.checkLoad()
	}
	if !w.draining {
		return
	}
	for _, s := range w.servers {
		if h := s.engine.Held(); h != (lns.Held{}) {
			w.fault("shard %d still holds %+v", s.number, h)
		}
		// Nobody has what is another's own, and a redial gets it from the stale session.
		if c := s.engine.Counters(); c.AddressInUse+c.RouteInUse+c.GrantsRefused > 0 {
			w.fault("shard %d refused %d addresses, %d routes, %d grants", s.number, c.AddressInUse, c.RouteInUse, c.GrantsRefused)
		}
		if a := s.engine.Admission(w.now()); a.Parked+a.InSetUp > 0 {
			w.fault("shard %d: %d calls are parked, %d in set-up", s.number, a.Parked, a.InSetUp)
		}
		if s.lanes[control].len()+s.lanes[punts].len()+s.lanes[bulk].len()+len(s.messages)+len(s.answers)+len(s.durable) > 0 {
			w.fault("shard %d still has input", s.number)
		}
	}
	if n := len(w.plane.sessions) + len(w.plane.holders); n > 0 {
		w.fault("the plane still has %d sessions and addresses", n)
	}
	if n := w.network.inFlight(); n > 0 {
		w.fault("%d datagrams are still under way", n)
	}
	for _, l := range w.lacs {
		c := l.Counters()
		if ended := c.FailedAll() + c.DroppedAll() + c.HungUp; !l.Done() || ended != c.CallsOffered {
			w.fault("LAC %d: done %v, %d calls offered, %d ended", l.number, l.Done(), c.CallsOffered, ended)
		}
	}
}

// Dear steps that do not bring a session up are stale work, but for what is known not
// to be work for callers who have left, or to be needed: probes, probed and cutShort.

// probes is how many dear steps it has cost to find out that RADIUS was dead, and
// when it was back: at most those of a call a second, and of the calls that were begun
// when it died.
func (w *World) probes() (steps uint64) {
	const before, authenticating = 8, 3
	for i := range w.result.Phases {
		if p := &w.result.Phases[i]; p.Phase.RADIUSDead > 0 {
			most := authenticating * uint64(len(w.servers)) * (before + uint64(p.Phase.RADIUSDead/time.Second))
			stale := p.Stale
			if i+1 < len(w.result.Phases) {
				stale += w.result.Phases[i+1].Stale // of callers who lose patience then
			}
			steps += min(most, stale)
		}
	}
	return steps
}

// probed is how many more it has cost to find out that tunnels were still too slow:
// admission counts them.
func (w *World) probed() (steps uint64) {
	for _, s := range w.servers {
		steps += s.engine.Admission(w.now()).Counters.ProbedInVain
	}
	return steps
}

// cutShort is how many were done for callers who were there, whatever a server could
// have done: a modem that gives up in the network phase has seen all steps but the
// last one, and what it waits for in vain is a packet of IPCP that the network has
// lost; it comes again after three seconds, and they were too many for its patience.
// In 36 days with 200 to 1,000 modems a tunnel and a loss of 0.4 to 1 % these were a
// quarter of all steps that did not bring a session up. That we answer each packet
// that comes is seen in how long datagrams stay.
func (w *World) cutShort() (steps uint64) {
	if w.network.Loss == 0 {
		return 0
	}
	for _, l := range w.lacs {
		c := l.Counters()
		steps += (StepsPerCall - 1) * c.Failed[storm.NCPTimeout]
	}
	return steps
}

// checkLoad is what load must not do.
func (w *World) checkLoad() {
	var dear, stale uint64
	for _, s := range w.servers {
		c := s.engine.Counters()
		dear += c.DearSteps
		stale += c.StaleSteps
	}
	if p := percent(stale-min(stale, w.probes()+w.probed()+w.cutShort()), dear); p >= staleMost {
		w.fault("%.2f %% of the dear steps were for callers who had left", p)
	}
	if p99 := w.hello.latency.Quantile(0.99); p99 > helloLatest {
		w.fault("HELLO was acknowledged within %v at p99", p99)
	}
	if w.hello.latency.Count() == 0 && w.at > instant(5*time.Minute) {
		w.fault("no HELLO was seen")
	}
	for l := range lanes {
		if longest := w.stay[l].Max(); longest > stayMost {
			w.fault("a datagram stayed %v in lane %d", longest, l)
		}
	}
}
