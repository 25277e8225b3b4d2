// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// ddosTable prints types a line each; busy: only those that have received packets.
func ddosTable(w io.Writer, a aspect, types []*pb.DDoSType, busy bool) {
	head, row := trafficTable, trafficRow
	switch a {
	case parameters:
		head, row = parametersTable, parametersRow
	case flowDetection:
		head, row = flowsTable, flowsRow
	}
	head(w)
	for _, t := range types {
		if !busy || t.GetSystem().GetReceived() > 0 {
			row(w, t)
		}
	}
}

const trafficColumns = "%-11s %-14s %-15s %-14s %-8s %-9s %s\n"

func trafficTable(w io.Writer) {
	fmt.Fprintf(w, trafficColumns, "Protocol", "Packet", "Received", "Dropped", "Rate", "Violation", "State")
	fmt.Fprintf(w, "%s\n", strings.TrimRight(fmt.Sprintf(strings.TrimSuffix(trafficColumns, "\n"),
		"group", "type", "(packets)", "(packets)", "(pps)", "counts", ""), " "))
}

func trafficRow(w io.Writer, t *pb.DDoSType) {
	n, state := t.GetSystem(), "ok"
	if isViolated(t.Violation) {
		state = "viol"
	}
	fmt.Fprintf(w, trafficColumns, t.Group, t.Type, fmt.Sprint(n.GetReceived()), fmt.Sprint(n.GetDropped()), fmt.Sprint(n.GetArrivalRate()),
		fmt.Sprint(t.GetViolation().GetCount()), state)
}

const parametersColumns = "%-11s %-14s %-9s %-7s %-8s %-9s %-8s %-6s %s\n"

func parametersTable(w io.Writer) {
	fmt.Fprintf(w, parametersColumns, "Protocol", "Packet", "Bandwidth", "Burst", "Priority", "Recover", "Policer", "Bypass", "FPC")
	fmt.Fprintf(w, parametersColumns, "group", "type", "(pps)", "(pkts)", "", "time(sec)", "enabled", "aggr.", "mod")
}

func parametersRow(w io.Writer, t *pb.DDoSType) {
	p := t.GetParameters()
	c := p.GetConfigured()
	bandwidth, burst, bypass := "--", "--", "--"
	if t.Policed {
		bandwidth, burst = star(fmt.Sprint(p.GetBandwidth()), c, "bandwidth"), star(fmt.Sprint(p.GetBurst()), c, "burst")
	}
	if !t.Aggregate {
		bypass = star(yes(p.GetBypassAggregate()), c, "bypass-aggregate")
	}
	fmt.Fprintf(w, parametersColumns, t.Group, t.Type, bandwidth, burst, star(capital(p.GetPriority()), c, "priority"),
		star(fmt.Sprint(p.GetRecoverSeconds()), c, "recover-time"), star(policerEnabled(t), c, "disable-routing-engine", "disable-fpc"),
		bypass, star(yes(star("", c, "fpc") != ""), c, "fpc"))
}

const flowsColumns = "%-11s %-14s %-10s %-7s %-7s %-7s %-8s %-7s %-8s %-8s %-8s %s\n"

func flowsTable(w io.Writer) {
	fmt.Fprintf(w, flowsColumns, "Protocol", "Packet", "Detection", "Detect", "Log", "Recover", "Timeout", "Timeout", "Subscr", "Logical", "Physical", "Found")
	fmt.Fprintf(w, flowsColumns, "group", "type", "mode", "time", "flows", "time", "flows", "time", "(pps)", "(pps)", "(pps)", "flows")
}

func flowsRow(w io.Writer, t *pb.DDoSType) {
	p := t.GetParameters()
	c := p.GetConfigured()
	rates := []string{"", "", ""}
	for i, l := range p.GetLevels() {
		if i < len(rates) {
			rates[i] = star(fmt.Sprint(l.Bandwidth), l.Configured, "flow-level-bandwidth")
		}
	}
	fmt.Fprintf(w, flowsColumns, t.Group, t.Type, star(capital(p.GetDetectionMode()), c, "flow-detection-mode"),
		star(fmt.Sprint(p.GetDetectSeconds()), c, "flow-detect-time"), star(yes(p.GetLogFlows()), c, "no-flow-logging"),
		star(fmt.Sprint(p.GetFlowRecoverSeconds()), c, "flow-recover-time"), star(yes(p.GetTimeoutActiveFlows()), c, "timeout-active-flows"),
		star(fmt.Sprint(p.GetFlowTimeoutSeconds()), c, "flow-timeout-time"), rates[0], rates[1], rates[2], fmt.Sprint(t.FlowsDetected))
}

// ddosViolations prints what is violated now, and where.
func ddosViolations(w io.Writer, types []*pb.DDoSType) {
	const columns = "%-11s %-14s %-10s %-10s %-10s %s\n"
	first := true
	for _, t := range types {
		if !isViolated(t.Violation) {
			continue
		}
		if first {
			first = false
			fmt.Fprintf(w, columns, "Protocol", "Packet", "Bandwidth", "Arrival", "Peak", "Policer bandwidth")
			fmt.Fprintf(w, columns, "group", "type", "(pps)", "rate(pps)", "rate(pps)", "violation detected at")
		}
		n := t.GetSystem()
		fmt.Fprintf(w, columns, t.Group, t.Type, fmt.Sprint(t.GetParameters().GetBandwidth()), fmt.Sprint(n.GetArrivalRate()),
			fmt.Sprint(n.GetMaxArrivalRate()), moment(t.GetViolation().GetStartUnix()))
		var places []string
		if isViolated(t.GetRoutingEngine().GetViolation()) {
			places = append(places, "RE")
		}
		for _, l := range t.Slots {
			if isViolated(l.Violation) {
				places = append(places, fmt.Sprintf("FPC-%d (%s)", l.Slot, or(l.Interface, "-")))
			}
		}
		fmt.Fprintf(w, "          Detected on: %s\n", strings.Join(places, ", "))
	}
}

// levelMarks are the levels of flows in three letters.
var levelMarks = map[string]string{"subscriber": "sub", "logical-interface": "ifl", "physical-interface": "ifd"}

// showCulprits is "show ddos-protection protocols ... culprit-flows".
func showCulprits(ctx context.Context, c *call, of *pb.PacketTypes) error {
	const columns = "%-11s %-14s %-15s %s\n"
	stream, err := c.client.ListCulpritFlows(ctx, connect.NewRequest(&pb.ListCulpritFlowsRequest{Types: of}))
	return show(c, "flows", rows(stream, err, (*pb.CulpritFlowPage).GetFlows), view[pb.CulpritFlow]{
		head: fmt.Sprintf(columns, "Protocol", "Packet", "Arriving", "Source Address") + fmt.Sprintf(columns, "group", "type", "Interface", "MAC or IP"),
		row: func(w io.Writer, f *pb.CulpritFlow) {
			fmt.Fprintf(w, columns, f.Group, f.Type, or(f.Interface, "-"), or(f.Peer, "--"))
			fmt.Fprintf(w, "  %s:%016x %s pps:%d pkts:%d\n", levelMarks[f.Level], f.Id, moment(f.FoundUnix), f.Rate, f.Packets)
			if c.query.level == detail {
				culpritLines(w, f)
			}
		},
	})
}

// culpritLines prints all that is known of a culprit flow.
func culpritLines(w io.Writer, f *pb.CulpritFlow) {
	line := func(name, value string) { fmt.Fprintf(w, "    %-22s %s\n", name+":", value) }
	line("Aggregation level", levelName(f.Level))
	line("FPC slot", fmt.Sprint(f.Slot))
	line("Destination address", or(f.Local, "--"))
	if f.TunnelId != 0 || f.SessionId != 0 {
		line("Tunnel and session id", fmt.Sprintf("%d, %d", f.TunnelId, f.SessionId))
	}
	if f.Caller != 0 {
		line("Caller", fmt.Sprintf("%016x", f.Caller))
	}
	line("Last violation", moment(f.LastViolationUnix))
	line("Dropped packets", fmt.Sprint(f.Dropped))
}
