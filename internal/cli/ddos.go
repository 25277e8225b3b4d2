// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/police"
)

// aspect is what of the control plane's protection is shown.
type aspect uint8

const (
	everything aspect = iota
	parameters
	traffic
	violations
	flowDetection
	culpritFlows
)

// aspects are the args that choose one.
var aspects = []arg{
	aspectArg("parameters", "Policers and flow detection as configured", parameters),
	aspectArg("statistics", "Packets received and dropped, and violations", traffic),
	aspectArg("violations", "What is violated now, and where", violations),
	aspectArg("flow-detection", "Flow detection as configured, and flows found", flowDetection),
	aspectArg("culprit-flows", "Flows that are controlled", culpritFlows),
	{word: "brief", help: "A line each", group: "level", set: func(q *query, _ string) error { q.level = allRows; return nil }},
	{word: "detail", help: "All there is (default)", group: "level", set: func(q *query, _ string) error { q.level = detail; return nil }},
	{word: "terse", help: "A line each of those that have received packets", group: "level",
		set: func(q *query, _ string) error { q.level = busyRows; return nil }},
}

func aspectArg(word, help string, to aspect) arg {
	return arg{word: word, help: help, group: "aspect", set: func(q *query, _ string) error { q.aspect = to; return nil }}
}

// histories are the args that say what to clear.
var histories = []arg{
	historyArg("statistics", "Show statistics from zero; metrics go on", pb.DDoSHistory_DDOS_HISTORY_STATISTICS),
	historyArg("states", "Forget violations", pb.DDoSHistory_DDOS_HISTORY_STATES),
	historyArg("culprit-flows", "Let culprit flows go", pb.DDoSHistory_DDOS_HISTORY_CULPRIT_FLOWS),
	{word: "fpc-slot", value: "<slot>", help: "Of one slot only: culprit flows", set: setSlot},
}

func historyArg(word, help string, to pb.DDoSHistory) arg {
	return arg{word: word, help: help, group: "history", set: func(q *query, _ string) error { q.history = to; return nil }}
}

// ddosProtocols are the words "protocols GROUP TYPE" with the same args at each.
func ddosProtocols(help string, need string, args []arg, run func(*pb.PacketTypes) func(context.Context, *call) error) node {
	top := node{word: "protocols", help: help, args: args, need: need, run: run(&pb.PacketTypes{}), alike: "[GROUP [TYPE]]"}
	for _, g := range police.Groups() {
		group := node{word: g.String(), help: g.Aggregate().About(), args: args, need: need, run: run(&pb.PacketTypes{Group: g.String()})}
		for _, t := range g.Types() {
			of := &pb.PacketTypes{Group: g.String(), Type: t.Name()}
			group.sub = append(group.sub, node{word: t.Name(), help: t.About(), args: args, need: need, run: run(of)})
		}
		top.sub = append(top.sub, group)
	}
	return top
}

// showDDoS is "show ddos-protection protocols".
func showDDoS(of *pb.PacketTypes) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if c.query.aspect == culpritFlows && c.json {
			stream, err := c.client.ListCulpritFlows(ctx, connect.NewRequest(&pb.ListCulpritFlowsRequest{Types: of}))
			return showJSON(c, "flows", rows(stream, err, (*pb.CulpritFlowPage).GetFlows))
		}
		res, err := c.client.GetDDoSProtection(ctx, connect.NewRequest(&pb.GetDDoSProtectionRequest{Types: of}))
		if err != nil {
			return err
		}
		m := res.Msg
		if c.json {
			return showMessage(c, m)
		}
		tables, about := c.query.level == allRows || c.query.level == busyRows, c.query.aspect
		if tables && about == everything {
			about = traffic // what a line has room for
		}
		ddosHead(c.out, about, m.Types, of.Type != "")
		switch {
		case about == culpritFlows:
			return showCulprits(ctx, c, of)
		case about == violations:
			ddosViolations(c.out, m.Types)
		case tables:
			ddosTable(c.out, about, m.Types, c.query.level == busyRows)
		default:
			ddosDetail(c.out, about, m)
		}
		return nil
	}
}

// ddosHead counts what is shown. Of one type there is nothing to count but flows.
func ddosHead(w io.Writer, a aspect, types []*pb.DDoSType, one bool) {
	modified, busy, violated := 0, 0, 0
	var tracked, detected uint64
	for _, t := range types {
		modified += counted(changed(t.Parameters))
		busy += counted(t.System.GetReceived() > 0)
		violated += counted(isViolated(t.Violation))
		tracked += t.FlowsTracked
		detected += t.FlowsDetected
	}
	switch a {
	case everything:
		if !one {
			fmt.Fprintf(w, "Packet types: %d, Modified: %d, Received traffic: %d, Currently violated: %d\n", len(types), modified, busy, violated)
		}
	case parameters, flowDetection:
		fmt.Fprintf(w, "Packet types: %d, Modified: %d\n", len(types), modified)
	case traffic:
		fmt.Fprintf(w, "Packet types: %d, Received traffic: %d, Currently violated: %d\n", len(types), busy, violated)
	case violations:
		fmt.Fprintf(w, "Packet types: %d, Currently violated: %d\n", len(types), violated)
	}
	if a == everything || a == culpritFlows || a == flowDetection {
		fmt.Fprintf(w, "Currently tracked flows: %d, Total detected flows: %d\n", tracked, detected)
	}
	if a == everything || a == parameters || a == flowDetection {
		fmt.Fprintln(w, "* = User configured value")
	}
}

// counted is 1 for what is so.
func counted(b bool) int {
	if b {
		return 1
	}
	return 0
}

// changed reports whether the operator has written anything about a type.
func changed(p *pb.DDoSParameters) bool {
	return len(p.GetConfigured()) > 0 || slices.ContainsFunc(p.GetLevels(), func(l *pb.DDoSLevel) bool { return len(l.Configured) > 0 })
}

func isViolated(v *pb.DDoSViolation) bool {
	return v.GetState() == "is" || v.GetState() == "was-and-is"
}

// neverViolated is what most are.
func neverViolated(v *pb.DDoSViolation) bool { return v.GetState() == "never" }

// star marks a value that one of the statements has set.
func star(value string, configured []string, statements ...string) string {
	for _, s := range statements {
		if slices.Contains(configured, s) {
			return value + "*"
		}
	}
	return value
}

// clearDDoS is "clear ddos-protection protocols".
func clearDDoS(of *pb.PacketTypes) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		if c.query.history == pb.DDoSHistory_DDOS_HISTORY_UNSPECIFIED {
			return fmt.Errorf("say what to clear: statistics, states or culprit-flows")
		}
		res, err := c.client.ClearDDoSProtection(ctx, connect.NewRequest(&pb.ClearDDoSProtectionRequest{
			Types: of, What: c.query.history, Slots: c.query.slots,
		}))
		switch {
		case err != nil:
			return err
		case c.json:
			return showMessage(c, res.Msg)
		case c.query.history == pb.DDoSHistory_DDOS_HISTORY_CULPRIT_FLOWS:
			_, err = fmt.Fprintf(c.out, "Culprit flows cleared: %d\n", res.Msg.Flows)
		}
		return err
	}
}

// showDDoSStatistics is "show ddos-protection statistics".
func showDDoSStatistics(ctx context.Context, c *call) error {
	// The totals are of all types, whichever is asked for: one is enough.
	one := &pb.PacketTypes{Group: police.GroupL2TP.String(), Type: police.L2TPAggregate.Name()}
	res, err := c.client.GetDDoSProtection(ctx, connect.NewRequest(&pb.GetDDoSProtectionRequest{Types: one}))
	if err != nil {
		return err
	}
	s, t := res.Msg.GetSettings(), res.Msg.GetTotals()
	if c.json {
		return showMessage(c, &pb.DDoSProtection{Settings: s, Totals: t})
	}
	line := func(name string, value any) { fmt.Fprintf(c.out, "  %-35s %v\n", name, value) }
	fmt.Fprintln(c.out, "DDOS protection global statistics:")
	line("Policing on routing engine:", yes(s.GetRoutingEngine()))
	line("Policing on FPC:", yes(s.GetFpc()))
	line("Flow detection:", yes(s.GetFlowDetection()))
	line("Logging:", yes(s.GetLogging()))
	line("Policer violation report rate:", s.GetViolationReportRate())
	line("Flow report rate:", s.GetFlowReportRate())
	line("Default flow detection mode", capital(s.GetFlowDetectionMode()))
	line("Default flow level detection mode", capital(s.GetFlowLevelDetectionMode()))
	line("Default flow level control mode", capital(s.GetFlowLevelControl()))
	line("Currently violated packet types:", t.GetTypesViolated())
	line("Packet types have seen violations:", t.GetTypesWereViolated())
	line("Total violation counts:", t.GetViolations())
	line("Currently tracked flows:", t.GetFlowsTracked())
	line("Total detected flows:", t.GetFlowsDetected())
	line("Reports above the report rates:", t.GetReportsSuppressed())
	if t.GetTableSize() > 0 {
		line("Flow table:", fmt.Sprintf("%d of %d used", t.GetTableUsed(), t.GetTableSize()))
		line("Flows that made room for others:", t.GetTableEvicted())
		line("Packets whose flow found no room:", t.GetTableUntracked())
		line("Times flows were aggregated:", t.GetTableAggregated())
	}
	return nil
}
