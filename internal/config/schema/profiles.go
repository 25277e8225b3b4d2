// SPDX-License-Identifier: Apache-2.0

package schema

func dynamicProfiles() *Node {
	return &Node{
		Name: "dynamic-profiles", Help: "What sessions are made with.",
		Children: []*Node{{
			Kind: List, Type: name("PROFILE"), Help: "A dynamic profile.",
			Children: []*Node{
				{Name: "interfaces", Mandatory: true, Help: "The interface of a session.", Children: []*Node{
					{Kind: List, Single: true, Type: constant("$junos-interface-ifd-name", "the service interface of the session"), Help: "The service interface that the session is put on.", Mandatory: true,
						Children: []*Node{{Name: "unit", Kind: List, Single: true, Type: constant("$junos-interface-unit", "the number of the session's logical interface"),
							Help: "The logical interface of the session.", Mandatory: true, Children: unitStatements(),
							Unsupported: absent("actual-transit-statistics", "auto-configure", "demux-options", "encapsulation", "filter", "proxy-arp", "targeted-options", "vlan-id", "vlan-tags")}}},
				}, Unsupported: absent("demux0", "interface-set", "pp0")},
				{Name: "routing-instances", Help: "The routing instance of a session.", Children: []*Node{
					{Kind: List, Single: true, Type: constant("$junos-routing-instance", "the routing instance of the session"), Help: "The routing instance of the session: the default one.",
						Children:    []*Node{{Name: "interface", Kind: Leaf, Mandatory: true, Type: constant("$junos-interface-name", "the session's logical interface"), Help: "The session's logical interface is in that routing instance."}},
						Unsupported: absent("routing-options", "multicast-snooping-options")},
				}},
				{Name: "protocols", Help: "Protocols on the interface of a session.", Children: []*Node{
					{Name: "router-advertisement", Help: "Router Advertisements (RFC 4861); sent when the profile has family inet6.", Children: []*Node{
						{Name: "interface", Kind: List, Single: true, Type: constant("$junos-interface-name", "the session's logical interface"), Help: "Router Advertisements on the session's interface.",
							Children: advertisementStatements(),
							Unsupported: absent("managed-configuration", "min-advertisement-interval", "no-managed-configuration", "no-other-stateful-configuration", "on-link", "other-stateful-configuration", "preference",
								"reachable-time", "retransmit-timer", "virtual-router-only")},
					}},
				}, Unsupported: absent("igmp", "mld", "rsvp")},
			},
			Unsupported: absent("access-cac", "class-of-service", "firewall", "predefined-variable-defaults", "profile-variable-set", "routing-options", "services", "variables", "versioning"),
		}},
	}
}

func unitStatements() []*Node {
	return []*Node{
		{Name: "dial-options", Help: "L2TP options of the session's interface.", Children: []*Node{
			{Name: "l2tp-interface-id", Kind: Leaf, Type: name("ID"), Mandatory: true, Help: "Name that the interface-id of a LAC must agree with."},
			{Name: "dedicated", Kind: Flag, Mandatory: true, Help: "The interface carries one session; it always does."},
		}, Unsupported: absent("ipsec-interface-id", "shared")},
		pppOptions(),
		{Name: "keepalives", Help: "LCP Echo-Requests.", Children: []*Node{
			{Name: "interval", Kind: Leaf, Type: seconds(0, 32767), Mandatory: true, Help: "Interval of our LCP Echo-Requests, in place of the PPP profile's keepalive; 0: we send none and still answer."},
		}, Unsupported: []Absent{{"down-count", "use keepalive-retries in the PPP attributes"}, {"up-count", ""}}},
		{Name: "family", Inline: true, Mandatory: true, Help: "The protocol families that a session carries: at least one.", Children: []*Node{
			{Name: "inet", Help: "IPv4, by IPCP.", Children: []*Node{
				{Name: "unnumbered-address", Kind: List, Single: true, OneLine: true, Mandatory: true, Type: Type{Form: Loopback}.or("$junos-loopback-interface", "lo0.0"),
					Help:     "The interface whose address is ours in IPCP: its primary address, or else its first that is no tunnel's gateway.",
					Children: []*Node{{Name: "preferred-source-address", Kind: Leaf, Type: Type{Form: IPv4}, Help: "Which of the interface's addresses; it must not be a tunnel's gateway, or a subscriber's route to it would lead into its own tunnel."}}},
			}, Unsupported: absent("address", "filter", "mac-validate", "mtu", "rpf-check", "service", "demux-source")},
			{Name: "inet6", Help: "IPv6, by IPV6CP and Router Advertisement.", Unsupported: absent("address", "filter", "mtu", "rpf-check", "service", "unnumbered-address", "demux-source", "dad-disable")},
		}, Rules: []Rule{{AtLeastOne, []string{"inet", "inet6"}}}, Unsupported: absent("mlppp", "pppoe", "vpls")},
	}
}

func advertisementStatements() []*Node {
	return []*Node{
		{Name: "max-advertisement-interval", Kind: Leaf, Type: seconds(4, 1800), Default: "600", Help: "Longest time between two advertisements (MaxRtrAdvInterval)."},
		{Name: "default-lifetime", Kind: Leaf, Type: seconds(0, 9000), Default: "1800", Help: "How long we are a default router (AdvDefaultLifetime); 0: we are none."},
		{Name: "current-hop-limit", Kind: Leaf, Type: integer(0, 255), Default: "64", Help: "Hop limit for the subscriber's packets (AdvCurHopLimit); 0: unspecified."},
		{Name: "link-mtu", Kind: Leaf, Type: unit(1280, 9192, "octets"), Help: "MTU that is advertised; none without this statement."},
		{Name: "dns-server-address", Kind: List, Type: Type{Form: IPv6}, Help: "A recursive DNS server (RFC 8106).", Children: []*Node{
			{Name: "lifetime", Kind: Leaf, Type: seconds(0, 4294967295), Default: "1800", Help: "How long it may be used (RFC 8106 5.1); the same for all, as one option carries them."},
		}},
		{Name: "prefix", Kind: List, Single: true, Type: constant("$junos-ipv6-ndra-prefix", "the session's prefix from the pool"), Help: "The session's own prefix.", Children: []*Node{
			{Name: "valid-lifetime", Kind: Leaf, Type: seconds(0, 4294967295), Default: "2592000", Help: "AdvValidLifetime of the prefix."},
			{Name: "preferred-lifetime", Kind: Leaf, Type: seconds(0, 4294967295), Default: "604800", Help: "AdvPreferredLifetime of the prefix."},
		}, Rules: []Rule{{Ordered, []string{"preferred-lifetime", "valid-lifetime"}}}, Unsupported: absent("autonomous", "no-autonomous", "on-link", "no-on-link")},
	}
}
