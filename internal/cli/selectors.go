// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	pb "holdfast/internal/api/holdfastv1"
)

// levels are the args that say how much is shown.
func levels(help ...string) []arg {
	words := []struct {
		word string
		to   level
	}{{"brief", brief}, {"detail", detail}, {"extensive", extensive}, {"statistics", statistics}}
	var list []arg
	for i, h := range help {
		to := words[i].to
		list = append(list, arg{word: words[i].word, help: h, group: "level", set: func(q *query, _ string) error { q.level = to; return nil }})
	}
	return list
}

// join makes one list of several.
func join(lists ...[]arg) []arg {
	var all []arg
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// selector makes an arg whose value is any text.
func selector(word, value, help string, to func(*pb.Selector) *string) arg {
	return arg{word: word, value: value, help: help, set: func(q *query, v string) error { *to(q.selector) = v; return nil }}
}

// address makes an arg whose value is an IP address.
func address(word, help string, to func(*pb.Selector) *string) arg {
	return arg{word: word, value: "<address>", help: help, set: func(q *query, v string) error {
		a, err := netip.ParseAddr(v)
		if err != nil {
			return fmt.Errorf("'%s' is no IP address", v)
		}
		*to(q.selector) = a.String()
		return nil
	}}
}

// identifier makes an arg whose value is a Tunnel ID or Session ID.
func identifier(word, help string, to func(*pb.Selector) *uint32) arg {
	return arg{word: word, value: "<id>", help: help, set: func(q *query, v string) error {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("'%s' is no id: 1..65535", v)
		}
		*to(q.selector) = uint32(n)
		return nil
	}}
}

var (
	selectLocalGateway     = address("local-gateway", "Address of this LNS", func(s *pb.Selector) *string { return &s.LocalGateway })
	selectPeerGateway      = address("peer-gateway", "Address of the LAC", func(s *pb.Selector) *string { return &s.PeerGateway })
	selectLocalGatewayName = selector("local-gateway-name", "<name>", "Host name of this LNS", func(s *pb.Selector) *string { return &s.LocalGatewayName })
	selectPeerGatewayName  = selector("peer-gateway-name", "<name>", "Host name of the LAC", func(s *pb.Selector) *string { return &s.PeerGatewayName })
	selectTunnelGroup      = selector("tunnel-group", "<name>", "Tunnel group", func(s *pb.Selector) *string { return &s.TunnelGroup })
	selectLocalTunnel      = identifier("local-tunnel-id", "Local tunnel id", func(s *pb.Selector) *uint32 { return &s.LocalTunnelId })
	selectLocalSession     = identifier("local-session-id", "Local session id", func(s *pb.Selector) *uint32 { return &s.LocalSessionId })
	selectInterface        = selector("interface", "<interface-name>", "Service interface", func(s *pb.Selector) *string { return &s.Interface })
	selectRoutingInstance  = selector("routing-instance", "<name>", "Routing instance", func(s *pb.Selector) *string { return &s.RoutingInstance })
	selectUser             = selector("user", "<name>", "User name", func(s *pb.Selector) *string { return &s.UserName })
	selectCircuit          = selector("agent-circuit-identifier", "<id>", "Circuit of the access line", circuit)
	selectCalling          = selector("calling-number", "<number>", "Calling number", func(s *pb.Selector) *string { return &s.CallingNumber })
)

func circuit(s *pb.Selector) *string { return &s.AgentCircuitId }

var (
	destinationSelectors = []arg{selectLocalGateway, selectPeerGateway}

	tunnelSelectors = []arg{
		selectLocalGateway, selectLocalGatewayName, selectLocalTunnel,
		selectPeerGateway, selectPeerGatewayName, selectTunnelGroup,
	}

	sessionSelectors = []arg{
		selectCalling, selectInterface, selectLocalGateway, selectLocalGatewayName, selectLocalSession, selectLocalTunnel,
		selectPeerGateway, selectPeerGatewayName, selectRoutingInstance, selectTunnelGroup, selectUser,
	}

	callSelectors = []arg{
		selectCircuit, selectCalling, selectLocalSession, selectLocalTunnel,
		selectPeerGateway, selectPeerGatewayName, selectTunnelGroup, selectUser,
	}

	subscriberSelectors = []arg{
		address("address", "IPv4 address of the subscriber, or one in its IPv6 prefix", func(s *pb.Selector) *string { return &s.Address }),
		selectCircuit,
		selector("agent-remote-identifier", "<id>", "Remote id of the access line", func(s *pb.Selector) *string { return &s.AgentRemoteId }),
		selectCalling,
		{word: "client-type", value: "<type>", values: []string{"l2tp"}, help: "How the subscriber came", set: anySubscriber},
		{word: "id", value: "<id>", help: "Session id of the subscriber", set: setID},
		{word: "interface", value: "<interface-name>", help: "Service interface, with or without unit", set: setInterface},
		selectPeerGateway, selectPeerGatewayName,
		selector("profile-name", "<name>", "Dynamic profile", func(s *pb.Selector) *string { return &s.ProfileName }),
		selectRoutingInstance,
		{word: "subscriber-state", value: "<state>", values: []string{"init", "configured", "active", "terminating", "terminated"},
			help: "State of the subscriber", set: func(q *query, v string) error { q.selector.State = v; return nil }},
		selector("user-name", "<name>", "User name", func(s *pb.Selector) *string { return &s.UserName }),
	}
)

// aaaSelectors pick subscribers by the words that network-access has for them.
var aaaSelectors = []arg{
	{word: "session-id", value: "<id>", help: "Session id of the subscriber", set: setID},
	selector("username", "<name>", "User name", func(s *pb.Selector) *string { return &s.UserName }),
}

// testSelectors say who is to be authenticated.
var testSelectors = []arg{
	selector("user", "<name>", "User name", func(s *pb.Selector) *string { return &s.UserName }),
	{word: "password", value: "<password>", help: "Password", set: func(q *query, v string) error { q.password = v; return nil }},
	{word: "profile", value: "<name>", help: "Access profile; that of the first tunnel group without it",
		set: func(q *query, v string) error { q.name = v; return nil }},
}

// anySubscriber takes the one client type there is.
func anySubscriber(*query, string) error { return nil }

func setID(q *query, v string) error {
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n == 0 {
		return fmt.Errorf("'%s' is no id", v)
	}
	q.selector.Id = n
	return nil
}

// setSlot takes the number of an ingress device.
func setSlot(q *query, v string) error {
	n, err := strconv.ParseUint(v, 10, 8)
	if err != nil {
		return fmt.Errorf("'%s' is no slot: 0..255", v)
	}
	q.slots = append(q.slots, uint32(n))
	return nil
}

// setInterface takes si-1/0/0 for all of its units and si-1/0/0.17 for one.
func setInterface(q *query, v string) error {
	name, unit, one := strings.Cut(v, ".")
	q.selector.Interface = name
	if !one {
		return nil
	}
	n, err := strconv.ParseUint(unit, 10, 32)
	if err != nil || n == 0 {
		return fmt.Errorf("'%s' is no unit", unit)
	}
	q.selector.Unit = uint32(n)
	return nil
}

// selectAll is the word that a clear needs in place of a selector.
var selectAll = arg{word: "all", help: "All of them", alone: true, set: func(q *query, _ string) error { q.all = true; return nil }}

// one takes a name that stands alone.
func one(help string) []arg {
	return []arg{{value: "<name>", help: help, set: func(q *query, v string) error { q.name = v; return nil }}}
}
