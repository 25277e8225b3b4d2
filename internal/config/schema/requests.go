// SPDX-License-Identifier: Apache-2.0

package schema

// profileRadius is radius in an access profile.
func profileRadius() *Node {
	return &Node{
		Name: "radius", Help: "Which RADIUS servers are asked, how, and what is made of their answers.",
		Children: []*Node{
			{Name: "authentication-server", Kind: LeafList, Type: Type{Form: Address}, Help: "The servers that authenticate, in their order; without it, the radius-servers of this profile or else all of them."},
			{Name: "accounting-server", Kind: LeafList, Type: Type{Form: Address}, Help: "The servers for accounting, in their order; without it, the radius-servers of this profile or else all of them."},
			requestOptions(),
			{Name: "attributes", Help: "Attributes that are left out.", Children: []*Node{ignoreAttributes(), excludeAttributes()}},
		},
		Unsupported: absent("preauthentication-server"),
	}
}

// NameParts are what NAS-Port-Id and Calling-Station-Id can be made of, in the
// order in which they stand there.
func NameParts() []Choice {
	return []Choice{
		{Name: "nas-identifier", Help: "NAS-Identifier"},
		{Name: "lac-name", Help: "Host Name of the LAC"},
		{Name: "interface-description", Help: "service interface and unit: si-1/0/0.17"},
		{Name: "agent-circuit-id", Help: "agent circuit id of the access line"},
		{Name: "agent-remote-id", Help: "agent remote id of the access line"},
		{Name: "calling-number", Help: "Calling Number of the call"},
		{Name: "called-number", Help: "Called Number of the call"},
	}
}

// nameFormat is a statement that says which parts a name has.
func nameFormat(name, help, otherwise string) *Node {
	n := &Node{Name: name, Help: help + " Parts that the call has not told are left out. Without this statement it is the " + otherwise + "."}
	for _, p := range NameParts() {
		n.Children = append(n.Children, &Node{Name: p.Name, Kind: Flag, Help: "The " + p.Help + "."})
	}
	n.Children = append(n.Children, &Node{Name: "order", Kind: LeafList, Type: words(NameParts()...), Help: "The parts in another order than that of this list, in place of the other statements."})
	n.Unsupported = absent("interface-text-description", "mac-address", "postpend-vlan-tags", "stacked-vlan", "vlan")
	return n
}

func algorithm() Type {
	return words(
		Choice{Name: "direct", Help: "the first that is alive"},
		Choice{Name: "round-robin", Help: "each in turn"},
		Choice{Name: "weighted", Help: "each by its weight"})
}

func requestOptions() *Node {
	return &Node{
		Name: "options", Help: "What requests say of us and of the subscriber.",
		Children: []*Node{
			{Name: "nas-identifier", Kind: Leaf, Type: text(1, 64, "NAME"), Help: "NAS-Identifier; without it, the host-name."},
			{Name: "nas-ip-address", Kind: Leaf, Type: Type{Form: Address}, Help: "NAS-IP-Address or NAS-IPv6-Address; without it, the address at which the tunnel arrives."},
			nameFormat("nas-port-id-format", "What NAS-Port-Id is made of.", "interface-description"),
			{Name: "nas-port-id-delimiter", Kind: Leaf, Type: text(1, 1, "CHARACTER"), Default: "#", Help: "What stands between the parts of NAS-Port-Id."},
			{Name: "nas-port-type", Kind: Leaf, Type: portType(), Default: "virtual", Help: "NAS-Port-Type, as a word or a number."},
			nameFormat("calling-station-id-format", "What Calling-Station-Id is made of.", "calling-number"),
			{Name: "calling-station-id-delimiter", Kind: Leaf, Type: text(1, 1, "CHARACTER"), Default: "#", Help: "What stands between the parts of Calling-Station-Id."},
			{Name: "accounting-session-id-format", Kind: Leaf, Type: words(
				Choice{Name: "decimal", Help: "a number"},
				Choice{Name: "description", Help: "the service interface and its unit before the number"}), Default: "decimal",
				Help: "How Acct-Session-Id is written."},
			{Name: "accounting-session-id-strict", Kind: Flag, Help: "A CoA or Disconnect request finds a session only by the Acct-Session-Id in the format configured."},
			{Name: "client-authentication-algorithm", Kind: Leaf, Type: algorithm(), Default: "direct", Help: "Which of the authentication servers is asked."},
			{Name: "client-accounting-algorithm", Kind: Leaf, Type: algorithm(), Default: "direct", Help: "Which of the accounting servers is told."},
			{Name: "chap-challenge-in-request-authenticator", Kind: Flag, Help: "A CHAP challenge of 16 octets travels as the request authenticator in place of CHAP-Challenge (RFC 2865 5.3)."},
			{Name: "accounting-username-original", Kind: Flag, Help: "Accounting has the user name as the subscriber gave it, not as it was stripped or as RADIUS named it."},
			{Name: "unsupported-filter", Kind: Leaf, Type: words(
				Choice{Name: "ignore", Help: "it logs in without, which is counted"},
				Choice{Name: "refuse", Help: "it is denied"}), Default: "ignore",
				Help: "What becomes of a subscriber to whom RADIUS gives a packet filter, of which there are none here."},
		},
		Unsupported: append(absent("coa-dynamic-variable-validation", "dynamic-iflset-name", "ethernet-port-type-virtual", "interface-description-format", "ip-address-change-notify", "juniper-dsl-attributes",
			"nas-port-extended-format", "remote-circuit-id-delimiter", "remote-circuit-id-fallback", "remote-circuit-id-format", "service-activation", "vlan-nas-port-stacked-format"),
			Absent{"override", "use nas-ip-address or calling-station-id-format"}),
	}
}

// portType is NAS-Port-Type by the words that Junos has for it, or by number.
func portType() Type {
	t := integer(0, 65535)
	for _, p := range PortTypes() {
		t = t.or(p.Name, "")
	}
	return t
}

// PortType is a NAS-Port-Type (RFC 2865 §5.41 and its registry) with its word.
type PortType struct {
	Name  string
	Value uint32
}

// PortTypes are those that have a word.
func PortTypes() []PortType {
	return []PortType{
		{"async", 0}, {"sync", 1}, {"isdn-sync", 2}, {"isdn-async-v120", 3}, {"isdn-async-v110", 4}, {"virtual", 5},
		{"sdsl", 11}, {"adsl-cap", 12}, {"adsl-dmt", 13}, {"idsl", 14}, {"ethernet", 15}, {"xdsl", 16}, {"cable", 17}, {"wireless", 18},
	}
}

func ignoreAttributes() *Node {
	return &Node{
		Name: "ignore", Help: "Attributes of an Access-Accept or CoA-Request that are taken as not said.",
		Children: []*Node{
			{Name: "framed-ip-netmask", Kind: Flag, Help: "Framed-IP-Netmask (9)."},
			{Name: "input-filter", Kind: Flag, Help: "Ingress-Policy-Name of ERX (4874-10)."},
			{Name: "output-filter", Kind: Flag, Help: "Egress-Policy-Name of ERX (4874-11)."},
			{Name: "logical-system-routing-instance", Kind: Flag, Help: "Virtual-Router of ERX (4874-1)."},
			{Name: "session-timeout", Kind: Flag, Help: "Session-Timeout (27)."},
			{Name: "idle-timeout", Kind: Flag, Help: "Idle-Timeout (28)."},
			{Name: "standard-attribute", Kind: LeafList, Type: integer(1, 255), Help: "Attributes by their number."},
			{Name: "vendor-id", Kind: List, Type: integer(1, 16777215), Help: "A vendor by its number (IANA enterprise number).", Children: []*Node{
				{Name: "vendor-attribute", Kind: LeafList, Type: integer(1, 255), Help: "Attributes of the vendor by their number; without it, all of them."},
			}},
		},
		Unsupported: absent("dynamic-iflset-name"),
	}
}

// Messages that an attribute can be left out of.
const (
	accessRequest   = "access-request"
	accountingOn    = "accounting-on"
	accountingOff   = "accounting-off"
	accountingStart = "accounting-start"
	accountingStop  = "accounting-stop"
)

// excludeAttributes lists the attributes that can be left out, each with the
// messages that carry it.
func excludeAttributes() *Node {
	n := &Node{Name: "exclude", Help: "Attributes that are left out of requests; what is left out of accounting-stop is left out of interim updates too."}
	add := func(messages []string, attributes ...string) {
		for _, a := range attributes {
			t := Type{Form: Word, Meta: "MESSAGE"}
			for _, m := range messages {
				t.Words = append(t.Words, Choice{Name: m})
			}
			n.Children = append(n.Children, &Node{Name: a, Kind: LeafList, Type: t, Help: "The attribute of this name."})
		}
	}
	add([]string{accountingOn, accountingOff, accountingStart, accountingStop}, "acct-authentic", "acct-delay-time", "event-timestamp")
	add([]string{accessRequest, accountingOn, accountingOff, accountingStart, accountingStop}, "nas-identifier", "nas-ip-address")
	// Of the others Acct-Session-Id is what they are about (RFC 2866 §5.5).
	add([]string{accessRequest}, "acct-session-id")
	add([]string{accountingStop}, "acct-terminate-cause", "input-gigawords", "output-gigawords")
	add([]string{accountingStart, accountingStop},
		"acct-tunnel-connection", "class", "delegated-ipv6-prefix", "framed-interface-id",
		"framed-ip-netmask", "framed-ip-route", "framed-ipv6-prefix")
	add([]string{accessRequest, accountingStart, accountingStop},
		"called-station-id", "calling-station-id", "connect-info", "dsl-forum-attributes", "framed-ip-address",
		"l2tp-rx-connect-speed", "l2tp-tx-connect-speed", "nas-port", "nas-port-id", "nas-port-type",
		"tunnel-assignment-id", "tunnel-client-auth-id", "tunnel-client-endpoint", "tunnel-medium-type",
		"tunnel-server-auth-id", "tunnel-server-endpoint", "tunnel-type")
	return n
}
