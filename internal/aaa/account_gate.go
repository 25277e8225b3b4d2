// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"holdfast/internal/lns"
	"holdfast/radius"
)

// gates hold the records of this boot's sessions back until the servers have
// everything of earlier boots and have acknowledged Accounting-On: with it a server
// closes what it has open of this NAS, so that a Start before it would be undone,
// and a Stop behind it would come to nothing.
//
// Profiles that share a server share a gate.
type gates struct {
	began   time.Time // this boot
	told    map[string]*telling
	list    []*gate
	of      map[*outlet]*gate
	retryAt time.Time // an Accounting-On that was not taken
}

// telling is what the servers of a set know of this boot.
type telling struct {
	set     *radius.Set
	profile *lns.AAAProfile // whose format of requests is used
	on      bool            // Accounting-On is acknowledged, or not needed
	out     *entry          // the Accounting-On or -Off that is out
}

// gate is that of outlets which share servers.
type gate struct {
	outlets []*outlet
	sets    []*telling
	isOpen  bool
}

// setKey names a set by its servers.
func setKey(s *radius.Set) string {
	var b strings.Builder
	for _, server := range s.Servers {
		b.WriteString(netip.AddrPortFrom(server.Address, server.Accounting).String())
		b.WriteByte(' ')
	}
	return b.String()
}

// configure finds out who shares a gate. Sets of servers that come later than at
// the first time need no Accounting-On: they have nothing of us.
func (g *gates) configure(outlets []*outlet) {
	first := g.told == nil
	if first {
		g.told = make(map[string]*telling)
	}
	g.list, g.of = nil, make(map[*outlet]*gate)
	by := make(map[netip.AddrPort]*gate)
	for _, o := range outlets {
		if o.set == nil {
			continue
		}
		mine := &gate{outlets: []*outlet{o}}
		key := setKey(o.set)
		t := g.told[key]
		if t == nil {
			t = &telling{on: !first}
			g.told[key] = t
		}
		t.set, t.profile = o.set, o.profile
		mine.sets = []*telling{t}
		for _, s := range o.set.Servers {
			at := netip.AddrPortFrom(s.Address, s.Accounting)
			if other := by[at]; other != nil && other != mine {
				mine.take(other, by)
			}
			by[at] = mine
		}
		g.list = append(g.list, mine)
	}
	g.list = slices.DeleteFunc(g.list, func(x *gate) bool { return len(x.outlets) == 0 })
	for _, x := range g.list {
		for _, o := range x.outlets {
			g.of[o] = x
		}
	}
}

// take makes other a part of x.
func (x *gate) take(other *gate, by map[netip.AddrPort]*gate) {
	x.outlets, other.outlets = append(x.outlets, other.outlets...), nil
	for _, t := range other.sets {
		if !slices.Contains(x.sets, t) {
			x.sets = append(x.sets, t)
		}
	}
	for at, owner := range by {
		if owner == other {
			by[at] = x
		}
	}
}

// open reports whether records of this boot's sessions may be sent.
func (g *gates) open(o *outlet) bool {
	x := g.of[o]
	return x != nil && x.isOpen
}

// ready reports whether everything of earlier boots has been taken.
func (x *gate) ready() bool {
	for _, o := range x.outlets {
		if o.old > 0 {
			return false
		}
	}
	return true
}

// openGates sends Accounting-On where it is its turn, and opens what has it.
func (l *ledger) openGates() {
	g := &l.gates
	if due(g.retryAt, l.now) {
		g.retryAt = time.Time{}
	}
	if !l.restored {
		return
	}
	for _, x := range g.list {
		if x.isOpen || !x.ready() {
			continue
		}
		x.isOpen = true
		for _, t := range x.sets {
			if t.on {
				continue
			}
			x.isOpen = false
			if t.out == nil && g.retryAt.IsZero() {
				l.tell(t, specialOn, g.began)
			}
		}
	}
}

// tell sends an Accounting-On or -Off.
func (l *ledger) tell(t *telling, what special, at time.Time) {
	message := messageOff
	if what == specialOn {
		message = messageOn
	}
	f := &t.profile.Requests
	b := appendAccountingOnOff(nil, l.host, what == specialOn, at, f)
	t.out = &entry{queueRecord: queueRecord{at: at, attributes: b, noDelay: withoutDelay(f, message)}, special: what}
	l.count(&l.stats.Requests, t.out, 1)
	l.send(t.out, t.set)
}

// toldServers takes what became of an Accounting-On or -Off.
func (l *ledger) toldServers(e *entry, outcome radius.Outcome) {
	for _, t := range l.gates.told {
		if t.out != e {
			continue
		}
		t.out = nil
		switch {
		case outcome == radius.Answered:
			l.count(&l.stats.Responses, e, 1)
			t.on = e.special == specialOn
		case e.special == specialOn:
			l.gates.retryAt = l.now.Add(retryInterval)
		}
	}
}

// off sends Accounting-Off to all servers that know that we were on.
func (l *ledger) off(now time.Time) {
	l.now = now
	for _, key := range slices.Sorted(maps.Keys(l.gates.told)) {
		if t := l.gates.told[key]; t.on && t.out == nil {
			l.tell(t, specialOff, now)
		}
	}
}

// saying reports whether an Accounting-Off is out.
func (g *gates) saying() bool {
	for _, t := range g.told {
		if t.out != nil && t.out.special == specialOff {
			return true
		}
	}
	return false
}

// held reports whether log-ins of a profile are to wait, because wait-for-acct-on-ack
// says so and Accounting-On is not acknowledged yet.
func (l *ledger) held(profile string) bool {
	o := l.outlets[outletKey{profile, false}]
	return o != nil && o.set != nil && o.profile.Accounting.WaitForOnAck && !l.gates.open(o)
}
