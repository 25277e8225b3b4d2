// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/internal/config/statements"
	"holdfast/internal/lns"
	"holdfast/l2tp"
	"holdfast/ppp"
	"holdfast/ppp/wire"
)

func baseText() string { return statements.BaseText() }

// notOfEngine are statements that others than the engine read: the daemon, by
// config.Daemon, and package aaa, by lns.Config.Radius.
var notOfEngine = []string{
	"system processes holdfast",
	"system ddos-protection", // see TestEveryDDoSStatementIsObserved
	"interfaces INTERFACE unit family inet address",
	"interfaces INTERFACE unit family inet6 address",
	"access radius-options",
	"access radius-disconnect",
	"access accounting-backup-options",
}

// ofEngine says whether the engine reads a statement.
func ofEngine(statement string) bool {
	return !slices.ContainsFunc(notOfEngine, func(p string) bool { return strings.HasPrefix(statement, p) && statement != notOfEngine[1]+" primary" })
}

// What counts in the end is not what Build makes but what somebody sees: for
// every statement that the engine reads there is a life of a LAC and its
// subscribers in which the two configurations of its case are told apart by what
// is sent, forwarded or logged, or by where a session is and how long it can be
// looked at.
func TestEveryStatementIsObserved(t *testing.T) {
	var lives sync.Map // by scenario and configuration: what is seen
	for _, c := range statements.Cases() {
		if c.Refused != "" || !ofEngine(c.Statement) {
			continue
		}
		t.Run(strings.ReplaceAll(c.Statement, " ", "/"), func(t *testing.T) {
			t.Parallel()
			before, after := c.Texts()
			_, was := load(t, "before", []byte(before))
			_, is := load(t, "after", []byte(after))
			for _, s := range scenarios {
				// Many cases begin at the same configuration.
				key := s.name + "\n" + before
				seen, known := lives.Load(key)
				if !known {
					seen = s.watch(was.LNS)
					lives.Store(key, seen)
				}
				if seen != s.watch(is.LNS) {
					return
				}
			}
			t.Error("nobody sees a difference")
		})
	}
}

// scenario is a life; the short ones come first.
type scenario struct {
	name string
	play func(*world)
}

func (s scenario) watch(cfg *lns.Config) string {
	w := newWorld(cfg)
	s.play(w)
	return w.seen.String()
}

var scenarios = []scenario{
	{"logins", logins},
	{"proxy", proxy},
	{"slow disk", slowDisk},
	{"changing", changing},
	{"choosing", choosing},
	{"bursts", bursts},
	{"redials", redials},
	{"surges", surges},
	{"moving", moving},
	{"half open", halfOpen},
	{"silence", silence},
	{"long", long},
	{"full", full},
}

// logins: subscribers of every kind, one after the other, then five quiet
// minutes in which one of them is dead.
func logins(w *world) {
	id := w.tunnel()
	w.login(id, "alice", ppp.CHAP)
	w.login(id, "alice", ppp.PAP)
	w.login(id, "alice", ppp.MSCHAPv2)
	w.dial(id, "alice", "wrong")
	w.login(id, "nobody")
	w.login(id, "alice@isp")
	w.login(id, "alice/x")
	w.login(id, "alice@x@isp")
	bare := w.dial(id, "alice", "alice-secret")
	bare.rewrite = rewritten(func([]byte) []byte { return nil })
	w.advance(time.Second)
	names := w.dial(id, "alice", "alice-secret")
	names.rewrite = rewritten(func(options []byte) []byte {
		options = wire.AppendOption(options, wire.OptionPrimaryNBNS, 0, 0, 0, 0)
		return wire.AppendOption(options, wire.OptionSecondaryNBNS, 0, 0, 0, 0)
	})
	w.advance(time.Second)
	magic := w.login(id, "alice")
	magic.rewrite = wrongMagic
	dead := w.login(id, "alice")
	dead.silent = true
	mute := w.dial(id, "alice", "alice-secret")
	mute.silent = true
	for range 5 {
		w.look()
		w.advance(time.Minute)
	}
	w.look()
}

// proxy: the LAC has negotiated LCP and collected the password.
func proxy(w *world) {
	id := w.tunnel()
	w.call = chapProxy()
	w.dial(id, "alice", "alice-secret").quiet = true
	w.advance(10 * time.Second)
	w.dial(id, "alice", "alice-secret")
	w.advance(10 * time.Second)
}

// bursts: more tunnels, and more calls at once, than some limits allow.
func bursts(w *world) {
	var ids []l2tp.TunnelID
	for range 6 {
		ids = append(ids, w.tunnel())
	}
	for _, calls := range []int{12, 12, 12} {
		for range calls {
			w.dial(ids[0], "alice", "alice-secret")
		}
		w.advance(time.Second)
		w.look()
	}
	w.dial(ids[1], "alice", "alice-secret")
	w.advance(time.Second)
	w.look()
}

// redials: a line with a calling number, and one without, dial again while their
// sessions are still held.
func redials(w *world) {
	for _, number := range []string{"", "0151000001"} {
		w.number = number
		id := w.tunnel()
		w.login(id, "alice").silent = true
		w.advance(time.Second)
		w.login(id, "alice")
		w.look()
	}
}

// surges: more calls at once than can be set up at once, half of them from modems
// that do not answer, and a shard that has other work: a moment, or for too long.
func surges(w *world) {
	for _, pause := range []time.Duration{0, 2 * time.Second, 30 * time.Second} {
		id := w.tunnel()
		w.busy = pause > 0
		for i := range 80 {
			w.dial(id, "alice", "alice-secret").silent = i%2 == 0
		}
		w.advance(pause)
		w.busy = false
		w.advance(time.Minute)
		w.look()
	}
}

// moving: the LAC's port changes under a tunnel with a session.
func moving(w *world) {
	id := w.tunnel()
	w.login(id, "alice")
	w.from = netip.AddrPortFrom(worldLAC.Addr(), 4711)
	w.advance(2 * time.Minute)
	w.look()
}

// halfOpen: tunnels that are begun and never established.
func halfOpen(w *world) {
	w.mute = true
	for range 15 {
		w.tunnel()
	}
	w.advance(2 * time.Minute)
	w.look()
}

// silence: an established LAC is gone all at once, in the middle of a call.
func silence(w *world) {
	id := w.tunnel()
	w.login(id, "alice")
	w.dial(id, "alice", "alice-secret")
	w.mute = true
	w.advance(10 * time.Minute)
	w.look()
}

// long: a subscriber without traffic for an evening, and a tunnel without one.
func long(w *world) {
	w.tunnel()
	id := w.tunnel()
	w.login(id, "alice")
	for range 5 {
		w.advance(15 * time.Minute)
		w.look()
	}
}

// full: more subscribers than a pool has addresses.
func full(w *world) {
	id := w.tunnel()
	for range 260 {
		w.dial(id, "alice", "alice-secret")
		w.advance(10 * time.Millisecond)
	}
	w.advance(5 * time.Second)
	w.look()
}
