// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// servers asks for the RADIUS servers.
func servers(ctx context.Context, c *call) func(yield func(*pb.RadiusServer, error) bool) {
	res, err := c.client.ListRadiusServers(ctx, connect.NewRequest(&pb.ListRadiusServersRequest{}))
	return func(yield func(*pb.RadiusServer, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		for _, s := range res.Msg.Servers {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// showServers is "show network-access aaa radius-servers".
func showServers(ctx context.Context, c *call) error {
	return show(c, "servers", servers(ctx, c), view[pb.RadiusServer]{row: func(w io.Writer, s *pb.RadiusServer) {
		fmt.Fprintf(w, "Profile: %s\n", or(strings.Join(s.Profiles, ", "), "-"))
		fmt.Fprintf(w, "    Server address: %s\n", s.Address)
		fmt.Fprintf(w, "    Transport: %s\n", transport(s))
		fmt.Fprintf(w, "    Authentication port: %d\n", s.GetAuthentication().GetPort())
		fmt.Fprintf(w, "    Accounting port: %d\n", s.GetAccounting().GetPort())
		if s.DynamicRequestPort != 0 {
			fmt.Fprintf(w, "    Dynamic request port: %d\n", s.DynamicRequestPort)
		}
		fmt.Fprintf(w, "    Status: %s\n", status(s.Authentication, s.Accounting))
		if c.query.level == detail {
			authenticationClient(w, s.Authentication)
			accountingClient(w, s.Accounting)
		}
	}})
}

func transport(s *pb.RadiusServer) string {
	if s.Tls {
		return "TLS"
	}
	return "UDP"
}

// status is that of both services of a server when they agree.
func status(authentication, accounting *pb.RadiusService) string {
	if authentication.GetStatus() == accounting.GetStatus() {
		return authentication.GetStatus()
	}
	return fmt.Sprintf("authentication %s, accounting %s", authentication.GetStatus(), accounting.GetStatus())
}

// roundTrip prints a time that may be much less than a millisecond.
func roundTrip(microseconds uint32) string {
	return fmt.Sprintf("%d.%03d ms", microseconds/1000, microseconds%1000)
}

// serverLine is one counter of a service.
func serverLine(w io.Writer, name string, value any) { fmt.Fprintf(w, "        %s: %v\n", name, value) }

// authenticationClient prints the counters of RFC 4668.
func authenticationClient(w io.Writer, s *pb.RadiusService) {
	fmt.Fprintf(w, "    Authentication %s since %s\n", s.GetStatus(), moment(s.GetSinceUnix()))
	serverLine(w, "Last Round Trip Time", roundTrip(s.GetRoundTripUs()))
	serverLine(w, "Authentication requests", s.GetRequests())
	serverLine(w, "Authentication rollover requests", s.GetRollovers())
	serverLine(w, "Authentication retransmissions", s.GetRetransmissions())
	serverLine(w, "Accepts", s.GetAccepts())
	serverLine(w, "Rejects", s.GetRejects())
	serverLine(w, "Challenges", s.GetChallenges())
	replies(w, s)
}

// accountingClient prints the counters of RFC 4670.
func accountingClient(w io.Writer, s *pb.RadiusService) {
	fmt.Fprintf(w, "    Accounting %s since %s\n", s.GetStatus(), moment(s.GetSinceUnix()))
	serverLine(w, "Last Round Trip Time", roundTrip(s.GetRoundTripUs()))
	serverLine(w, "Accounting requests", s.GetRequests())
	serverLine(w, "Accounting rollover requests", s.GetRollovers())
	serverLine(w, "Accounting retransmissions", s.GetRetransmissions())
	serverLine(w, "Accounting responses", s.GetResponses())
	replies(w, s)
}

// replies prints what both services have.
func replies(w io.Writer, s *pb.RadiusService) {
	serverLine(w, "Malformed replies", s.GetMalformed())
	serverLine(w, "Bad authenticators", s.GetBadAuthenticators())
	serverLine(w, "Requests pending", s.GetPending())
	serverLine(w, "Requests waiting for the window", s.GetQueued())
	serverLine(w, "Window", s.GetWindow())
	serverLine(w, "Request timeouts", s.GetTimeouts())
	serverLine(w, "Unknown type replies", s.GetUnknownTypes())
	serverLine(w, "Dropped replies", s.GetDropped())
	serverLine(w, "Packets from another address or port", s.GetWrongSource())
	serverLine(w, "Times found dead", s.GetDeaths())
}

// showOutstanding is "show network-access aaa statistics radius".
func showOutstanding(ctx context.Context, c *call) error {
	const columns = "%-39s %-20s %-14s %11s %8s %6s %9s\n"
	head := "Outstanding Requests\n" + fmt.Sprintf(columns, "RADIUS Server", "Profile", "Service", "Configured", "Current", "Peak", "Exceeded")
	return show(c, "servers", servers(ctx, c), view[pb.RadiusServer]{head: head, row: func(w io.Writer, s *pb.RadiusServer) {
		line := func(name string, v *pb.RadiusService) {
			fmt.Fprintf(w, columns, s.Address, or(strings.Join(s.Profiles, ","), "-"), name, fmt.Sprint(s.OutstandingMaximum),
				fmt.Sprint(v.GetPending()), fmt.Sprint(v.GetPeak()), fmt.Sprint(v.GetExceeded()))
		}
		line("authentication", s.Authentication)
		line("accounting", s.Accounting)
	}})
}
