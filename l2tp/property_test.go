// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
)

func drawWeather(t *rapid.T) l2tptest.Weather {
	return l2tptest.Weather{
		Loss:      rapid.Float64Range(0, 0.9).Draw(t, "loss"),
		Duplicate: rapid.Float64Range(0, 0.5).Draw(t, "duplicate"),
		Delay:     time.Duration(rapid.Int64Range(0, int64(500*time.Millisecond)).Draw(t, "delay")),
		Jitter:    time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "jitter")),
	}
}

// wantGone says that an end has forgotten everything: no id, no session, no timer.
func wantGone(t interface {
	Helper()
	Fatalf(string, ...any)
}, why string, e *l2tptest.End,
) {
	t.Helper()
	c := e.Counters()
	if c.Tunnels != 0 || c.TunnelsLive != 0 || c.TunnelsUp != 0 || c.TunnelsHalfOpen != 0 || c.Sessions != 0 || c.SessionsUp != 0 {
		t.Fatalf("%s: %s still has %d tunnels (%d live, %d up, %d half-open) and %d sessions (%d up)", why, e.Name,
			c.Tunnels, c.TunnelsLive, c.TunnelsUp, c.TunnelsHalfOpen, c.Sessions, c.SessionsUp)
	}
	if next := e.Next(); !next.IsZero() {
		t.Fatalf("%s: %s has nothing left but a timer at %v", why, e.Name, next)
	}
	down, ended := e.Count(l2tp.TunnelDown), e.Count(l2tp.CallDown)
	if opened := int(c.TunnelsClosed); down != opened {
		t.Fatalf("%s: %s closed %d tunnels and reported %d", why, e.Name, opened, down)
	}
	if opened := int(c.CallsClosed); ended != opened {
		t.Fatalf("%s: %s closed %d calls and reported %d", why, e.Name, opened, ended)
	}
}

// Whatever the link does, a tunnel is either established at both ends or at none
// an hour after the link has died, and nothing is left of it. Two faults live
// here: a HELLO that is only re-armed by messages in order, so that a bare ZLB
// stops the probing for good; and a half-open tunnel without a time-out, which
// hangs when the peer acknowledges SCCRQ and then gives up.
func TestTunnelEndsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := l2tptest.New(rapid.Uint64().Draw(t, "seed"), l2tp.Config{})
		p.SetWeather(drawWeather(t))
		id := p.Open()
		p.LAC.OpenCall(p.Now, id, &l2tp.Call{Serial: 1}, &p.LAC.FX)
		p.Run(24 * time.Hour)
		p.SetWeather(l2tptest.Weather{Loss: 1})
		p.Run(time.Hour)
		wantGone(t, "an hour after the link died", p.LAC)
		wantGone(t, "an hour after the link died", p.LNS)
	})
}

// The first fault by itself: an idle tunnel is probed for days by HELLOs whose
// only answers are ZLBs, and a peer that dies then is noticed.
func TestHelloGoesOnAfterZLB(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.LNS.Config = &l2tp.TunnelConfig{HelloInterval: -1} // only ZLBs come from the LNS
	id := p.Open()
	p.Run(48 * time.Hour)
	if info, _ := p.LAC.Tunnel(id); info.State != l2tp.TunnelEstablished || info.Ns < 48*60-10 {
		t.Fatalf("after two days of HELLOs: state %v, Ns %d", info.State, info.Ns)
	}
	p.SetWeather(l2tptest.Weather{Loss: 1})
	p.Run(10 * time.Minute)
	if _, ok := p.LAC.Tunnel(id); ok {
		t.Fatal("a dead peer was not noticed")
	}
}

// The second fault by itself: the peer acknowledges the SCCRQ and says no more.
func TestHalfOpenTunnelEnds(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.LNS.OnTunnel = func(l2tp.Effect) {} // an owner that never answers; Flush acknowledges
	id := p.Open()
	p.Run(59 * time.Second)
	if info, _ := p.LAC.Tunnel(id); info.State != l2tp.TunnelWaitCtlReply || info.Unacknowledged != 0 {
		t.Fatalf("want an acknowledged SCCRQ, have %v with %d in flight", info.State, info.Unacknowledged)
	}
	p.Run(2 * time.Minute)
	wantGone(t, "two minutes after an unanswered SCCRQ", p.LAC)
	wantGone(t, "two minutes after an unanswered SCCRQ", p.LNS)
}

// A random life of many tunnels and calls: verbs of both owners in any order, at
// any time, on a bad link. Ids must not leak, counters must add up, and when both
// sides have closed everything nothing may be left.
func TestLivesEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := l2tptest.New(rapid.Uint64().Draw(t, "seed"), l2tp.Config{HalfOpenPeerMax: 8})
		p.SetWeather(drawWeather(t))
		p.LAC.Config = &l2tp.TunnelConfig{HostName: "lac", BearerCapabilities: 3, SessionMax: 12, TieBreaker: rapid.Bool().Draw(t, "tie")}
		p.LNS.Config = &l2tp.TunnelConfig{HostName: "lns", BearerCapabilities: 3, IdleTimeout: time.Minute, ReceiveWindow: 4}
		ends := []*l2tptest.End{p.LAC, p.LNS}
		var tunnels [2][]l2tp.TunnelID
		var calls [2][]l2tp.Element
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "end")
				if id, err := ends[i].OpenTunnel(p.Now, ends[1-i].Addr, ends[i].Addr, ends[i].Config, &ends[i].FX); err == nil {
					tunnels[i] = append(tunnels[i], id)
				}
				p.Settle()
			},
			"call": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "end")
				if len(tunnels[i]) == 0 {
					return
				}
				id := rapid.SampledFrom(tunnels[i]).Draw(t, "tunnel")
				c := &l2tp.Call{Outgoing: rapid.Bool().Draw(t, "outgoing"), FramingType: 1, BearerType: 1}
				if el, err := ends[i].OpenCall(p.Now, id, c, &ends[i].FX); err == nil {
					calls[i] = append(calls[i], el)
				}
				p.Settle()
			},
			"hang up": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "end")
				if len(calls[i]) > 0 {
					ends[i].CloseCall(p.Now, rapid.SampledFrom(calls[i]).Draw(t, "call"), l2tp.Result{Code: 3}, nil, &ends[i].FX)
				}
				p.Settle()
			},
			"stop": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "end")
				if len(tunnels[i]) > 0 {
					ends[i].CloseTunnel(p.Now, rapid.SampledFrom(tunnels[i]).Draw(t, "tunnel"), l2tp.Result{Code: 1}, &ends[i].FX)
				}
				p.Settle()
			},
			"wait": func(t *rapid.T) {
				p.Run(time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "wait")))
			},
			"": func(t *rapid.T) {
				for _, e := range ends {
					wantConsistent(t, e)
				}
			},
		})
		for i, e := range ends {
			for _, id := range tunnels[i] {
				e.CloseTunnel(p.Now, id, l2tp.Result{Code: 6}, &e.FX)
			}
		}
		p.SetWeather(l2tptest.Weather{Loss: 1})
		p.Run(time.Hour)
		wantGone(t, "after everything was closed", p.LAC)
		wantGone(t, "after everything was closed", p.LNS)
	})
}

// wantConsistent compares an end's counters with a walk over all it has.
func wantConsistent(t *rapid.T, e *l2tptest.End) {
	var tunnels, up, sessions, sessionsUp int
	for id, ok := e.TunnelAfter(0); ok; id, ok = e.TunnelAfter(id) {
		info, _ := e.Tunnel(id)
		tunnels++
		if info.State == l2tp.TunnelEstablished {
			up++
		}
		n := 0
		for el := range e.Sessions(id) {
			s, ok := e.Session(el)
			if !ok || s.Call == nil || s.LocalTunnelID != id {
				t.Fatalf("%s: session %d of tunnel %d is %+v", e.Name, el, id, s)
			}
			if back, ok := e.Lookup(id, s.LocalSessionID); !ok || back != el {
				t.Fatalf("%s: Lookup(%d, %d) is %d, want %d", e.Name, id, s.LocalSessionID, back, el)
			}
			if n++; s.State == l2tp.SessionEstablished {
				sessionsUp++
			}
		}
		if sessions += n; n != info.Sessions {
			t.Fatalf("%s: tunnel %d has %d sessions and says %d", e.Name, id, n, info.Sessions)
		}
		if info.State == l2tp.TunnelClosed && n != 0 {
			t.Fatalf("%s: closed tunnel %d has %d sessions", e.Name, id, n)
		}
	}
	if c := e.Counters(); c.Tunnels != tunnels || c.TunnelsUp != up || c.Sessions != sessions || c.SessionsUp != sessionsUp {
		t.Fatalf("%s: counted %d %d %d %d, found %d %d %d %d", e.Name,
			c.Tunnels, c.TunnelsUp, c.Sessions, c.SessionsUp, tunnels, up, sessions, sessionsUp)
	}
}
