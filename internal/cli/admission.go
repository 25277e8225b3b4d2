// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// lacsShown is how many LACs are shown unless all are asked for.
const lacsShown = 10

// showAdmission is "show services l2tp admission".
func showAdmission(ctx context.Context, c *call) error {
	res, err := c.client.GetAdmission(ctx, connect.NewRequest(&pb.GetAdmissionRequest{}))
	if err != nil {
		return err
	}
	if c.json {
		return showMessage(c, res.Msg)
	}
	m, t, w := res.Msg, res.Msg.GetTotal(), c.out
	fmt.Fprintf(w, "Admission is %s\n", enabled(m.Enabled))
	alarmLines(w, m.Alarms)
	fmt.Fprintf(w, "Slots: %d, Calls in set-up: %d, Calls parked: %d\n", t.GetSlots(), t.GetInSetup(), t.GetParked())
	fmt.Fprintf(w, "Parked calls waited: p50 %s, p99 %s, oldest now %s\n", span(t.GetWaitP50Us()), span(t.GetWaitP99Us()), span(t.GetOldestWaitUs()))
	fmt.Fprintf(w, "Set-up took: p50 %s, p99 %s, floor %s\n", span(t.GetSetupP50Us()), span(t.GetSetupP99Us()), span(t.GetSetupLeastUs()))
	fmt.Fprintf(w, "RADIUS window: %d, In flight: %d, Waiting: %d%s\n", t.GetRadiusWindow(), t.GetRadiusInFlight(), t.GetRadiusQueued(), gate(t.GetGated()))
	fmt.Fprintf(w, "Stale work: %s (%d of %d steps)\n", percent(t.GetStepsWasted(), t.GetSteps()), t.GetStepsWasted(), t.GetSteps())
	callCounts(w, t)
	lacShares(w, m.Lacs, t.GetAdmitted(), c.query.level == detail)
	if len(m.Failed) > 0 {
		fmt.Fprintf(w, admissionLine, "Never up, by terminate reason", "Calls")
	}
	for _, f := range m.Failed {
		fmt.Fprintf(w, admissionLine, "  "+f.Name, fmt.Sprint(f.Count))
	}
	if c.query.level == detail {
		shardAdmission(w, m.Shards)
	}
	return nil
}

const admissionLine = "%-55s %12s\n"

// callCounts prints what became of calls.
func callCounts(w io.Writer, t *pb.AdmissionCounts) {
	fmt.Fprintf(w, admissionLine, "Since the start", "Calls")
	for _, l := range [...]struct {
		name  string
		count uint64
	}{
		{"Offered", t.GetOffered()},
		{"Admitted", t.GetAdmitted()},
		{"  Up", t.GetUp()},
		{"  Failed", t.GetFailed()},
		{"  Given up in set-up", t.GetWithdrawnInSetup()},
		{"    Of these, past their deadline", t.GetLateInSetup()},
		{"Withdrawn by the caller while parked", t.GetWithdrawnParked()},
		{"Refused: deadline passed", t.GetExpired()},
		{"Refused: line dialled again", t.GetSuperseded()},
		{"Refused: too many parked", t.GetCrowdedOut()},
		{"  Of the refused, without an answer", t.GetUnanswered()},
	} {
		fmt.Fprintf(w, admissionLine, "  "+l.name, fmt.Sprint(l.count))
	}
}

const lacColumns = "  %-39s %8s %12s %8s %9s\n"

// lacShares prints each LAC's part of the calls.
func lacShares(w io.Writer, lacs []*pb.LacShare, admitted uint64, all bool) {
	if len(lacs) == 0 {
		return
	}
	fmt.Fprintf(w, lacColumns, "LAC", "Parked", "Admitted", "Share", "Patience")
	for i, l := range lacs {
		if i == lacsShown && !all {
			fmt.Fprintf(w, "  (%d more: detail)\n", len(lacs)-lacsShown)
			return
		}
		fmt.Fprintf(w, lacColumns, l.Address, fmt.Sprint(l.Parked), fmt.Sprint(l.Admitted),
			percent(l.Admitted, admitted), milliseconds(uint64(l.PatienceMs)))
	}
}

const shardColumns = "  %5s %7s %9s %7s %9s %9s %10s %10s %10s %10s %10s %7s %7s\n"

// shardAdmission prints a line a shard.
func shardAdmission(w io.Writer, shards []*pb.AdmissionCounts) {
	fmt.Fprintf(w, shardColumns, "Shard", "Slots", "In set-up", "Parked", "Wait p50", "Wait p99", "Set-up p50", "Set-up p99",
		"Offered", "Admitted", "Up", "Stale", "RADIUS")
	for _, s := range shards {
		fmt.Fprintf(w, shardColumns, fmt.Sprint(s.Shard), fmt.Sprint(s.Slots), fmt.Sprint(s.InSetup), fmt.Sprint(s.Parked),
			span(s.WaitP50Us), span(s.WaitP99Us), span(s.SetupP50Us), span(s.SetupP99Us), fmt.Sprint(s.Offered), fmt.Sprint(s.Admitted), fmt.Sprint(s.Up),
			percent(s.StepsWasted, s.Steps), fmt.Sprint(s.RadiusWindow))
	}
}

// gate says that no call is begun for want of RADIUS.
func gate(closed bool) string {
	if closed {
		return ", no call is begun until there is room"
	}
	return ""
}

// showAlarms is "show system alarms".
func showAlarms(ctx context.Context, c *call) error {
	res, err := c.client.GetAlarms(ctx, connect.NewRequest(&pb.GetAlarmsRequest{}))
	if err != nil {
		return err
	}
	if c.json {
		return showMessage(c, res.Msg)
	}
	alarms := res.Msg.Alarms
	if len(alarms) == 0 {
		_, err := fmt.Fprintln(c.out, "No alarms currently active")
		return err
	}
	const columns = "%-24s %-6s %s\n"
	fmt.Fprintf(c.out, "%d alarms currently active\n", len(alarms))
	fmt.Fprintf(c.out, columns, "Alarm time", "Class", "Description")
	for _, a := range alarms {
		fmt.Fprintf(c.out, columns, moment(a.SinceUnix), "Major", alarmText(a))
	}
	return nil
}

// alarmLines prints the alarms that are set.
func alarmLines(w io.Writer, alarms []*pb.Alarm) {
	if len(alarms) == 0 {
		fmt.Fprintln(w, "Alarms: none")
	}
	for _, a := range alarms {
		fmt.Fprintf(w, "Alarm since %s: %s\n", moment(a.SinceUnix), alarmText(a))
	}
}

func alarmText(a *pb.Alarm) string {
	if a.Waiting == 0 { // it is about packets of the whole system
		return a.Description
	}
	return fmt.Sprintf("%s (shard %d, %d subscribers wait)", a.Description, a.Shard, a.Waiting)
}

// showCallHistory is "show services l2tp call-history".
func showCallHistory(ctx context.Context, c *call) error {
	stream, err := c.client.ListCallHistory(ctx, c.list())
	return show(c, "calls", rows(stream, err, (*pb.CallPage).GetCalls), callView(c.query.level))
}

const callColumns = "%-24s %-16s %-24s %-24s %9s %11s  %s\n"

func callView(l level) view[pb.Call] {
	if l == brief {
		return view[pb.Call]{
			head: fmt.Sprintf(callColumns, "Ended", "Calling number", "User name", "LAC", "Parked", "In all", "Why"),
			row: func(w io.Writer, h *pb.Call) {
				fmt.Fprintf(w, callColumns, moment(h.EndedUnix), or(h.CallingNumber, "-"), or(h.UserName, "-"), or(h.PeerName, h.PeerGateway),
					milliseconds(uint64(h.ParkedMs)), milliseconds(h.LastedMs), h.Cause)
			},
		}
	}
	return view[pb.Call]{row: func(w io.Writer, h *pb.Call) {
		fmt.Fprintf(w, "Call ended: %s\n", moment(h.EndedUnix))
		fmt.Fprintf(w, "  Terminate reason: %s\n", h.Cause)
		fmt.Fprintf(w, "  Was up: %s, Parked: %s, In all: %s\n", yes(h.WasUp), milliseconds(uint64(h.ParkedMs)), milliseconds(h.LastedMs))
		fmt.Fprintf(w, "  Calling number: %s, Agent circuit ID: %s\n", or(h.CallingNumber, "none"), or(h.AgentCircuitId, "none"))
		fmt.Fprintf(w, "  User name: %s\n", or(h.UserName, "none"))
		fmt.Fprintf(w, "  LAC: %s, Remote IP: %s, Tunnel group: %s\n", or(h.PeerName, "unknown"), or(h.PeerGateway, "unknown"), h.Group)
		fmt.Fprintf(w, "  Tunnel local ID: %d, Session local ID: %d, Shard: %d\n", h.TunnelLocalId, h.SessionLocalId, h.Shard)
	}}
}
