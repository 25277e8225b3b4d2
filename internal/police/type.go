// SPDX-License-Identifier: Apache-2.0

package police

// Group is a family of packet types that share an aggregate policer.
type Group uint8

// Groups.
const (
	GroupL2TP   Group = iota // control messages of L2TP, and what is no L2TP at all
	GroupPPP                 // PPP control inside data messages
	GroupRADIUS              // what RADIUS servers send us
	groups
)

// Groups lists them in the order in which they are shown.
func Groups() []Group { return []Group{GroupL2TP, GroupPPP, GroupRADIUS} }

var groupNames = [groups]struct{ name, title string }{
	GroupL2TP: {"l2tp", "L2TP"}, GroupPPP: {"ppp", "PPP"}, GroupRADIUS: {"radius", "RADIUS"},
}

// String is the name in configuration: l2tp, ppp, radius.
func (g Group) String() string { return groupNames[g].name }

// Title is the name in show output: L2TP, PPP, RADIUS.
func (g Group) Title() string { return groupNames[g].title }

// Aggregate is the type that stands for all packets of the group.
func (g Group) Aggregate() Type { return [groups]Type{L2TPAggregate, PPPAggregate, RADIUSAggregate}[g] }

// Types lists the group's types, the aggregate first.
func (g Group) Types() []Type {
	var types []Type
	for t := None + 1; t < typeCount; t++ {
		if t.Group() == g {
			types = append(types, t)
		}
	}
	return types
}

// Type is a packet type: what one policer is about. The numbers are those of
// the data plane too, so new ones go to the end.
type Type uint8

// Packet types. None is what needs no policer: a subscriber's own packets.
const (
	None Type = iota
	L2TPAggregate
	SCCRQ
	SCCRP
	SCCCN
	StopCCN
	Hello
	ICRQ
	ICRP
	ICCN
	CDN
	ZLB
	WEN
	SLI
	FSQ
	FSR
	L2TPUnclassified // control messages of other types
	BadPacket        // no L2TP that we could read
	PPPAggregate
	LCP // but for the echoes
	Authentication
	IPCP
	IPV6CP
	EchoRequest
	EchoReply
	PPPUnclassified // any protocol that is neither of the above nor IP
	RADIUSAggregate
	RADIUSServer // not known to be one of the two below
	RADIUSAccounting
	RADIUSAuthorization
	typeCount

	typeBits  = 5 // a row of the tables has room for 1<<typeBits types
	typeSpace = 1 << typeBits
)

// Priority says who loses first when an aggregate runs dry.
type Priority uint8

// Priorities.
const (
	PriorityLow Priority = iota
	PriorityMedium
	PriorityHigh
	priorities
)

// String is the name in configuration.
func (p Priority) String() string { return [priorities]string{"low", "medium", "high"}[p] }

// kinds is what does not change about each type. High priority has what keeps
// alive or takes down what stands, and what ends a set-up that has cost us
// already; low what anybody can send without being known.
var kinds = [typeCount]struct {
	group    Group
	name     string
	about    string
	priority Priority
}{
	L2TPAggregate:    {GroupL2TP, "aggregate", "Aggregate for all L2TP traffic", PriorityMedium},
	SCCRQ:            {GroupL2TP, "sccrq", "Start-Control-Connection-Request", PriorityLow},
	SCCRP:            {GroupL2TP, "sccrp", "Start-Control-Connection-Reply", PriorityMedium},
	SCCCN:            {GroupL2TP, "scccn", "Start-Control-Connection-Connected", PriorityMedium},
	StopCCN:          {GroupL2TP, "stopccn", "Stop-Control-Connection-Notification", PriorityHigh},
	Hello:            {GroupL2TP, "hello", "Hello", PriorityHigh},
	ICRQ:             {GroupL2TP, "icrq", "Incoming-Call-Request", PriorityMedium},
	ICRP:             {GroupL2TP, "icrp", "Incoming-Call-Reply", PriorityMedium},
	ICCN:             {GroupL2TP, "iccn", "Incoming-Call-Connected", PriorityHigh},
	CDN:              {GroupL2TP, "cdn", "Call-Disconnect-Notify", PriorityHigh},
	ZLB:              {GroupL2TP, "zlb", "Zero-length body: acknowledgement", PriorityHigh},
	WEN:              {GroupL2TP, "wen", "WAN-Error-Notify", PriorityMedium},
	SLI:              {GroupL2TP, "sli", "Set-Link-Info", PriorityMedium},
	FSQ:              {GroupL2TP, "fsq", "Failover-Session-Query", PriorityMedium},
	FSR:              {GroupL2TP, "fsr", "Failover-Session-Response", PriorityMedium},
	L2TPUnclassified: {GroupL2TP, "unclassified", "Other L2TP control messages", PriorityLow},
	BadPacket:        {GroupL2TP, "bad-packet", "Malformed L2TP packets", PriorityLow},

	PPPAggregate:    {GroupPPP, "aggregate", "Aggregate for all PPP control traffic", PriorityMedium},
	LCP:             {GroupPPP, "lcp", "Link Control Protocol", PriorityMedium},
	Authentication:  {GroupPPP, "authentication", "Authentication protocols", PriorityMedium},
	IPCP:            {GroupPPP, "ipcp", "IP Control Protocol", PriorityMedium},
	IPV6CP:          {GroupPPP, "ipv6cp", "IPv6 Control Protocol", PriorityMedium},
	EchoRequest:     {GroupPPP, "echo-request", "LCP Echo-Request", PriorityHigh},
	EchoReply:       {GroupPPP, "echo-reply", "LCP Echo-Reply", PriorityHigh},
	PPPUnclassified: {GroupPPP, "unclassified", "Other PPP protocols", PriorityLow},

	RADIUSAggregate:     {GroupRADIUS, "aggregate", "Aggregate for all RADIUS traffic", PriorityMedium},
	RADIUSServer:        {GroupRADIUS, "server", "RADIUS packets of other kinds", PriorityLow},
	RADIUSAccounting:    {GroupRADIUS, "accounting", "RADIUS accounting", PriorityMedium},
	RADIUSAuthorization: {GroupRADIUS, "authorization", "RADIUS authentication and authorization", PriorityHigh},
}

// Known says whether t is one of the types above other than None.
func (t Type) Known() bool { return t != None && t < typeCount }

// Group is the group that t belongs to.
func (t Type) Group() Group { return kinds[t].group }

// Name is the name in configuration, without the group: sccrq.
func (t Type) Name() string { return kinds[t].name }

// About says in a line what the type covers.
func (t Type) About() string { return kinds[t].about }

// IsAggregate says whether t stands for a whole group.
func (t Type) IsAggregate() bool { return t == t.Group().Aggregate() }

// String is the name in logs: L2TP:sccrq.
func (t Type) String() string {
	if !t.Known() {
		return "none"
	}
	return t.Group().Title() + ":" + t.Name()
}

// Types lists all types in the order in which they are shown.
func Types() []Type {
	types := make([]Type, 0, typeCount)
	for t := None + 1; t < typeCount; t++ {
		types = append(types, t)
	}
	return types
}

// ParseType finds a type by the names of its group and its own.
func ParseType(group, name string) (t Type, ok bool) {
	for t := None + 1; t < typeCount; t++ {
		if t.Group().String() == group && t.Name() == name {
			return t, true
		}
	}
	return None, false
}
