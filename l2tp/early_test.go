// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"holdfast/l2tp"
)

// early is a LAC and an LNS whose datagrams the test hands over itself.
type early struct {
	t        *testing.T
	now      time.Time
	lac, lns *l2tp.Endpoint
	at       [2]netip.AddrPort // of the LAC, of the LNS
	up       []l2tp.Element    // calls that the LNS has up
	frames   []string          // that the LNS was given
	held     [][]byte          // control messages to the LNS that the test holds back
	hold     bool
	config   l2tp.TunnelConfig
}

func newEarly(t *testing.T) *early {
	x := &early{t: t, now: time.Unix(1, 0), at: [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.9:1701"), netip.MustParseAddrPort("192.0.2.1:1701")}}
	x.lac = l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(1, 0))})
	x.lns = l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(2, 0))})
	return x
}

// fromLAC carries what the LAC sends, fromLNS what the LNS sends, until both are silent.
func (x *early) fromLAC(fx *l2tp.Effects) {
	for i := 0; i < len(fx.List); i++ {
		switch e := fx.List[i]; e.Kind {
		case l2tp.Send:
			if x.hold {
				x.held = append(x.held, append([]byte(nil), e.Packet...))
				continue
			}
			x.toLNS(e.Packet)
		case l2tp.CallAccepted:
			x.hold = true // the ICCN
			x.lac.ConnectCall(x.now, e.Element, nil, fx)
		}
	}
}

func (x *early) toLNS(b []byte) {
	var fx l2tp.Effects
	x.lns.Handle(x.now, x.at[0], x.at[1], b, &fx)
	x.lns.Flush(x.now, &fx)
	for i := 0; i < len(fx.List); i++ {
		switch e := fx.List[i]; e.Kind {
		case l2tp.Send:
			var back l2tp.Effects
			x.lac.Handle(x.now, x.at[1], x.at[0], append([]byte(nil), e.Packet...), &back)
			x.lac.Flush(x.now, &back)
			x.fromLAC(&back)
		case l2tp.TunnelRequested:
			x.lns.AcceptTunnel(x.now, e.Tunnel, &x.config, &fx)
		case l2tp.CallRequested:
			x.lns.AcceptCall(x.now, e.Element, &fx)
		case l2tp.CallUp:
			x.up = append(x.up, e.Element)
		case l2tp.Data:
			if len(x.up) == 0 {
				x.t.Error("data before CallUp")
			}
			x.frames = append(x.frames, string(e.Packet))
		}
	}
}

// A data message that overtakes its ICCN is handed over once the call is up: the
// first one, as it was, and once.
func TestDataThatOvertakesICCN(t *testing.T) {
	x := newEarly(t)
	var fx l2tp.Effects
	id, err := x.lac.OpenTunnel(x.now, x.at[1], x.at[0], &x.config, &fx)
	if err != nil {
		t.Fatal(err)
	}
	x.fromLAC(&fx)
	fx.Reset()
	el, err := x.lac.OpenCall(x.now, id, &l2tp.Call{Serial: 1}, &fx)
	if err != nil {
		t.Fatal(err)
	}
	x.fromLAC(&fx)
	if len(x.held) == 0 {
		t.Fatal("no ICCN was sent")
	}
	x.toLNS(x.lac.AppendData(nil, el, []byte("first")))
	x.toLNS(x.lac.AppendData(nil, el, []byte("second")))
	if len(x.frames) != 0 {
		t.Fatalf("%q before the call was up", x.frames)
	}
	for range 2 { // and again, as a retransmission
		for _, b := range x.held {
			x.toLNS(b)
		}
	}
	if len(x.up) != 1 || len(x.frames) != 1 || x.frames[0] != "first" {
		t.Fatalf("%d calls up, frames %q", len(x.up), x.frames)
	}
	x.toLNS(x.lac.AppendData(nil, el, []byte("third")))
	if len(x.frames) != 2 || x.frames[1] != "third" {
		t.Fatalf("frames %q", x.frames)
	}
	if c := x.lns.Counters(); c.EarlyData != 2 || c.ReceivedData != 2 {
		t.Errorf("early %d, received %d", c.EarlyData, c.ReceivedData)
	}
}
