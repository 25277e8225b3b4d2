// SPDX-License-Identifier: Apache-2.0

package schema

func services() *Node {
	return &Node{
		Name: "services", Help: "The services of this router.",
		Children: []*Node{
			l2tp(),
			{Name: "service-device-pools", Help: "Service interfaces over which sessions are spread.", Children: []*Node{
				{Name: "pool", Kind: List, Type: name("POOL"), Help: "A set of service interfaces.", Children: []*Node{
					{Name: "interface", Kind: LeafList, Type: reference(interfaceNames, "INTERFACE"), Mandatory: true, Help: "The service interfaces; a new session goes to the one with the fewest."},
				}},
			}},
		},
		Unsupported: absent("accounting-service", "captive-portal-content-delivery", "cos", "flow-monitoring", "ids", "ipsec-vpn", "l2tp-access-line-information", "nat", "radius-flow-tap", "service-interface-pools",
			"service-set", "softwire", "ssl", "stateful-firewall", "subscriber-management"),
	}
}

func l2tp() *Node {
	return &Node{
		Name: "l2tp", Help: "The L2TP network server.",
		Children: []*Node{
			tunnelGroup(),
			{Name: "tunnel", Help: "What holds for every tunnel.", Children: []*Node{
				{Name: "retransmission-count-established", Kind: Leaf, Type: integer(2, 30), Default: "7", Help: "How often a message is sent again before an established tunnel is given up."},
				{Name: "retransmission-count-not-established", Kind: Leaf, Type: integer(2, 30), Default: "5", Help: "The same for a tunnel that is not yet established."},
				{Name: "minimum-retransmission-timeout", Kind: Leaf, Type: Type{Form: Word, Meta: "SECONDS", Unit: "seconds", Words: []Choice{{Name: "1"}, {Name: "2"}, {Name: "4"}, {Name: "8"}, {Name: "16"}}}, Default: "1",
					Help: "Seconds before a message is first sent again; the wait doubles each time, up to 16 s."},
				{Name: "rx-window-size", Kind: Leaf, Type: unit(4, 1024, "messages"), Default: "128",
					Help: "Control messages a LAC may have outstanding (AVP 10). Junos allows 4..128 and defaults to 4; a larger window lets a LAC bring all its calls back at once."},
				{Name: "idle-timeout", Kind: Leaf, Type: seconds(0, 86400), Default: "60", Help: "A tunnel without sessions is closed after this time; 0: never."},
				{Name: "maximum-sessions", Kind: Leaf, Type: integer(1, 65535), Default: "65535", Help: "Sessions in one tunnel."},
				{Name: "tx-address-change", Kind: Leaf, Type: words(
					Choice{Name: "accept", Help: "follow it"},
					Choice{Name: "ignore", Help: "go on sending to the old address and port"},
					Choice{Name: "ignore-ip-address", Help: "follow a new port, not a new address"},
					Choice{Name: "ignore-udp-port", Help: "follow a new address, not a new port"},
					Choice{Name: "reject", Help: "close the tunnel"},
					Choice{Name: "reject-ip-address", Help: "close the tunnel when the address changes"},
					Choice{Name: "reject-udp-port", Help: "close the tunnel when the port changes"}), Default: "accept",
					Help: "What a tunnel does when its LAC sends from another address or port."},
				{Name: "half-open-maximum", Kind: Leaf, Type: integer(1, 65535), Default: "4096", Help: "Tunnels that LACs have begun and not yet established. At the bound one is dropped at random, of the address that holds most."},
				{Name: "half-open-maximum-per-peer", Kind: Leaf, Type: integer(1, 65535), Default: "1024", Help: "The same of one LAC address."},
				{Name: "data-sequencing", Kind: Flag, Help: "Data messages carry sequence numbers although the LAC does not ask for them (RFC 2661 5.4). A LAC that asks for them gets them in any case."},
			}, Unsupported: absent("assignment-id-format", "failover-resync", "name", "nas-port-method", "nas-port-type")},
			admission(),
			{Name: "redial-replaces", Help: "A session that a line has left behind ends as soon as the same user has authenticated again from that line; the new session keeps its address.", Children: []*Node{
				{Name: "disable", Kind: Flag, Help: "The stale session stays until its own keepalive fails."},
				{Name: "line", Kind: LeafList, Type: words(
					Choice{Name: "calling-number", Help: "the Calling Number of the call"},
					Choice{Name: "circuit-id", Help: "the agent circuit id of the access line"},
					Choice{Name: "user-name", Help: "the user name alone, wherever the call comes from"}),
					Help: "What a line is known by: the first of these that a call tells. Without this statement the calling number, then the circuit id."},
				{Name: "minimum-age", Kind: Leaf, Type: seconds(0, 86400), Default: "0", Help: "A session that is up for less is not replaced: two modems may share a line and a user name."},
			}},
			{Name: "maximum-sessions", Kind: Leaf, Type: integer(1, 4294967295), Default: "512000", Help: "Sessions at once in the whole system."},
			{Name: "maximum-tunnels", Kind: Leaf, Type: integer(1, 65535), Default: "65535", Help: "Tunnels at once in the whole system."},
			{Name: "drain", Kind: Flag, Help: "No new tunnels and sessions; those that are there stay."},
			{Name: "destruct-timeout", Kind: Leaf, Type: seconds(10, 3600), Default: "300", Help: "How long an ended destination, tunnel or session can still be looked at."},
			{Name: "session-limit-group", Kind: List, Type: name("GROUP"), Help: "A limit that several LACs share.", Children: []*Node{
				{Name: "maximum-sessions", Kind: Leaf, Type: integer(1, 4294967295), Mandatory: true, Help: "Sessions at once of all its LACs."},
			}},
		},
		Rules: []Rule{{Unique, []string{"tunnel-group", "local-gateway", "address"}}},
		Unsupported: absent("access-line-information", "destination", "destination-equal-load-balancing", "disable-calling-number-avp", "disable-failover-protocol", "enable-ipv6-services-for-lac", "enable-snmp-tunnel-statistics",
			"failover-within-preference", "ip-reassembly", "l2tp-access-profile", "profile", "rx-connect-speed-when-equal", "sessions-limit-group", "traceoptions", "tunnel-switch-profile", "tx-connect-speed-method", "weighted-load-balancing"),
	}
}

// admission has its limits per shard: a shard admits calls by itself.
func admission() *Node {
	return &Node{
		Name: "admission", Help: "Which waiting calls are set up next when more come in than can be set up. The defaults adapt to load by themselves.",
		Children: []*Node{
			{Name: "disable", Kind: Flag, Help: "Every call is set up at once, in the order in which they came, however many there are. For comparison only: a surge of calls then stalls the system."},
			{Name: "deadline", Kind: Leaf, Type: seconds(1, 60), Default: "8", Help: "A call that has not come up this long after its ICRQ is of no use to its caller and is refused. LACs whose callers give up earlier are given less."},
			{Name: "maximum-parked-calls", Kind: Leaf, Type: unit(1, 1048576, "calls"), Default: "65536", Help: "Calls that wait to be set up, in each shard. At the bound the oldest of the LAC with the most gives way."},
			{Name: "minimum-slots", Kind: Leaf, Type: unit(1, 65536, "calls"), Default: "16", Help: "Calls in set-up at once, in each shard, which are allowed however slow things are."},
			{Name: "maximum-slots", Kind: Leaf, Type: unit(1, 65536, "calls"), Default: "16384", Help: "Calls in set-up at once, in each shard, which are not exceeded however fast things are. Between the bounds the number follows the time that set-up takes."},
			{Name: "short-wait", Kind: Leaf, Type: unit(1, 60000, "milliseconds"), Default: "250", Help: "While no call has waited longer, the oldest is set up first; beyond it the newest, whose caller will stay the longest."},
			{Name: "maximum-refusals", Kind: Leaf, Type: unit(1, 1000000, "calls a second"), Default: "2000", Help: "Waiting calls that are answered with CDN, in each shard; those beyond it are dropped without an answer."},
		},
	}
}

func tunnelGroup() *Node {
	return &Node{
		Name: "tunnel-group", Kind: List, Type: name("GROUP"),
		Help: "One LNS: a gateway address, the LACs that may come there and what their sessions get.",
		Children: []*Node{
			{Name: "l2tp-access-profile", Kind: Leaf, Type: reference(accessProfiles, "PROFILE"), Mandatory: true, Help: "The LACs that may open tunnels."},
			{Name: "aaa-access-profile", Kind: Leaf, Type: reference(accessProfiles, "PROFILE"), Help: "How subscribers are authenticated, unless the LAC has a profile of its own."},
			{Name: "local-gateway", Mandatory: true, Help: "Our end of the tunnels.", Children: []*Node{
				{Name: "address", Kind: Leaf, Type: Type{Form: Address}, Mandatory: true, Help: "Address at which tunnels arrive, UDP port 1701."},
				{Name: "gateway-name", Kind: Leaf, Type: text(1, 64, "NAME"), Help: "Our Host Name towards LACs, in place of system host-name."},
			}},
			{Name: "service-interface", Kind: Leaf, Type: reference(interfaceNames, "INTERFACE"), Help: "The service interface of all sessions."},
			{Name: "service-device-pool", Kind: Leaf, Type: reference(devicePools, "POOL"), Help: "The service interfaces over which sessions are spread."},
			{Name: "dynamic-profile", Kind: Leaf, Type: reference(profiles, "PROFILE"), Help: "What sessions are made with, unless the LAC has a profile of its own."},
			{Name: "maximum-sessions", Kind: Leaf, Type: integer(1, 4294967295), Help: "Sessions at once in this tunnel group; unlimited without this statement."},
			{Name: "hello-interval", Kind: Leaf, Type: seconds(0, 3600), Default: "60", Help: "Silence of a LAC after which a HELLO is sent; 0: never, and those of the LAC are still answered."},
			{Name: "receive-window", Kind: Leaf, Type: unit(4, 1024, "messages"), Help: "rx-window-size for this tunnel group."},
			{Name: "maximum-send-window", Kind: Leaf, Type: unit(4, 1024, "messages"), Default: "1024", Help: "Control messages we have outstanding at most, whatever the LAC allows."},
			{Name: "retransmit-interval", Kind: Leaf, Type: seconds(1, 16), Help: "minimum-retransmission-timeout for this tunnel group, in any number of seconds."},
			{Name: "tunnel-timeout", Kind: Leaf, Type: seconds(1, 3600), Default: "60", Help: "How long a tunnel, or a call in it, may take to be established."},
			{Name: "hide-avps", Kind: Flag, Help: "AVPs that may be hidden are hidden from LACs with a shared secret."},
		},
		Rules: []Rule{{ExactlyOne, []string{"service-interface", "service-device-pool"}}},
		Unsupported: append(absent("no-tos-reflect", "service-profile", "syslog", "tos-reflect", "tunnel-switch-profile", "user-access-profile"),
			Absent{"ppp-access-profile", "use aaa-access-profile"}),
	}
}
