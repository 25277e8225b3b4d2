// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/admission"
)

// Held is what a shard holds at this moment for tunnels and sessions. When they
// have all gone each of its numbers is zero, or something has leaked.
type Held struct {
	Tunnels   int // in the endpoint, in any state
	Sessions  int // likewise
	Live      int // subscribers in any state but Terminated
	Timers    int // of subscribers
	Tokens    int // of limits
	Claims    int // that this shard is home of
	Addresses int // units of pools, both families
	OnUnits   int // sessions on service interfaces
	InGroups  int // and in tunnel groups
}

// Held counts what the shard holds; it costs as much as there are limits and pools.
func (e *Engine) Held() Held {
	c := e.l2.Counters()
	h := Held{Tunnels: c.Tunnels, Sessions: c.Sessions, Timers: e.wheel.Len(), Claims: e.home.Claims()}
	for _, n := range e.states {
		h.Live += n
	}
	for _, l := range e.leases {
		h.Tokens += l.Used()
	}
	for _, p := range e.pools {
		h.Addresses += p.local.Used()
	}
	for _, f := range e.interfaces.list {
		h.OnUnits += f.sessions
	}
	for _, u := range e.groups {
		h.InGroups += u.sessions
	}
	return h
}

// Admission is a copy of the state of admission.
func (e *Engine) Admission(now time.Time) admission.Snapshot { return e.adm.Snapshot(now) }

// Starting is how many subscribers are in state Init: their calls wait or are in set-up.
func (e *Engine) Starting() int { return e.states[StateInit] }
