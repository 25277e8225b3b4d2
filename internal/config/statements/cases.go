// SPDX-License-Identifier: Apache-2.0

package statements

import "slices"

// Cases is the whole table.
func Cases() []Case {
	return slices.Concat(systemCases(), ddosCases(), interfaceCases(), clientCases(), profileCases(),
		radiusCases(), profileRadiusCases(), accountingCases(),
		attributeCases("access profile client ppp", client+"ppp "),
		attributeCases("access group-profile ppp", group1),
		optionCases("dynamic-profiles PROFILE interfaces $junos-interface-ifd-name unit ppp-options", unit+"ppp-options "),
		poolCases(), l2tpCases(), callCases(), groupCases(), dynamicCases())
}

// value is a case of a leaf that goes from one value to another.
func value(statement, line, before, after string) Case {
	return Case{Statement: statement, Before: line + " " + before, After: line + " " + after}
}

// given is a case of a leaf or flag that was not there before.
func given(statement, line string) Case {
	return Case{Statement: statement, After: line}
}

func systemCases() []Case {
	const holdfast = "system processes holdfast "
	return []Case{
		value("system host-name", "system host-name", "lns1", "lns2"),
		given(holdfast+"shards", holdfast+"shards 3"),
		given(holdfast+"log-level", holdfast+"log-level debug"),
		given(holdfast+"spool-file", holdfast+"spool-file /tmp/spool.db"),
		given(holdfast+"metrics listen", holdfast+"metrics listen 127.0.0.1:9117"),
		given(holdfast+"forwarding-plane type", holdfast+"forwarding-plane type none"),
		given(holdfast+"forwarding-plane device", holdfast+"forwarding-plane device lns0"),
		given(holdfast+"forwarding-plane mtu", holdfast+"forwarding-plane mtu 1492"),
	}
}

func interfaceCases() []Case {
	return []Case{
		given("interfaces INTERFACE l2tp-maximum-session", "interfaces si-1/0/0 l2tp-maximum-session 5"),
		given("interfaces INTERFACE unit family inet address primary", loopback+"198.51.100.2/32 primary"),
		given("interfaces INTERFACE unit family inet address", loopback+"198.51.100.3/32"),
		given("interfaces INTERFACE unit family inet6 address", "interfaces lo0 unit 0 family inet6 address 2001:db8::1/128"),
	}
}

func clientCases() []Case {
	const at = "access profile client l2tp "
	line := client + "l2tp "
	profile2 := given(at+"dynamic-profile", line+"dynamic-profile p2")
	id := value(at+"interface-id", line+"interface-id", "subscribers", "elsewhere")
	id.Refused = "is not the l2tp-interface-id"
	ppp := Case{Statement: at + "ppp-authentication", After: line + "ppp-authentication pap",
		Without: []string{group1 + "ppp-options chap"}, With: []string{"access profile subscribers authentication-order none"}}
	return []Case{
		value(at+"shared-secret", line+"shared-secret", "lac-secret", "another-secret"),
		given(at+"maximum-sessions", line+"maximum-sessions 7"),
		given(at+"maximum-sessions-per-tunnel", line+"maximum-sessions-per-tunnel 3"),
		given(at+"session-limit-group", line+"session-limit-group limit1"),
		given(at+"lcp-renegotiation", line+"lcp-renegotiation"),
		given(at+"local-chap", line+"local-chap"),
		given(at+"override-result-code", line+"override-result-code session-out-of-resource"),
		ppp,
		given(at+"aaa-access-profile", line+"aaa-access-profile everybody"),
		profile2, id,
		value("access profile client user-group-profile", client+"user-group-profile", "group1", "group2"),
	}
}

func profileCases() []Case {
	const at = "access profile "
	const strip = users + "session-options strip-user-name "
	alice := users + "subscriber alice "
	return []Case{
		{Statement: at + "authentication-order", After: users + "authentication-order none"},
		value(at+"subscriber password", alice+"password", "alice-secret", "another-secret"),
		given(at+"subscriber framed-ip-address", alice+"framed-ip-address 203.0.113.1"),
		given(at+"subscriber framed-pool", alice+"framed-pool pool2"),
		given(at+"session-limit-per-username", users+"session-limit-per-username 2"),
		given(at+"session-options client-idle-timeout", users+"session-options client-idle-timeout 10"),
		given(at+"session-options client-session-timeout", users+"session-options client-session-timeout 60"),
		value(at+"session-options strip-user-name delimiter", strip+"delimiter", "@", "/@"),
		{Statement: at + "session-options strip-user-name parse-direction", After: strip + "parse-direction left-to-right",
			With: []string{strip + "delimiter @"}},
	}
}

// attributeCases are those of a ppp container, which stands at two places.
func attributeCases(at, line string) []Case {
	at += " "
	pool := Case{Statement: at + "framed-pool", Before: line + "framed-pool pool1", After: line + "framed-pool pool2"}
	address := Case{Statement: at + "framed-ip-address", Before: line + "framed-ip-address 203.0.113.8", After: line + "framed-ip-address 203.0.113.9",
		Without: []string{group1 + "framed-pool pool1"}}
	return append([]Case{
		pool, address,
		given(at+"framed-ipv6-pool", line+"framed-ipv6-pool pool7"),
		given(at+"primary-dns", line+"primary-dns 198.51.100.53"),
		given(at+"secondary-dns", line+"secondary-dns 198.51.100.54"),
		given(at+"primary-wins", line+"primary-wins 198.51.100.55"),
		given(at+"secondary-wins", line+"secondary-wins 198.51.100.56"),
		given(at+"idle-timeout", line+"idle-timeout 600"),
		given(at+"keepalive", line+"keepalive 10"),
		given(at+"keepalive-retries", line+"keepalive-retries 5"),
	}, optionCases(at+"ppp-options", line+"ppp-options ")...)
}

// optionCases are those of ppp-options, which stand at three places.
func optionCases(at, line string) []Case {
	at += " "
	length := line + "chap challenge-length "
	// A statement that offers what is offered already would change nothing.
	chap := Case{Statement: at + "chap", After: line + "chap",
		Without: []string{group1 + "ppp-options chap"}, With: []string{group1 + "ppp-options pap"}}
	return []Case{
		given(at+"authentication", line+"authentication [ pap chap ]"),
		given(at+"ms-chap-v2", line+"ms-chap-v2"),
		chap,
		value(at+"chap challenge-length minimum", length+"maximum 40 minimum", "10", "12"),
		value(at+"chap challenge-length maximum", length+"minimum 10 maximum", "40", "42"),
		given(at+"pap", line+"pap"),
		given(at+"mru", line+"mru 1450"),
		given(at+"mtu", line+"mtu 1440"),
		given(at+"lcp-restart-timer", line+"lcp-restart-timer 5"),
		given(at+"lcp-max-conf-req", line+"lcp-max-conf-req 20"),
		given(at+"initiate-ncp ip", line+"initiate-ncp ip"),
		given(at+"initiate-ncp ipv6", line+"initiate-ncp ipv6"),
		given(at+"initiate-ncp dual-stack-passive", line+"initiate-ncp dual-stack-passive"),
		{Statement: at + "ipcp-suggest-dns-option", After: line + "ipcp-suggest-dns-option", With: []string{group1 + "primary-dns 198.51.100.53"}},
		given(at+"peer-ip-address-optional", line+"peer-ip-address-optional"),
		given(at+"ignore-magic-number-mismatch", line+"ignore-magic-number-mismatch"),
	}
}

func poolCases() []Case {
	const at = "access address-assignment "
	const inet, inet6 = at + "pool family inet ", at + "pool family inet6 "
	run, run6 := pools+"pool pool1 family inet range r ", pools+"pool pool6 family inet6 range r "
	length := value(inet6+"range prefix-length", run6+"prefix-length", "64", "56")
	length.Refused = "outside 64..64"
	bounds := func(c Case, with string) Case { c.With = []string{with}; return c }
	return []Case{
		value(inet+"network", pools+"pool pool1 family inet network", "100.64.0.0/24", "100.64.2.0/24"),
		bounds(value(inet+"range low", run+"low", "100.64.0.10", "100.64.0.11"), run+"high 100.64.0.99"),
		bounds(value(inet+"range high", run+"high", "100.64.0.98", "100.64.0.99"), run+"low 100.64.0.10"),
		given(inet+"excluded-address", pools+"pool pool1 family inet excluded-address 100.64.0.7"),
		value(inet6+"prefix", pools+"pool pool6 family inet6 prefix", "2001:db8:100::/48", "2001:db8:300::/48"),
		length,
		bounds(value(inet6+"range low", run6+"low", "2001:db8:100:1::/64", "2001:db8:100:2::/64"), run6+"high 2001:db8:100:ff::/64"),
		bounds(value(inet6+"range high", run6+"high", "2001:db8:100:3::/64", "2001:db8:100:4::/64"), run6+"low 2001:db8:100:1::/64"),
		given(at+"pool link", pools+"pool pool1 link pool2"),
		value(at+"neighbor-discovery-router-advertisement", pools+"neighbor-discovery-router-advertisement", "pool6", "pool7"),
	}
}

func l2tpCases() []Case {
	const at = "services l2tp "
	const tunnel = at + "tunnel "
	return []Case{
		given(tunnel+"retransmission-count-established", tunnel+"retransmission-count-established 3"),
		given(tunnel+"retransmission-count-not-established", tunnel+"retransmission-count-not-established 3"),
		given(tunnel+"minimum-retransmission-timeout", tunnel+"minimum-retransmission-timeout 2"),
		given(tunnel+"rx-window-size", tunnel+"rx-window-size 16"),
		given(tunnel+"idle-timeout", tunnel+"idle-timeout 0"),
		given(tunnel+"maximum-sessions", tunnel+"maximum-sessions 2"),
		given(tunnel+"tx-address-change", tunnel+"tx-address-change reject"),
		given(tunnel+"half-open-maximum", tunnel+"half-open-maximum 10"),
		given(tunnel+"half-open-maximum-per-peer", tunnel+"half-open-maximum-per-peer 5"),
		given(tunnel+"data-sequencing", tunnel+"data-sequencing"),
		given(at+"maximum-sessions", at+"maximum-sessions 20"),
		given(at+"maximum-tunnels", at+"maximum-tunnels 4"),
		given(at+"drain", at+"drain"),
		given(at+"destruct-timeout", at+"destruct-timeout 10"),
		{Statement: at + "session-limit-group maximum-sessions", Before: at + "session-limit-group limit1 maximum-sessions 100",
			After: at + "session-limit-group limit1 maximum-sessions 2", With: []string{client + "l2tp session-limit-group limit1"}},
		{Statement: "services service-device-pools pool interface", Before: "services service-device-pools pool devices1 interface si-1/0/0",
			After:   "services service-device-pools pool devices1 interface [ si-1/0/0 si-1/1/0 ]",
			Without: []string{group + "service-interface si-1/0/0"}, With: []string{group + "service-device-pool devices1"}},
	}
}

// callCases are about which calls are set up, and what they replace.
func callCases() []Case {
	const at, redial = "services l2tp admission ", "services l2tp redial-replaces "
	return []Case{
		given(at+"disable", at+"disable"),
		given(at+"deadline", at+"deadline 4"),
		given(at+"maximum-parked-calls", at+"maximum-parked-calls 10"),
		given(at+"minimum-slots", at+"minimum-slots 2"),
		given(at+"maximum-slots", at+"maximum-slots 20"),
		given(at+"short-wait", at+"short-wait 3000"),
		given(at+"maximum-refusals", at+"maximum-refusals 5"),
		given(redial+"disable", redial+"disable"),
		given(redial+"line", redial+"line user-name"),
		given(redial+"minimum-age", redial+"minimum-age 600"),
	}
}

func groupCases() []Case {
	const at = "services l2tp tunnel-group "
	devices := value(at+"service-device-pool", group+"service-device-pool", "devices1", "devices2")
	devices.Without = []string{group + "service-interface si-1/0/0"}
	return []Case{
		value(at+"l2tp-access-profile", group+"l2tp-access-profile", "lacs", "lacs2"),
		value(at+"aaa-access-profile", group+"aaa-access-profile", "subscribers", "everybody"),
		value(at+"local-gateway address", group+"local-gateway address", "192.0.2.1", "192.0.2.9"),
		given(at+"local-gateway gateway-name", group+"local-gateway gateway-name lns1-g1"),
		value(at+"service-interface", group+"service-interface", "si-1/0/0", "si-1/1/0"),
		devices,
		value(at+"dynamic-profile", group+"dynamic-profile", "p1", "p2"),
		given(at+"maximum-sessions", group+"maximum-sessions 6"),
		given(at+"hello-interval", group+"hello-interval 0"),
		given(at+"receive-window", group+"receive-window 8"),
		given(at+"maximum-send-window", group+"maximum-send-window 8"),
		given(at+"retransmit-interval", group+"retransmit-interval 3"),
		given(at+"tunnel-timeout", group+"tunnel-timeout 20"),
		given(at+"hide-avps", group+"hide-avps"),
	}
}

func dynamicCases() []Case {
	const profile = "dynamic-profiles PROFILE "
	const at = profile + "interfaces $junos-interface-ifd-name unit "
	const advertisement = profile + "protocols router-advertisement interface "
	prefix := ra + `prefix "$junos-ipv6-ndra-prefix" `
	instance := `dynamic-profiles p1 routing-instances "$junos-routing-instance" interface `
	dedicated := Case{Statement: at + "dial-options dedicated", Before: unit + "dial-options dedicated", Refused: "dedicated is missing"}
	id := value(at+"dial-options l2tp-interface-id", unit+"dial-options l2tp-interface-id", "subscribers", "elsewhere")
	id.Refused = "is not the l2tp-interface-id"
	name := Case{Statement: profile + "routing-instances $junos-routing-instance interface",
		Before: instance + `"$junos-interface-name"`, After: instance + "si-1/0/0.7", Refused: "expected $junos-interface-name"}
	return []Case{
		id, dedicated, name,
		given(at+"keepalives interval", unit+"keepalives interval 5"),
		given(at+"family inet unnumbered-address preferred-source-address",
			unit+"family inet unnumbered-address lo0.0 preferred-source-address 198.51.100.2"),
		{Statement: at + "family inet6", Before: unit + "family inet6"},
		given(advertisement+"max-advertisement-interval", ra+"max-advertisement-interval 30"),
		given(advertisement+"default-lifetime", ra+"default-lifetime 0"),
		given(advertisement+"current-hop-limit", ra+"current-hop-limit 32"),
		given(advertisement+"link-mtu", ra+"link-mtu 1400"),
		given(advertisement+"dns-server-address", ra+"dns-server-address 2001:db8::53"),
		value(advertisement+"dns-server-address lifetime", ra+"dns-server-address 2001:db8::53 lifetime", "600", "900"),
		given(advertisement+"prefix valid-lifetime", prefix+"valid-lifetime 2000000"),
		given(advertisement+"prefix preferred-lifetime", prefix+"preferred-lifetime 3600"),
	}
}
