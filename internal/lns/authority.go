// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"math"
	"time"

	"holdfast/internal/admission"
)

// authority is a profile's RADIUS servers as the shard sees them: how many requests
// they take, and who waits for a place. Each profile has its own, so that the
// subscribers of one do not wait for the servers of another.
type authority struct {
	profile  string
	window   *admission.Window
	queries  []AuthQuery // that wait for a place, the newest last
	askedAt  time.Time   // when it was asked last
	probedAt time.Time   // when a call was begun last while it was silent
}

// busyFor is how long an authority counts as in use after it was asked.
const busyFor = 10 * time.Second

// probeInterval is how often a call is begun while RADIUS is silent: its query
// finds out whether it is back.
const probeInterval = time.Second

// authority finds that of a profile, or makes it. Profiles come and go with the
// configuration: the place of one that nobody has asked for long is used again.
func (e *Engine) authority(p *AAAProfile) (a *authority, number uint8) {
	idle := -1
	for i, a := range e.authorities {
		if a.profile == p.Name {
			return a, uint8(i)
		}
		if !a.busy(e.now) {
			idle = i
		}
	}
	a = &authority{profile: p.Name, window: admission.NewWindow()}
	switch n := len(e.authorities); {
	case n <= math.MaxUint8:
		e.authorities = append(e.authorities, a)
		return a, uint8(n)
	case idle >= 0:
		e.authorities[idle] = a
		return a, uint8(idle)
	}
	return e.authorities[0], 0
}

// busy reports whether it is in use.
func (a *authority) busy(now time.Time) bool {
	return a.window.InFlight() > 0 || len(a.queries) > 0 || now.Sub(a.askedAt) < busyFor
}

// shut reports whether no call may be begun for its subscribers: queries wait for a
// place in the window; or it is silent, and whatever would be done for a call before
// its query would be done for nobody.
func (a *authority) shut(e *Engine) bool {
	return len(a.queries) > 0 || a.window.Stalled(e.uptime()) && e.now.Sub(a.probedAt) < probeInterval
}

// allBusy reports whether every authority in use is in that state, and one is.
func (e *Engine) allBusy(state func(*authority) bool) bool {
	found := false
	for _, a := range e.authorities {
		if !a.busy(e.now) {
			continue
		}
		if !state(a) {
			return false
		}
		found = true
	}
	return found
}

// shut reports whether no call may be begun: one waits for a token of a limit, and
// those begun meanwhile would go on all at once when tokens come; or RADIUS would
// keep it waiting, whichever profile it is of.
func (e *Engine) shut() bool {
	return e.wanting > 0 || e.allBusy(func(a *authority) bool { return a.shut(e) })
}

// queueing reports whether whoever is begun would wait for a place in a window.
func (e *Engine) queueing() bool {
	return e.allBusy(func(a *authority) bool { return len(a.queries) > 0 })
}

// probing notes that a call is begun: if RADIUS is silent, it finds out more.
func (e *Engine) probing() {
	for _, a := range e.authorities {
		if a.window.Stalled(e.uptime()) {
			a.probedAt = e.now
		}
	}
}

// hopeless reports whether a query need not wait for its place: its servers are
// silent, while others answer, whose subscribers it would keep from their turn.
func (e *Engine) hopeless(a *authority) bool {
	if !a.window.Stalled(e.uptime()) {
		return false
	}
	return !e.allBusy(func(a *authority) bool { return a.window.Stalled(e.uptime()) })
}

// radiusLoad is how many requests all windows take, how many are out, and how many
// wait.
func (e *Engine) radiusLoad() (size, inFlight, queued int) {
	for _, a := range e.authorities {
		size += a.window.Size()
		inFlight += a.window.InFlight()
		queued += len(a.queries)
	}
	return size, inFlight, queued
}

// uptime is the time of the windows.
func (e *Engine) uptime() time.Duration { return e.now.Sub(e.started) }
