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

// showSummary is "show services l2tp summary".
func showSummary(ctx context.Context, c *call) error {
	res, err := c.client.GetSummary(ctx, connect.NewRequest(&pb.GetSummaryRequest{}))
	if err != nil {
		return err
	}
	if c.json {
		return showMessage(c, res.Msg)
	}
	m, set, w := res.Msg, res.Msg.Settings, c.out
	if m.Draining {
		fmt.Fprintln(w, "Administrative state is Drain")
	}
	fmt.Fprintf(w, "Tunnel authentication challenge is %s\n", enabled(set.GetTunnelAuthentication()))
	fmt.Fprintf(w, "Tunnel Tx Address Change is %s\n", capital(set.GetTxAddressChange()))
	fmt.Fprintf(w, "Min Retransmission Timeout for control packets is %d seconds\n", set.GetMinimumRetransmissionTimeoutSeconds())
	fmt.Fprintf(w, "Max Retransmissions for Established Tunnel is %d\n", set.GetRetransmissionCountEstablished())
	fmt.Fprintf(w, "Max Retransmissions for Not Established Tunnel is %d\n", set.GetRetransmissionCountNotEstablished())
	fmt.Fprintf(w, "Tunnel Idle Timeout is %d seconds\n", set.GetTunnelIdleTimeoutSeconds())
	fmt.Fprintf(w, "Destruct Timeout is %d seconds\n", set.GetDestructTimeoutSeconds())
	fmt.Fprintf(w, "Rx window size is %d\n", set.GetRxWindowSize())
	fmt.Fprintf(w, "Destinations: %d, Tunnels: %d, Sessions: %d\n", m.Destinations, m.Tunnels, m.Sessions)
	fmt.Fprintf(w, "Tunnels being set up: %d, Tunnels being closed: %d\n", m.TunnelsHalfOpen, m.TunnelsClosing)
	if c.query.level == statistics {
		fmt.Fprintf(w, "%-18s%12s%20s\n", "", "Packets", "Bytes")
		volumeLine(w, "  ", "Control Rx", m.ControlRx)
		volumeLine(w, "  ", "Control Tx", m.ControlTx)
	}
	return nil
}

// volumeLine prints a line of a statistics table. Packets without octets are
// those whose octets nobody counts.
func volumeLine(w io.Writer, indent, name string, v *pb.Volume) {
	octets := "-"
	if v.GetBytes() > 0 || v.GetPackets() == 0 {
		octets = fmt.Sprint(v.GetBytes())
	}
	fmt.Fprintf(w, "%-18s%12d%20s\n", indent+name, v.GetPackets(), octets)
}

// showDestinations is "show services l2tp destination".
func showDestinations(ctx context.Context, c *call) error {
	stream, err := c.client.ListDestinations(ctx, c.list())
	return show(c, "destinations", rows(stream, err, (*pb.DestinationPage).GetDestinations), destinationView(c.query.level))
}

const destinationColumns = "  %-12s %-39s %8s %9s  %s\n"

func destinationView(l level) view[pb.Destination] {
	if l == brief {
		return view[pb.Destination]{
			head: fmt.Sprintf(destinationColumns, "Local Name", "Remote IP", "Tunnels", "Sessions", "State"),
			row: func(w io.Writer, d *pb.Destination) {
				fmt.Fprintf(w, destinationColumns, d.LocalName, d.PeerGateway, short(d.Tunnels), short(d.Sessions), d.State)
			},
		}
	}
	return view[pb.Destination]{row: func(w io.Writer, d *pb.Destination) {
		fmt.Fprintf(w, "Local name: %s\n", d.LocalName)
		fmt.Fprintf(w, "  Remote IP: %s\n", d.PeerGateway)
		if l != statistics {
			fmt.Fprintf(w, "  Tunnels: %d, Sessions: %d\n", d.Tunnels, d.Sessions)
			fmt.Fprintf(w, "  State: %s\n", d.State)
			fmt.Fprintf(w, "  Local IP: %s\n", strings.Join(d.LocalGateways, ", "))
		}
		if l == extensive {
			fmt.Fprintf(w, "  Transport: ipUdp, Logical System: %s, Router Instance: %s\n", logicalSystem, d.RoutingInstance)
			fmt.Fprintf(w, "  %-14s %9s %9s %9s\n", "Connections", "Total", "Active", "Failed")
			fmt.Fprintf(w, "    %-12s %9d %9d %9d\n", "Tunnels", d.TunnelsTotal, d.Tunnels, d.TunnelsFailed)
			fmt.Fprintf(w, "    %-12s %9d %9d %9d\n", "Sessions", d.SessionsTotal, d.Sessions, d.SessionsFailed)
		}
		if l >= extensive {
			destinationStatistics(w, d)
		}
	}}
}

func destinationStatistics(w io.Writer, d *pb.Destination) {
	const line = "    %-12s %14d %18d %9d\n"
	fmt.Fprintf(w, "    %-12s %14s %18s %9s\n", "", "Packets", "Octets", "Errors")
	fmt.Fprintf(w, line, "Control Rx", d.ControlRx.GetPackets(), d.ControlRx.GetBytes(), d.ControlRxErrors)
	fmt.Fprintf(w, line, "Control Tx", d.ControlTx.GetPackets(), d.ControlTx.GetBytes(), d.ControlTxErrors)
	rx, tx := d.Data.GetRx(), d.Data.GetTx()
	fmt.Fprintf(w, line, "Data Rx", rx.GetPackets(), rx.GetBytes(), d.Data.GetSpoofed())
	fmt.Fprintf(w, line, "Data Tx", tx.GetPackets(), tx.GetBytes(), d.Data.GetTooBig()+d.Data.GetDropped())
}

// showTunnels is "show services l2tp tunnel".
func showTunnels(ctx context.Context, c *call) error {
	stream, err := c.client.ListTunnels(ctx, c.list())
	return show(c, "tunnels", rows(stream, err, (*pb.TunnelPage).GetTunnels), tunnelView(c.query.level))
}

const tunnelColumns = "  %-9s %-10s %-47s %8s  %s\n"

func tunnelView(l level) view[pb.Tunnel] {
	if l == brief {
		return view[pb.Tunnel]{
			head: fmt.Sprintf(tunnelColumns, "Local ID", "Remote ID", "Remote IP", "Sessions", "State"),
			row: func(w io.Writer, t *pb.Tunnel) {
				fmt.Fprintf(w, tunnelColumns, fmt.Sprint(t.LocalId), fmt.Sprint(t.PeerId), t.Peer, short(t.Sessions), t.State)
			},
		}
	}
	return view[pb.Tunnel]{row: func(w io.Writer, t *pb.Tunnel) {
		fmt.Fprintf(w, "Tunnel local ID: %d, Tunnel remote ID: %d\n", t.LocalId, t.PeerId)
		if l != statistics {
			fmt.Fprintf(w, "  Remote IP: %s\n", t.Peer)
			fmt.Fprintf(w, "  Sessions: %d, State: %s\n", t.Sessions, t.State)
			fmt.Fprintf(w, "  Tunnel Name: %s\n", t.Name)
			fmt.Fprintf(w, "  Local IP: %s\n", t.Local)
			fmt.Fprintf(w, "  Local name: %s, Remote name: %s\n", t.LocalName, t.PeerName)
		}
		if l == extensive {
			fmt.Fprintf(w, "  Tunnel Logical System: %s, Tunnel Routing Instance: %s\n", logicalSystem, t.RoutingInstance)
			fmt.Fprintf(w, "  Max sessions: %s, Window size: %d, Peer window size: %d, Hello interval: %d\n",
				bound(t.MaximumSessions), t.ReceiveWindow, t.PeerWindow, t.HelloIntervalSeconds)
			fmt.Fprintf(w, "  Create time: %s, Up time: %s\n", moment(t.CreatedUnix), clock(t.UpSeconds))
			fmt.Fprintf(w, "  Idle time: %s\n", clock(t.IdleSeconds))
			fmt.Fprintf(w, "  Tunnel Group Name: %s\n", t.Group)
		}
		if l >= extensive {
			fmt.Fprintf(w, "  Statistics since: %s\n", moment(t.CreatedUnix))
			fmt.Fprintf(w, "%-18s%12s%20s\n", "", "Packets", "Bytes")
			volumeLine(w, "    ", "Control Tx", t.ControlTx)
			volumeLine(w, "    ", "Control Rx", t.ControlRx)
			volumeLine(w, "    ", "Data Tx", t.Data.GetTx())
			volumeLine(w, "    ", "Data Rx", t.Data.GetRx())
			fmt.Fprintf(w, "%-18s%12d\n", "    Errors Tx", t.ControlTxErrors)
			fmt.Fprintf(w, "%-18s%12d\n", "    Errors Rx", t.ControlRxErrors)
			dropLine(w, "    ", t.Data)
		}
	}}
}

// dropLine says what the data plane did not forward, and why.
func dropLine(w io.Writer, indent string, d *pb.DataCounters) {
	fmt.Fprintf(w, "%sData drops: spoofed source %d, too big %d, above rate %d, other %d\n",
		indent, d.GetSpoofed(), d.GetTooBig(), d.GetPoliced(), d.GetDropped())
}

// showSessions is "show services l2tp session".
func showSessions(ctx context.Context, c *call) error {
	stream, err := c.client.ListSessions(ctx, c.list())
	return show(c, "sessions", rows(stream, err, (*pb.SessionPage).GetSessions), sessionView(c.query.level))
}

const sessionColumns = "  %-8s %-8s %-20s %-11s %s\n"

// sessionView lays sessions out under the tunnels that carry them.
func sessionView(l level) view[pb.Session] {
	last := uint32(0) // no tunnel has the id 0
	columns := ""
	if l == brief {
		columns = fmt.Sprintf(sessionColumns, "Local", "Remote", "State", "Interface", "Interface") +
			fmt.Sprintf(sessionColumns, "ID", "ID", "", "unit", "Name")
	}
	return view[pb.Session]{row: func(w io.Writer, s *pb.Session) {
		if s.TunnelLocalId != last {
			last = s.TunnelLocalId
			fmt.Fprintf(w, "Tunnel local ID: %d\n%s", last, columns)
		}
		if l == brief {
			fmt.Fprintf(w, sessionColumns, fmt.Sprint(s.LocalId), fmt.Sprint(s.PeerId), s.State, fmt.Sprint(s.Unit), or(s.Interface, "-"))
			return
		}
		fmt.Fprintf(w, "  Session local ID: %d, Session remote ID: %d\n", s.LocalId, s.PeerId)
		if l != statistics {
			sessionDetail(w, s)
		}
		if l == extensive {
			sessionExtensive(w, s)
		}
		if l >= extensive {
			sessionStatistics(w, s)
		}
	}}
}

func sessionDetail(w io.Writer, s *pb.Session) {
	fmt.Fprintf(w, "    State: %s\n", s.State)
	fmt.Fprintf(w, "    Username: %s\n", or(s.UserName, "none"))
	fmt.Fprintf(w, "    Mode: %s\n", s.Mode)
	fmt.Fprintf(w, "    Local IP: %s, Remote IP: %s\n", s.Local, s.Peer)
	fmt.Fprintf(w, "    Local name: %s, Remote name: %s\n", s.LocalName, s.PeerName)
	fmt.Fprintf(w, "    Interface Name: %s, Interface unit: %d\n", or(s.Interface, "none"), s.Unit)
}

func sessionExtensive(w io.Writer, s *pb.Session) {
	fmt.Fprintf(w, "    Tx speed: %d, Rx speed: %d\n", s.TxSpeed, s.RxSpeed)
	fmt.Fprintf(w, "    Bearer type: %d, Framing type: %d\n", s.BearerType, s.FramingType)
	fmt.Fprintf(w, "    LCP renegotiation: %s, Authentication: %s\n", enabled(s.LcpRenegotiation), or(s.Authentication, "None"))
	fmt.Fprintf(w, "    Call serial number: %d, Sequencing: %s\n", s.CallSerialNumber, enabled(s.Sequencing))
	fmt.Fprintf(w, "    Calling number: %s, Called number: %s\n", or(s.CallingNumber, "none"), or(s.CalledNumber, "none"))
	fmt.Fprintf(w, "    Create time: %s, Up time: %s\n", moment(s.CreatedUnix), clock(s.UpSeconds))
	fmt.Fprintf(w, "    Idle time: %s\n", clock(s.IdleSeconds))
	if s.Cause != "" {
		fmt.Fprintf(w, "    Terminate cause: %s\n", s.Cause)
	}
}

func sessionStatistics(w io.Writer, s *pb.Session) {
	fmt.Fprintf(w, "    Statistics since: %s\n", moment(s.CreatedUnix))
	fmt.Fprintf(w, "%-18s%12s%20s\n", "", "Packets", "Bytes")
	volumeLine(w, "      ", "Control Tx", s.ControlTx)
	volumeLine(w, "      ", "Control Rx", s.ControlRx)
	volumeLine(w, "      ", "Data Tx", s.Data.GetTx())
	volumeLine(w, "      ", "Data Rx", s.Data.GetRx())
	fmt.Fprintf(w, "      LCP echo req Tx: %d, LCP echo req Rx: %d\n", s.EchoTx, s.EchoRx)
	dropLine(w, "      ", s.Data)
}

// showGroups is "show services l2tp tunnel-group".
func showGroups(ctx context.Context, c *call) error {
	stream, err := c.client.ListGroups(ctx, connect.NewRequest(&pb.ListRequest{Selector: &pb.Selector{TunnelGroup: c.query.name}}))
	return show(c, "groups", rows(stream, err, (*pb.GroupPage).GetGroups), view[pb.Group]{row: func(w io.Writer, g *pb.Group) {
		fmt.Fprintf(w, "Tunnel Group Name: %s\n", g.Name)
		fmt.Fprintf(w, "  Local gateway: %s, Local gateway name: %s\n", g.LocalGateway, g.LocalGatewayName)
		fmt.Fprintf(w, "  L2TP access profile: %s, AAA access profile: %s\n", or(g.L2TpAccessProfile, "none"), or(g.AaaAccessProfile, "none"))
		fmt.Fprintf(w, "  Dynamic profile: %s\n", or(g.DynamicProfile, "none"))
		fmt.Fprintf(w, "  Service interfaces: %s\n", or(strings.Join(g.Interfaces, ", "), "none"))
		fmt.Fprintf(w, "  Max sessions: %s\n", bound(g.MaximumSessions))
		fmt.Fprintf(w, "  Tunnels: %d, Sessions: %d\n", g.Tunnels, g.Sessions)
	}})
}

const clientColumns = "  %-31s %-23s %8s %9s %13s\n"

// showClients is "show services l2tp client".
func showClients(ctx context.Context, c *call) error {
	stream, err := c.client.ListClients(ctx, connect.NewRequest(&pb.ListRequest{Selector: &pb.Selector{PeerGatewayName: c.query.name}}))
	return show(c, "clients", rows(stream, err, (*pb.ClientPage).GetClients), view[pb.Client]{
		head: fmt.Sprintf(clientColumns, "Client Name", "Access Profile", "Tunnels", "Sessions", "Max sessions"),
		row: func(w io.Writer, r *pb.Client) {
			fmt.Fprintf(w, clientColumns, r.Name, r.Profile, short(r.Tunnels), short(r.Sessions), bound(r.MaximumSessions))
		},
	})
}
