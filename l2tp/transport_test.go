// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// hellos sends HELLOs with the given Ns, relative to the next one, and returns
// what is still expected.
func (k *talk) hellos(offsets ...uint16) uint16 {
	for _, n := range offsets {
		k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns + n, Nr: k.h.Nr}, l2tptest.Message(wire.HELLO)))
	}
	info, _ := k.p.LNS.Tunnel(l2tp.TunnelID(k.h.Peer))
	return info.Nr
}

// "Messages arriving out of order may be queued for in-order delivery when the
// missing messages are received", RFC 2661 §5.8; nothing beyond the gap is
// acknowledged, and nothing is processed twice.
func TestEarlyMessagesAreHeld(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{ReceiveWindow: 4})
	base := k.h.Ns
	sent := len(k.h.Got)
	if nr := k.hellos(2, 1, 2, 3); nr != base {
		t.Fatalf("Nr %d moved beyond the gap at %d", nr, base)
	}
	if len(k.h.Got) != sent {
		t.Fatal("something beyond the gap was acknowledged")
	}
	k.hellos(4, 100) // beyond the window that was offered
	k.wantCount("beyond the window", k.p.LNS.Counters().WindowExceeded, 2)
	before := k.p.LNS.Counters().Received[wire.HELLO]
	if nr := k.hellos(0); nr != base+4 {
		t.Fatalf("Nr %d after the gap was filled, want %d", nr, base+4)
	}
	k.wantCount("HELLOs processed", k.p.LNS.Counters().Received[wire.HELLO]-before, 4)
	if r := k.want("the gap is filled", zlb); r.Header.Nr != base+4 {
		t.Fatalf("acknowledged %d", r.Header.Nr)
	}
	if info, _ := k.p.LNS.Tunnel(l2tp.TunnelID(k.h.Peer)); info.Held != 0 || info.Counters.OutOfOrder != 6 {
		t.Fatalf("%d held, %d out of order", info.Held, info.Counters.OutOfOrder)
	}
}

// "if the last received sequence number was 15, then messages with sequence numbers
// 0 through 15, as well as 32784 through 65535, would be considered less than or
// equal", RFC 2661 §5.8.
func TestDuplicateRange(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{})
	for range 14 {
		k.h.Send(0, l2tptest.Message(wire.HELLO))
	}
	if k.h.Ns != 16 {
		t.Fatalf("Ns %d", k.h.Ns)
	}
	for ns, want := range map[uint16]bool{0: true, 15: true, 65535: true, 32784: true, 32783: false, 17: false} {
		before := k.p.LNS.Counters()
		got := len(k.h.Got)
		k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: ns, Nr: k.h.Nr}, l2tptest.Message(wire.HELLO)))
		duplicate := k.p.LNS.Counters().Duplicates != before.Duplicates
		// "receipt of duplicate messages MUST be acknowledged by the reliable transport"
		if acknowledged := len(k.h.Got) != got; duplicate != want || acknowledged != want {
			t.Fatalf("Ns %d: duplicate %v, acknowledged %v, want %v", ns, duplicate, acknowledged, want)
		}
	}
}

// "Each subsequent retransmission of a message MUST employ an exponential backoff
// interval", "The retransmitted message contains the same Ns value, but the Nr
// value MUST be updated", RFC 2661 §5.8.
func TestRetransmission(t *testing.T) {
	for _, c := range []struct {
		cfg  l2tp.TunnelConfig
		want []time.Duration // after the first transmission
	}{
		{l2tp.TunnelConfig{}, []time.Duration{1, 3, 7, 15, 31, 47, 63}},
		{l2tp.TunnelConfig{RetransmitMax: 3, RetransmitInterval: 2 * time.Second}, []time.Duration{2, 6, 14}},
		{l2tp.TunnelConfig{RetransmitMax: 6, RetransmitIntervalMax: time.Second}, []time.Duration{1, 3, 7, 15, 23, 31}}, // no cap below 8 s
	} {
		k, id := newTunnel(t, &c.cfg)
		k.h.ZLB()
		k.h.Send(0, l2tptest.ICRQ(5)) // the ICRP is never acknowledged
		start, first := k.p.Now, k.want("ICRQ", wire.ICRP)
		var at []time.Duration
		k.p.Tap = func(_ *l2tptest.End, _ netip.AddrPort, b []byte) {
			h, _, _ := wire.ParseControlHeader(b)
			if k.p.LNS.Counters().NoAnswer > 0 {
				return // see TestGivenUpTunnelIsStopped
			}
			at = append(at, k.p.Now.Sub(start)/time.Second)
			if h.Ns != first.Header.Ns {
				t.Fatalf("retransmitted with Ns %d, was %d", h.Ns, first.Header.Ns)
			}
			if h.Nr != k.h.Ns {
				t.Fatalf("retransmitted with Nr %d, %d is expected", h.Nr, k.h.Ns)
			}
		}
		for k.p.Now.Sub(start) < 3*time.Minute { // news from the peer that acknowledge nothing of ours
			k.p.Run(500 * time.Millisecond)
			if _, ok := k.p.LNS.Tunnel(id); !ok {
				break
			}
			tap := k.p.Tap
			k.p.Tap = nil
			k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns, Nr: first.Header.Ns}, l2tptest.Message(wire.HELLO)))
			k.h.Ns++
			k.p.Tap = tap
		}
		if diff := cmp.Diff(c.want, at); diff != "" {
			t.Fatalf("%+v: sent at %v, want %v", c.cfg, at, c.want)
		}
		k.wantDown("after the last", l2tp.TunnelDown, l2tp.ErrNoAnswer)
		k.wantCount("given up", k.p.LNS.Counters().NoAnswer, 1)
	}
}

// "In the event of a local termination, the originator MUST send a
// Stop-Control-Connection-Notification", RFC 2661 §7.2.1. A LAC that hears us, or
// hears us again some time after we have given it up, learns so, whether it has got
// what it did not acknowledge or not.
func TestGivenUpTunnelIsStopped(t *testing.T) {
	for _, c := range []struct {
		name  string
		deaf  bool          // the LAC hears nothing either
		until time.Duration // after we gave up
	}{{"LAC is not heard", false, 0}, {"cut", true, 0}, {"long cut", true, 20 * time.Second}} {
		t.Run(c.name, func(t *testing.T) {
			p := l2tptest.New(1, l2tp.Config{})
			p.LAC.Config = &l2tp.TunnelConfig{HelloInterval: time.Hour} // does not find out for itself
			p.Open()
			p.Run(time.Second)
			p.LAC.Weather.Loss = 1
			if c.deaf {
				p.LNS.Weather.Loss = 1
			}
			if !p.RunUntil(p.Now.Add(time.Hour), func() bool { return p.LNS.Count(l2tp.TunnelDown) > 0 }) {
				t.Fatal("the LNS does not give up")
			}
			p.Run(c.until)
			if c.deaf && p.LAC.Count(l2tp.TunnelDown) > 0 {
				t.Fatal("the LAC has heard of it")
			}
			p.SetWeather(l2tptest.Weather{})
			p.Run(40 * time.Second) // an interval between retransmissions and more
			down, _ := p.LAC.Last(l2tp.TunnelDown)
			if down.Err != l2tp.ErrPeerClosed || down.Result.Code != 1 || down.Result.Message != "no acknowledgement" {
				t.Errorf("LAC: %v %+v", down.Err, down.Result)
			}
			if n := p.LNS.Counters().NoAnswer; n != 1 {
				t.Errorf("given up %d times", n)
			}
			p.Run(2 * time.Minute)
			wantGone(t, "both have closed", p.LAC)
			wantGone(t, "both have closed", p.LNS)
		})
	}
}

// Before a tunnel is established another count holds.
func TestRetransmissionNotEstablished(t *testing.T) {
	for max, want := range map[int]int{0: 1 + 5, 2: 1 + 2} {
		p := l2tptest.New(1, l2tp.Config{})
		p.SetWeather(l2tptest.Weather{Loss: 1})
		p.LAC.Config = &l2tp.TunnelConfig{RetransmitMaxNotEstablished: max}
		p.Open()
		p.Run(5 * time.Minute)
		if p.LAC.Sent != want {
			t.Fatalf("RetransmitMaxNotEstablished %d: SCCRQ sent %d times, want %d", max, p.LAC.Sent, want)
		}
		wantGone(t, "nobody answered", p.LAC)
	}
}

// "If absent, the peer must assume a Window Size of 4", RFC 2661 §4.4.3, and what
// is offered is never exceeded. Slow start: one, two, four.
func TestSendWindow(t *testing.T) {
	for _, c := range []struct {
		offered uint16 // 0: the AVP is absent
		max     int    // our own SendWindowMax
		want    []int  // messages per round
	}{
		{0, 0, []int{4, 4, 4}},
		{6, 0, []int{6, 6, 6}},
		{128, 0, []int{16, 32, 2}}, // the last two of 64
		{128, 10, []int{10, 10, 10}},
	} {
		k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{SendWindowMax: c.max, BearerCapabilities: 3})
		rq := k.h.SCCRQ("lac")
		rq.BearerCapabilities = 3
		rq.Add(wire.BearerCapabilities)
		if rq.ReceiveWindowSize = c.offered; c.offered != 0 {
			rq.Add(wire.ReceiveWindowSize)
		}
		k.h.Send(0, rq)
		k.h.Send(0, l2tptest.Message(wire.SCCCN)) // acknowledges the SCCRP: the window is 2
		for i := range 64 {
			call := &l2tp.Call{Outgoing: true, Serial: uint32(i), FramingType: 1, BearerType: 1}
			if _, err := k.p.LNS.OpenCall(k.p.Now, l2tp.TunnelID(k.h.Peer), call, &k.p.LNS.FX); err != nil {
				t.Fatal(err)
			}
		}
		k.p.Settle()
		k.h.ZLB() // 2 acknowledged: the window is 4
		k.h.ZLB() // and now 8
		var got []int
		for range c.want {
			before := len(k.h.Got)
			k.h.ZLB()
			got = append(got, len(k.h.Got)-before)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Fatalf("peer offers %d, we want at most %d: sent %v, want %v", c.offered, c.max, got, c.want)
		}
	}
}

// A ZLB is numbered like the next message that the peer has not seen, whatever
// waits behind a full window. l2tpns, for one, takes a higher number for that of a
// message that was lost.
func TestZLBIsNumberedAsSent(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{BearerCapabilities: 3})
	rq := k.h.SCCRQ("lac")
	rq.BearerCapabilities = 3
	rq.Add(wire.BearerCapabilities)
	k.h.Send(0, rq)
	k.h.Send(0, l2tptest.Message(wire.SCCCN)) // acknowledges the SCCRP: the window is 2
	for i := range 8 {
		call := &l2tp.Call{Outgoing: true, Serial: uint32(i), FramingType: 1, BearerType: 1}
		if _, err := k.p.LNS.OpenCall(k.p.Now, l2tp.TunnelID(k.h.Peer), call, &k.p.LNS.FX); err != nil {
			t.Fatal(err)
		}
	}
	k.p.Settle()
	next := k.want("a full window", wire.OCRQ).Header.Ns + 1
	k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns, Nr: next - 2}, l2tptest.Message(wire.HELLO)))
	if r := k.want("HELLO", zlb); r.Header.Ns != next {
		t.Errorf("Ns %d, want %d: six messages wait for the window", r.Header.Ns, next)
	}
}

// "When congestion occurs (...) one half of the CWND is saved in SSTHRESH, and CWND
// is set to one", RFC 2661 Appendix A; beyond SSTHRESH the window grows by one per
// round.
func TestCongestionAvoidance(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	rq := k.h.SCCRQ("lac")
	rq.ReceiveWindowSize, rq.BearerCapabilities = 64, 3
	rq.Add(wire.ReceiveWindowSize, wire.BearerCapabilities)
	k.h.Send(0, rq)
	k.h.Send(0, l2tptest.Message(wire.SCCCN))
	id := l2tp.TunnelID(k.h.Peer)
	for i := range 300 {
		k.p.LNS.OpenCall(k.p.Now, id, &l2tp.Call{Outgoing: true, Serial: uint32(i), FramingType: 1, BearerType: 1}, &k.p.LNS.FX)
	}
	k.p.Settle()
	window := func() int { info, _ := k.p.LNS.Tunnel(id); return info.CongestionWindow }
	for window() < 16 {
		k.h.ZLB()
	}
	last := k.h.Last().Header.Ns
	k.p.Run(1500 * time.Millisecond)
	if w := window(); w != 1 {
		t.Fatalf("window %d after a time-out", w)
	}
	if got := k.h.Last().Header.Ns; got >= last {
		t.Fatalf("Ns %d was sent after the time-out, want the front of the queue", got)
	}
	var grown []int
	for range 8 {
		k.h.ZLB()
		grown = append(grown, window())
	}
	if diff := cmp.Diff([]int{9, 10, 11, 12, 13, 14, 15, 16}, grown); diff != "" {
		t.Fatalf("window grew as %v: %s", grown, diff)
	}
}

// "While the Nr in a received ZLB is used to flush messages from the local
// retransmit queue", an Nr of something that was never sent flushes nothing.
func TestNrOfTheFuture(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{})
	k.h.Send(0, l2tptest.ICRQ(5))
	before, _ := k.p.LNS.Tunnel(id)
	for _, nr := range []uint16{k.h.Nr + 1, k.h.Nr + 40000, k.h.Nr - 2} {
		k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns, Nr: nr}, nil))
	}
	after, _ := k.p.LNS.Tunnel(id)
	if after.Unacknowledged != before.Unacknowledged || before.Unacknowledged != 1 {
		t.Fatalf("%d in flight, then %d", before.Unacknowledged, after.Unacknowledged)
	}
}

// Sequence numbers pass 65535 without anybody noticing.
func TestSequenceNumbersWrap(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	p.LAC.Config = &l2tp.TunnelConfig{HelloInterval: time.Second}
	p.LNS.Config = &l2tp.TunnelConfig{HelloInterval: -1}
	id := p.Open()
	p.Run(70_000 * time.Second)
	info, ok := p.LAC.Tunnel(id)
	if !ok || info.State != l2tp.TunnelEstablished || info.Counters.SentMessages < 69_000 || info.Counters.Retransmissions != 0 {
		t.Fatalf("%+v", info)
	}
}

// Acknowledgements ride on what is sent anyway, and Flush sends the rest: one ZLB
// for a whole batch.
func TestAcknowledgementsAreGathered(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{})
	e := k.p.LNS
	sent := e.Sent
	for i := range uint16(10) {
		b := l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns + i, Nr: k.h.Nr}, l2tptest.Message(wire.HELLO))
		e.Handle(k.p.Now, k.h.Addr, e.Addr, b, &e.FX)
	}
	k.h.Ns += 10
	if len(e.FX.List) != 0 {
		t.Fatal("sent before the batch was over")
	}
	k.p.Settle()
	if r := k.want("batch", zlb); e.Sent != sent+1 || r.Header.Nr != k.h.Ns {
		t.Fatalf("%d datagrams, Nr %d", e.Sent-sent, r.Header.Nr)
	}
	k.h.Send(0, l2tptest.ICRQ(5))
	if r := k.want("ICRQ", wire.ICRP); e.Sent != sent+2 || r.Header.Nr != k.h.Ns {
		t.Fatalf("%d datagrams, Nr %d: the ICRP acknowledges the ICRQ", e.Sent-sent, r.Header.Nr)
	}
}

// "An implementation may support a receive window of only 1", RFC 2661 §5.8. The
// SCCCN fills it; the ICRQ behind it waits.
func TestReceiveWindowOfOne(t *testing.T) {
	p := l2tptest.New(1, l2tp.Config{})
	h := p.NewHostile("192.0.2.9:1701", 0)
	id, _ := p.LNS.OpenTunnel(p.Now, h.Addr, p.LNS.Addr, &l2tp.TunnelConfig{}, &p.LNS.FX)
	p.LNS.OpenCall(p.Now, id, &l2tp.Call{}, &p.LNS.FX)
	p.Settle()
	h.ID, h.Peer, h.Nr = 7, uint16(id), 1
	rp := h.SCCRQ("lns")
	rp.Type, rp.ReceiveWindowSize = wire.SCCRP, 1
	rp.Add(wire.ReceiveWindowSize)
	h.Send(0, rp)
	if got := h.Last().Message.Type; len(h.Got) != 2 || got != wire.SCCCN {
		t.Fatalf("%d messages, the last is %v", len(h.Got), got)
	}
	h.ZLB()
	if got := h.Last().Message.Type; len(h.Got) != 3 || got != wire.ICRQ {
		t.Fatalf("%d messages, the last is %v", len(h.Got), got)
	}
}

// A tunnel that closes has only one thing left to say: what waits for the window
// is forgotten, the StopCCN does not wait for more than the peer's window.
func TestStopCCNGoesPastTheQueue(t *testing.T) {
	k := newTalk(t, l2tp.Config{}, &l2tp.TunnelConfig{})
	rq := k.h.SCCRQ("lac")
	rq.ReceiveWindowSize, rq.BearerCapabilities = 64, 3
	rq.Add(wire.ReceiveWindowSize, wire.BearerCapabilities)
	k.h.Send(0, rq)
	k.h.Send(0, l2tptest.Message(wire.SCCCN))
	id := l2tp.TunnelID(k.h.Peer)
	for i := range 30 {
		call := &l2tp.Call{Outgoing: true, Serial: uint32(i), FramingType: 1, BearerType: 1}
		k.p.LNS.OpenCall(k.p.Now, id, call, &k.p.LNS.FX)
	}
	k.p.Settle()
	before, _ := k.p.LNS.Tunnel(id)
	if before.Unacknowledged != 2 || before.Queued != 28 {
		t.Fatalf("%d in flight, %d queued", before.Unacknowledged, before.Queued)
	}
	// An Nr of what has been queued but not sent acknowledges nothing.
	k.h.Raw(l2tptest.Bytes(wire.ControlHeader{TunnelID: k.h.Peer, Ns: k.h.Ns, Nr: before.Ns}, nil))
	if info, _ := k.p.LNS.Tunnel(id); info.Unacknowledged != 2 || info.Queued != 28 {
		t.Fatalf("%d in flight, %d queued", info.Unacknowledged, info.Queued)
	}
	k.p.LNS.CloseTunnel(k.p.Now, id, l2tp.Result{Code: 6}, &k.p.LNS.FX)
	k.p.Settle()
	if r := k.wantResult("closed", wire.StopCCN, 6, 0); r.Header.Ns != 3 { // SCCRP, two OCRQs
		t.Fatalf("StopCCN has Ns %d", r.Header.Ns)
	}
	sent := k.sentIn(500 * time.Millisecond)
	k.h.ZLB()
	k.p.Run(5 * time.Minute)
	if k.h.Last().Message.Type != wire.StopCCN || sent != 0 {
		t.Fatalf("the last message is %v", k.h.Last().Message.Type)
	}
	wantGone(t, "closed with a full queue", k.p.LNS)
}

// A peer that has sent StopCCN listens no longer: nothing is repeated to it.
func TestNothingIsRepeatedAfterStopCCN(t *testing.T) {
	k, _ := newTunnel(t, &l2tp.TunnelConfig{})
	unheard := k.h.Nr
	k.h.Send(0, l2tptest.ICRQ(5))
	k.h.Nr = unheard // the ICRP has not arrived
	k.h.Send(0, k.h.StopCCN(1))
	k.want("StopCCN", zlb)
	if n := k.sentIn(time.Minute); n != 0 {
		t.Fatalf("%d datagrams sent", n)
	}
	wantGone(t, "a minute after StopCCN", k.p.LNS)
}

// Each message has its own count of retransmissions: a slow peer is no dead one.
// And silence is probed once, not by one HELLO after another.
func TestRetriesAreCountedAnew(t *testing.T) {
	k, id := newTunnel(t, &l2tp.TunnelConfig{RetransmitMax: 3, HelloInterval: 2 * time.Second})
	k.h.ZLB()
	for range 10 {
		k.p.Run(10 * time.Second) // HELLO at 2 s, repeated at 3, 5 and 9 s
		info, _ := k.p.LNS.Tunnel(id)
		if info.State != l2tp.TunnelEstablished || info.Unacknowledged != 1 || info.Queued != 0 {
			t.Fatalf("%v with %d in flight and %d queued", info.State, info.Unacknowledged, info.Queued)
		}
		k.h.ZLB()
	}
	if info, _ := k.p.LNS.Tunnel(id); info.Counters.Retransmissions != 30 {
		t.Fatalf("%d retransmissions", info.Counters.Retransmissions)
	}
}
