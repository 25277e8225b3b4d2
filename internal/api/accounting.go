// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	"holdfast/internal/aaa"
	pb "holdfast/internal/api/holdfastv1"
)

// recordsShown is how many records of a profile are shown at most: accounting
// waits while they are read.
const recordsShown = 1000

func (s *Server) accounting(ctx context.Context) (*pb.AccountingStatistics, error) {
	_, servers, err := s.radius(ctx)
	if err != nil {
		return nil, err
	}
	m := &pb.AccountingStatistics{Timeouts: servers.accounting.Timeouts}
	r := &servers.accounting
	details := []total{
		{"Accounting rollover requests", r.Rollovers},
		{"Accounting retransmissions", r.Retransmissions},
		{"Accounting malformed responses", r.Malformed},
		{"Accounting bad authenticators", r.BadAuthenticators},
		{"Accounting unknown responses", r.UnknownTypes},
		{"Accounting packets dropped", r.Dropped + r.WrongSource},
	}
	if a := s.backend.Accounting(); a != nil {
		c := a.Statistics()
		m.Requests, m.Responses = accountingCounts(&c.Requests), accountingCounts(&c.Responses)
		m.Failures = c.TimedOut + c.InterimsDropped + c.DroppedStarts + c.DroppedStops + c.Malformed
		m.PendingStarts, m.PendingStops, m.Unwritten = count(c.PendingStarts), count(c.PendingStops), count(c.Unwritten)
		details = append(details, spoolDetails(&c)...)
	}
	m.Details = totals(details)
	return m, nil
}

// spoolDetails is what became of records on the way to the disk and from it.
func spoolDetails(c *aaa.AccountingStatistics) []total {
	return []total{
		{"Interim updates timed out", c.TimedOut},
		{"Interim updates made needless by a newer record", c.InterimsReplaced},
		{"Interim updates dropped", c.InterimsDropped},
		{"Starts dropped by a bound", c.DroppedStarts},
		{"Stops dropped by a bound", c.DroppedStops},
		{"Records that no request could be made of", c.Malformed},
		{"Records left to the next boot", c.Deferred},
		{"Starts recovered from an earlier boot", c.RecoveredStarts},
		{"Stops recovered from an earlier boot", c.RecoveredStops},
		{"Sessions opened on disk", c.OpenRecords},
		{"Sessions discarded before they were up", c.DiscardRecords},
		{"Checkpoints", c.CheckpointRecords},
		{"Checkpoints dropped", c.CheckpointsDropped},
		{"Writes to disk", c.Commits},
	}
}

func accountingCounts(c *aaa.AccountingCounts) *pb.AccountingCounts {
	return &pb.AccountingCounts{On: c.On, Off: c.Off, Start: c.Start, Interim: c.Interim, Stop: c.Stop, Total: c.Sum()}
}

// GetPendingStops counts the accounting that no server has taken yet.
func (s *Server) GetPendingStops(context.Context, *connect.Request[pb.GetPendingStopsRequest]) (*connect.Response[pb.PendingStopsList], error) {
	m := &pb.PendingStopsList{}
	a := s.backend.Accounting()
	if a == nil {
		return connect.NewResponse(m), nil
	}
	c := a.Statistics()
	m.Maximum, m.WithholdMinutes = count(c.PendingStopsMax), count(int(c.WithholdMax/time.Minute))
	for _, p := range a.Pending() {
		m.Profiles = append(m.Profiles, &pb.PendingStops{
			Profile: p.Profile, Duplicate: p.Duplicate, Starts: count(p.Starts), Stops: count(p.Stops), InFlight: count(p.InFlight),
			OldestSeconds: seconds(p.Oldest), Dropped: p.Dropped, State: p.State.String(),
		})
	}
	return connect.NewResponse(m), nil
}

// ListPendingRecords shows the accounting that no server has taken yet.
func (s *Server) ListPendingRecords(_ context.Context, _ *connect.Request[pb.ListPendingRecordsRequest], out *connect.ServerStream[pb.PendingRecordPage],
) error {
	a := s.backend.Accounting()
	if a == nil {
		return nil
	}
	for list := range slices.Chunk(a.Records(recordsShown), pageRows) {
		page := &pb.PendingRecordPage{}
		for i := range list {
			page.Records = append(page.Records, pendingRecord(&list[i]))
		}
		if err := out.Send(page); err != nil {
			return err
		}
	}
	return nil
}

func pendingRecord(p *aaa.PendingRecord) *pb.PendingRecord {
	m := &pb.PendingRecord{
		UserName: clean(p.User), SessionId: p.SessionID, Profile: p.Profile, Duplicate: p.Duplicate,
		Type: "Start", AtUnix: unix(p.At), TerminateCause: p.Terminate,
	}
	if p.Stop {
		m.Type = "Stop"
	}
	return m
}
