// SPDX-License-Identifier: Apache-2.0

package sim

import "time"

// lossGrace is for how long after a link was cut its sessions and tunnels may
// still be lost for it: keepalives of both ends, and retransmission.
const lossGrace = 150 * time.Second

// restTime is how long the world goes on when all have hung up: a tunnel whose LAC
// has gone is noticed by a HELLO and a cycle of retransmission, closed ones
// are remembered for another.
const restTime = 5 * time.Minute

// pollInterval is how often a phase that ends with an event looks for it.
const pollInterval = instant(50 * time.Millisecond)

// after plans f.
func (w *World) after(d time.Duration, f func()) {
	w.planned = append(w.planned, f)
	w.queue.push(w.at+instant(d), phaseEvent, uint32(len(w.planned)-1))
}

// begin begins the phase that is next.
func (w *World) begin() {
	if w.phase == len(w.scenario.Phases) {
		w.rest()
		return
	}
	p := &w.scenario.Phases[w.phase]
	w.began, w.start = w.at, w.mark()
	w.offer(p.Offer)
	w.configure(p.Police)
	if p.Flap > 0 {
		w.cut(p.Flap, true)
		w.after(p.FlapFor, func() { w.cut(p.Flap, false) })
	}
	if p.RADIUSSpeed > 0 {
		w.radius.speed = p.RADIUSSpeed
	}
	if p.RADIUSDead > 0 {
		w.radiusDies(p.RADIUSDead)
	}
	if p.Drain {
		w.drain()
	}
	w.wait(p, w.phase)
}

// wait ends the phase when its time has come.
func (w *World) wait(p *Phase, number int) {
	end := w.began + instant(p.For)
	var look func()
	look = func() {
		if w.at < end && !(p.UntilUp && w.allUp()) && !(p.Drain && w.allDone()) {
			w.after(time.Duration(min(pollInterval, end-w.at)), look)
			return
		}
		w.endPhase()
		w.phase = number + 1
		w.begin()
	}
	if !p.UntilUp && !p.Drain {
		w.after(p.For, look)
		return
	}
	w.after(max(p.AtLeast, time.Duration(pollInterval)), look)
}

// offer changes the rates of groups.
func (w *World) offer(rates []float64) {
	for _, l := range w.lacs {
		if l.group < len(rates) && rates[l.group] != 0 {
			l.Mix()
			l.Offer(w.now(), rates[l.group]/float64(w.scenario.Groups[l.group].LACs))
			l.Advance(w.now(), &w.lacFx)
			w.carryOutLAC(l)
		}
	}
}

// cut cuts the links of the first LACs off, or mends them.
func (w *World) cut(lacs int, off bool) {
	for i := range min(lacs, len(w.lacs)) {
		w.network.links[i].cut = off
		w.lacs[i].excused = never
		if !off {
			w.lacs[i].excused = w.at + instant(lossGrace)
		}
	}
}

func (w *World) drain() {
	w.draining = true
	for _, l := range w.lacs {
		l.HangUp(w.now(), &w.lacFx)
		w.carryOutLAC(l)
	}
}

// rest lets what lingers go, and ends the world.
func (w *World) rest() {
	w.after(restTime, func() { w.over = true })
}

func (w *World) allUp() bool {
	online := 0
	for _, l := range w.lacs {
		online += l.Online()
	}
	return online == w.scenario.modems()
}

func (w *World) allDone() bool {
	for _, l := range w.lacs {
		if !l.Done() {
			return false
		}
	}
	return true
}
