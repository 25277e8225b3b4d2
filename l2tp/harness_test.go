// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// talk is an LNS with a peer that a test speaks for.
type talk struct {
	*testing.T
	p *l2tptest.Pair
	h *l2tptest.Hostile
}

// newTalk starts with nothing; cfg is what the LNS accepts tunnels with.
func newTalk(t *testing.T, e l2tp.Config, cfg *l2tp.TunnelConfig) *talk {
	p := l2tptest.New(1, e)
	p.LNS.Config = cfg
	return &talk{T: t, p: p, h: p.NewHostile("192.0.2.9:4321", 7)}
}

// newTunnel starts with an established tunnel.
func newTunnel(t *testing.T, cfg *l2tp.TunnelConfig) (*talk, l2tp.TunnelID) {
	k := newTalk(t, l2tp.Config{}, cfg)
	id := k.h.Establish("lac")
	k.wantTunnel("after SCCCN", id, l2tp.TunnelEstablished)
	return k, id
}

// newSession starts with an established call of the peer's id 5.
func newSession(t *testing.T, cfg *l2tp.TunnelConfig) (k *talk, id l2tp.TunnelID, session uint16) {
	k, id = newTunnel(t, cfg)
	session = k.h.Dial(5)
	k.wantSession("after ICCN", id, session, l2tp.SessionEstablished)
	return k, id, session
}

func (k *talk) wantTunnel(why string, id l2tp.TunnelID, state l2tp.TunnelState) {
	k.Helper()
	if info, ok := k.p.LNS.Tunnel(id); !ok || info.State != state {
		k.Fatalf("%s: tunnel %d is %v (exists: %v), want %v", why, id, info.State, ok, state)
	}
}

func (k *talk) wantSession(why string, id l2tp.TunnelID, session uint16, state l2tp.SessionState) l2tp.SessionInfo {
	k.Helper()
	el, ok := k.p.LNS.Lookup(id, l2tp.SessionID(session))
	if !ok && state == l2tp.SessionFree {
		return l2tp.SessionInfo{}
	}
	info, _ := k.p.LNS.Session(el)
	if !ok || info.State != state {
		k.Fatalf("%s: session %d is %v (exists: %v), want %v", why, session, info.State, ok, state)
	}
	return info
}

// want checks the last message sent to the peer and returns it.
func (k *talk) want(why string, t wire.MessageType) l2tptest.Received {
	k.Helper()
	r := k.h.Last()
	if r.Message.Type != t {
		k.Fatalf("%s: last message is %v, want %v", why, r.Message.Type, t)
	}
	return r
}

// zlb is the type of a ZLB in want.
const zlb wire.MessageType = 0

// wantResult checks the Result Code of the last message, a StopCCN or CDN.
func (k *talk) wantResult(why string, t wire.MessageType, code, errorCode uint16) l2tptest.Received {
	k.Helper()
	r := k.want(why, t)
	if r.Message.Result.Code != code || r.Message.Result.Error != errorCode {
		k.Fatalf("%s: %v has result %d/%d, want %d/%d", why, t, r.Message.Result.Code, r.Message.Result.Error, code, errorCode)
	}
	return r
}

// wantDown checks the last TunnelDown or CallDown of the LNS.
func (k *talk) wantDown(why string, kind l2tp.EffectKind, err error) l2tp.Effect {
	k.Helper()
	f, ok := k.p.LNS.Last(kind)
	if !ok || f.Err != err {
		k.Fatalf("%s: %v says %v (told: %v), want %v", why, kind, f.Err, ok, err)
	}
	return f
}

// quiet says how many datagrams the LNS sends while d passes.
func (k *talk) sentIn(d time.Duration) int {
	before := k.p.LNS.Sent
	k.p.Run(d)
	return k.p.LNS.Sent - before
}

func (k *talk) wantCount(why string, got, want uint64) {
	k.Helper()
	if got != want {
		k.Fatalf("%s: %d, want %d", why, got, want)
	}
}

// mandatory is an AVP nobody knows, with the M bit.
func mandatory(vendor uint16, t wire.AVPType) wire.AVP {
	return wire.AVP{Mandatory: true, Vendor: vendor, Type: t, Value: []byte{1}}
}
