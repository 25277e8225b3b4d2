// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// accounting asks for the statistics of accounting.
func accounting(ctx context.Context, c *call) (*pb.AccountingStatistics, error) {
	res, err := c.client.GetAccounting(ctx, connect.NewRequest(&pb.GetAccountingRequest{}))
	if err != nil {
		return nil, err
	}
	return res.Msg, nil
}

// showAccounting is "show network-access aaa statistics accounting".
func showAccounting(ctx context.Context, c *call) error {
	a, err := accounting(ctx, c)
	switch {
	case err != nil:
		return err
	case c.json:
		return showMessage(c, a)
	}
	fmt.Fprintln(c.out, "Accounting module statistics")
	statisticLine(c.out, "Requests received", a.Requests)
	if c.query.level == detail {
		statisticLine(c.out, "  Accounting on requests", a.OnRequests)
		statisticLine(c.out, "  Accounting off requests", a.OffRequests)
		statisticLine(c.out, "  Accounting start requests", a.StartRequests)
		statisticLine(c.out, "  Accounting interim requests", a.InterimRequests)
		statisticLine(c.out, "  Accounting stop requests", a.StopRequests)
	}
	statisticLine(c.out, "Accounting response failures", a.Failures)
	statisticLine(c.out, "Accounting response success", a.Responses)
	statisticLine(c.out, "Timed out requests", a.Timeouts)
	statisticLine(c.out, "Pending accounting records", uint64(a.Pending))
	statisticLine(c.out, "Open sessions on disk", uint64(a.OpenSessions))
	statisticLines(c, a.Details)
	return nil
}

// showPending is "show network-access aaa statistics pending-accounting-stops".
func showPending(ctx context.Context, c *call) error {
	if c.query.level == detail {
		return showPendingRecords(ctx, c)
	}
	a, err := accounting(ctx, c)
	switch {
	case err != nil:
		return err
	case c.json:
		return showMessage(c, a)
	}
	fmt.Fprintf(c.out, "Pending accounting records: %d\n", a.Pending)
	if a.OldestUnix != 0 {
		fmt.Fprintf(c.out, "Oldest: %s\n", moment(a.OldestUnix))
	}
	return nil
}

// showPendingRecords prints each record.
func showPendingRecords(ctx context.Context, c *call) error {
	const columns = "%-30s %-24s %-20s %-6s %-26s %s\n"
	stream, err := c.client.ListPendingStops(ctx, connect.NewRequest(&pb.ListPendingStopsRequest{}))
	return show(c, "pending", rows(stream, err, (*pb.PendingStopPage).GetStops), view[pb.PendingStop]{
		head: fmt.Sprintf(columns, "Username", "Accounting Session ID", "Access-profile", "Type", "Time", "Waits for"),
		row: func(w io.Writer, p *pb.PendingStop) {
			fmt.Fprintf(w, columns, or(p.UserName, "-"), p.SessionId, p.Profile, p.Kind, moment(p.AtUnix), p.WaitsFor)
		},
	})
}
