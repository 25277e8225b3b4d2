// SPDX-License-Identifier: Apache-2.0

package statements

import "holdfast/internal/config/schema"

// server is the RADIUS server of the base that the cases change.
const server = "access radius-server 203.0.113.100 "

// asked makes RADIUS authenticate the subscribers of a case.
func asked(cases ...Case) []Case {
	for i := range cases {
		cases[i].Without = append(cases[i].Without, users+"authentication-order password")
		cases[i].With = append(cases[i].With, users+"authentication-order radius")
	}
	return cases
}

// accounted has them accounted too.
func accounted(cases ...Case) []Case {
	for i := range cases {
		cases[i].With = append(cases[i].With, users+"accounting-order radius")
	}
	return asked(cases...)
}

// radiusCases are about what holds for all access profiles.
func radiusCases() []Case {
	const at = "access "
	const backup, options = at + "accounting-backup-options ", at + "radius-options "
	client := at + "radius-disconnect 203.0.113.9 secret "
	cases := []Case{
		given(options+"revert-interval", options+"revert-interval 30"),
		given(options+"timeout-grace", options+"timeout-grace 5"),
		given(options+"request-rate", options+"request-rate 100"),
		given(options+"interim-rate", options+"interim-rate 100"),
		given(backup+"max-pending-accounting-stops", backup+"max-pending-accounting-stops 5"),
		given(backup+"max-withhold-time", backup+"max-withhold-time 60"),
		{Statement: at + "radius-disconnect ADDRESS secret", Before: client + "one-secret", After: client + "another-secret"},
		{Statement: at + "radius-disconnect-port", After: at + "radius-disconnect-port 1700", With: []string{client + "one-secret"}},
		{Statement: at + "terminate-code aaa REASON radius", After: at + "terminate-code aaa deny-authentication-denied radius 16",
			With: []string{users + "accounting accounting-stop-on-access-deny"}},
		{Statement: at + "terminate-code l2tp REASON radius", After: at + "terminate-code l2tp session-receive-cdn radius 18",
			With: []string{users + "accounting-order radius"}},
		{Statement: at + "terminate-code ppp REASON radius", After: at + "terminate-code ppp lcp-keepalive-failure radius 19",
			With: []string{users + "accounting-order radius"}},
	}
	own := users + "radius-server 203.0.113.200 "
	profile := serverCases(at+"profile radius-server ", own)
	profile[0] = accounted(value(at+"profile radius-server secret", own+"secret", "one-secret", "another-secret"))[0]
	for i := range profile[1:] {
		profile[i+1].With = append(profile[i+1].With, own+"secret one-secret")
	}
	return append(append(append(cases, serverCases(at+"radius-server ", server)...), profile...), domainCases()...)
}

// serverCases are those of a radius-server, which stands at two places.
func serverCases(at, line string) []Case {
	file := func(c Case, with ...string) Case { c.With = append(c.With, with...); return c }
	return accounted(
		value(at+"secret", line+"secret", "radius-secret", "another-secret"),
		given(at+"port", line+"port 1645"),
		given(at+"accounting-port", line+"accounting-port 1646"),
		given(at+"dynamic-request-port", line+"dynamic-request-port 0"),
		given(at+"source-address", line+"source-address 192.0.2.1"),
		given(at+"timeout", line+"timeout 1"),
		given(at+"retry", line+"retry 5"),
		given(at+"accounting-timeout", line+"accounting-timeout 10"),
		given(at+"accounting-retry", line+"accounting-retry 10"),
		given(at+"max-outstanding-requests", line+"max-outstanding-requests 16"),
		given(at+"weight", line+"weight 2"),
		given(at+"message-authenticator", line+"message-authenticator optional"),
		value(at+"tls port", line+"tls port", "2083", "2084"),
		file(given(at+"tls server-name", line+"tls server-name radius.example.net"), line+"tls port 2083"),
		file(given(at+"tls ca-certificate", line+"tls ca-certificate ca.pem"), line+"tls port 2083"),
		file(value(at+"tls certificate", line+"tls certificate", "nas.pem", "other.pem"), line+"tls private-key key.pem"),
		file(value(at+"tls private-key", line+"tls private-key", "key.pem", "other.pem"), line+"tls certificate nas.pem"),
	)
}

func domainCases() []Case {
	const at = "access domain map "
	return []Case{
		given(at+"access-profile", at+"isp access-profile everybody"),
		given(at+"strip-domain", at+"isp strip-domain"),
		{Statement: at + "address-pool", After: at + "isp address-pool pool2", With: []string{at + "isp strip-domain"}},
	}
}

// profileRadiusCases are about how an access profile uses RADIUS.
func profileRadiusCases() []Case {
	const at = "access profile radius "
	const options, ignore = at + "options ", at + "attributes ignore "
	line := users + "radius "
	option, ignored := line+"options ", line+"attributes ignore "
	cases := asked(
		given(at+"authentication-server", line+"authentication-server 203.0.113.101"),
		given(at+"accounting-server", line+"accounting-server 203.0.113.101"),
		given(options+"nas-identifier", option+"nas-identifier nas1"),
		given(options+"nas-ip-address", option+"nas-ip-address 192.0.2.99"),
		given(options+"nas-port-id-delimiter", option+"nas-port-id-delimiter :"),
		given(options+"nas-port-type", option+"nas-port-type xdsl"),
		given(options+"calling-station-id-delimiter", option+"calling-station-id-delimiter :"),
		given(options+"accounting-session-id-format", option+"accounting-session-id-format description"),
		given(options+"accounting-session-id-strict", option+"accounting-session-id-strict"),
		given(options+"client-authentication-algorithm", option+"client-authentication-algorithm round-robin"),
		given(options+"chap-challenge-in-request-authenticator", option+"chap-challenge-in-request-authenticator"),
		given(options+"accounting-username-original", option+"accounting-username-original"),
		given(options+"unsupported-filter", option+"unsupported-filter refuse"),
	)
	cases = append(cases, accounted(
		given(ignore+"framed-ip-netmask", ignored+"framed-ip-netmask"),
		given(ignore+"input-filter", ignored+"input-filter"),
		given(ignore+"output-filter", ignored+"output-filter"),
		given(ignore+"logical-system-routing-instance", ignored+"logical-system-routing-instance"),
		given(ignore+"session-timeout", ignored+"session-timeout"),
		given(ignore+"idle-timeout", ignored+"idle-timeout"),
		given(ignore+"standard-attribute", ignored+"standard-attribute [ 11 22 ]"),
		Case{Statement: ignore + "vendor-id vendor-attribute", After: ignored + "vendor-id 4874 vendor-attribute 1", With: []string{ignored + "vendor-id 4874"}},
	)...)
	for _, format := range []string{"nas-port-id-format ", "calling-station-id-format "} {
		for i, p := range schema.NameParts() {
			other := schema.NameParts()[(i+1)%len(schema.NameParts())].Name
			cases = append(cases, asked(Case{Statement: options + format + p.Name, After: option + format + p.Name, With: []string{option + format + other}})...)
		}
		cases = append(cases, asked(given(options+format+"order", option+format+"order [ calling-number nas-identifier ]"))...)
	}
	exclude := schema.Root().At("access", "profile", "radius", "attributes", "exclude")
	for _, n := range exclude.Children {
		message := n.Type.Words[len(n.Type.Words)-1].Name
		cases = append(cases, asked(given(at+"attributes exclude "+n.Name, line+"attributes exclude "+n.Name+" "+message))...)
	}
	return append(cases, accounted(given(options+"client-accounting-algorithm", option+"client-accounting-algorithm weighted"))...)
}

// accountingCases are about accounting of an access profile.
func accountingCases() []Case {
	const at = "access profile accounting "
	line := users + "accounting "
	cases := accounted(
		given(at+"accounting-stop-on-failure", line+"accounting-stop-on-failure"),
		given(at+"accounting-stop-on-access-deny", line+"accounting-stop-on-access-deny"),
		given(at+"immediate-update", line+"immediate-update"),
		given(at+"coa-immediate-update", line+"coa-immediate-update"),
		given(at+"address-change-immediate-update", line+"address-change-immediate-update"),
		given(at+"family-state-change-immediate-update", line+"family-state-change-immediate-update"),
		given(at+"update-interval", line+"update-interval 10"),
		given(at+"statistics", line+"statistics time"),
		given(at+"wait-for-acct-on-ack", line+"wait-for-acct-on-ack"),
		given(at+"duplication accounting-server", line+"duplication accounting-server 203.0.113.101"),
		given(at+"checkpoint-interval", line+"checkpoint-interval 10"),
		given(at+"durable-wait", line+"durable-wait 1000"),
	)
	return append(cases, asked(
		given(at+"order", line+"order radius"),
		given("access profile accounting-order", users+"accounting-order radius"))...)
}
