// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"

	"holdfast/internal/storm"
	"holdfast/internal/testenv"
	"holdfast/ppp"
)

// The emulator speaks with an LNS of other people: by PAP and CHAP, with a tunnel
// for each three sessions; and a wrong password is one there, too.
func TestRootL2tpns(t *testing.T) {
	testenv.TUN(t)
	testenv.Commands(t, "l2tpns")
	for _, c := range []struct {
		name     string
		auth     ppp.AuthMethod
		password string
		sessions int
	}{
		{"PAP", ppp.PAP, password, 60},
		{"CHAP", ppp.CHAP, password, 60},
		{"wrong password", ppp.CHAP, "wrong", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := quick()
			p := z.plan(c.auth)
			p.Password, p.RedialDelay, p.EchoInterval = c.password, -1, 200*time.Millisecond
			check(t, (&bench{}).with(t.Context(), l2tpns(), c.auth, func(s *scene) error {
				o := s.options(p)
				o.Stall, o.Hold = 4*time.Second, time.Second // time for some echoes
				r, err := storm.Run(t.Context(), o)
				check(t, err)
				if r.SessionsUp != c.sessions || r.SessionsHeld != c.sessions || r.TunnelsUp != p.Tunnels || r.Left != 0 {
					var text strings.Builder
					r.WriteTable(&text)
					t.Errorf("want %d sessions in %d tunnels:\n%s", c.sessions, p.Tunnels, text.String())
				}
				// l2tpns may clear a call before the modem has heard why.
				if refused := r.Failed[storm.AuthRejected.String()] + r.Failed[storm.AuthFailed.String()]; c.sessions == 0 && refused != uint64(p.Sessions) {
					t.Errorf("want all refused for their password: %v", r.Failed)
				}
				return nil
			}))
		})
	}
}

// Everything that `make bench-peers` does, in small: each figure is there.
func TestRootBench(t *testing.T) {
	testenv.TUN(t)
	testenv.Commands(t, "l2tpns")
	binary := filepath.Join(t.TempDir(), "holdfast")
	if out, err := exec.Command("go", "build", "-o", binary, "holdfast/cmd/holdfast").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	z := quick()
	z.login, z.settle, z.echo, z.cut, z.redial = false, 200*time.Millisecond, 100*time.Millisecond, 400*time.Millisecond, 300*time.Millisecond
	z.multiples = []float64{2}
	r, err := measure(t.Context(), binary, &z, io.Discard)
	check(t, err)
	var text strings.Builder
	r.print(&text)
	t.Log(text.String())
	if len(r.Measured) != 3 {
		t.Fatalf("%d LNSs", len(r.Measured))
	}
	for _, p := range r.Measured {
		if f := p.Flap; f.LostAtMost < f.Cut || f.Half <= 0 || f.All < f.Half || f.TunnelsLost != 0 {
			t.Errorf("%s: flap %+v", p.Name, f)
		}
		if p.Name == "null" || r.NotCapped != "" {
			continue
		}
		if o := p.Overload; o.Capacity <= 0 || len(o.Steps) != 1 || o.Steps[0].Offered < 1.5*o.Capacity || o.Steps[0].Up <= 0 {
			t.Errorf("%s: overload %+v", p.Name, o)
		}
	}
}

// The null LNS takes everybody.
func TestRootNull(t *testing.T) {
	testenv.Namespaces(t)
	z := quick()
	x, err := (&bench{}).login(t.Context(), nullLNS(), &z, ppp.CHAP)
	check(t, err)
	if x.Sessions != z.sessions || x.Failed != 0 {
		t.Errorf("%+v", x)
	}
}

// A share of the sessions is back from the last moment at which less was.
func TestRecovery(t *testing.T) {
	start := time.Unix(0, 0)
	at := func(second, sessions int) sample {
		return sample{at: start.Add(time.Duration(second) * time.Second), sessions: sessions}
	}
	mended := start.Add(10 * time.Second)
	samples := []sample{
		at(0, 300), at(5, 200), at(9, 100), at(10, 100), at(11, 200), at(12, 290), at(13, 280), at(14, 298), at(15, 300),
	}
	if got, want := recovery(samples, mended, 300), (Recovery{Half: 1, Most: 4, NearlyAll: 4, All: 5, LostAtMost: 200}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := recovery(samples[:8], mended, 300); got.All != -1 || got.NearlyAll != 4 {
		t.Errorf("%+v: not all came back", got)
	}
}

func TestGoodput(t *testing.T) {
	start := time.Unix(0, 0)
	var samples []sample
	for i := range 10 {
		n := uint64(i)
		samples = append(samples, sample{at: start.Add(time.Duration(i) * time.Second), offered: 100 * n, callsUp: 20 * n})
	}
	if g := goodput(samples[2:], 4*time.Second); g.Offered != 100 || g.Up != 20 || g.P99 != 0 {
		t.Errorf("%+v", g)
	}
}

// The RADIUS server answers to those who know a password, and to nothing else.
func TestRADIUS(t *testing.T) {
	request := func(f func(*radius.Packet)) []byte {
		p := radius.New(radius.CodeAccessRequest, []byte(radiusSecret))
		f(p)
		b, err := p.Encode()
		check(t, err)
		return b
	}
	pap := func(word string) func(*radius.Packet) {
		return func(p *radius.Packet) { check(t, rfc2865.UserPassword_SetString(p, word)) }
	}
	for _, c := range []struct {
		name    string
		request []byte
		want    radius.Code // 0: no answer
	}{
		{"right", request(pap(password)), radius.CodeAccessAccept},
		{"wrong", request(pap("wrong")), radius.CodeAccessReject},
		{"short CHAP-Password", request(func(p *radius.Packet) { check(t, rfc2865.CHAPPassword_Set(p, []byte{1, 2})) }), radius.CodeAccessReject},
		{"another code", request(func(p *radius.Packet) { p.Code = radius.CodeAccountingRequest }), 0},
		{"rubbish", []byte("rubbish"), 0},
	} {
		var code radius.Code
		if b := answer(c.request); b != nil {
			code = radius.Code(b[0])
		}
		if code != c.want {
			t.Errorf("%s: %v, want %v", c.name, code, c.want)
		}
	}
}

// Whoever ends before its time is told of, with what it said.
func TestRootProgramEnds(t *testing.T) {
	testenv.Namespaces(t)
	n, err := newNetwork(networkName(0))
	check(t, err)
	defer func() { check(t, n.close()) }()
	p, err := startProgram(n, t.TempDir(), []string{"/bin/sh", "-c", "echo no licence; exit 1"}, nil)
	check(t, err)
	if err := p.await(context.Background(), p.listens); err == nil || !strings.Contains(err.Error(), "no licence") {
		t.Errorf("%v", err)
	}
	if err := p.close(); err == nil {
		t.Error("closing what had ended says nothing")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
