// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
	"holdfast/ppp"
)

// Results of a test.
const (
	resultGrant   = "Grant"
	resultDeny    = "Deny"
	resultTimeout = "Timeout"
)

// TestAuthentication asks what a log-in would be answered: by the sources of a
// profile in their order, as the engine does. Nobody comes on line, nothing is
// held, and the password goes nowhere but to the source.
func (s *Server) TestAuthentication(ctx context.Context, q *connect.Request[pb.TestAuthenticationRequest],
) (*connect.Response[pb.TestAuthenticationResponse], error) {
	p, err := s.testProfile(q.Msg.Profile)
	if err != nil {
		return nil, err
	}
	name := q.Msg.UserName
	if q.Msg.Profile == "" {
		p, name = p.Route(name) // as for a log-in: the realm may choose another profile
	}
	began := time.Now()
	m, err := s.test(ctx, p, name, q.Msg)
	if err != nil {
		return nil, err
	}
	m.Profile, m.ElapsedUs = p.Name, microseconds(time.Since(began))
	return connect.NewResponse(m), nil
}

// testProfile is the profile of this name; of none, that of the first tunnel group.
func (s *Server) testProfile(name string) (*lns.AAAProfile, error) {
	for _, p := range profiles(s.backend.Config()) {
		if name == "" || p.Name == name {
			return p, nil
		}
	}
	return nil, connect.NewError(connect.CodeNotFound, fmt.Errorf("no tunnel group, client or domain map uses an access profile called %q", name))
}

func (s *Server) test(ctx context.Context, p *lns.AAAProfile, name string, q *pb.TestAuthenticationRequest) (*pb.TestAuthenticationResponse, error) {
	m := &pb.TestAuthenticationResponse{Result: resultDeny, Message: "no source knows the user"}
	for _, source := range p.Order {
		switch source {
		case lns.AuthPassword:
			if local := p.Subscribers[name]; local != nil {
				m.Result, m.Source, m.Message = resultDeny, "password", ""
				if subtle.ConstantTimeCompare([]byte(local.Password), []byte(q.Password)) == 1 {
					m.Result = resultGrant
				}
				return m, nil
			}
		case lns.AuthNone:
			return &pb.TestAuthenticationResponse{Result: resultGrant, Source: "none"}, nil
		case lns.AuthRadius:
			answered, err := s.testRadius(ctx, p, name, q, m)
			if answered || err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// testRadius asks RADIUS; when no server answers the next source is asked.
func (s *Server) testRadius(ctx context.Context, p *lns.AAAProfile, name string, q *pb.TestAuthenticationRequest, m *pb.TestAuthenticationResponse,
) (answered bool, err error) {
	answer, err := s.backend.AAA().Test(ctx, lns.AuthQuery{
		Profile: p, Offer: ppp.AuthOffer{Method: ppp.PAP, Name: q.UserName, Password: q.Password},
		Subscriber: &lns.Subscriber{User: name, UserGiven: q.UserName, Method: ppp.PAP, Source: lns.AuthRadius},
	})
	if err != nil {
		return false, connect.NewError(connect.CodeUnavailable, fmt.Errorf("RADIUS: %w", err))
	}
	m.Source, m.Server, m.Message = "radius", answer.Server, clean(answer.Message)
	switch answer.Result {
	case lns.AuthAccept:
		m.Result, m.Message, m.Attributes = resultGrant, "", granted(answer.Granted) // Reply-Message is among them
	case lns.AuthReject:
		m.Result = resultDeny
	case lns.AuthTimeout:
		m.Result, m.Message = resultTimeout, "no server has answered"
		return false, nil
	}
	return true, nil
}

// granted lists what RADIUS has said of a subscriber. Passwords of tunnels are
// left out.
func granted(a *policy.Attributes) (list []*pb.NamedText) {
	if a == nil {
		return nil
	}
	line := func(name, value string) {
		if value != "" {
			list = append(list, &pb.NamedText{Name: name, Value: clean(value)})
		}
	}
	line("User Name", a.UserName)
	grantedIPv4(a, line)
	grantedIPv6(a, line)
	if a.MTU > 0 {
		line("Framed MTU", fmt.Sprint(a.MTU))
	}
	grantedTime := func(name string, d time.Duration, said bool) {
		if said {
			line(name, fmt.Sprint(int64(d/time.Second)))
		}
	}
	grantedTime("Session Timeout", a.SessionTimeout, a.HasSessionTimeout)
	grantedTime("Idle Timeout", a.IdleTimeout, a.HasIdleTimeout)
	grantedTime("Acct Interim Interval", a.Interim, a.HasInterim)
	if a.PortLimit > 0 {
		line("Port Limit", fmt.Sprint(a.PortLimit))
	}
	for _, c := range a.Class {
		line("Class", string(c))
	}
	for _, f := range a.Filters {
		line("Filter", f)
	}
	for _, f := range a.FiltersIn {
		line("Ingress Policy Name", f)
	}
	for _, f := range a.FiltersOut {
		line("Egress Policy Name", f)
	}
	line("Ingress Rate", rate(a.Up))
	line("Egress Rate", rate(a.Down))
	line("Virtual Router Name", a.Instance)
	for _, t := range a.Tunnels {
		line("Tunnel", fmt.Sprintf("tag %d: type %d, client %s, server %s, assignment %s", t.Tag, t.Type, t.Client, t.Server, t.Assignment))
	}
	line("Reply Message", a.ReplyMessage)
	line("Makes no sense", a.Malformed)
	for _, name := range a.Services {
		line("Not acted upon", name)
	}
	for _, name := range a.Ignored {
		line("Not acted upon", name)
	}
	return list
}

func grantedIPv4(a *policy.Attributes, line func(name, value string)) {
	switch {
	case a.AnyAddress:
		line("Client IP Address", "255.255.255.254 (we select)")
	case a.OwnAddress:
		line("Client IP Address", "255.255.255.255 (the subscriber selects)")
	default:
		line("Client IP Address", text(a.Address))
	}
	line("Client IP Netmask", text(a.Netmask))
	line("IP Address Pool", a.Pool)
	for i, name := range [...]string{"Primary DNS IP Address", "Secondary DNS IP Address"} {
		line(name, text(a.DNS[i]))
	}
	for i, name := range [...]string{"Primary WINS IP Address", "Secondary WINS IP Address"} {
		line(name, text(a.NBNS[i]))
	}
	for _, r := range a.Routes {
		line("Framed Route", fmt.Sprintf("%v metric %d", r.Prefix, r.Metric))
	}
}

func grantedIPv6(a *policy.Attributes, line func(name, value string)) {
	if a.InterfaceID != [8]byte{} {
		line("Framed Interface Id", fmt.Sprintf("%x:%x:%x:%x", a.InterfaceID[:2], a.InterfaceID[2:4], a.InterfaceID[4:6], a.InterfaceID[6:]))
	}
	line("Framed IPv6 Prefix", textPrefix(a.PrefixIPv6))
	line("Framed IPv6 Pool", a.PoolIPv6)
	line("Delegated IPv6 Prefix", textPrefix(a.Delegated))
	line("Delegated IPv6 Prefix Pool", a.PoolDelegated)
	line("Framed IPv6 Address", text(a.AddressIPv6))
	line("Stateful IPv6 Address Pool", a.PoolAddressIPv6)
	for _, d := range a.DNSIPv6 {
		line("DNS Server IPv6 Address", text(d))
	}
}

// rate is a policer in words; empty: none was said.
func rate(r policy.Rate) string {
	switch {
	case r.Bits == 0:
		return ""
	case r.Burst == 0:
		return fmt.Sprintf("%d bit/s", r.Bits)
	}
	return fmt.Sprintf("%d bit/s, burst %d octets", r.Bits, r.Burst)
}
