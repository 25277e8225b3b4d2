// SPDX-License-Identifier: Apache-2.0

package schema

// Paths of the lists that references name.
const (
	accessProfiles = "access profile"
	groupProfiles  = "access group-profile"
	addressPools   = "access address-assignment pool"
	limitGroups    = "services l2tp session-limit-group"
	devicePools    = "services service-device-pools pool"
	profiles       = "dynamic-profiles"
	interfaceNames = "interfaces"
)

func access() *Node {
	return &Node{
		Name: "access", Help: "Who may log in and what they get.",
		Children: []*Node{
			accessProfile(), groupProfile(), addressAssignment(), radiusServer(), radiusOptions(), radiusDisconnect(),
			{Name: "radius-disconnect-port", Kind: Leaf, Type: integer(1, 65535), Default: "3799",
				Help: "UDP port at which the clients of radius-disconnect send. Junos defaults to 1700."},
			accountingBackup(), domain(), terminateCode(),
		},
		Unsupported: append(absent("accounting-order", "address-protection", "firewall-authentication", "gx-plus", "ldap-server", "nasreq",
			"ocs", "pcrf", "radsec", "securid-server", "session-limit-per-username",
			"traceoptions", "tunnel-profile", "tunnel-switch-profile"),
			Absent{"address-pool", "use address-assignment pool"}),
	}
}

func accessProfile() *Node {
	return &Node{
		Name: "profile", Kind: List, Type: name("PROFILE"),
		Help: "As l2tp-access-profile of a tunnel group: the LACs that may open tunnels. As aaa-access-profile: how subscribers are authenticated.",
		Children: []*Node{
			accessClient(),
			{Name: "authentication-order", Kind: LeafList, Type: words(
				Choice{Name: "radius", Help: "the RADIUS servers; a denial is final, and only when no server answers is it for the next source"},
				Choice{Name: "password", Help: "the subscribers of this profile; a name that is not there is for the next source"},
				Choice{Name: "none", Help: "everybody is let in"}).refuse("nasreq", "ldap", "securid", "s6a"), Default: "password",
				Help: "Where subscribers are authenticated, in this order."},
			{Name: "accounting-order", Kind: LeafList, Type: constant("radius", "RADIUS servers"), Help: "The same as accounting order."},
			profileRadius(),
			radiusServer(),
			accounting(),
			{Name: "subscriber", Kind: List, Type: Type{Form: Text, Min: 1, Max: 253, Meta: "USER"},
				Help: "A subscriber by its PPP user name, for the source password.",
				Children: []*Node{
					{Name: "password", Kind: Leaf, Type: Type{Form: Password, Min: 1, Max: 128}, Mandatory: true, Help: "Its password."},
					{Name: "framed-ip-address", Kind: Leaf, Type: Type{Form: IPv4}, Help: "Its IPv4 address; without it, one from a pool."},
					{Name: "framed-pool", Kind: Leaf, Type: reference(addressPools, "POOL"), Help: "The pool of its IPv4 address in place of the PPP profile's."},
				},
				Rules:       []Rule{{AtMostOne, []string{"framed-ip-address", "framed-pool"}}},
				Unsupported: absent("delegated-pool", "framed-ipv6-pool", "framed-ipv6-address", "framed-ipv6-prefix", "target-logical-system", "target-routing-instance")},
			{Name: "session-limit-per-username", Kind: Leaf, Type: integer(1, 16),
				Help: "Sessions at once with the same user name; unlimited without this statement."},
			{Name: "session-options", Help: "Limits of every session.", Children: []*Node{
				{Name: "client-idle-timeout", Kind: Leaf, Type: unit(10, 1440, "minutes"), Help: "A session without subscriber packets for this long is ended; never without this statement."},
				{Name: "client-session-timeout", Kind: Leaf, Type: unit(1, 527040, "minutes"), Help: "A session is ended after this time; never without this statement."},
				{Name: "strip-user-name", Help: "A part of the user name is removed before it is looked up.", Children: []*Node{
					{Name: "delimiter", Kind: Leaf, Type: text(1, 8, "CHARACTERS"), Mandatory: true, Help: "Each of these characters ends the name; it and what follows are removed."},
					{Name: "parse-direction", Kind: Leaf, Type: words(
						Choice{Name: "left-to-right", Help: "the first delimiter counts"},
						Choice{Name: "right-to-left", Help: "the last delimiter counts"}), Default: "right-to-left",
						Help: "From which end a delimiter is looked for."},
				}},
			}, Unsupported: absent("client-idle-timeout-ingress-only", "client-group", "pcc-context")},
		},
		Rules: []Rule{{Unique, []string{"subscriber", "framed-ip-address"}}},
		Unsupported: absent("address-assignment", "charging-service-list", "client-name-filter", "domain-name-server", "domain-name-server-inet",
			"domain-name-server-inet6", "jsrc", "ldap-options", "ldap-server", "local", "preauthentication-order", "provisioning-order", "radius-options", "service", "subscriber-persistence", "wins-server"),
	}
}

func accessClient() *Node {
	return &Node{
		Name: "client", Kind: List, Type: Type{Form: Text, Min: 1, Max: 64, Meta: "LAC"},
		Help: "A LAC by the Host Name of its SCCRQ; default is any LAC that has no entry of its own.",
		Children: []*Node{
			{Name: "l2tp", Help: "Its tunnels and calls.", Children: []*Node{
				{Name: "shared-secret", Kind: Leaf, Type: Type{Form: Password, Min: 1, Max: 64},
					Help: "Secret for tunnel authentication in both directions and for hidden AVPs; without it, the LAC is not challenged."},
				{Name: "maximum-sessions", Kind: Leaf, Type: integer(1, 4294967295), Help: "Sessions of this LAC over all its tunnels; unlimited without this statement."},
				{Name: "maximum-sessions-per-tunnel", Kind: Leaf, Type: integer(0, 65535), Default: "0", Help: "Sessions in one of its tunnels; 0: no limit but that of services l2tp tunnel."},
				{Name: "session-limit-group", Kind: Leaf, Type: reference(limitGroups, "GROUP"), Help: "A limit shared with other LACs."},
				{Name: "lcp-renegotiation", Kind: Flag, Help: "LCP is negotiated anew, whatever the LAC has negotiated for us (proxy LCP)."},
				{Name: "local-chap", Kind: Flag, Help: "Subscribers are authenticated anew, whatever the LAC has asked for us (proxy authentication)."},
				{Name: "override-result-code", Kind: Leaf, Type: constant("session-out-of-resource", "answer result code 2 in place of 4 or 5"),
					Help: "A call over a limit is refused with CDN result code 2 in place of 4 or 5, for LACs that go on to another LNS only then."},
				{Name: "ppp-authentication", Kind: Leaf, Type: words(Choice{Name: "chap", Help: "CHAP with MD5"}, Choice{Name: "pap", Help: "PAP"}),
					Help: "PPP authentication of this LAC's subscribers, where ppp-options say nothing."},
				{Name: "aaa-access-profile", Kind: Leaf, Type: reference(accessProfiles, "PROFILE"), Help: "How its subscribers are authenticated, in place of the tunnel group's profile."},
				{Name: "dynamic-profile", Kind: Leaf, Type: reference(profiles, "PROFILE"), Help: "What its sessions are made with, in place of the tunnel group's profile."},
				{Name: "interface-id", Kind: Leaf, Type: name("ID"), Help: "Must be the l2tp-interface-id of the dynamic profile that its sessions are made with."},
			}, Unsupported: append(absent("multilink", "service-profile", "drop-failed-sessions", "sessions-limit-group-profile"),
				Absent{"ppp-profile", "use aaa-access-profile for authentication and user-group-profile for PPP attributes"})},
			pppAttributes("PPP attributes of its subscribers; they come before those of its user-group-profile."),
			{Name: "user-group-profile", Kind: Leaf, Type: reference(groupProfiles, "PROFILE"), Help: "A group profile with PPP attributes of its subscribers."},
		},
		Unsupported: append(absent("chap-secret", "pap-password", "ike", "firewall-user", "xauth", "no-rfc2486", "client-group"),
			Absent{"group-profile", "use user-group-profile"}),
	}
}

func groupProfile() *Node {
	return &Node{
		Name: "group-profile", Kind: List, Type: name("PROFILE"),
		Help:        "PPP attributes under a name, for user-group-profile.",
		Children:    []*Node{pppAttributes("PPP attributes.")},
		Unsupported: []Absent{{"l2tp", "write the statements at client LAC l2tp"}},
	}
}

func pppAttributes(help string) *Node {
	return &Node{
		Name: "ppp", Help: help,
		Children: []*Node{
			{Name: "framed-pool", Kind: Leaf, Type: reference(addressPools, "POOL"), Help: "The pool of IPv4 addresses."},
			{Name: "framed-ip-address", Kind: Leaf, Type: Type{Form: IPv4}, Help: "The IPv4 address, where there is only one subscriber."},
			{Name: "framed-ipv6-pool", Kind: Leaf, Type: reference(addressPools, "POOL"), Help: "The pool of IPv6 prefixes for Router Advertisements, in place of neighbor-discovery-router-advertisement."},
			{Name: "primary-dns", Kind: Leaf, Type: Type{Form: IPv4}, Help: "Primary DNS server for IPCP."},
			{Name: "secondary-dns", Kind: Leaf, Type: Type{Form: IPv4}, Help: "Secondary DNS server for IPCP."},
			{Name: "primary-wins", Kind: Leaf, Type: Type{Form: IPv4}, Help: "Primary NBNS server for IPCP."},
			{Name: "secondary-wins", Kind: Leaf, Type: Type{Form: IPv4}, Help: "Secondary NBNS server for IPCP."},
			{Name: "idle-timeout", Kind: Leaf, Type: seconds(0, 4294967295), Default: "0", Help: "A session without subscriber packets for this long is ended; 0: never, unless session-options say otherwise."},
			{Name: "keepalive", Kind: Leaf, Type: seconds(0, 32767), Default: "30", Help: "Interval of our LCP Echo-Requests; 0: we send none and still answer."},
			{Name: "keepalive-retries", Kind: Leaf, Type: integer(3, 32767), Default: "3", Help: "Echo-Requests without any sign of life after which a session is ended."},
			pppOptions(),
		},
		Rules:       []Rule{{AtMostOne, []string{"framed-pool", "framed-ip-address"}}},
		Unsupported: absent("cell-overhead", "encapsulation-overhead", "interface-id"),
	}
}

func pppOptions() *Node {
	return &Node{
		Name: "ppp-options", Help: "How PPP is negotiated.",
		Children: []*Node{
			{Name: "authentication", Kind: LeafList, Type: words(
				Choice{Name: "ms-chap-v2", Help: "MS-CHAPv2, RFC 2759"}, Choice{Name: "chap", Help: "CHAP with MD5, RFC 1994"}, Choice{Name: "pap", Help: "PAP, RFC 1334"}),
				Help: "The authentication protocols that are offered, the most wanted first."},
			{Name: "ms-chap-v2", Kind: Flag, Help: "Offer MS-CHAPv2. Without authentication, ms-chap-v2 comes before chap, and chap before pap."},
			{Name: "chap", Help: "Offer CHAP with MD5.", Children: []*Node{
				{Name: "challenge-length", OneLine: true, Help: "Length of challenges, drawn at random between the bounds.", Children: []*Node{
					{Name: "minimum", Kind: Leaf, Type: unit(8, 63, "octets"), Default: "16", Help: "Shortest challenge."},
					{Name: "maximum", Kind: Leaf, Type: unit(8, 63, "octets"), Default: "32", Help: "Longest challenge."},
				}, Rules: []Rule{{Together, []string{"minimum", "maximum"}}, {Ordered, []string{"minimum", "maximum"}}}},
			}, Unsupported: absent("access-profile", "default-chap-secret", "local-name", "passive")},
			{Name: "pap", Kind: Flag, Help: "Offer PAP."},
			{Name: "mru", Kind: Leaf, Type: unit(64, 9192, "octets"), Default: "1492", Help: "The MRU we ask for: the largest packet a subscriber may send."},
			{Name: "mtu", Kind: Leaf, Type: unit(64, 9192, "octets").or("use-lower-layer", "from the peer's MRU and the device"), Default: "use-lower-layer",
				Help: "The largest packet sent to a subscriber; never more than its MRU."},
			{Name: "lcp-restart-timer", Kind: Leaf, Type: seconds(1, 120), Default: "3", Help: "Restart timer of LCP and of the NCPs (RFC 1661 4.6)."},
			{Name: "lcp-max-conf-req", Kind: Leaf, Type: integer(1, 255), Default: "10", Help: "Configure-Requests without an answer until negotiation is given up (Max-Configure of RFC 1661 4.6), for LCP and the NCPs."},
			{Name: "initiate-ncp", Help: "Which NCPs the LNS begins by itself; without this statement, those of the families of the dynamic profile.", Children: []*Node{
				{Name: "ip", Kind: Flag, Help: "Begin IPCP."},
				{Name: "ipv6", Kind: Flag, Help: "Begin IPV6CP."},
				{Name: "dual-stack-passive", Kind: Flag, Help: "With both families: wait for the subscriber to begin."},
			}, Rules: []Rule{{AtMostOne, []string{"ip", "dual-stack-passive"}}, {AtMostOne, []string{"ipv6", "dual-stack-passive"}}}},
			{Name: "ipcp-suggest-dns-option", Kind: Flag, Help: "DNS addresses are suggested to a subscriber that did not ask for them."},
			{Name: "peer-ip-address-optional", Kind: Flag, Help: "A subscriber that never asks for its address is let up with the one that it was to get."},
			{Name: "ignore-magic-number-mismatch", Kind: Flag, Help: "A wrong magic number in an echo is no fault."},
		},
		Unsupported: append(absent("aaa-options", "on-demand-ip-address", "reject-unauthorized-ipv6cp", "compression", "dynamic-profile", "loopback-clear-timer", "no-termination-request", "local-authentication"),
			Absent{"ncp-restart-timer", "lcp-restart-timer is for the NCPs too"}, Absent{"ncp-max-conf-req", "lcp-max-conf-req is for the NCPs too"}),
	}
}

func addressAssignment() *Node {
	return &Node{
		Name: "address-assignment", Help: "Pools of addresses and prefixes.",
		Children: []*Node{
			{Name: "pool", Kind: List, Type: name("POOL"), Help: "A pool, of one family.",
				Children: []*Node{
					{Name: "family", Inline: true, Mandatory: true, Help: "What the pool holds.",
						Children: []*Node{poolInet(), poolInet6()}, Rules: []Rule{{ExactlyOne, []string{"inet", "inet6"}}}},
					{Name: "link", Kind: Leaf, Type: reference(addressPools, "POOL"), Help: "The pool to go on with when this one is empty."},
				},
				Unsupported: absent("active-drain", "hold-down", "linked-pool-aggregation", "monitor")},
			{Name: "neighbor-discovery-router-advertisement", Kind: Leaf, Type: reference(addressPools, "POOL"),
				Help: "The pool of the prefixes that sessions get by Router Advertisement."},
		},
		Unsupported: absent("abated-utilization", "abated-utilization-v6", "high-utilization", "high-utilization-v6", "domain-name-assign-order"),
	}
}

func poolInet() *Node {
	return &Node{
		Name: "inet", Help: "IPv4 addresses.",
		Children: []*Node{
			{Name: "network", Kind: Leaf, Type: Type{Form: Network4}, Mandatory: true, Help: "The network the addresses come from."},
			{Name: "range", Kind: List, Type: name("RANGE"), Help: "Addresses handed out; without a range, all of the network but its first and last.",
				Children: []*Node{
					{Name: "low", Kind: Leaf, Type: Type{Form: IPv4}, Mandatory: true, Help: "First address."},
					{Name: "high", Kind: Leaf, Type: Type{Form: IPv4}, Mandatory: true, Help: "Last address."},
				}, Rules: []Rule{{Ordered, []string{"low", "high"}}}},
			{Name: "excluded-address", Kind: LeafList, Type: Type{Form: IPv4}, Help: "Addresses never handed out."},
		},
		Unsupported: absent("dhcp-attributes", "excluded-range", "host", "xauth-attributes"),
	}
}

func poolInet6() *Node {
	return &Node{
		Name: "inet6", Help: "IPv6 prefixes, one a session.",
		Children: []*Node{
			{Name: "prefix", Kind: Leaf, Type: Type{Form: Network6}, Mandatory: true, Help: "The prefix the sessions' prefixes come from."},
			{Name: "range", Kind: List, Type: name("RANGE"), Help: "Prefixes handed out; without a range, all of the pool's, 64 bits long.",
				Children: []*Node{
					{Name: "prefix-length", Kind: Leaf, Type: unit(64, 64, "bits"), Default: "64", Help: "Length of a session's prefix; Router Advertisements need 64."},
					{Name: "low", Kind: Leaf, Type: Type{Form: Network6}, Help: "First prefix."},
					{Name: "high", Kind: Leaf, Type: Type{Form: Network6}, Help: "Last prefix."},
				}, Rules: []Rule{{Together, []string{"low", "high"}}, {Ordered, []string{"low", "high"}}}},
		},
		Unsupported: absent("dhcp-attributes", "excluded-address", "excluded-range", "host"),
	}
}
