// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"

	pb "holdfast/internal/api/holdfastv1"
)

// ddosDetail prints types at length, under their groups.
func ddosDetail(w io.Writer, a aspect, m *pb.DDoSProtection) {
	group := ""
	for _, t := range m.Types {
		fmt.Fprintln(w)
		if t.Group != group {
			group = t.Group
			fmt.Fprintf(w, "Protocol Group: %s\n\n", t.Title)
		}
		fmt.Fprintf(w, "  Packet type: %s (%s)\n", t.Type, t.About)
		if a == everything || a == parameters {
			policerConfiguration(w, t)
		}
		if a != traffic {
			// At length there are only the lines that operators know; "State" says it there.
			flowConfiguration(w, t, a != everything && !m.GetSettings().GetFlowDetection())
		}
		if a == everything || a == traffic {
			systemWide(w, t)
		}
		fmt.Fprintln(w, "    Routing Engine information:")
		routingEngine(w, a, t)
		for _, l := range t.Slots {
			fmt.Fprintf(w, "    FPC slot %d information:\n", l.Slot)
			fpcSlot(w, a, t, l)
		}
	}
}

// policerConfiguration prints what a policer allows.
func policerConfiguration(w io.Writer, t *pb.DDoSType) {
	p := t.GetParameters()
	line := func(name, value string, statements ...string) {
		fmt.Fprintf(w, "      %-17s %s\n", name+":", star(value, p.GetConfigured(), statements...))
	}
	bandwidth, burst := fmt.Sprintf("%d pps", p.GetBandwidth()), fmt.Sprintf("%d packets", p.GetBurst())
	if !t.Policed {
		bandwidth, burst = "none: only the aggregate's", "none: only the aggregate's"
	}
	fmt.Fprintf(w, "    %s policer configuration:\n", policerName(t, "Individual"))
	line("Bandwidth", bandwidth, "bandwidth")
	line("Burst", burst, "burst")
	if !t.Aggregate {
		line("Priority", capital(p.GetPriority()), "priority")
	}
	line("Recover time", fmt.Sprintf("%d seconds", p.GetRecoverSeconds()), "recover-time")
	line("Enabled", policerEnabled(t), "disable-routing-engine", "disable-fpc")
	if !t.Aggregate {
		line("Bypass aggregate", yes(p.GetBypassAggregate()), "bypass-aggregate")
	}
}

// policerEnabled says where a policer acts.
func policerEnabled(t *pb.DDoSType) string {
	p := t.GetParameters()
	switch {
	case !t.Policed || !p.GetRoutingEngine() && !p.GetFpc():
		return "No"
	case p.GetRoutingEngine() && p.GetFpc():
		return "Yes"
	}
	return "Partial"
}

// policerName is what a type's policer is called.
func policerName(t *pb.DDoSType, other string) string {
	if t.Aggregate {
		return "Aggregate"
	}
	return other
}

// levelName is a level of flows in words: "Logical interface".
func levelName(level string) string { return capital(strings.ReplaceAll(level, "-", " ")) }

// flowConfiguration prints how flows are detected.
func flowConfiguration(w io.Writer, t *pb.DDoSType, off bool) {
	p := t.GetParameters()
	c := p.GetConfigured()
	seconds := func(n uint32, statement string) string { return star(fmt.Sprintf("%d seconds", n), c, statement) }
	const line = "      %-15s %-10s %-13s %s\n"
	fmt.Fprintln(w, "    Flow detection configuration:")
	if off {
		fmt.Fprintln(w, "      Flow detection system is off")
	}
	fmt.Fprintf(w, line, "Detection mode:", star(capital(p.GetDetectionMode()), c, "flow-detection-mode"),
		"Detect time:", seconds(p.GetDetectSeconds(), "flow-detect-time"))
	fmt.Fprintf(w, line, "Log flows:", star(yes(p.GetLogFlows()), c, "no-flow-logging"),
		"Recover time:", seconds(p.GetFlowRecoverSeconds(), "flow-recover-time"))
	fmt.Fprintf(w, line, "Timeout flows:", star(yes(p.GetTimeoutActiveFlows()), c, "timeout-active-flows"),
		"Timeout time:", seconds(p.GetFlowTimeoutSeconds(), "flow-timeout-time"))
	fmt.Fprintln(w, "      Flow aggregation level configuration:")
	const columns = "        %-19s %-15s %-13s %s\n"
	fmt.Fprintf(w, columns, "Aggregation level", "Detection mode", "Control mode", "Flow rate")
	for _, l := range p.GetLevels() {
		fmt.Fprintf(w, columns, levelName(l.Level), star(capital(l.DetectionMode), l.Configured, "flow-level-detection"),
			star(capital(l.Control), l.Configured, "flow-level-control"),
			star(fmt.Sprintf("%d pps", l.Bandwidth), l.Configured, "flow-level-bandwidth"))
	}
}

// systemWide prints what all places together have seen.
func systemWide(w io.Writer, t *pb.DDoSType) {
	v := t.GetViolation()
	fmt.Fprintln(w, "    System-wide information:")
	name := policerName(t, "Bandwidth")
	if t.Aggregate {
		name += " bandwidth"
	}
	switch {
	case isViolated(v):
		fmt.Fprintf(w, "      %s is being violated!\n", name)
		fmt.Fprintf(w, "        No. of FPCs currently receiving excess traffic: %d\n", t.SlotsViolated)
	case neverViolated(v):
		fmt.Fprintf(w, "      %s is never violated\n", name)
	default:
		fmt.Fprintf(w, "      %s is no longer being violated\n", name)
	}
	if !neverViolated(v) {
		fmt.Fprintf(w, "        No. of FPCs that have received excess traffic:  %d\n", t.SlotsWereViolated)
		violationTimes(w, v)
	}
	trafficLines(w, t.GetSystem())
}

// violationTimes prints when a violation was, or is.
func violationTimes(w io.Writer, v *pb.DDoSViolation) {
	line := func(name, value string) { fmt.Fprintf(w, "        %-29s %s\n", name+":", value) }
	first, last, during := "Last violation started at", "Last violation ended at", "Duration of last violation"
	if isViolated(v) {
		first, last, during = "Violation first detected at", "Violation last seen at", "Duration of violation"
	}
	line(first, moment(v.GetStartUnix()))
	line(last, moment(v.GetLastUnix()))
	line(during, clock(uint32(max(v.GetLastUnix()-v.GetStartUnix(), 0))))
	line("Number of violations", fmt.Sprint(v.GetCount()))
}

// trafficLines prints what came by.
func trafficLines(w io.Writer, t *pb.DDoSTraffic) {
	const line = "      %-10s %-19d %-17s %d pps\n"
	fmt.Fprintf(w, line, "Received:", t.GetReceived(), "Arrival rate:", t.GetArrivalRate())
	fmt.Fprintf(w, line, "Dropped:", t.GetDropped(), "Max arrival rate:", t.GetMaxArrivalRate())
}

// policerState prints whether a policer is violated.
func policerState(w io.Writer, t *pb.DDoSType, v *pb.DDoSViolation) {
	name := "Policer"
	if t.Aggregate {
		name = "Aggregate policer"
	}
	switch {
	case isViolated(v):
		fmt.Fprintf(w, "      %s is currently being violated!\n", name)
	case neverViolated(v):
		fmt.Fprintf(w, "      %s is never violated\n", name)
		return
	default:
		fmt.Fprintf(w, "      %s is no longer being violated\n", name)
	}
	violationTimes(w, v)
}

// drops prints who has dropped. The policer of an aggregate has no individual
// drops of its own: those are of the group's types.
func drops(w io.Writer, t *pb.DDoSType, n *pb.DDoSTraffic, aggregate, flows bool) {
	line := func(name string, n uint64) { fmt.Fprintf(w, "        %-31s %d\n", "Dropped by "+name+":", n) }
	if t.Aggregate {
		line("individual policers", n.GetDroppedIndividual())
	} else {
		line("this policer", n.GetDroppedIndividual())
	}
	if aggregate {
		line("aggregate policer", n.GetDroppedAggregate())
	}
	if flows {
		line("flow suppression", n.GetDroppedFlow())
	}
}

// routingEngine prints the policer of the host.
func routingEngine(w io.Writer, a aspect, t *pb.DDoSType) {
	l := t.GetRoutingEngine()
	if a != traffic && a != flowDetection {
		fmt.Fprintf(w, "      Bandwidth: %d pps, Burst: %d packets, %s\n", l.GetBandwidth(), l.GetBurst(), strings.ToLower(enabled(l.GetEnabled())))
	}
	if a != everything && a != traffic {
		return
	}
	policerState(w, t, l.GetViolation())
	trafficLines(w, l.GetTraffic())
	drops(w, t, l.GetTraffic(), true, false)
}

// fpcSlot prints the policer of one ingress device. Where nothing has ever been
// above the bandwidth there is less to say.
func fpcSlot(w io.Writer, a aspect, t *pb.DDoSType, l *pb.DDoSLocation) {
	if a == parameters || a == flowDetection {
		fmt.Fprintf(w, "      Ingress interface: %s\n", or(l.Interface, "-"))
	}
	if a == everything || a == parameters {
		fmt.Fprintf(w, "      Bandwidth: %d%% (%d pps), Burst: %d%% (%d packets), %s\n",
			l.BandwidthScale, l.Bandwidth, l.BurstScale, l.Burst, strings.ToLower(enabled(l.Enabled)))
	}
	quiet := neverViolated(l.GetViolation()) && l.GetTraffic().GetDroppedAggregate() == 0
	if a == everything || a == traffic {
		policerState(w, t, l.GetViolation())
		trafficLines(w, l.GetTraffic())
		drops(w, t, l.GetTraffic(), !quiet, true)
	}
	if a == flowDetection || a == everything && (!quiet || found(l)) {
		flowCounts(w, l)
	}
}

// found reports whether a slot has had culprits.
func found(l *pb.DDoSLocation) bool {
	for _, f := range l.Flows {
		if f.Detected > 0 || f.Current > 0 {
			return true
		}
	}
	return false
}

// flowCounts prints how many culprits there are and have been.
func flowCounts(w io.Writer, l *pb.DDoSLocation) {
	const columns = "        %-21s %-13s %-16s %s\n"
	fmt.Fprintln(w, "      Flow counts:")
	fmt.Fprintf(w, columns, "Aggregation level", "Current", "Total detected", "State")
	for _, f := range l.Flows {
		state := "Off"
		if f.Active {
			state = "Active"
		}
		fmt.Fprintf(w, columns, capital(f.Level), fmt.Sprint(f.Current), fmt.Sprint(f.Detected), state)
	}
}
