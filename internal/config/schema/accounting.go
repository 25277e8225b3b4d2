// SPDX-License-Identifier: Apache-2.0

package schema

func accounting() *Node {
	return &Node{
		Name: "accounting", Help: "How the profile's sessions are accounted. They are accounted when this, accounting-order or radius accounting-server is there.",
		Children: []*Node{
			{Name: "order", Kind: LeafList, Type: constant("radius", "RADIUS servers"), Default: "radius", Help: "Who is told."},
			{Name: "accounting-stop-on-failure", Kind: Flag, Help: "A Stop is sent for a subscriber that could not log in for another reason than a denial."},
			{Name: "accounting-stop-on-access-deny", Kind: Flag, Help: "A Stop is sent for a subscriber that was denied."},
			{Name: "immediate-update", Kind: Flag, Help: "An interim update follows the answer to the Start at once."},
			{Name: "coa-immediate-update", Kind: Flag, Help: "An interim update follows a CoA."},
			{Name: "address-change-immediate-update", Kind: Flag, Help: "An interim update is sent when a subscriber gets another address than it had when its accounting began."},
			{Name: "family-state-change-immediate-update", Kind: Flag, Help: "An interim update is sent whenever a network protocol opens or closes."},
			{Name: "update-interval", Kind: Leaf, Type: unit(10, 1440, "minutes"), Help: "Interval of interim updates, spread over the interval; none without this statement unless RADIUS says Acct-Interim-Interval."},
			{Name: "statistics", Kind: Leaf, Type: words(
				Choice{Name: "time", Help: "session time only"},
				Choice{Name: "volume-time", Help: "octets and packets too"}), Default: "volume-time",
				Help: "What is reported."},
			{Name: "wait-for-acct-on-ack", Kind: Flag, Help: "Nobody is authenticated by this profile until a server has acknowledged Accounting-On."},
			{Name: "duplication", Help: "A second set of servers is told the same.", Children: []*Node{
				{Name: "accounting-server", Kind: LeafList, Type: Type{Form: Address}, Mandatory: true, Help: "The servers of the second set, in their order."},
			}, Unsupported: absent("duplication-filter", "vrf")},
			{Name: "checkpoint-interval", Kind: Leaf, Type: seconds(10, 3600), Default: "60", Help: "How old the counters of a session on disk may be: what a Stop after a crash can miss."},
			{Name: "durable-wait", Kind: Leaf, Type: unit(0, 10000, "milliseconds"), Default: "250", Help: "How long a log-in waits for its accounting record to be on disk; then it goes on, which is counted."},
		},
		Unsupported: append(absent("ancp-speed-change-immediate-update", "duplication-attribute-format", "duplication-filter", "send-acct-status-on-config-change"),
			Absent{"duplication-vrf", "use duplication"}),
	}
}
