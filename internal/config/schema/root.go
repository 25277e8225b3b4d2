// SPDX-License-Identifier: Apache-2.0

package schema

// Root is the whole language. Each call makes a new tree; keep one.
func Root() *Node {
	return &Node{
		Kind: Container,
		Help: "The whole configuration.",
		Children: []*Node{
			system(),
			interfaces(),
			access(),
			services(),
			dynamicProfiles(),
		},
		Unsupported: append(absent(
			"applications", "bridge-domains", "chassis", "class-of-service", "firewall", "forwarding-options", "groups", "apply-groups",
			"logical-systems", "multi-chassis", "policy-options", "protocols", "routing-instances", "routing-options", "security",
			"snmp", "vlans", "event-options", "diameter", "unified-edge", "virtual-chassis"),
			Absent{"version", "the statement is written by Junos and says nothing here; leave it out"}),
	}
}
