// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"errors"
	"testing"
	"time"

	"connectrpc.com/connect"

	"holdfast/internal/api/apitest"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/police"
)

func of(group, name string) *pb.PacketTypes { return &pb.PacketTypes{Group: group, Type: name} }

// protection is what the API tells of types.
func (r *rig) protection(t *testing.T, types *pb.PacketTypes) *pb.DDoSProtection {
	t.Helper()
	res, err := r.GetDDoSProtection(ctx, connect.NewRequest(&pb.GetDDoSProtectionRequest{Types: types}))
	if err != nil {
		t.Fatal(err)
	}
	return res.Msg
}

// Types are picked by group and name; what there is not is an error that says so.
func TestPacketTypes(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	for _, c := range []struct {
		types *pb.PacketTypes
		want  int
	}{
		{nil, len(police.Types())},
		{of("", ""), len(police.Types())},
		{of("ppp", ""), len(police.GroupPPP.Types())},
		{of("l2tp", "aggregate"), 1},
		{of("radius", "accounting"), 1},
	} {
		if got := r.protection(t, c.types).Types; len(got) != c.want {
			t.Errorf("%v: %d types, want %d", c.types, len(got), c.want)
		}
	}
	for _, types := range []*pb.PacketTypes{of("", "aggregate"), of("l2tp", "lcp"), of("x", "")} {
		_, err := r.GetDDoSProtection(ctx, connect.NewRequest(&pb.GetDDoSProtectionRequest{Types: types}))
		wantCode(t, types.String(), err, connect.CodeInvalidArgument)
		_, err = r.ClearDDoSProtection(ctx, connect.NewRequest(&pb.ClearDDoSProtectionRequest{Types: types, What: pb.DDoSHistory_DDOS_HISTORY_STATES}))
		wantCode(t, types.String(), err, connect.CodeInvalidArgument)
	}
}

func wantCode(t *testing.T, what string, err error, want connect.Code) {
	t.Helper()
	if connect.CodeOf(err) != want || err == nil {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// What the operator wrote is told from what are defaults, and flow detection is
// shown as it is in force: that of the aggregate, unless a type has its own.
func TestDDoSParameters(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	r.Guard.Configure(func(c *police.Config) {
		c.Types[police.L2TPAggregate].Flow.DetectTime = 7 * time.Second
		c.Types[police.L2TPAggregate].Configured |= police.KnobDetectTime
		c.Types[police.ICRQ].Bandwidth = 40
		c.Types[police.ICRQ].Slots = []police.SlotConfig{{Number: 2, BandwidthScale: 50, BurstScale: 10}}
		c.Types[police.ICRQ].Configured |= police.KnobBandwidth | police.KnobSlots
		c.Types[police.ICRQ].Flow.Levels[police.Subscriber] = police.LevelConfig{Bandwidth: 9, Control: police.ControlKeep, Configured: police.KnobLevelControl}
		c.Types[police.Hello].DisableFPC = true
		c.Types[police.Hello].Configured |= police.KnobDisableFPC
	})
	one := func(name string) *pb.DDoSType { return r.protection(t, of("l2tp", name)).Types[0] }
	icrq, hello, cdn := one("icrq"), one("hello"), one("cdn")
	p := icrq.Parameters
	if !icrq.Policed || p.Bandwidth != 40 || len(p.Configured) != 2 || p.Configured[0] != "bandwidth" || p.Configured[1] != "fpc" || p.DetectSeconds != 3 {
		t.Errorf("icrq: %v", icrq)
	}
	if l := p.Levels[0]; l.Control != "keep" || l.Bandwidth != 9 || len(l.Configured) != 1 || l.Configured[0] != "flow-level-control" {
		t.Errorf("icrq: subscriber level %v", l)
	}
	if s := icrq.Slots[1]; s.Slot != 2 || s.Interface != "eth2" || s.Bandwidth != 20 || s.BandwidthScale != 50 || s.BurstScale != 10 {
		t.Errorf("icrq: slot %v", s)
	}
	if hello.Policed || hello.Parameters.Fpc || !hello.Parameters.RoutingEngine || hello.Slots[0].Enabled {
		t.Errorf("hello: %v", hello)
	}
	if cdn.FlowType != "aggregate" || cdn.Parameters.DetectSeconds != 7 || cdn.Parameters.Configured[0] != "flow-detect-time" {
		t.Errorf("cdn: %v", cdn)
	}
}

// Culprits come type by type, the oldest first, and only those of the types asked for.
func TestListCulpritFlows(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	r.Guard.Configure(func(c *police.Config) {
		c.FlowDetection, c.FlowMode = true, police.On
		c.Types[police.ICRQ].Bandwidth, c.Types[police.ICRQ].Configured = 10_000, police.KnobBandwidth // tells its flows from those of the aggregate
	})
	r.Guard.Run(5*time.Second, apitest.Traffic{Slot: 2, Type: police.ICRQ, Rate: 500, LAC: 8})
	r.Guard.Run(5*time.Second, apitest.Traffic{Slot: 1, Type: police.ICRQ, Rate: 500, LAC: 7}, apitest.Traffic{Slot: 1, Type: police.SCCRQ, Rate: 500, LAC: 9})
	list := func(types *pb.PacketTypes) []*pb.CulpritFlow {
		stream, err := r.ListCulpritFlows(ctx, connect.NewRequest(&pb.ListCulpritFlowsRequest{Types: types}))
		return all(t, stream, err, (*pb.CulpritFlowPage).GetFlows)
	}
	got := list(nil)
	if len(got) != 3 || got[0].Type != "aggregate" || got[1].Peer != "192.0.2.8:1701" || got[1].Interface != "eth2" || got[2].Peer != "192.0.2.7:1701" ||
		got[1].FoundUnix >= got[2].FoundUnix || got[1].Packets == 0 {
		t.Errorf("culprits: %v", got)
	}
	if got := list(of("l2tp", "icrq")); len(got) != 2 {
		t.Errorf("of icrq: %v", got)
	}
	if got := list(of("ppp", "")); len(got) != 0 {
		t.Errorf("of ppp: %v", got)
	}
	if n := r.protection(t, of("l2tp", "icrq")); n.Types[0].FlowsTracked != 2 || n.Totals.FlowsTracked != 3 || n.Totals.FlowsDetected != 3 {
		t.Errorf("flows: %v, %v", n.Types[0].FlowsTracked, n.Totals)
	}
	clearFlows := func(slots ...uint32) uint32 {
		res, err := r.ClearDDoSProtection(ctx, connect.NewRequest(&pb.ClearDDoSProtectionRequest{
			Types: of("l2tp", ""), What: pb.DDoSHistory_DDOS_HISTORY_CULPRIT_FLOWS, Slots: slots,
		}))
		if err != nil {
			t.Fatal(err)
		}
		return res.Msg.Flows
	}
	if a, b, c := clearFlows(1, 3), clearFlows(), len(list(nil)); a != 2 || b != 1 || c != 0 {
		t.Errorf("cleared %d of two slots, %d of the rest, left %d", a, b, c)
	}
}

// Nothing is cleared by leaving something out, and what fails says so.
func TestClearDDoSProtection(t *testing.T) {
	r := newRig(t, apitest.Size{Shards: 1})
	r.Guard.Run(time.Second, apitest.Traffic{Slot: 1, Type: police.Hello, Rate: 100}, apitest.Traffic{Slot: 1, Type: police.CDN, Rate: 50})
	ask := func(q *pb.ClearDDoSProtectionRequest) error {
		_, err := r.ClearDDoSProtection(ctx, connect.NewRequest(q))
		return err
	}
	statistics := pb.DDoSHistory_DDOS_HISTORY_STATISTICS
	wantCode(t, "nothing", ask(&pb.ClearDDoSProtectionRequest{}), connect.CodeInvalidArgument)
	wantCode(t, "slot of statistics", ask(&pb.ClearDDoSProtectionRequest{What: statistics, Slots: []uint32{1}}), connect.CodeInvalidArgument)
	flows := pb.DDoSHistory_DDOS_HISTORY_CULPRIT_FLOWS
	wantCode(t, "slot 256", ask(&pb.ClearDDoSProtectionRequest{What: flows, Slots: []uint32{256}}), connect.CodeInvalidArgument)
	if n := r.protection(t, of("l2tp", "aggregate")).Types[0].System.Received; n != 150 {
		t.Errorf("%d packets after clears that were refused", n)
	}
	if err := ask(&pb.ClearDDoSProtectionRequest{Types: of("l2tp", "cdn"), What: statistics}); err != nil {
		t.Error(err)
	}
	if n := r.protection(t, of("l2tp", "aggregate")).Types[0].System.Received; n != 100 {
		t.Errorf("%d packets after those of CDN were cleared", n)
	}
	r.Guard.Broken = errors.New("stopped")
	for what, err := range map[string]error{
		"clear": ask(&pb.ClearDDoSProtectionRequest{What: statistics}),
		"get": func() error {
			_, err := r.GetDDoSProtection(ctx, connect.NewRequest(&pb.GetDDoSProtectionRequest{}))
			return err
		}(),
	} {
		wantCode(t, what, err, connect.CodeUnavailable)
	}
	r.Guard = nil
	wantCode(t, "without policers", ask(&pb.ClearDDoSProtectionRequest{What: statistics}), connect.CodeUnavailable)
}
