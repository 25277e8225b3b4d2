// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

func (s *Server) accounting(ctx context.Context) (*pb.AccountingStatistics, error) {
	m := &pb.AccountingStatistics{}
	a := s.backend.AAA()
	if a == nil {
		return m, nil
	}
	_, servers, err := s.servers(ctx)
	if err != nil {
		return nil, err
	}
	state, err := a.Accounting(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	r := &servers.accounting
	m.Responses, m.Timeouts = r.Responses, r.Timeouts
	details := []Total{
		{"Retransmissions", r.Retransmissions},
		{"Rollover requests", r.Rollovers},
		{"Malformed responses", r.Malformed},
		{"Bad authenticators", r.BadAuthenticators},
		{"Unknown responses", r.UnknownTypes},
		{"Packets dropped", r.Dropped + r.WrongSource},
	}
	if state != nil {
		m.OnRequests, m.OffRequests, m.StartRequests, m.InterimRequests, m.StopRequests = state.On, state.Off, state.Starts, state.Interims, state.Stops
		m.Requests = state.On + state.Off + state.Starts + state.Interims + state.Stops
		m.Failures = state.Failures
		m.Pending, m.OldestUnix, m.OpenSessions = count(state.Pending), unix(state.Oldest), count(state.Open)
		details = append(details, state.Details...)
	}
	m.Details = totals(details)
	return m, nil
}

// ListPendingStops shows the accounting that waits on disk.
func (s *Server) ListPendingStops(ctx context.Context, _ *connect.Request[pb.ListPendingStopsRequest], out *connect.ServerStream[pb.PendingStopPage]) error {
	a := s.backend.AAA()
	if a == nil {
		return nil
	}
	return a.Pending(ctx, func(list []PendingStop) error {
		page := &pb.PendingStopPage{}
		for i := range list {
			page.Stops = append(page.Stops, pendingStop(&list[i]))
		}
		return send(out, page, len(list))
	})
}

func pendingStop(p *PendingStop) *pb.PendingStop {
	m := &pb.PendingStop{
		UserName: clean(p.User), SessionId: p.SessionID, Profile: p.Profile, Kind: p.Kind, AtUnix: unix(p.At), WaitsFor: "accounting servers",
	}
	if p.Duplicate {
		m.WaitsFor = "duplicate servers"
	}
	return m
}
