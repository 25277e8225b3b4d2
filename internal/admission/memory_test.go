// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"net/netip"
	"testing"
	"time"
)

// shares are the LACs that a reader sees.
func shares(c *Controller, now time.Time) map[netip.Addr]LACShare {
	seen := map[netip.Addr]LACShare{}
	for _, l := range c.Snapshot(now).LACs {
		seen[l.Address] = l
	}
	return seen
}

// What was learned of a LAC is kept for an hour after its last call, and then it is
// forgotten, its number of calls and its patience with it.
func TestLACIsRememberedForAnHour(t *testing.T) {
	c := New(Config{}, epoch)
	impatient := func(now time.Time) {
		for el := range uint32(2 * patienceSamples) {
			c.Offer(now, Call{Element: el, LAC: lacAddr(1), Tunnel: 1}, nil)
		}
		for el := range uint32(2 * patienceSamples) {
			c.Withdraw(now.Add(3*time.Second), el)
		}
	}
	another := func(now time.Time) { // makes room for itself
		c.Offer(now, Call{Element: 999, LAC: lacAddr(2), Tunnel: 2}, nil)
		c.Withdraw(now, 999)
	}
	impatient(epoch)
	now := epoch.Add(time.Hour)
	another(now)
	if l, ok := shares(c, now)[lacAddr(1)]; !ok || l.Patience >= 3*time.Second {
		t.Errorf("after an hour: %v %v", ok, l)
	}
	now = now.Add(time.Second)
	if _, ok := shares(c, now)[lacAddr(1)]; ok {
		t.Error("it is shown after more than an hour")
	}
	c.Offer(now, Call{Element: 1, LAC: lacAddr(3), Tunnel: 3}, nil)
	c.Withdraw(now, 1)
	c.Offer(now, Call{Element: 1, LAC: lacAddr(1), Tunnel: 1}, nil)
	if l := shares(c, now)[lacAddr(1)]; l.Parked != 1 || l.Patience != 8*time.Second {
		t.Errorf("when it calls again: %v", l)
	}
	if len(shares(c, now)) != 3 || len(c.queue.lacs) > 3 {
		t.Errorf("%d LACs in %d places", len(shares(c, now)), len(c.queue.lacs))
	}
}

// A LAC with a call parked or in set-up is not forgotten, however long it lasts.
func TestLACWithCallsIsNotForgotten(t *testing.T) {
	c := New(Config{}, epoch)
	c.Offer(epoch, Call{Element: 1, LAC: lacAddr(1), Tunnel: 1}, nil)
	if _, ok := c.Next(epoch); !ok {
		t.Fatal("not begun")
	}
	c.Offer(epoch, Call{Element: 2, LAC: lacAddr(2), Tunnel: 2}, nil)
	now := epoch.Add(5 * time.Hour)
	for i := range 10 { // each looks for what may be forgotten
		c.Offer(now, Call{Element: uint32(10 + i), LAC: lacAddr(10 + i), Tunnel: uint16(10 + i)}, nil)
	}
	if s := shares(c, now); s[lacAddr(1)].Admitted != 1 || s[lacAddr(2)].Parked != 1 || len(s) != 12 {
		t.Fatalf("known: %v", s)
	}
	c.Up(now, 1)
	c.Withdraw(now, 2)
	if s := shares(c, now); len(s) != 10 {
		t.Errorf("when their calls had ended %d LACs are known", len(s))
	}
}

// LACs come and go for a year, six new ones an hour: no more are kept than have
// called of late, and none of what remains is another's.
func TestMemoryOfLACsIsBounded(t *testing.T) {
	c := New(Config{}, epoch)
	most, now := 0, epoch
	for i := range 365 * 24 * 6 {
		now = now.Add(10 * time.Minute)
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		c.Offer(now, Call{Element: 1, LAC: addr, Tunnel: uint16(i)}, nil)
		if _, ok := c.Next(now); !ok {
			t.Fatalf("the call of LAC %d is not begun", i)
		}
		c.Up(now.Add(time.Millisecond), 1)
		most = max(most, len(c.queue.lacs))
		if l := c.queue.lacs[c.queue.lacAt[addr]]; l.addr != addr || l.admitted != 1 {
			t.Fatalf("LAC %v begins with what is known of another: %v, %d calls", addr, l.addr, l.admitted)
		}
	}
	if most > 14 || len(c.queue.lacAt) > most {
		t.Errorf("%d places, %d LACs, of which 7 have called within an hour", most, len(c.queue.lacAt))
	}
}
