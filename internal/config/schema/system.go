// SPDX-License-Identifier: Apache-2.0

package schema

func system() *Node {
	return &Node{
		Name: "system", Help: "The router as a whole.",
		Children: []*Node{
			{Name: "host-name", Kind: Leaf, Type: name("NAME"), Default: "holdfast",
				Help: "Name of this LNS: its Host Name towards LACs (unless a tunnel group has a gateway-name) and its name in CHAP challenges."},
			ddosProtection(),
			{Name: "processes", Help: "The daemons of the system.", Children: []*Node{holdfast()}},
		},
		Unsupported: absent("accounting", "archival", "arp", "authentication-order", "commit", "configuration-database",
			"domain-name", "domain-search", "dump-device", "extensions", "internet-options", "license", "location", "login", "management-instance",
			"max-configurations-on-flash", "max-configuration-rollbacks", "name-server", "ntp", "ports", "radius-options", "radius-server",
			"resource-monitor", "root-authentication", "scripts", "services", "static-host-mapping", "syslog", "time-zone", "tracing"),
	}
}

// holdfast holds what the daemon needs and Junos has no word for.
func holdfast() *Node {
	return &Node{
		Name: "holdfast", Help: "This daemon. Changes take effect when it is started anew.",
		Children: []*Node{
			{Name: "shards", Kind: Leaf, Type: integer(1, 64).or("automatic", "one a processor"), Default: "automatic",
				Help: "How many threads of control share the tunnels; automatic is one for each processor."},
			{Name: "log-level", Kind: Leaf, Type: words(
				Choice{Name: "error", Help: "faults of this system"},
				Choice{Name: "warning", Help: "and what an operator should look at"},
				Choice{Name: "info", Help: "and tunnels and sessions that come and go"},
				Choice{Name: "debug", Help: "and everything else"}), Default: "info",
				Help: "The least severe log events that are written."},
			{Name: "spool-file", Kind: Leaf, Type: Type{Form: Text, Min: 1, Max: 4096, Meta: "FILE"}, Default: "/var/lib/holdfast/spool.db",
				Help: "File in which accounting is kept until RADIUS has taken it. Its directory must be there and on a disk that survives a restart."},
			{Name: "metrics", Help: "Prometheus metrics over HTTP.", Children: []*Node{
				{Name: "listen", Kind: Leaf, Type: Type{Form: Endpoint}, Mandatory: true,
					Help: "Address and port on which metrics are served; they are not served without this statement."},
			}},
			{Name: "forwarding-plane", Help: "How subscribers' packets are forwarded.", Children: []*Node{
				{Name: "type", Kind: Leaf, Type: words(
					Choice{Name: "tun", Help: "a TUN device; needs the right to administer the network"},
					Choice{Name: "none", Help: "no forwarding: sessions come up and carry no packets"}), Default: "tun",
					Help: "The forwarding plane."},
				{Name: "device", Kind: Leaf, Type: Type{Form: Text, Min: 1, Max: 15, Meta: "NAME"}, Default: "hf0",
					Help: "Name of the network device of all subscribers, at most 15 octets."},
				{Name: "mtu", Kind: Leaf, Type: unit(1280, 9192, "octets"), Default: "1500",
					Help: "MTU of the network device: the largest packet that the core side may send to a subscriber."},
			}},
		},
	}
}
