// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"testing"
	"time"

	"holdfast/internal/event"
	"holdfast/l2tp"
)

// secretWorld is one whose LNS asks LACs for a secret.
func secretWorld(t *testing.T) (*world, *lac) {
	cfg := testConfig()
	tunnel := cfg.terms().Tunnel
	tunnel.Secret, tunnel.Authenticate = "right", true
	w := newWorld(t, cfg, 1)
	return w, w.lac(0)
}

// A LAC with a wrong secret has to wait before it is heard again, longer each
// time, and the right one makes it good at once.
func TestWrongSecretsBackOff(t *testing.T) {
	w, l := secretWorld(t)
	e := w.engines[0]
	wrong := func() {
		l.open(&l2tp.TunnelConfig{HostName: l.name, Secret: "wrong"})
		failed := w.logs[event.TunnelAuthenticationFailed]
		w.until("failure", func() bool { return w.logs[event.TunnelAuthenticationFailed] > failed })
	}
	wrong()
	// The next SCCRQs are dropped, but come again.
	began := w.now
	wrong()
	if e.counters.TunnelsUnheard == 0 || w.now.Sub(began) < 500*time.Millisecond {
		t.Errorf("%d SCCRQs unheard, failed again after %v", e.counters.TunnelsUnheard, w.now.Sub(began))
	}
	unheard := e.counters.TunnelsUnheard
	id := l.open(&l2tp.TunnelConfig{HostName: l.name, Secret: "right"})
	w.until("tunnel", func() bool { return l.up[id] })
	if e.counters.TunnelsUnheard == unheard {
		t.Error("the right secret was heard in the time of the wrong one's penance")
	}
	began, unheard = w.now, e.counters.TunnelsUnheard
	id = l.open(&l2tp.TunnelConfig{HostName: l.name, Secret: "right"})
	w.until("second tunnel", func() bool { return l.up[id] })
	if e.counters.TunnelsUnheard != unheard || w.now.Sub(began) > 100*time.Millisecond {
		t.Error("a LAC that has authenticated is still made to wait")
	}
	// Another LAC was never concerned, and established tunnels are not.
	wrong()
	other := w.lac(1)
	began = w.now
	id = other.open(&l2tp.TunnelConfig{HostName: other.name, Secret: "right"})
	w.until("tunnel of another LAC", func() bool { return other.up[id] })
	if w.now.Sub(began) > 100*time.Millisecond {
		t.Errorf("another LAC waited %v", w.now.Sub(began))
	}
}

// A failure that proves no address shuts nobody out: a Challenge in an SCCRQ,
// which anybody can forge, to an LNS without a secret.
func TestForgedFailuresCountForNothing(t *testing.T) {
	cfg := testConfig()
	w := newWorld(t, cfg, 1)
	l := w.lac(0)
	l.open(&l2tp.TunnelConfig{HostName: l.name, Secret: "some", Authenticate: true})
	w.until("refusal", func() bool { return w.logs[event.TunnelAuthenticationFailed] == 1 })
	l.tunnel()
	if n := w.engines[0].counters.TunnelsUnheard; n != 0 {
		t.Errorf("%d SCCRQs unheard", n)
	}
}
