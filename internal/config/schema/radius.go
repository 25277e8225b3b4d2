// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"strings"

	"holdfast/internal/lns"
)

// radiusServer stands below access, for all profiles, and in a profile for that
// profile alone.
func radiusServer() *Node {
	return &Node{
		Name: "radius-server", Kind: List, Type: Type{Form: Address},
		Help: "A RADIUS server by its address. One in an access profile is for that profile and comes before one of the same address for all.",
		Children: []*Node{
			{Name: "secret", Kind: Leaf, Type: Type{Form: Password, Min: 1, Max: 128}, Help: "Secret shared with the server; over TLS it is radsec unless said otherwise."},
			{Name: "port", Kind: Leaf, Type: integer(1, 65535), Default: "1812", Help: "UDP port for authentication."},
			{Name: "accounting-port", Kind: Leaf, Type: integer(1, 65535), Default: "1813", Help: "UDP port for accounting."},
			{Name: "dynamic-request-port", Kind: Leaf, Type: integer(0, 65535), Default: "3799", Help: "UDP port of ours at which this server may send CoA and Disconnect requests; 0: it may not."},
			{Name: "source-address", Kind: Leaf, Type: Type{Form: Address}, Help: "Address of ours from which the server is asked; without it, the one the system chooses."},
			{Name: "timeout", Kind: Leaf, Type: seconds(1, 90), Default: "3", Help: "How long an answer is waited for before a request is first sent again; the wait doubles each time (RFC 5080 2.2.1)."},
			{Name: "retry", Kind: Leaf, Type: integer(1, 100), Default: "3", Help: "How often a request is sent again before the next server is asked."},
			{Name: "accounting-timeout", Kind: Leaf, Type: seconds(0, 1000), Default: "0", Help: "timeout for accounting; 0: the same."},
			{Name: "accounting-retry", Kind: Leaf, Type: integer(0, 100), Default: "0", Help: "retry for accounting; 0: the same."},
			{Name: "max-outstanding-requests", Kind: Leaf, Type: unit(1, 16384, "requests"), Default: "1000", Help: "Requests at once without an answer. Below this bound their number follows how fast the server answers."},
			{Name: "weight", Kind: Leaf, Type: integer(1, 1000), Default: "1", Help: "Its share of the requests with the algorithm weighted."},
			{Name: "message-authenticator", Kind: Leaf, Type: words(
				Choice{Name: "required", Help: "a reply without it is dropped: it may be forged (CVE-2024-3596)"},
				Choice{Name: "optional", Help: "for servers that know nothing of it, on a network where nobody forges replies"}), Default: "required",
				Help: "Whether replies must carry Message-Authenticator. Our requests always do; where a reply has one it must be right."},
			{Name: "tls", Help: "RADIUS over TLS (RFC 6614) in place of UDP.", Children: []*Node{
				{Name: "port", Kind: Leaf, Type: integer(1, 65535), Default: "2083", Help: "TCP port of the server, for authentication and accounting alike."},
				{Name: "server-name", Kind: Leaf, Type: text(1, 253, "NAME"), Help: "The name its certificate must be for; without it, its address."},
				{Name: "ca-certificate", Kind: Leaf, Type: text(1, 4096, "FILE"), Help: "PEM file with the certificates that may have signed the server's; without it, those that the system trusts."},
				{Name: "certificate", Kind: Leaf, Type: text(1, 4096, "FILE"), Help: "PEM file with our certificate."},
				{Name: "private-key", Kind: Leaf, Type: text(1, 4096, "FILE"), Help: "PEM file with the key of our certificate."},
			}, Rules: []Rule{{Together, []string{"certificate", "private-key"}}}},
		},
		Unsupported: append(absent("preauthentication-port", "preauthentication-secret", "routing-instance"),
			Absent{"radsec-destination", "use tls"}),
	}
}

func radiusOptions() *Node {
	return &Node{
		Name: "radius-options", Help: "What holds for all RADIUS servers.",
		Children: []*Node{
			{Name: "revert-interval", Kind: Leaf, Type: seconds(1, 604800), Default: "60", Help: "How long a server that is dead is left alone before it is tried again."},
			{Name: "timeout-grace", Kind: Leaf, Type: seconds(0, 30), Default: "10", Help: "How long a server gives nothing but timeouts before it is dead."},
			{Name: "request-rate", Kind: Leaf, Type: unit(100, 1000000, "requests a second").or("unlimited", "as many as the server answers"), Default: "unlimited",
				Help: "Requests to one server. Junos allows 100..4000 and defaults to 500; a server is not flooded without it, since requests in flight follow how fast it answers."},
			{Name: "interim-rate", Kind: Leaf, Type: unit(100, 1000000, "requests a second").or("unlimited", "as many as request-rate allows"), Default: "500",
				Help: "Interim updates among them."},
		},
		Unsupported: append(absent("coa-dynamic-variable-validation", "vlan-nas-port-stacked-format"),
			Absent{"unique-nas-port", "NAS-Port is made of tunnel and session id, and is unique without it"}),
	}
}

func accountingBackup() *Node {
	return &Node{
		Name: "accounting-backup-options", Help: "How much accounting is kept on disk while no server takes it. It is always kept; these are the bounds.",
		Children: []*Node{
			{Name: "max-pending-accounting-stops", Kind: Leaf, Type: unit(1, 10000000, "records"), Default: "1000000", Help: "Records that wait at most; beyond it the oldest is dropped and counted. Junos allows 1..168000."},
			{Name: "max-withhold-time", Kind: Leaf, Type: unit(60, 43200, "minutes"), Default: "10080", Help: "How long a record waits at most; then it is dropped and counted. Junos allows 60..1440."},
		},
	}
}

func radiusDisconnect() *Node {
	return &Node{
		Name: "radius-disconnect", Help: "Who may send CoA and Disconnect requests (RFC 5176), besides the RADIUS servers.",
		Children: []*Node{
			{Kind: List, Type: Type{Form: Address}, Help: "A client by its address.", Children: []*Node{
				{Name: "secret", Kind: Leaf, Type: Type{Form: Password, Min: 1, Max: 128}, Mandatory: true, Help: "Secret shared with the client."},
			}},
		},
	}
}

// domain is access domain: realms of user names.
func domain() *Node {
	return &Node{
		Name: "domain", Help: "How the realm of a user name, the part behind @, chooses what a subscriber gets.",
		Children: []*Node{
			{Name: "map", Kind: List, Type: Type{Form: Text, Min: 1, Max: 253, Meta: "REALM"}, Help: "A realm; default is any that has no entry, none is a name without one.",
				Children: []*Node{
					{Name: "access-profile", Kind: Leaf, Type: reference(accessProfiles, "PROFILE"), Help: "How its subscribers are authenticated, in place of the LAC's or tunnel group's profile."},
					{Name: "address-pool", Kind: Leaf, Type: reference(addressPools, "POOL"), Help: "The pool of their IPv4 addresses, unless RADIUS names another."},
					{Name: "strip-domain", Kind: Flag, Help: "The realm is removed from the name before it is looked up and sent to RADIUS."},
				},
				Unsupported: append(absent("aaa-logical-system", "aaa-routing-instance", "override-password", "padn", "strip-username", "target-logical-system",
					"target-routing-instance", "tunnel-profile", "tunnel-switch-profile"),
					Absent{"dynamic-profile", "LCP has been negotiated before the realm is known; name it at the LAC or the tunnel group"}),
			},
		},
		Unsupported: absent("delimiter", "parse-direction", "parse-order", "realm-delimiter", "realm-parse-direction"),
	}
}

// terminateCode has the terminate reasons by family, as package lns declares them.
func terminateCode() *Node {
	n := &Node{
		Name: "terminate-code", Help: "Which Acct-Terminate-Cause (RFC 2866 5.10) a terminate reason is reported as, where it shall not be the usual one.",
		Unsupported: absent("dhcp", "vlan"),
	}
	for _, family := range []string{"aaa", "l2tp", "ppp"} {
		reason := &Node{
			Kind: List, Type: Type{Form: Word, Meta: "REASON"}, Help: "A terminate reason.",
			Children: []*Node{{Name: "radius", Kind: Leaf, Type: integer(1, 4294967295), Mandatory: true, Help: "The value of Acct-Terminate-Cause."}},
		}
		for c := range lns.CauseCount {
			if name, found := strings.CutPrefix(lns.Cause(c).String(), family+" "); found {
				reason.Type.Words = append(reason.Type.Words, Choice{Name: name})
			}
		}
		n.Children = append(n.Children, &Node{Name: family, Help: "Reasons of the family " + family + ".", Children: []*Node{reason}})
	}
	return n
}
