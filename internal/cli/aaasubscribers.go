// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	pb "holdfast/internal/api/holdfastv1"
)

// showAAASubscribers is "show network-access aaa subscribers".
func showAAASubscribers(ctx context.Context, c *call) error {
	const columns = "%-35s %-31s %-12s %s\n"
	stream, err := c.client.ListSubscribers(ctx, c.list())
	v := view[pb.Subscriber]{
		head: fmt.Sprintf(columns, "Username", "Logical system/Routing instance", "Client type", "Session-ID"),
		row: func(w io.Writer, s *pb.Subscriber) {
			fmt.Fprintf(w, columns, or(s.UserName, "-"), logicalSystem+":"+or(s.RoutingInstance, "-"), s.ClientType, fmt.Sprint(s.Id))
		},
	}
	if c.query.level == detail {
		v = view[pb.Subscriber]{row: aaaSubscriber}
	}
	return show(c, "subscribers", rows(stream, err, (*pb.SubscriberPage).GetSubscribers), v)
}

// aaaSubscriber prints a paragraph: what is not known yet is left out.
func aaaSubscriber(w io.Writer, s *pb.Subscriber) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s: %s\n", name, value)
		}
	}
	line("Type", s.ClientType)
	line("Username", s.UserName)
	line("AAA Logical system/Routing instance", logicalSystem+":"+or(s.RoutingInstance, "-"))
	line("Access-profile", s.AccessProfile)
	line("Session ID", fmt.Sprint(s.Id))
	line("IP Address", s.Ipv4Address)
	line("IPv6 Prefix", s.Ipv6Prefix)
	line("State", s.State)
	if s.LoginUnix != 0 {
		line("Login Time", moment(s.LoginUnix))
	}
	grantLines(s.Grant, line)
	line("Terminate Cause", s.Cause)
	fmt.Fprintln(w)
}

// showAAASubscriberStatistics is "show network-access aaa subscribers statistics".
func showAAASubscriberStatistics(ctx context.Context, c *call) error {
	stream, err := c.client.ListSubscribers(ctx, c.list())
	count := make(map[string]*pb.NamedTotal)
	for s, err := range rows(stream, err, (*pb.SubscriberPage).GetSubscribers) {
		if err != nil {
			return err
		}
		n := count[s.AccessProfile]
		if n == nil {
			n = &pb.NamedTotal{Name: s.AccessProfile}
			count[s.AccessProfile] = n
		}
		n.Count++
	}
	const columns = "%-35s %s\n"
	list := func(yield func(*pb.NamedTotal, error) bool) {
		for _, name := range slices.Sorted(maps.Keys(count)) {
			if !yield(count[name], nil) {
				return
			}
		}
	}
	return show(c, "profiles", list, view[pb.NamedTotal]{
		head: fmt.Sprintf(columns, "Access-profile", "Subscribers"),
		row:  func(w io.Writer, n *pb.NamedTotal) { fmt.Fprintf(w, columns, or(n.Name, "-"), fmt.Sprint(n.Count)) },
	})
}
