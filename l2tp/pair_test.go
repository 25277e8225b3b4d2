// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

func TestHappyPath(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	lacAddr, lnsAddr := netip.MustParseAddrPort("192.0.2.1:1701"), netip.MustParseAddrPort("198.51.100.1:1701")
	lac, lns := New(Config{Rand: rand.New(rand.NewPCG(1, 0))}), New(Config{Rand: rand.New(rand.NewPCG(2, 0))})
	cfg := &TunnelConfig{HostName: "lac", Secret: "s", Authenticate: true, HideAVPs: true}
	scfg := &TunnelConfig{HostName: "lns", Secret: "s", Authenticate: true, HideAVPs: true}
	var fa, fb Effects
	id, err := lac.OpenTunnel(now, lnsAddr, lacAddr, cfg, &fa)
	if err != nil {
		t.Fatal(err)
	}
	el, err := lac.OpenCall(now, id, &Call{CallingNumber: "123"}, &fa)
	if err != nil {
		t.Fatal(err)
	}
	_ = el
	for range 20 {
		for i := 0; i < len(fa.List); i++ {
			f := fa.List[i]
			t.Log("lac", f.Kind, f.Tunnel, f.Session, f.Err, f.Result)
			switch f.Kind {
			case Send:
				lns.Handle(now, f.Local, f.Peer, f.Packet, &fb)
			case CallAccepted:
				lac.ConnectCall(now, f.Element, &Call{TxSpeed: 1000}, &fa)
			}
		}
		fa.Reset()
		for i := 0; i < len(fb.List); i++ {
			f := fb.List[i]
			switch f.Kind {
			case TunnelRequested:
				lns.AcceptTunnel(now, f.Tunnel, scfg, &fb)
			case CallRequested:
				lns.AcceptCall(now, f.Element, &fb)
			}
		}
		lns.Flush(now, &fb)
		for _, f := range fb.List {
			t.Log("lns", f.Kind, f.Tunnel, f.Session, f.Err, f.Result)
			if f.Kind == Send {
				lac.Handle(now, f.Local, f.Peer, f.Packet, &fa)
			}
		}
		fb.Reset()
		lac.Flush(now, &fa)
	}
	if lns.Counters().SessionsUp != 1 {
		t.Fatal("no session")
	}
}
