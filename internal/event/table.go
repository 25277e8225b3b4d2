// SPDX-License-Identifier: Apache-2.0

package event

// Def declares one event.
type Def struct {
	Name   string  // as in the log; upper case, as operators know them
	Level  Level   // how much it matters
	Fields []Field // in the order of the line
	Rate   int     // lines a second that one shard writes; what is above is counted and told in the next line. 0: no limit
	Help   string  // what it means and what to do
}

// Rates. What peers can cause at will is held to a few lines a second; what
// happens once in the life of the daemon is not.
const (
	unlimited = 0
	perCall   = 100 // one for each log-in: at full speed there are thousands
	perTunnel = 50
	perFault  = 10 // a misbehaving or hostile peer decides how often

	perReport = 50_000 // the configuration says less: violation-report-rate, flow-report-rate
)

var (
	tunnelFields  = []Field{Shard, Group, LAC, Peer, Tunnel}
	flowFields    = []Field{Peer, Tunnel, Session, Name, Count, Text}
	sessionFields = []Field{Shard, Group, LAC, Peer, Tunnel, Session, User, Calling}
)

// with returns base and more as a slice of its own.
func with(base []Field, more ...Field) []Field {
	return append(append([]Field(nil), base...), more...)
}

// table has one row an event.
var table = [eventCount]Def{
	TunnelUp: {"L2TP_TUNNEL_UP", Info, tunnelFields, perTunnel,
		"A control connection is established."},
	TunnelDown: {"L2TP_TUNNEL_DOWN", Info, with(tunnelFields, Count, Err), perTunnel,
		"A control connection has ended, and with it its sessions (count)."},
	TunnelRefused: {"L2TP_TUNNEL_REFUSED", Warning, with(tunnelFields, Err), perFault,
		"An SCCRQ was answered with StopCCN: no access profile names this LAC, a limit is reached, or the LNS drains."},
	TunnelAuthenticationFailed: {"L2TP_TUNNEL_AUTHENTICATION_FAILED", Warning, with(tunnelFields, Err), perFault,
		"The LAC's Challenge Response is missing or wrong: compare the shared secrets."},
	SessionUp: {"L2TP_SESSION_UP", Info, with(sessionFields, Address), perCall,
		"A subscriber is on line: authenticated, addressed and forwarding."},
	SessionDown: {"L2TP_SESSION_DOWN", Info, with(sessionFields, Address, Err), perCall,
		"A session has ended."},
	SessionRefused: {"L2TP_SESSION_REFUSED", Warning, with(sessionFields, Err), perFault,
		"An incoming call was answered with CDN: a limit is reached, there is no resource, or the LNS drains."},
	AuthenticationFailed: {"PPP_AUTHENTICATION_FAILED", Warning, with(sessionFields, Err), perFault,
		"A subscriber was turned away: unknown user name or wrong password."},
	GrantRefused: {"AAA_GRANT_REFUSED", Warning, with(sessionFields, Name, Err), perFault,
		"RADIUS accepted a subscriber, and it was turned away because it cannot have what is granted (name): an unknown pool, routing instance or filter, a route that another session has, an attribute that makes no sense."},
	PoolExhausted: {"ADDRESS_POOL_EXHAUSTED", Error, []Field{Shard, Name, User}, perFault,
		"A subscriber got no address because the pool (name) and those linked to it are empty."},
	HalfOpenEvicted: {"L2TP_HALF_OPEN_EVICTED", Warning, tunnelFields, perFault,
		"A tunnel that was never established made room for a new one: more SCCRQs come in than are completed, which is what a flood looks like."},
	PeerAddressChanged: {"L2TP_PEER_ADDRESS_CHANGED", Info, tunnelFields, perTunnel,
		"The LAC sends from another address or port (peer) and the tunnel follows it (tx-address-change)."},
	PeerAddressChangeRejected: {"L2TP_PEER_ADDRESS_CHANGE_REJECTED", Warning, tunnelFields, perFault,
		"A tunnel was closed because its packets came from another address or port than its own (peer), which tx-address-change rejects."},
	Draining: {"L2TP_DRAINING", Info, []Field{Shard}, unlimited,
		"The LNS takes no new tunnels and sessions (services l2tp drain)."},
	ShardRecovered: {"SHARD_RECOVERED", Error, []Field{Shard, Tunnel, Session, Name, Err}, perFault,
		"A fault of the program was contained: the input that led to it was dropped and the shard goes on. Report it with the cause."},
	DaemonReady: {"DAEMON_READY", Info, []Field{Name, Count}, unlimited,
		"The LNS serves: the gateways are open, on count shards."},
	DaemonStopping: {"DAEMON_STOPPING", Info, []Field{Name, Count}, unlimited,
		"The LNS tells its tunnels (StopCCN) and ends."},
	ConfigurationLoaded: {"CONFIGURATION_LOADED", Info, []Field{Name}, unlimited,
		"The configuration file (name) is in force for what comes."},
	ConfigurationRejected: {"CONFIGURATION_REJECTED", Error, []Field{Name, Err}, unlimited,
		"The configuration file (name) was to be loaded again and is not sound, or asks for what only a restart can give. The one before stays in force."},
	PlaneFailed: {"PLANE_FAILED", Error, []Field{Shard, Name, Count, Err}, perFault,
		"The data plane (name) refused count sessions, or itself failed: they are not forwarded."},
	LogInsStalled: {"L2TP_LOG_INS_STALLED", Error, []Field{Shard, Name, Count}, unlimited,
		"Alarm, SET or CLEAR (name): for ten seconds many subscribers (count) have been in Init, and next to none has come up. Look at show services l2tp admission: what calls wait for (RADIUS, slots) is what is slow."},
	RADIUSStalled: {"RADIUS_STALLED", Error, []Field{Shard, Name, Count}, unlimited,
		"Alarm, SET or CLEAR (name): for ten seconds authentications (count) have waited while no request could be sent, because no server answers those that are out."},
	RADIUSServerDead: {"RADIUS_SERVER_DEAD", Error, []Field{Address, Name}, unlimited,
		"Nothing but timeouts has come of a RADIUS server (address) and its service (name) for the grace period. Requests go to the others; now and then one goes to it, to find out whether it is back."},
	RADIUSServerAlive: {"RADIUS_SERVER_ALIVE", Info, []Field{Address, Name}, unlimited,
		"A RADIUS server (address) and its service (name) that was dead has answered."},
	RADIUSSocketFailed: {"RADIUS_SOCKET_FAILED", Error, []Field{Address, Name, Err}, perFault,
		"There is no way to send to a RADIUS server (address) and its service (name): no socket with its source-address, or no connection over TLS. It is tried again; requests go to the other servers meanwhile."},
	AccountingRecovered: {"ACCOUNTING_RECOVERED", Warning, []Field{Count}, unlimited,
		"Sessions (count) were up when the daemon or the machine ended without notice. Their Stops (NAS-Reboot, with the counters of their last checkpoint) are in the queue."},
	AccountingDropped: {"ACCOUNTING_DROPPED", Error, []Field{Name, Count}, perFault,
		"Records (count) of a profile (name) were given up unsent, by max-pending-accounting-stops or max-withhold-time: its servers have not answered for long."},
	AccountingMalformed: {"ACCOUNTING_MALFORMED", Error, []Field{Name, Err}, perFault,
		"A record of a profile (name) cannot be made an Accounting-Request, or cannot be read from the spool. It is not sent."},
	AccountingSpoolFailed: {"ACCOUNTING_SPOOL_FAILED", Error, []Field{Name, Err}, perFault,
		"The file (name) that keeps accounting over restarts cannot be written or read, for instance because the disk is full. It is tried again until it can; until then records are in memory only."},
	AccountingSpoolWorks: {"ACCOUNTING_SPOOL_WORKS", Info, []Field{Name}, unlimited,
		"The file (name) is written again, and with it all that has gathered meanwhile."},
	DDoSViolationSet: {"DDOS_PROTOCOL_VIOLATION_SET", Warning, []Field{Name, Count, Text}, perReport,
		"A policer (name) has dropped for the first time since it was last at peace, for the count-th time in all. See show ddos-protection protocols violations."},
	DDoSViolationClear: {"DDOS_PROTOCOL_VIOLATION_CLEAR", Info, []Field{Name, Count, Text}, perReport,
		"A policer (name) has not dropped for its recover-time."},
	DDoSFlowFound: {"DDOS_SCFD_FLOW_FOUND", Warning, flowFields, perReport,
		"A flow of a packet type (name) has been above its bandwidth for the detect time, at count packets a second: a culprit, whose packets are controlled from now on. See show ddos-protection protocols culprit-flows."},
	DDoSFlowReturnNormal: {"DDOS_SCFD_FLOW_RETURN_NORMAL", Info, flowFields, perReport,
		"A culprit flow has kept within its bandwidth for the recover time and is let go."},
	DDoSFlowTimeout: {"DDOS_SCFD_FLOW_TIMEOUT", Info, flowFields, perReport,
		"A culprit flow was let go after the timeout time, whatever it does."},
	DDoSFlowCleared: {"DDOS_SCFD_FLOW_CLEARED", Info, flowFields, perReport,
		"A culprit flow was let go by an operator, or because flows are not looked for any more."},
	DDoSFlowAggregated: {"DDOS_SCFD_FLOW_AGGREGATED", Warning, []Field{Name, Count, Text}, perReport,
		"So many flows (count) of a packet type (name) were found that they are told apart one level less finely."},
	DDoSFlowDeaggregated: {"DDOS_SCFD_FLOW_DEAGGREGATED", Info, []Field{Name, Text}, perReport,
		"Flows of a packet type (name) are told apart as finely as configured again."},
}

// Def is the declaration of an event. An ID that is none has an empty one.
func (id ID) Def() Def {
	if id >= eventCount {
		return Def{}
	}
	return table[id]
}

// String is the name in the log.
func (id ID) String() string { return id.Def().Name }

// String is the level's name.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "unknown"
}

var levelNames = [...]string{Debug: "debug", Info: "info", Warning: "warning", Error: "error"}
