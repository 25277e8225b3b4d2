// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/police"
)

var errNoPolice = errors.New("the control plane is not policed")

// policed is the owner of the policers.
func (s *Server) policed() (Police, error) {
	if p := s.backend.Police(); p != nil {
		return p, nil
	}
	return nil, connect.NewError(connect.CodeUnavailable, errNoPolice)
}

// policeError is an error of the owner as clients see it.
func policeError(ctx context.Context, err error) error {
	code := connect.CodeUnavailable
	if ctx.Err() != nil {
		code = connect.CodeCanceled
	}
	return connect.NewError(code, err)
}

// packetTypes are the types that a request picks, in the order in which they are
// shown. All of them are named: an empty selector would pick them too, but then
// nobody could say none.
func packetTypes(q *pb.PacketTypes) ([]police.Type, error) {
	if q.GetGroup() == "" && q.GetType() != "" {
		return nil, invalid("type %s of which group?", q.GetType())
	}
	var list []police.Type
	for _, t := range police.Types() {
		if (q.GetGroup() == "" || q.GetGroup() == t.Group().String()) && (q.GetType() == "" || q.GetType() == t.Name()) {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		return nil, invalid("there is no packet type %s %s", q.GetGroup(), q.GetType())
	}
	return list, nil
}

// GetDDoSProtection tells what guards the control plane.
func (s *Server) GetDDoSProtection(ctx context.Context, q *connect.Request[pb.GetDDoSProtectionRequest]) (*connect.Response[pb.DDoSProtection], error) {
	types, err := packetTypes(q.Msg.Types)
	if err != nil {
		return nil, err
	}
	p, err := s.policed()
	if err != nil {
		return nil, err
	}
	shot, err := p.Snapshot(ctx)
	if err != nil {
		return nil, policeError(ctx, err)
	}
	m := &pb.DDoSProtection{Settings: ddosSettings(&shot), Totals: ddosTotals(&shot)}
	for i := range shot.Types {
		if slices.Contains(types, shot.Types[i].Type) {
			m.Types = append(m.Types, ddosType(&shot, &shot.Types[i]))
		}
	}
	return connect.NewResponse(m), nil
}

// ListCulpritFlows shows the flows that are controlled.
func (s *Server) ListCulpritFlows(ctx context.Context, q *connect.Request[pb.ListCulpritFlowsRequest], out *connect.ServerStream[pb.CulpritFlowPage]) error {
	types, err := packetTypes(q.Msg.Types)
	if err != nil {
		return err
	}
	p, err := s.policed()
	if err != nil {
		return err
	}
	shot, err := p.Snapshot(ctx)
	if err != nil {
		return policeError(ctx, err)
	}
	flows, err := p.Culprits(ctx, police.Selector{Types: types})
	if err != nil {
		return policeError(ctx, err)
	}
	slices.SortFunc(flows, func(a, b police.Culprit) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), a.Found.Compare(b.Found), cmp.Compare(a.ID, b.ID))
	})
	names := slotNames(&shot)
	for part := range slices.Chunk(flows, pageRows) {
		page := &pb.CulpritFlowPage{}
		for i := range part {
			page.Flows = append(page.Flows, culpritFlow(&part[i], names))
		}
		if err := out.Send(page); err != nil {
			return err
		}
	}
	return nil
}

// ClearDDoSProtection forgets statistics or violations, or lets culprit flows go.
func (s *Server) ClearDDoSProtection(ctx context.Context, q *connect.Request[pb.ClearDDoSProtectionRequest]) (
	*connect.Response[pb.ClearDDoSProtectionResponse], error,
) {
	types, err := packetTypes(q.Msg.Types)
	if err != nil {
		return nil, err
	}
	p, err := s.policed()
	if err != nil {
		return nil, err
	}
	sel := police.Selector{Types: types}
	for _, n := range q.Msg.Slots {
		if n > police.SlotMax {
			return nil, invalid("slot %d: slots are at most %d", n, police.SlotMax)
		}
		sel.Slots = append(sel.Slots, int(n))
	}
	if len(sel.Slots) > 0 && q.Msg.What != pb.DDoSHistory_DDOS_HISTORY_CULPRIT_FLOWS {
		return nil, invalid("slots select culprit flows only")
	}
	flows := 0
	switch q.Msg.What {
	case pb.DDoSHistory_DDOS_HISTORY_STATISTICS:
		err = p.ClearStatistics(ctx, sel)
	case pb.DDoSHistory_DDOS_HISTORY_STATES:
		err = p.ClearStates(ctx, sel)
	case pb.DDoSHistory_DDOS_HISTORY_CULPRIT_FLOWS:
		flows, err = p.ClearCulprits(ctx, sel)
	default:
		return nil, invalid("say what to clear")
	}
	if err != nil {
		return nil, policeError(ctx, err)
	}
	return connect.NewResponse(&pb.ClearDDoSProtectionResponse{Flows: count(flows)}), nil
}

func ddosSettings(s *police.Snapshot) *pb.DDoSSettings {
	return &pb.DDoSSettings{
		RoutingEngine: !s.DisableRoutingEngine, Fpc: !s.DisableFPC, FlowDetection: s.FlowDetection, Logging: !s.DisableLogging,
		ViolationReportRate: s.ViolationReportRate, FlowReportRate: s.FlowReportRate,
		FlowDetectionMode: s.FlowMode.String(), FlowLevelDetectionMode: police.Automatic.String(), FlowLevelControl: s.LevelControl.String(),
	}
}

func ddosTotals(s *police.Snapshot) *pb.DDoSTotals {
	return &pb.DDoSTotals{
		TypesViolated: count(s.TypesViolated), TypesWereViolated: count(s.TypesWereViolated), Violations: s.Violations,
		FlowsTracked: s.FlowsTracked, FlowsDetected: s.FlowsDetected, ReportsSuppressed: s.ReportsSuppressed,
		TableSize: s.Table.Size, TableUsed: s.Table.Used, TableEvicted: s.Table.Evicted,
		TableUntracked: s.Table.Untracked, TableAggregated: s.Table.Aggregated,
	}
}

// slotNames are the devices of the slots.
func slotNames(s *police.Snapshot) map[int]string {
	names := map[int]string{}
	for i := range s.Types {
		for _, l := range s.Types[i].Slots {
			names[l.Slot.Number] = l.Slot.Name
		}
	}
	return names
}

func culpritFlow(c *police.Culprit, names map[int]string) *pb.CulpritFlow {
	m := &pb.CulpritFlow{
		Group: c.Type.Group().String(), Title: c.Type.Group().Title(), Type: c.Type.Name(), Level: c.Level.String(), Id: c.ID,
		Slot: count(c.Slot), Interface: names[c.Slot], Local: text(c.Local),
		TunnelId: uint32(c.TunnelID), SessionId: uint32(c.SessionID), Caller: c.Caller,
		FoundUnix: unix(c.Found), LastViolationUnix: unix(c.LastViolation), Rate: c.Rate, Packets: c.Packets, Dropped: c.Dropped,
	}
	if c.Level == police.Subscriber {
		m.Peer = textPort(c.Peer)
	} else {
		m.Peer = text(c.Peer.Addr())
	}
	return m
}
