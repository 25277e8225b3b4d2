// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
	"holdfast/radius"
)

// Names of what is cleared by itself.
const (
	authenticationStatistics = "authentication"
	accountingStatistics     = "accounting"
	dynamicStatistics        = "dynamic-requests"
	radiusStatistics         = "radius"
	terminateStatistics      = "terminate-code"
)

// shown answers with statistics less what they were when they were cleared.
func shown[M proto.Message](s *Server, name string, m M, err error) (M, error) {
	if err == nil {
		s.cleared.since(name, m)
	}
	return m, err
}

// GetAuthentication counts the verdicts on subscribers.
func (s *Server) GetAuthentication(ctx context.Context, _ *connect.Request[pb.GetAuthenticationRequest],
) (*connect.Response[pb.AuthenticationStatistics], error) {
	m, err := s.authentication(ctx)
	return answer(shown(s, authenticationStatistics, m, err))
}

// GetTerminateCodes counts why sessions ended or were refused.
func (s *Server) GetTerminateCodes(ctx context.Context, _ *connect.Request[pb.GetTerminateCodesRequest],
) (*connect.Response[pb.TerminateCodes], error) {
	m, err := s.terminateCodes(ctx)
	return answer(shown(s, terminateStatistics, m, err))
}

// GetDynamicRequests counts CoA and Disconnect requests.
func (s *Server) GetDynamicRequests(ctx context.Context, _ *connect.Request[pb.GetDynamicRequestsRequest],
) (*connect.Response[pb.DynamicStatistics], error) {
	m, err := s.dynamic(ctx)
	return answer(shown(s, dynamicStatistics, m, err))
}

// GetAccounting counts accounting requests and what waits on disk.
func (s *Server) GetAccounting(ctx context.Context, _ *connect.Request[pb.GetAccountingRequest]) (*connect.Response[pb.AccountingStatistics], error) {
	m, err := s.accounting(ctx)
	return answer(shown(s, accountingStatistics, m, err))
}

// ListRadiusServers shows the RADIUS servers.
func (s *Server) ListRadiusServers(ctx context.Context, _ *connect.Request[pb.ListRadiusServersRequest],
) (*connect.Response[pb.RadiusServers], error) {
	m, err := s.radiusServers(ctx)
	return answer(shown(s, radiusStatistics, m, err))
}

// ClearAAAStatistics has statistics shown from zero.
func (s *Server) ClearAAAStatistics(ctx context.Context, q *connect.Request[pb.ClearAAAStatisticsRequest],
) (*connect.Response[pb.ClearAAAStatisticsResponse], error) {
	var name string
	var m proto.Message
	var err error
	switch q.Msg.Statistics {
	case pb.AAAStatistics_AAA_STATISTICS_AUTHENTICATION:
		name = authenticationStatistics
		m, err = s.authentication(ctx)
	case pb.AAAStatistics_AAA_STATISTICS_ACCOUNTING:
		name = accountingStatistics
		m, err = s.accounting(ctx)
	case pb.AAAStatistics_AAA_STATISTICS_DYNAMIC_REQUESTS:
		name = dynamicStatistics
		m, err = s.dynamic(ctx)
	case pb.AAAStatistics_AAA_STATISTICS_RADIUS:
		name = radiusStatistics
		m, err = s.radiusServers(ctx)
	case pb.AAAStatistics_AAA_STATISTICS_TERMINATE_CODE:
		name = terminateStatistics
		m, err = s.terminateCodes(ctx)
	default:
		return nil, invalid("say which statistics to clear")
	}
	if err != nil {
		return nil, err
	}
	s.cleared.clear(name, m)
	return connect.NewResponse(&pb.ClearAAAStatisticsResponse{}), nil
}

// answer makes a response of a message.
func answer[M any](m *M, err error) (*connect.Response[M], error) {
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(m), nil
}

func (s *Server) authentication(ctx context.Context) (*pb.AuthenticationStatistics, error) {
	sum, err := s.summary(ctx)
	if err != nil {
		return nil, err
	}
	shot, servers, err := s.radius(ctx)
	if err != nil {
		return nil, err
	}
	c, asked, r := &sum.Counters, &shot.Authentication, &servers.authentication
	m := &pb.AuthenticationStatistics{
		Requests: c.AuthAccepted + c.AuthRejected + c.RADIUSTimeouts - c.AuthFellBack,
		Accepts:  c.AuthAccepted, Rejects: c.AuthRejected, Challenges: asked.Challenges, Timeouts: c.RADIUSTimeouts,
	}
	m.Details = totals([]total{
		{"Unknown users", c.AuthUnknownUser},
		{"Timeouts that went on to the next source", c.AuthFellBack},
		{"Accepted, and turned away for what was granted", c.GrantsRefused},
		{"Session limit of a user name", c.UserLimitReached},
		{"Address in use", c.AddressInUse},
		{"Framed route in use", c.RouteInUse},
		{"No address", c.PoolExhausted},
		{"Attributes ignored", c.AttributesIgnored},
		{"Attributes that nothing acts upon", c.AttributesUnused},
		{"Filters ignored", c.FiltersIgnored},
		{"RADIUS requests", c.RADIUSRequests},
		{"RADIUS requests that waited for the window", c.RADIUSQueued},
		{"RADIUS requests refused, too many waited", asked.Refused},
		{"RADIUS requests that fit into no packet", asked.Unsent},
		{"RADIUS access accepts", asked.Accepts},
		{"RADIUS access accepts that made no sense", asked.Malformed},
		{"RADIUS access rejects", asked.Rejects},
		{"RADIUS rollover requests", r.Rollovers},
		{"RADIUS retransmissions", r.Retransmissions},
		{"RADIUS malformed replies", r.Malformed},
		{"RADIUS bad authenticators", r.BadAuthenticators},
		{"RADIUS unknown replies", r.UnknownTypes},
		{"RADIUS replies dropped", r.Dropped + r.WrongSource},
	})
	return m, nil
}

func (s *Server) terminateCodes(ctx context.Context) (*pb.TerminateCodes, error) {
	sum, err := s.summary(ctx)
	if err != nil {
		return nil, err
	}
	m := &pb.TerminateCodes{}
	for i, n := range sum.Counters.Ended {
		if n > 0 {
			m.Codes = append(m.Codes, &pb.NamedTotal{Name: lns.Cause(i).String(), Count: n})
		}
	}
	return m, nil
}

// ListTerminateCodes shows which Acct-Terminate-Cause each reason is reported as.
func (s *Server) ListTerminateCodes(_ context.Context, q *connect.Request[pb.ListTerminateCodesRequest],
) (*connect.Response[pb.TerminateCodeList], error) {
	m, cfg := &pb.TerminateCodeList{}, s.backend.Config()
	for i := range lns.CauseCount {
		c := lns.Cause(i)
		family, _, named := strings.Cut(c.String(), " ")
		if !named || q.Msg.Family != "" && q.Msg.Family != family {
			continue
		}
		one := &pb.TerminateCode{Name: c.String(), Code: c.Terminate()}
		if code := cfg.Radius.Terminate[i]; code != 0 {
			one.Code, one.Configured = code, true
		}
		m.Codes = append(m.Codes, one)
	}
	return connect.NewResponse(m), nil
}

func (s *Server) dynamic(ctx context.Context) (*pb.DynamicStatistics, error) {
	shot, _, err := s.radius(ctx)
	if err != nil {
		return nil, err
	}
	m, c := &pb.DynamicStatistics{}, &shot.Dynamic
	m.Coa, m.Disconnect = dynamicCode(&c.CoA), dynamicCode(&c.Disconnect)
	early := c.UnknownClients + c.BadAuthenticators + c.Malformed + c.UnknownTypes
	m.Requests = early + c.CoA.Requests + c.Disconnect.Requests
	m.Processed = c.CoA.Acks + c.Disconnect.Acks
	m.Errors = c.CoA.Naks + c.Disconnect.Naks
	m.Dropped = early + c.CoA.Stale + c.CoA.Full + c.Disconnect.Stale + c.Disconnect.Full + c.CoA.Unanswered + c.Disconnect.Unanswered
	m.Drops = totals([]total{
		{"Unknown client", c.UnknownClients},
		{"Bad authenticator", c.BadAuthenticators},
		{"Malformed", c.Malformed},
		{"Unknown type", c.UnknownTypes},
	})
	for _, cause := range slices.Sorted(maps.Keys(c.Naks)) {
		m.Causes = append(m.Causes, &pb.NamedTotal{Name: errorCause(cause), Count: c.Naks[cause]})
	}
	return m, nil
}

func dynamicCode(c *radius.DynamicCodeCounters) *pb.DynamicCode {
	return &pb.DynamicCode{Requests: c.Requests, Acks: c.Acks, Naks: c.Naks, Duplicates: c.Duplicates, Stale: c.Stale, Full: c.Full, Unanswered: c.Unanswered}
}

// errorCauses are the names of Error-Cause that we answer with (RFC 5176 §3.5).
var errorCauses = map[radius.ErrorCause]string{
	401: "Unsupported Attribute", 402: "Missing Attribute", 403: "NAS Identification Mismatch", 404: "Invalid Request",
	405: "Unsupported Service", 406: "Unsupported Extension", 407: "Invalid Attribute Value", 501: "Administratively Prohibited",
	503: "Session Context Not Found", 504: "Session Context Not Removable", 506: "Resources Unavailable",
	507: "Request Initiated", 508: "Multiple Session Selection Unsupported",
}

func errorCause(c radius.ErrorCause) string {
	if name := errorCauses[c]; name != "" {
		return fmt.Sprintf("%d %s", c, name)
	}
	return fmt.Sprint(uint32(c))
}

// total is a count under a name.
type total struct {
	name  string
	count uint64
}

func totals(list []total) (out []*pb.NamedTotal) {
	for _, t := range list {
		out = append(out, &pb.NamedTotal{Name: t.name, Count: t.count})
	}
	return out
}
