// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// showAccounting is "show network-access aaa statistics accounting".
func showAccounting(ctx context.Context, c *call) error {
	res, err := c.client.GetAccounting(ctx, connect.NewRequest(&pb.GetAccountingRequest{}))
	if err != nil {
		return err
	}
	a := res.Msg
	if c.json {
		return showMessage(c, a)
	}
	fmt.Fprintln(c.out, "Accounting module statistics")
	accountingCounts(c, "Requests received", "requests", a.Requests)
	statisticLine(c.out, "Accounting response failures", a.Failures)
	accountingCounts(c, "Accounting response success", "responses", a.Responses)
	statisticLine(c.out, "Timed out requests", a.Timeouts)
	statisticLine(c.out, "Accounting starts pending", uint64(a.PendingStarts))
	statisticLine(c.out, "Accounting stops pending", uint64(a.PendingStops))
	if c.query.level == detail {
		statisticLine(c.out, "Changes not on disk yet", uint64(a.Unwritten))
	}
	statisticLines(c, a.Details)
	return nil
}

// accountingCounts prints a number, and in detail that of each type.
func accountingCounts(c *call, name, what string, n *pb.AccountingCounts) {
	statisticLine(c.out, name, n.GetTotal())
	if c.query.level != detail {
		return
	}
	statisticLine(c.out, "  Accounting on "+what, n.GetOn())
	statisticLine(c.out, "  Accounting off "+what, n.GetOff())
	statisticLine(c.out, "  Accounting start "+what, n.GetStart())
	statisticLine(c.out, "  Accounting interim "+what, n.GetInterim())
	statisticLine(c.out, "  Accounting stop "+what, n.GetStop())
}

// accountingServers says which servers of a profile are meant.
func accountingServers(duplicate bool) string {
	if duplicate {
		return "duplicate"
	}
	return "accounting"
}

// showPending is "show network-access aaa statistics pending-accounting-stops".
func showPending(ctx context.Context, c *call) error {
	if c.query.level == detail {
		return showPendingRecords(ctx, c)
	}
	res, err := c.client.GetPendingStops(ctx, connect.NewRequest(&pb.GetPendingStopsRequest{}))
	if err != nil {
		return err
	}
	m := res.Msg
	if c.json {
		return showMessage(c, m)
	}
	const columns = "%-20s %-10s %8s %8s %9s %12s %8s  %s\n"
	if len(m.Profiles) > 0 {
		fmt.Fprintf(c.out, "At most %d, for at most %d minutes\n", m.Maximum, m.WithholdMinutes)
		fmt.Fprintf(c.out, columns, "Access-profile", "Servers", "Starts", "Stops", "In flight", "Oldest", "Dropped", "State")
	}
	for _, p := range m.Profiles {
		fmt.Fprintf(c.out, columns, p.Profile, accountingServers(p.Duplicate), fmt.Sprint(p.Starts), fmt.Sprint(p.Stops), fmt.Sprint(p.InFlight),
			clock(p.OldestSeconds), fmt.Sprint(p.Dropped), p.State)
	}
	return nil
}

// showPendingRecords prints the records that wait longest.
func showPendingRecords(ctx context.Context, c *call) error {
	const columns = "%-30s %-12s %-20s %-10s %-6s %6s  %s\n"
	stream, err := c.client.ListPendingRecords(ctx, connect.NewRequest(&pb.ListPendingRecordsRequest{}))
	return show(c, "records", rows(stream, err, (*pb.PendingRecordPage).GetRecords), view[pb.PendingRecord]{
		head: fmt.Sprintf(columns, "Username", "Session-ID", "Access-profile", "Servers", "Type", "Cause", "Time"),
		row: func(w io.Writer, p *pb.PendingRecord) {
			cause := "-"
			if p.TerminateCause != 0 {
				cause = fmt.Sprint(p.TerminateCause)
			}
			fmt.Fprintf(w, columns, or(p.UserName, "-"), fmt.Sprint(p.SessionId), p.Profile, accountingServers(p.Duplicate), p.Type, cause, moment(p.AtUnix))
		},
	})
}
