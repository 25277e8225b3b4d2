// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// serveLNS runs the LNS of the tests on a real socket until the test ends.
func serveLNS(t *testing.T, at netip.AddrPort, plan Plan, change func(n *testLNS)) netip.AddrPort {
	t.Helper()
	socket, err := kernel.ListenUDP(at, kernel.UDPOptions{ReceiveBuffer: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	plan = plan.WithDefaults()
	n := newTestLNS(&plan, rand.New(rand.NewPCG(1, 2)), time.Now())
	if change != nil {
		change(n)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		batch := packet.Batch{Datagrams: make([]packet.Datagram, 64)}
		for {
			until := earlier(n.next(), time.Now().Add(50*time.Millisecond))
			socket.SetReadDeadline(latestOf(until, time.Now().Add(readMin)))
			got, err := socket.ReadBatch(&batch)
			if err != nil && !isTimeout(err) {
				return
			}
			n.handle(time.Now(), batch.Datagrams[:got])
			socket.WriteBatch(n.out)
			n.out = n.out[:0]
		}
	}()
	t.Cleanup(func() {
		socket.Close()
		<-ended
	})
	return socket.LocalAddr()
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Over real sockets: three LACs dial, hold with traffic in both families, hang
// up; the result adds up, in words and in JSON.
func TestRunOverSockets(t *testing.T) {
	for _, underlay := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(underlay, func(t *testing.T) { runOver(t, netip.MustParseAddrPort(underlay)) })
	}
}

func runOver(t *testing.T, underlay netip.AddrPort) {
	plan := Plan{
		LACs: 3, Tunnels: 6, Sessions: 60, IPv4: true, IPv6: true, Secret: "s3cret",
		Traffic: Traffic{Rate: 2000, To: targets},
	}
	plan.LNS = []netip.AddrPort{serveLNS(t, underlay, plan, nil)}
	beside := false
	o := Options{Plan: plan, Hold: 300 * time.Millisecond, AtHold: func() { beside = true }}
	var lines strings.Builder
	o.Progress = (&Lines{W: &lines}).Progress
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || r.SessionsUp != 60 || r.SessionsHeld != 60 || r.TunnelsUp != 6 || r.Left != 0 || !beside {
		t.Errorf("%+v", r)
	}
	if r.Traffic.Sent < 200 || r.Traffic.Received != r.Traffic.Sent || r.Traffic.Corrupt != 0 {
		t.Errorf("traffic %+v", r.Traffic)
	}
	if r.Setup.P99 <= 0 || r.LoginsPerS <= 0 || r.CPUPerLoginUS <= 0 || r.Socket.Received == 0 {
		t.Errorf("not measured: %+v", r)
	}
	var words bytes.Buffer
	r.WriteTable(&words)
	for _, want := range []string{"6 tunnels, 60 of 60 sessions", "calls failed       none", ", 0 lost (0.0000 %), 0 corrupt"} {
		if !strings.Contains(words.String(), want) {
			t.Errorf("%q is not in\n%s", want, &words)
		}
	}
	var back Result
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || back.SessionsUp != 60 || back.Traffic != r.Traffic {
		t.Errorf("JSON: %v %+v", err, back)
	}
}

// An LNS that refuses everybody: the ramp ends by itself, and says why.
func TestRunEndsWhenNothingComesUp(t *testing.T) {
	plan := Plan{Sessions: 5, RedialDelay: -1}
	plan.LNS = []netip.AddrPort{serveLNS(t, loopback, plan, func(n *testLNS) { n.refuse = 4 })}
	r, err := Run(context.Background(), Options{Plan: plan, Stall: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if r.Complete || r.SessionsUp != 0 || r.Failed["refused by CDN"] != 5 || r.Left != 0 {
		t.Errorf("%+v", r)
	}
	var words strings.Builder
	r.WriteTable(&words)
	const said = `5 with result 4 (lack of facilities, temporary), PPP cause 17 (NCP timeout), protocol 0xc021, "busy"`
	if !strings.Contains(words.String(), said) {
		t.Errorf("%s is not in\n%s", said, &words)
	}
	text, err := json.Marshal(r.Refusals)
	if want := `[{"result":4,"ppp_cause":17,"ppp_protocol":49185,"ppp_cause_message":"busy","count":5}]`; err != nil || string(text) != want {
		t.Errorf("JSON %s %v, want %s", text, err, want)
	}
}

// An interrupt hangs up in order, whatever the phase.
func TestRunIsInterrupted(t *testing.T) {
	plan := Plan{Sessions: 5}
	plan.LNS = []netip.AddrPort{serveLNS(t, loopback, plan, nil)}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Run(ctx, Options{Plan: plan, Hold: time.Hour, AtHold: cancel})
	if err != nil || r.SessionsUp != 5 || r.Left != 0 {
		t.Errorf("%v %+v", err, r)
	}
}

// A plan that cannot be done, and an address that is not ours, are errors.
func TestRunRefuses(t *testing.T) {
	if _, err := Run(context.Background(), Options{}); !errors.Is(err, ErrPlan) {
		t.Errorf("%v", err)
	}
	o := Options{Plan: Plan{LNS: []netip.AddrPort{gateway}}, Sources: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.77:1701")}}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "192.0.2.77:1701") {
		t.Errorf("%v", err)
	}
}
