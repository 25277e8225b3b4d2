// SPDX-License-Identifier: Apache-2.0

package schema

func interfaces() *Node {
	return &Node{
		Name: "interfaces", Help: "The loopback interface and the logical service interfaces. Other interfaces belong to the operating system and are not configured here.",
		Children: []*Node{{
			Kind: List, Type: Type{Form: Interface},
			Help: "lo0 carries the addresses of this LNS; si-F/P/Q is a service interface, which groups sessions and needs no hardware.",
			Children: []*Node{
				{Name: "l2tp-maximum-session", Kind: Leaf, Type: integer(1, 1000000),
					Help: "Sessions that a service interface carries at most; unlimited without this statement. A full interface is passed over when sessions are spread."},
				{Name: "unit", Kind: List, Type: Type{Form: Integer, Max: 16385, Meta: "UNIT"},
					Help:        "A logical interface. A service interface needs none; unit 0 with family inet, as Junos asks for, may be given.",
					Children:    []*Node{interfaceFamily()},
					Unsupported: absent("dial-options", "description", "ppp-options", "keepalives", "bandwidth", "disable", "vlan-id")},
			},
			Unsupported: absent("hierarchical-scheduler", "description", "mtu", "encapsulation", "disable", "gigether-options", "vlan-tagging", "flexible-vlan-tagging", "traceoptions", "aggregated-inline-services-options"),
		}},
		Unsupported: absent("interface-range", "traceoptions", "apply-groups"),
	}
}

func interfaceFamily() *Node {
	return &Node{
		Name: "family", Inline: true, Help: "Addresses of one protocol family.",
		Children: []*Node{
			{Name: "inet", Help: "IPv4.", Children: []*Node{
				{Name: "address", Kind: List, Type: Type{Form: InterfaceAddress4}, Help: "An IPv4 address of this LNS; only lo0 has addresses.",
					Children:    []*Node{{Name: "primary", Kind: Flag, Help: "The address that unnumbered-address means, when it does not say which."}},
					Unsupported: absent("preferred", "broadcast", "arp", "vrrp-group")},
			}, Unsupported: absent("mtu", "filter", "rpf-check", "unnumbered-address")},
			{Name: "inet6", Help: "IPv6.", Children: []*Node{
				{Name: "address", Kind: List, Type: Type{Form: InterfaceAddress6}, Help: "An IPv6 address of this LNS; only lo0 has addresses.",
					Unsupported: absent("primary", "preferred", "eui-64", "vrrp-inet6-group")},
			}, Unsupported: absent("mtu", "filter", "rpf-check", "unnumbered-address")},
		},
		Unsupported: absent("iso", "mpls", "mlppp", "ccc", "bridge", "ethernet-switching", "vpls"),
	}
}
