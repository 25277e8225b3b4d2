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

// showSubscribers is "show subscribers".
func showSubscribers(ctx context.Context, c *call) error {
	if c.query.level == countOnly {
		return showSubscriberCount(ctx, c)
	}
	stream, err := c.client.ListSubscribers(ctx, c.list())
	return show(c, "subscribers", rows(stream, err, (*pb.SubscriberPage).GetSubscribers), subscriberView(c.query.level))
}

const subscriberColumns = "%-20s %-39s %-30s %s\n"

func subscriberView(l level) view[pb.Subscriber] {
	if l == brief {
		return view[pb.Subscriber]{
			head: fmt.Sprintf(subscriberColumns, "Interface", "IP Address/VLAN ID", "User Name", "LS:RI"),
			row:  subscriberLine,
		}
	}
	return view[pb.Subscriber]{row: func(w io.Writer, s *pb.Subscriber) { subscriberDetail(w, s, l == extensive) }}
}

// logicalSystem is the only one there is.
const logicalSystem = "default"

// subscriberLine prints a line, and a second one for a second address.
func subscriberLine(w io.Writer, s *pb.Subscriber) {
	first, second := s.Ipv4Address, s.Ipv6Prefix
	if first == "" {
		first, second = second, ""
	}
	fmt.Fprintf(w, subscriberColumns, logicalInterface(s), or(first, "-"), or(s.UserName, "-"), logicalSystem+":"+or(s.RoutingInstance, "-"))
	if second != "" {
		fmt.Fprintf(w, "%-20s %s\n", " *", second)
	}
}

// logicalInterface is the subscriber's unit of a service interface.
func logicalInterface(s *pb.Subscriber) string {
	if s.Interface == "" {
		return "-"
	}
	return fmt.Sprintf("%s.%d", s.Interface, s.Unit)
}

// subscriberDetail prints a paragraph: what is not known yet is left out.
func subscriberDetail(w io.Writer, s *pb.Subscriber, all bool) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s: %s\n", name, value)
		}
	}
	line("Type", s.ClientType)
	line("User Name", s.UserName)
	if s.Ipv4Address != "" {
		line("IP Address", s.Ipv4Address)
		line("IP Netmask", "255.255.255.255") // a subscriber is a host
	}
	line("Primary DNS Address", s.PrimaryDns)
	line("Secondary DNS Address", s.SecondaryDns)
	line("IPv6 User Prefix", s.Ipv6Prefix)
	line("IP Address Pool", s.Ipv4Pool)
	line("IPv6 Address Pool", s.Ipv6Pool)
	line("Logical System", logicalSystem)
	line("Routing Instance", s.RoutingInstance)
	if s.Interface != "" {
		line("Interface", logicalInterface(s))
		line("Interface type", "Dynamic")
	}
	line("Dynamic Profile Name", s.ProfileName)
	line("State", s.State)
	line("Session ID", fmt.Sprint(s.Id))
	line("Agent Circuit ID", s.AgentCircuitId)
	line("Agent Remote ID", s.AgentRemoteId)
	if s.LoginUnix != 0 {
		line("Login Time", moment(s.LoginUnix))
	}
	if all {
		subscriberExtensive(w, s, line)
	}
	fmt.Fprintln(w)
}

func subscriberExtensive(w io.Writer, s *pb.Subscriber, line func(name, value string)) {
	line("Access Profile", s.AccessProfile)
	grantLines(s.Grant, line)
	line("Terminate Cause", s.Cause)
	line("Calling Number", s.CallingNumber)
	line("Called Number", s.CalledNumber)
	line("Remote Name", s.PeerName)
	line("Remote Gateway", s.PeerGateway)
	line("Local Gateway", s.LocalGateway)
	fmt.Fprintf(w, "Tunnel Local ID: %d\nSession Local ID: %d\n", s.TunnelLocalId, s.SessionLocalId)
	fmt.Fprintf(w, "MTU: %d\nTx Connect Speed: %d\nRx Connect Speed: %d\n", s.Mtu, s.TxSpeed, s.RxSpeed)
	if s.Data == nil {
		return
	}
	fmt.Fprintln(w, "Accounting Statistics:")
	rx, tx := s.Data.GetRx(), s.Data.GetTx()
	fmt.Fprintf(w, "  Input  bytes  : %20d\n  Output bytes  : %20d\n", rx.GetBytes(), tx.GetBytes())
	fmt.Fprintf(w, "  Input  packets: %20d\n  Output packets: %20d\n", rx.GetPackets(), tx.GetPackets())
	dropLine(w, "  ", s.Data)
}

// grantLines prints what was granted beyond addresses.
func grantLines(g *pb.Grant, line func(name, value string)) {
	line("User Name Given", g.GetUserGiven())
	line("User Name Accounted", g.GetAccountedUser())
	line("Domain Map", g.GetDomain())
	line("RADIUS Server", g.GetServer())
	line("Ingress Rate", rateText(g.GetIngress()))
	line("Egress Rate", rateText(g.GetEgress()))
	for _, r := range g.GetRoutes() {
		line("Framed Route", r)
	}
	for _, a := range g.GetDnsIpv6() {
		line("IPv6 DNS Address", a)
	}
	for _, f := range g.GetFilters() {
		line("Filter not applied", f)
	}
	span := func(name string, seconds uint32) {
		if seconds != 0 {
			line(name, clock(seconds))
		}
	}
	span("Session Timeout in", g.GetSessionSecondsLeft())
	span("Idle Timeout", g.GetIdleTimeoutSeconds())
	span("Accounting interval", g.GetInterimIntervalSeconds())
	if n := g.GetClasses(); n != 0 {
		line("Class attributes", fmt.Sprint(n))
	}
	if at := g.GetAccountedUnix(); at != 0 {
		line("Accounted since", moment(at))
	}
}

// rateText is a policer; empty: there is none.
func rateText(r *pb.Rate) string {
	switch {
	case r == nil:
		return ""
	case r.BurstBytes == 0:
		return fmt.Sprintf("%d bit/s", r.BitsPerSecond)
	}
	return fmt.Sprintf("%d bit/s, burst %d octets", r.BitsPerSecond, r.BurstBytes)
}

// counts asks for the subscribers' numbers.
func counts(ctx context.Context, c *call) (*pb.SubscriberCounts, error) {
	res, err := c.client.CountSubscribers(ctx, connect.NewRequest(&pb.CountSubscribersRequest{Selector: c.query.selector}))
	if err != nil {
		return nil, err
	}
	return res.Msg, nil
}

// showSubscriberCount is "show subscribers count".
func showSubscriberCount(ctx context.Context, c *call) error {
	n, err := counts(ctx, c)
	switch {
	case err != nil:
		return err
	case c.json:
		return showMessage(c, n)
	}
	total := n.Total
	if !strings.EqualFold(c.query.selector.GetState(), "terminated") {
		total -= n.Terminated // like the listing: those who have gone are there only for who asks
	}
	_, err = fmt.Fprintf(c.out, "Total subscribers: %d, Active Subscribers: %d\n", total, n.Active)
	return err
}

// showSubscribersSummary is "show subscribers summary".
func showSubscribersSummary(ctx context.Context, c *call) error {
	n, err := counts(ctx, c)
	switch {
	case err != nil:
		return err
	case c.json:
		return showMessage(c, n)
	case c.query.by == byPort:
		return showPorts(c, n)
	}
	states := []*pb.NamedCount{
		{Name: "Init", Count: n.Init}, {Name: "Configured", Count: n.Configured}, {Name: "Active", Count: n.Active},
		{Name: "Terminating", Count: n.Terminating}, {Name: "Terminated", Count: n.Terminated},
	}
	section(c.out, "Subscribers by State", states, n.Total)
	fmt.Fprintln(c.out)
	section(c.out, "Subscribers by Client Type", n.ClientTypes, n.Total)
	if c.query.by == byAll {
		fmt.Fprintln(c.out)
		for _, r := range n.RoutingInstances {
			r.Name = logicalSystem + ":" + r.Name
		}
		section(c.out, "Subscribers by LS:RI", n.RoutingInstances, n.Total)
	}
	return nil
}

// section prints counts under a title; what is not there is not shown.
func section(w io.Writer, title string, list []*pb.NamedCount, total uint32) {
	fmt.Fprintln(w, title)
	for _, l := range list {
		if l.Count > 0 {
			fmt.Fprintf(w, "   %s: %d\n", l.Name, l.Count)
		}
	}
	fmt.Fprintf(w, "   Total: %d\n", total)
}

// showPorts prints subscribers by service interface.
func showPorts(c *call, n *pb.SubscriberCounts) error {
	const columns = "%-21s %s\n"
	fmt.Fprintf(c.out, columns, "Interface", "Count")
	total := uint32(0)
	for _, i := range n.Interfaces {
		fmt.Fprintf(c.out, columns, i.Name, fmt.Sprint(i.Count))
		total += i.Count
	}
	_, err := fmt.Fprintf(c.out, "\nTotal Subscribers: %d\n", total)
	return err
}
