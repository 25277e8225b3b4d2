// SPDX-License-Identifier: Apache-2.0

package cli

import pb "holdfast/internal/api/holdfastv1"

// commands is the tree of everything that can be typed.
func commands() *node {
	return &node{sub: []node{
		{word: "clear", help: "Close tunnels and sessions, begin statistics anew", sub: []node{
			{word: "ddos-protection", help: "Protection of the control plane", sub: []node{
				ddosProtocols("Packet types", "<statistics|states|culprit-flows>", histories, clearDDoS),
			}},
			{word: "network-access", help: "Authentication, authorisation, addresses", sub: []node{
				{word: "aaa", help: "Authentication, authorisation, accounting", sub: clearAAA()},
			}},
			{word: "services", help: "Services", sub: []node{
				{word: "l2tp", help: "Layer 2 Tunneling Protocol", sub: clearL2TP()},
			}},
		}},
		{word: "show", help: "Show what is there", sub: []node{
			{word: "chassis", help: "The computer", sub: []node{
				{word: "routing-engine", help: "Processors, memory, temperatures, load; takes a second", run: showRoutingEngine},
			}},
			{word: "ddos-protection", help: "Protection of the control plane", sub: []node{
				ddosProtocols("Packet types: policers, violations, flows", "", aspects, showDDoS),
				{word: "statistics", help: "Settings and counts of all together", run: showDDoSStatistics},
			}},
			{word: "network-access", help: "Authentication, authorisation, addresses", sub: showNetworkAccess()},
			{word: "services", help: "Services", sub: []node{
				{word: "l2tp", help: "Layer 2 Tunneling Protocol", sub: showL2TP()},
			}},
			showSubscribersNode(),
			{word: "system", help: "The daemon", sub: []node{
				{word: "alarms", help: "Alarms that are set", run: showAlarms},
				{word: "processes", help: "Memory and shards of the daemon", run: showProcess, sub: []node{
					{word: "extensive", help: "Who uses the processors: processes, and parts of the daemon (-: the whole has it); takes a second", run: showProcesses},
				}},
				{word: "uptime", help: "Since when the daemon runs", run: showUptime},
			}},
			{word: "version", help: "Version of the software", run: showVersion},
		}},
		{word: "test", help: "Try what would happen", sub: []node{
			{word: "aaa", help: "Authentication, authorisation, accounting", sub: []node{
				{word: "ppp", help: "Authenticate a PPP user who does not log in", args: testSelectors, need: "<user>", run: testLogin},
			}},
		}},
	}}
}

func showL2TP() []node {
	level := levels("A line each (default)", "A paragraph each", "All there is, with statistics", "Statistics only")
	return []node{
		{word: "admission", help: "Which calls are set up, and what they wait for", run: showAdmission,
			args: levels("All shards together (default)", "Each shard too, and all LACs")},
		{word: "call-history", help: "Calls that have ended, up or not, the newest first: who, when and why",
			args: join(levels("A line each (default)", "A paragraph each"), callSelectors), run: showCallHistory},
		{word: "client", help: "Clients of the access profiles: who may dial", args: one("Host name of the LAC, or default"), run: showClients},
		{word: "destination", help: "LAC addresses", args: join(level, destinationSelectors), run: showDestinations},
		{word: "session", help: "L2TP sessions", args: join(level, sessionSelectors), run: showSessions},
		{word: "summary", help: "Settings and counts", run: showSummary, args: []arg{{word: "statistics", help: "Control packets too",
			set: func(q *query, _ string) error { q.level = statistics; return nil }}}},
		{word: "tunnel", help: "L2TP tunnels", args: join(level, []arg{selectInterface}, tunnelSelectors), run: showTunnels},
		{word: "tunnel-group", help: "Tunnel groups", args: one("Name of the tunnel group"), run: showGroups},
	}
}

func showSubscribersNode() node {
	level := levels("A line each (default)", "A paragraph each", "All there is, with counters")
	level[0].word = "terse"
	level = append(level, arg{word: "count", help: "How many there are", group: "level",
		set: func(q *query, _ string) error { q.level = countOnly; return nil }})
	return node{word: "subscribers", help: "Subscribers", args: join(level, subscriberSelectors), run: showSubscribers, sub: []node{
		{word: "summary", help: "Counts by state and client type", run: showSubscribersSummary, args: []arg{
			{word: "all", help: "By routing instance too", group: "by", set: func(q *query, _ string) error { q.by = byAll; return nil }},
			{word: "port", help: "By service interface", group: "by", set: func(q *query, _ string) error { q.by = byPort; return nil }},
			selectRoutingInstance,
		}},
	}}
}

func showNetworkAccess() []node {
	pool := node{word: "pool", help: "Address pool", args: one("Name of the pool"), need: "<name>", run: showPool}
	counters := levels("The totals (default)", "All counters")
	return []node{
		{word: "aaa", help: "Authentication, authorisation, accounting, addresses", sub: []node{
			{word: "radius-servers", help: "RADIUS servers", args: levels("Ports and state (default)", "Counters too"), run: showServers},
			{word: "statistics", help: "What has been counted", sub: []node{
				{word: "accounting", help: "Accounting", args: counters, run: showAccounting},
				{word: "address-assignment", help: "Address pools", sub: []node{pool}},
				{word: "authentication", help: "Verdicts on subscribers", args: counters, run: showAuthentication},
				{word: "dynamic-requests", help: "CoA and Disconnect requests", args: counters, run: showDynamic},
				{word: "pending-accounting-stops", help: "Accounting that no server has taken yet",
					args: levels("How much there is (default)", "Each record"), run: showPending},
				{word: "radius", help: "Requests without an answer", run: showOutstanding},
				{word: "terminate-code", help: "Why sessions ended", run: showTerminateCodes},
			}},
			{word: "terminate-code", help: "Which Acct-Terminate-Cause each reason is reported as", args: families(), run: showTerminateMap},
			{word: "subscribers", help: "Who has been authenticated", run: showAAASubscribers,
				args: join(levels("A line each (default)", "A paragraph each"), aaaSelectors), sub: []node{
					{word: "statistics", help: "How many, by access profile", run: showAAASubscriberStatistics},
				}},
		}},
	}
}

func clearAAA() []node {
	return []node{
		{word: "statistics", help: "Show statistics from zero; metrics go on", sub: []node{
			{word: "accounting", help: "Accounting", run: clearStatistics(pb.AAAStatistics_AAA_STATISTICS_ACCOUNTING)},
			{word: "authentication", help: "Verdicts on subscribers", run: clearStatistics(pb.AAAStatistics_AAA_STATISTICS_AUTHENTICATION)},
			{word: "dynamic-requests", help: "CoA and Disconnect requests", run: clearStatistics(pb.AAAStatistics_AAA_STATISTICS_DYNAMIC_REQUESTS)},
			{word: "radius", help: "RADIUS servers", run: clearStatistics(pb.AAAStatistics_AAA_STATISTICS_RADIUS)},
			{word: "terminate-code", help: "Why sessions ended", run: clearStatistics(pb.AAAStatistics_AAA_STATISTICS_TERMINATE_CODE)},
		}},
		{word: "subscriber", help: "Terminate the sessions of a subscriber", args: aaaSelectors, need: "<selector>", run: clearSubscribers},
	}
}

func clearL2TP() []node {
	const need = "<all|selector>"
	everything := []arg{selectAll}
	return []node{
		{word: "destination", help: "Close all tunnels of a LAC address", args: join(everything, destinationSelectors), need: need, run: clearDestinations},
		{word: "session", help: "Terminate sessions", args: join(everything, sessionSelectors), need: need, run: clearSessions},
		{word: "tunnel", help: "Close tunnels", args: join(everything, tunnelSelectors), need: need, run: clearTunnels},
	}
}
