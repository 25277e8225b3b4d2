// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"holdfast/internal/api/holdfastv1"
	"holdfast/radius/radiustest"
)

// Ports and addresses of the servers in memory, beside the LNS.
const (
	firstAddress, secondAddress = "127.0.0.1", "127.0.0.2"
	portAuthentication          = 1812
	portAccounting              = 1813
)

// twoServers has the LNS know two servers: the first is asked, and the second when
// the first is dead.
func (w *world) twoServers() {
	w.t.Helper()
	w.configure("AUTHENTICATION", fmt.Sprint(portAuthentication), "ACCOUNTING", fmt.Sprint(portAccounting),
		"radius-disconnect 127.0.0.9 secret coa;", fmt.Sprintf(`radius-server %s { secret testing123; timeout 1; retry 2; }
    radius-options { timeout-grace 2; revert-interval 4; }`, secondAddress))
}

// inMemory starts a server in memory beside the LNS.
func (w *world) inMemory(address string, answer func(*radiustest.Request) radiustest.Answer) *radiustest.Server {
	w.t.Helper()
	var s *radiustest.Server
	check(w.t, w.lns.Do(func() (err error) {
		s, err = radiustest.Start(radiustest.Config{
			Secret: "testing123", Listen: address, Authentication: portAuthentication, Accounting: portAccounting, Answer: answer,
		})
		return err
	}))
	w.t.Cleanup(s.Close)
	return s
}

// altered accepts, and does something to the answer.
func altered(alter func(*radiustest.Answer)) func(*radiustest.Request) radiustest.Answer {
	return func(r *radiustest.Request) radiustest.Answer {
		a := radiustest.Accept(r)
		alter(&a)
		return a
	}
}

// faults is what a server can do wrong, and the counter of ours that tells; whether
// log-ins go to the second server because of it.
var faults = []struct {
	name     string
	answer   func(*radiustest.Request) radiustest.Answer
	rollover bool
	counter  func(*holdfastv1.RadiusService) uint64
}{
	{"silent", radiustest.Silent, true, (*holdfastv1.RadiusService).GetTimeouts},
	{"bad authenticator", altered(func(a *radiustest.Answer) { a.BadAuthenticator = true }), true, (*holdfastv1.RadiusService).GetBadAuthenticators},
	{"bad signature", func(r *radiustest.Request) radiustest.Answer {
		a := radiustest.Accept(r)
		a.BadSignature = r.Code == radius.CodeAccessRequest
		a.BadAuthenticator = !a.BadSignature // accounting has no other signature
		return a
	}, true, (*holdfastv1.RadiusService).GetBadAuthenticators},
	{"unsigned", func(r *radiustest.Request) radiustest.Answer {
		a := radiustest.Accept(r)
		a.Unsigned = true
		return a
	}, true, (*holdfastv1.RadiusService).GetBadAuthenticators},
	{"wrong port", altered(func(a *radiustest.Answer) { a.FromWrongPort = true }), true, (*holdfastv1.RadiusService).GetWrongSource},
	{"no RADIUS", altered(func(a *radiustest.Answer) { a.Raw = []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }), true, (*holdfastv1.RadiusService).GetMalformed},
	{"wrong code", altered(func(a *radiustest.Answer) { a.Code = radius.CodeCoAACK }), true, (*holdfastv1.RadiusService).GetUnknownTypes},
	{"slow", altered(func(a *radiustest.Answer) { a.After = 300 * time.Millisecond }), false, (*holdfastv1.RadiusService).GetAccepts},
	{"late", altered(func(a *radiustest.Answer) { a.After = 1500 * time.Millisecond }), false, (*holdfastv1.RadiusService).GetRetransmissions},
	{"twice", altered(func(a *radiustest.Answer) { a.Copies = 2 }), false, (*holdfastv1.RadiusService).GetDropped},
	{"challenge", func(r *radiustest.Request) radiustest.Answer {
		if r.Code == radius.CodeAccessRequest && r.Number < 20 {
			return radiustest.Answer{Code: radius.CodeAccessChallenge}
		}
		return radiustest.Accept(r)
	}, false, (*holdfastv1.RadiusService).GetChallenges},
}

// Whatever the first server does, everybody comes on line in the end, through it or
// through the second; what it did is counted under its name; and the books of both
// together are complete.
func TestRootFaults(t *testing.T) {
	const n = 40
	for i := range faults {
		f := &faults[i]
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first, second := w.inMemory(firstAddress, f.answer), w.inMemory(secondAddress, nil)
			w.twoServers()
			w.serve()
			c := w.crowd(n)
			c.wantUp(n, 30*time.Second)
			servers := whole[holdfastv1.RadiusServers](w, "show", "network-access", "aaa", "radius-servers", "detail").Servers
			if len(servers) != 2 || f.counter(servers[0].Authentication) == 0 {
				t.Errorf("not counted: %v", servers)
			}
			if through := servers[1].Authentication.Accepts > 0; through != f.rollover {
				t.Errorf("log-ins through the second server: %v, want %v", through, f.rollover)
			}
			if s := servers[0].Authentication; f.rollover && (s.Status != "DOWN" || s.Deaths == 0) {
				t.Errorf("the first server is %v", s)
			}
			c.hangUp()
			// A request that was answered late was sent twice, and so it was booked twice.
			again := f.rollover || f.name == "late"
			within(t, 20*time.Second, func() string { return balanceOf(n, again, first, second) })
		})
	}
}

// Two servers flap: one answers while the other is silent, in turn. Everybody comes
// on line and the books are complete.
func TestRootFlappingServers(t *testing.T) {
	t.Parallel()
	const n, flap = 200, 1500 * time.Millisecond
	w := newWorld(t)
	var ticks atomic.Int64
	ticker := time.NewTicker(flap)
	defer ticker.Stop()
	go func() {
		for range ticker.C {
			ticks.Add(1)
		}
	}()
	turn := func(mine int64) func(*radiustest.Request) radiustest.Answer {
		return func(r *radiustest.Request) radiustest.Answer {
			if ticks.Load()%2 != mine {
				return radiustest.Silent(r)
			}
			return radiustest.Accept(r)
		}
	}
	first, second := w.inMemory(firstAddress, turn(0)), w.inMemory(secondAddress, turn(1))
	w.twoServers()
	w.serve()
	c := w.crowd(n)
	c.swarm.Offer(40, 100)
	c.wantUp(n, 40*time.Second)
	c.hangUp()
	within(t, 30*time.Second, func() string { return balanceOf(n, true, first, second) })
}

// balanceOf says what is missing from the books of servers in memory. A record may
// come again where an acknowledgement was lost or not taken.
func balanceOf(sessions int, again bool, servers ...*radiustest.Server) string {
	seen := map[string][3]int{} // by Acct-Session-Id: Starts, Stops by Acct-Status-Type
	for _, s := range servers {
		for _, r := range s.Records() {
			if r.Status == 1 || r.Status == 2 {
				x := seen[r.SessionID]
				x[r.Status]++
				seen[r.SessionID] = x
			}
		}
	}
	for id, x := range seen {
		if x[1] == 0 || x[2] == 0 || !again && x[1]+x[2] != 2 {
			return fmt.Sprintf("session %s: %d Starts, %d Stops", id, x[1], x[2])
		}
	}
	if len(seen) < sessions {
		return fmt.Sprintf("%d sessions, want %d", len(seen), sessions)
	}
	return ""
}
