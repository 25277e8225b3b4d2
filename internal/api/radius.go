// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"maps"
	"slices"
	"time"

	"connectrpc.com/connect"

	"holdfast/internal/aaa"
	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
	"holdfast/radius"
)

// serverSums are the counters of all servers added up.
type serverSums struct{ authentication, accounting radius.Counters }

// radius asks for the state of the exchange with RADIUS.
func (s *Server) radius(ctx context.Context) (shot aaa.Snapshot, sums serverSums, err error) {
	shot, running := s.backend.AAA().Snapshot(ctx)
	if !running {
		return shot, sums, connect.NewError(connect.CodeUnavailable, errNoRADIUS)
	}
	for i := range shot.Servers {
		addCounters(&sums.authentication, &shot.Servers[i].Authentication.Counters)
		addCounters(&sums.accounting, &shot.Servers[i].Accounting.Counters)
	}
	return shot, sums, nil
}

// addCounters adds what the statistics show.
func addCounters(sum, c *radius.Counters) {
	sum.Requests += c.Requests
	sum.Retransmissions += c.Retransmissions
	sum.Accepts += c.Accepts
	sum.Rejects += c.Rejects
	sum.Challenges += c.Challenges
	sum.Responses += c.Responses
	sum.Rollovers += c.Rollovers
	sum.Malformed += c.Malformed
	sum.BadAuthenticators += c.BadAuthenticators
	sum.Timeouts += c.Timeouts
	sum.UnknownTypes += c.UnknownTypes
	sum.Dropped += c.Dropped
	sum.WrongSource += c.WrongSource
}

func (s *Server) radiusServers(ctx context.Context) (*pb.RadiusServers, error) {
	shot, _, err := s.radius(ctx)
	if err != nil {
		return nil, err
	}
	users := profilesByServer(s.backend.Config())
	m := &pb.RadiusServers{}
	for i := range shot.Servers {
		one := &shot.Servers[i]
		m.Servers = append(m.Servers, &pb.RadiusServer{
			Address: text(one.Server.Address), Profiles: users[one.Server], Tls: one.Server.TLS != nil,
			OutstandingMaximum: count(one.Server.OutstandingMax), DynamicRequestPort: uint32(one.Server.Dynamic),
			Authentication: radiusService(&one.Authentication, port(one.Server, one.Server.Authentication)),
			Accounting:     radiusService(&one.Accounting, port(one.Server, one.Server.Accounting)),
		})
	}
	return m, nil
}

// port is where a service of a server is: over TLS all of them are at one port.
func port(s *radius.Server, udp uint16) uint32 {
	if s.TLS != nil {
		return uint32(s.TLS.Port)
	}
	return uint32(udp)
}

func radiusService(s *radius.ServiceStatus, port uint32) *pb.RadiusService {
	c, status := &s.Counters, "UP"
	if s.State == radius.Dead {
		status = "DOWN"
	}
	return &pb.RadiusService{
		Port: port, Status: status, SinceUnix: unix(s.Since),
		Pending: count(s.Pending), Peak: count(s.Peak), Queued: count(s.Queued), Window: count(s.Window),
		RoundTripUs: microseconds(s.RoundTrip), SmoothedUs: microseconds(s.Smoothed),
		Requests: c.Requests, Retransmissions: c.Retransmissions, Accepts: c.Accepts, Rejects: c.Rejects, Challenges: c.Challenges,
		Responses: c.Responses, Rollovers: c.Rollovers, Malformed: c.Malformed, BadAuthenticators: c.BadAuthenticators,
		Timeouts: c.Timeouts, UnknownTypes: c.UnknownTypes, Dropped: c.Dropped, WrongSource: c.WrongSource,
		Exceeded: c.Exceeded, Deaths: c.Deaths,
	}
}

// unix is a time as the wire has it; 0: none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// profiles are the AAA profiles that a configuration uses, each once, in the
// order of the tunnel groups.
func profiles(cfg *lns.Config) (list []*lns.AAAProfile) {
	take := func(a *lns.AAAProfile) {
		if a != nil && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	for _, g := range cfg.Groups {
		take(g.AAA)
		for _, name := range slices.Sorted(maps.Keys(g.TermsByHostName)) {
			take(g.TermsByHostName[name].AAA)
		}
		if g.TermsDefault != nil {
			take(g.TermsDefault.AAA)
		}
	}
	for i := 0; i < len(list); i++ { // a realm's profile has realms too
		for _, name := range slices.Sorted(maps.Keys(list[i].Domains)) {
			take(list[i].Domains[name].AAA)
		}
	}
	return list
}

// profilesByServer are the names of the profiles that use a server.
func profilesByServer(cfg *lns.Config) map[*radius.Server][]string {
	users := make(map[*radius.Server][]string)
	for _, p := range profiles(cfg) {
		sets := []*radius.Set{p.Radius}
		if p.Accounting != nil {
			sets = append(sets, p.Accounting.Set, p.Accounting.Duplicate)
		}
		for _, set := range sets {
			if set == nil {
				continue
			}
			for _, server := range set.Servers {
				if !slices.Contains(users[server], p.Name) {
					users[server] = append(users[server], p.Name)
				}
			}
		}
	}
	return users
}
