// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawPair draws two ends, their wishes and their wire.
func drawPair(t *rapid.T) *pair {
	methods := rapid.SampledFrom([][]AuthMethod{nil, {PAP}, {CHAP}, {MSCHAPv2}, {MSCHAPv2, CHAP, PAP}}).Draw(t, "methods")
	p := newPair(rapid.Uint64().Draw(t, "seed"), methods...)
	p.loss = rapid.Float64Range(0, 0.9).Draw(t, "loss")
	p.delay = time.Duration(rapid.Int64Range(0, int64(4*time.Second)).Draw(t, "delay"))
	p.slow = time.Duration(rapid.Int64Range(0, int64(40*time.Second)).Draw(t, "verdict"))
	jitter := time.Duration(rapid.Int64Range(0, int64(5*time.Second)).Draw(t, "jitter"))
	twice := rapid.Float64Range(0, 0.5).Draw(t, "duplicate")
	p.onFrame = func(f *frame) {
		f.at = f.at.Add(time.Duration(p.rand.Int64N(int64(jitter) + 1)))
		if p.rand.Float64() < twice {
			again := *f
			again.at = f.at.Add(time.Duration(p.rand.Int64N(int64(jitter) + 1)))
			p.wire = append(p.wire, again)
		}
	}
	if rapid.Bool().Draw(t, "wrong password") {
		p.secret = "other"
	}
	p.cfg[1].Auth = rapid.SampledFrom([][]AuthMethod{methods, {PAP}, {PAP, CHAP}, nil}).Draw(t, "willing")
	p.cfg[0].SuggestDNS = rapid.Bool().Draw(t, "suggest DNS")
	p.cfg[0].NoPFC, p.cfg[1].PFC = rapid.Bool().Draw(t, "no PFC"), rapid.Bool().Draw(t, "PFC")
	p.cfg[1].IPV6CP = rapid.Bool().Draw(t, "IPV6CP")
	return p
}

// Whatever the wire loses, doubles and reorders, an hour later both ends agree:
// both up or both dead. And when the wire is cut, both are dead soon after.
func TestLinksEndConsistent(t *testing.T) {
	ups := 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		p.open()
		p.run(epoch.Add(10 * time.Minute))
		// Whoever is up now has a sound wire for a while.
		p.loss, p.onFrame, p.delay = 0, nil, time.Millisecond
		p.run(epoch.Add(time.Hour))
		if p.end[0].Phase() == PhaseNetwork {
			ups++
		}
		a, b := p.end[0].Phase(), p.end[1].Phase()
		if a != b || a != PhaseDead && a != PhaseNetwork {
			t.Fatalf("one end is in phase %v, the other in %v: %v", a, b, p.down)
		}
		if a == PhaseDead && (p.down[0] == nil || p.down[1] == nil) {
			t.Fatalf("dead without Down: %v", p.down)
		}
		for i := range p.end {
			// An NCP that has given up on a bad wire is Stopped, and its peer may not
			// have noticed: the RFC has no word for that.
			for n, up := range p.networks[i] {
				if s := p.end[i].layers[ipcp+layer(n)].state; a == PhaseNetwork && !up && s > stopped {
					t.Fatalf("end %d still negotiates (%v) an hour later: %v", i, s, p.log)
				}
			}
		}
		p.loss = 1
		p.run(epoch.Add(2 * time.Hour))
		for i := range p.end {
			if s := p.end[i].Phase(); s != PhaseDead || !p.end[i].Next().IsZero() {
				t.Fatalf("end %d is in phase %v an hour after the wire was cut", i, s)
			}
		}
		for i, c := range []*Counters{p.cfg[0].Counters, p.cfg[1].Counters} {
			if c[IllegalTransition] != 0 {
				t.Fatalf("end %d: %d impossible events", i, c[IllegalTransition])
			}
		}
	})
	if ups == 0 {
		t.Error("no link was ever up")
	}
}

// A wire that loses nothing always brings a willing modem up, or tells why not.
func TestSoundWireAlwaysConnects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPair(t)
		p.loss, p.onFrame = 0, nil
		p.delay = min(p.delay, time.Second)
		p.slow = min(p.slow, 20*time.Second)
		p.open()
		p.run(epoch.Add(2 * time.Minute))
		willing := len(p.cfg[0].Auth) == 0
		for _, m := range p.cfg[0].Auth {
			willing = willing || p.cfg[1].allows(m)
		}
		switch {
		case !willing:
			if !errors.Is(p.down[0], ErrAuthRefused) {
				t.Fatalf("no common method, and yet %v", p.down[0])
			}
		case p.secret != p.cred.Password && len(p.cfg[0].Auth) > 0:
			if !errors.Is(p.down[0], ErrAuthFailed) {
				t.Fatalf("a wrong password, and yet %v", p.down[0])
			}
		case !p.networks[0][0] || !p.networks[1][0] || p.networks[0][1] != p.cfg[1].IPV6CP:
			t.Fatalf("networks %v: %v", p.networks, p.log)
		}
	})
}

// The same seed gives the same life, octet by octet.
func TestDeterministic(t *testing.T) {
	life := func() uint64 {
		h := fnv.New64a()
		p := newPair(99, MSCHAPv2, CHAP)
		p.loss = 0.3
		p.onEffects = func(end int, e Effect) { fmt.Fprintln(h, p.now, end, e.Kind, e.Frame, e.Err) }
		p.open()
		p.run(epoch.Add(time.Hour))
		return h.Sum64()
	}
	if a, b := life(), life(); a != b {
		t.Errorf("%x and %x", a, b)
	}
}

// Calling a verb when it means nothing does nothing: on a link that has not begun,
// on one that is dead, and early.
func TestVerbsAreLegalInEveryState(t *testing.T) {
	verbs := func(l *Link, now time.Time, fx *Effects) {
		l.Handle(now, []byte{0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 4}, fx)
		l.Alive(now)
		l.Authenticated(now, Verdict{OK: true}, fx)
		l.ProxyAuth(now, AuthOffer{}, fx)
		l.Grant(now, standard, fx)
		l.Advance(now, fx)
		l.Close(now, "", fx)
	}
	var fx Effects
	var zero Link
	verbs(&zero, epoch, &fx)
	zero.Open(epoch, &fx)
	zero.OpenProxy(epoch, Proxy{}, &fx)
	zero.Abort(epoch)
	h := newHand(t, nil)
	verbs(&h.link, epoch, &fx)
	if len(fx.List) != 0 || zero.Phase() != PhaseDead || h.link.Phase() != PhaseDead {
		t.Errorf("links that have not begun: %v", fx.List)
	}
	h.lcpUp()
	before := h.link.Next()
	h.link.Advance(h.now, &h.fx)
	h.link.Open(h.now, &h.fx)
	h.collect()
	h.wantNothing("Advance is early, Open is late")
	if !h.link.Next().Equal(before) {
		t.Error("an early Advance moved a deadline")
	}
	h.grant(standard)
	h.frames = nil
	h.grant(standard)
	h.wantNothing("granted again")
	h.wantCount("granted again", IllegalTransition, 0)
	h.link.Abort(h.now)
	h.wantEffects("Abort")
	h.wantPhase("Abort", PhaseDead)
	if !h.link.Next().IsZero() || h.link.Opened(ProtoLCP) {
		t.Error("Abort left something behind")
	}
	verbs(&h.link, h.now, &fx)
	if len(fx.List) != 0 || !h.link.Next().IsZero() {
		t.Errorf("a dead link: %v", fx.List)
	}
}

// Names are for people, and each has one.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	add := func(s string) {
		if s == "" || seen[s] || strings.TrimSpace(s) != s {
			t.Errorf("name %q is empty or used twice", s)
		}
		seen[s] = true
	}
	for c := range CounterCount {
		add(c.String())
	}
	for p := PhaseDead; p <= PhaseTerminate; p++ {
		add(p.String())
	}
	for m := AuthNone; m <= MSCHAPv2; m++ {
		add(m.String())
	}
	for k := SendFrame; k <= Down; k++ {
		add(k.String())
	}
}
