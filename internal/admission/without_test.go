// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"strings"
	"testing"
	"time"
)

// offered is a controller with calls 0, 1, 2 ... of the LACs given, a millisecond
// apart, each from a line of its own.
func offered(without Mechanisms, lacs ...int) *Controller {
	c := New(Config{Without: without, SlotsMin: 1, SlotsMax: 1, RefusalsRate: 1}, epoch)
	for i, lac := range lacs {
		c.Offer(at(i), Call{Element: uint32(i), LAC: lacAddr(lac), Tunnel: 1, Line: uint64(i + 1)}, nil)
	}
	return c
}

// begin empties the queue and returns the order.
func (c *Controller) begin(now time.Time) (order string) {
	for {
		el, ok := c.Next(now)
		if !ok {
			return order
		}
		order += string(rune('0' + el))
		c.Up(now, el)
	}
}

// Each mechanism switched off changes what it is for.
func TestWithout(t *testing.T) {
	for _, m := range []struct {
		name    Mechanisms
		observe func(without Mechanisms) any
		on, off any
	}{
		{NewestFirst, func(w Mechanisms) any { return offered(w, 1, 1, 1).begin(at(1000)) }, "210", "012"},
		{FairTurns, func(w Mechanisms) any { return strings.IndexByte(offered(w, 1, 1, 1, 2).begin(at(100)), '3') < 2 }, true, false},
		{Deadlines, func(w Mechanisms) any { return len(offered(w, 1, 1).Expire(at(60_000), 9, nil)) }, 2, 0},
		{Deadlines, func(w Mechanisms) any { return offered(w, 1, 1).begin(at(60_000)) }, "", "10"},
		{Deadlines, func(w Mechanisms) any {
			c := offered(w, 1)
			c.Next(at(1))
			return c.Late(at(60_000), 0)
		}, true, false},
		{OneCallALine, func(w Mechanisms) any {
			c := offered(w, 1)
			return len(c.Offer(at(2000), Call{Element: 1, LAC: lacAddr(1), Tunnel: 1, Line: 1}, nil))
		}, 1, 0},
		{RefusalBudget, func(w Mechanisms) any {
			c := offered(w, 1, 1, 1)
			c.Expire(at(60_000), 9, nil)
			return c.Snapshot(at(60_000)).Counters.Silent
		}, uint64(2), uint64(0)},
		{LearntPatience, func(w Mechanisms) any {
			c := offered(w)
			for i := range uint32(100) {
				c.Offer(epoch, Call{Element: i, LAC: lacAddr(1), Tunnel: 1}, nil)
				c.Withdraw(at(2000), i)
			}
			return c.Snapshot(at(2000)).LACs[0].Patience
		}, 1800 * time.Millisecond, 8 * time.Second},
		{SlotLimit, func(w Mechanisms) any {
			c := offered(w, 1, 1)
			c.Next(at(1))
			_, ok := c.Next(at(1))
			return ok
		}, false, true},
	} {
		if got := m.observe(0); got != m.on {
			t.Errorf("%b on: %v, want %v", m.name, got, m.on)
		}
		if got := m.observe(m.name); got != m.off {
			t.Errorf("%b off: %v, want %v", m.name, got, m.off)
		}
	}
}

// The words are those of the set, in its order.
func TestParseMechanisms(t *testing.T) {
	for i, name := range MechanismNames() {
		if set, err := ParseMechanisms([]string{name}); err != nil || set != 1<<i {
			t.Errorf("%s: %b, %v", name, set, err)
		}
	}
	set, err := ParseMechanisms([]string{"deadlines", "finish-first"})
	if err != nil || !set.Has(FinishFirst) || !set.Has(Deadlines) || set.Has(NewestFirst) {
		t.Errorf("%b, %v", set, err)
	}
	if _, err := ParseMechanisms([]string{"magic"}); err == nil || !strings.Contains(err.Error(), `"magic" is none of newest-first,`) {
		t.Errorf("%v", err)
	}
}
