// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// A listing may stop anywhere and go on, also when what it stopped at has gone.
func TestListings(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	want := map[l2tp.TunnelID][]l2tp.Element{}
	for i := range 5 {
		id := p.Open()
		for range i * 7 {
			want[id] = append(want[id], p.Call(id, &l2tp.Call{}))
		}
	}
	p.Run(time.Second)
	tunnels := 0
	var last l2tp.TunnelID
	for id, ok := p.LAC.TunnelAfter(0); ok; id, ok = p.LAC.TunnelAfter(id) {
		tunnels++
		if id <= last {
			t.Fatalf("tunnel %d after %d", id, last)
		}
		last = id
		all := slices.Collect(p.LAC.Sessions(id))
		var stepwise []l2tp.Element
		for el, ok := p.LAC.SessionAfter(id, 0, true); ok; el, ok = p.LAC.SessionAfter(id, el, false) {
			stepwise = append(stepwise, el)
			p.LAC.CloseCall(p.Now, el, l2tp.Result{Code: 3}, nil, &p.LAC.FX)
		}
		if !slices.Equal(all, stepwise) || len(all) != len(want[id]) {
			t.Fatalf("tunnel %d: %v and %v, want %v", id, all, stepwise, want[id])
		}
		for _, el := range want[id] {
			if !slices.Contains(all, el) {
				t.Fatalf("tunnel %d: %v without %d", id, all, el)
			}
		}
	}
	if tunnels != 5 {
		t.Fatalf("%d tunnels", tunnels)
	}
	p.Settle()
	if n := p.LAC.Counters().Sessions; n != 0 {
		t.Fatalf("%d sessions left", n)
	}
	if got := slices.Collect(p.LAC.Sessions(0)); got != nil {
		t.Fatalf("sessions of no tunnel: %v", got)
	}
}

// What a reader sees of a tunnel.
func TestTunnelInfo(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{HostName: "lns"})
	k.h.Dial(1)
	info, ok := k.p.LNS.Tunnel(id)
	if !ok || info.LocalTunnelID != id || info.PeerTunnelID != 7 || info.HostName != "lac" || info.Peer != k.h.Addr || info.Local != k.p.LNS.Addr ||
		info.Initiator || info.Sessions != 1 || info.PeerWindow != 4 || info.Nr != k.h.Ns || info.Config.HostName != "lns" ||
		info.FramingCapabilities != 3 || !info.EstablishedAt.Equal(k.p.Now) {
		t.Fatalf("%+v", info)
	}
	if c := info.Counters; c.ReceivedMessages != 4 || c.SentMessages != 4 || c.ReceivedBytes == 0 || c.SentBytes == 0 {
		t.Fatalf("%+v", c) // SCCRQ SCCCN ICRQ ICCN; SCCRP ZLB ICRP ZLB
	}
	if _, ok := k.p.LNS.Tunnel(id ^ 1); ok {
		t.Fatal("a tunnel that is not there")
	}
}

// Steering needs the T bit, the ids and, of an SCCRQ, the Assigned Tunnel ID.
func TestPeek(t *testing.T) {
	h := &l2tptest.Hostile{ID: 7}
	hidden := wire.AVP{Mandatory: true, Hidden: true, Type: wire.AssignedTunnelID, Value: []byte{1, 2, 3, 4}}
	for _, c := range []struct {
		name string
		b    []byte
		want l2tp.Glance
		ok   bool
	}{
		{"SCCRQ", l2tptest.Bytes(wire.ControlHeader{}, h.SCCRQ("x")), l2tp.Glance{Control: true, AssignedTunnelID: 7}, true},
		{"early StopCCN", l2tptest.Bytes(wire.ControlHeader{}, h.StopCCN(1)), l2tp.Glance{Control: true, AssignedTunnelID: 7}, true},
		{"hidden", l2tptest.Bytes(wire.ControlHeader{}, l2tptest.Message(wire.SCCRQ), hidden), l2tp.Glance{Control: true}, true},
		{"ICRQ", l2tptest.Bytes(wire.ControlHeader{TunnelID: 3}, l2tptest.ICRQ(1)), l2tp.Glance{Control: true, TunnelID: 3}, true},
		{"data", []byte{0, 2, 0, 3, 0, 4, 0xff}, l2tp.Glance{TunnelID: 3, SessionID: 4}, true},
		{"L2F", []byte{0, 1, 0, 3, 0, 4, 0xff}, l2tp.Glance{}, false},
		{"short control", []byte{0xc8, 2, 0, 12}, l2tp.Glance{}, false},
		{"nothing", nil, l2tp.Glance{}, false},
	} {
		got, ok := l2tp.Peek(c.b)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

// The same seed gives the same conversation, to the octet.
func TestDeterminism(t *testing.T) {
	life := func() string {
		var out strings.Builder
		p := l2tptest.New(9, l2tp.Config{HalfOpenMax: 8})
		p.Trace = func(line string) { out.WriteString(line + "\n") }
		p.SetWeather(l2tptest.Weather{Loss: 0.2, Duplicate: 0.2, Delay: 10 * time.Millisecond, Jitter: time.Second})
		p.LAC.Config = &l2tp.TunnelConfig{Secret: "example", HideAVPs: true, Authenticate: true}
		p.LNS.Config = p.LAC.Config
		for range 20 {
			id := p.Open()
			for range 3 {
				p.Call(id, &l2tp.Call{})
			}
			p.Run(300 * time.Millisecond)
		}
		p.Run(5 * time.Minute)
		return out.String()
	}
	if a, b := life(), life(); a != b || len(a) < 10_000 {
		t.Fatalf("two lives of %d and %d octets differ", len(a), len(b))
	}
}

// A tunnel returns when something comes after five seconds of silence.
func TestReturned(t *testing.T) {
	s := newSteady(t, &l2tp.TunnelConfig{HelloInterval: -1})
	zlb := wire.AppendControlHeader(nil, wire.ControlHeader{TunnelID: s.tunnel, Ns: s.ns, Nr: s.nr})
	wire.SetLength(zlb)
	hear := func(after time.Duration) time.Duration {
		s.now = s.now.Add(after)
		s.e.Handle(s.now, s.peer, s.local, zlb, &s.fx)
		ago, ok := s.e.Returned(s.now, l2tp.TunnelID(s.tunnel))
		if !ok {
			t.Fatal("no tunnel")
		}
		return ago
	}
	hear(6 * time.Second)
	if ago := hear(4 * time.Second); ago != 4*time.Second {
		t.Errorf("it returned %v ago, want 4 s", ago)
	}
	if ago := hear(5 * time.Second); ago != 0 {
		t.Errorf("it returned %v ago, want now", ago)
	}
	if _, ok := s.e.Returned(s.now, 0); ok {
		t.Error("a tunnel that does not exist has returned")
	}
}
