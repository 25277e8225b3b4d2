// SPDX-License-Identifier: Apache-2.0

package api

import (
	"math"
	"net/netip"
	"time"

	"google.golang.org/protobuf/proto"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/forward"
	"holdfast/internal/lns"
	"holdfast/internal/policy"
)

// clientType is what every subscriber of an LNS is.
const clientType = "L2TP"

func volume(v lns.Volume) *pb.Volume { return &pb.Volume{Packets: v.Packets, Bytes: v.Bytes} }

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func textPort(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func textPrefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

// seconds is d in whole seconds; a negative one is none.
func seconds(d time.Duration) uint32 { return uint32(max(d, 0) / time.Second) }

// count is n as the wire has it; a negative one is none.
func count(n int) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }

// since is when something of this age began.
func since(now time.Time, age time.Duration) int64 { return now.Add(-age).Unix() }

// login is when a subscriber came on line; 0: he has not.
func login(now time.Time, age time.Duration) int64 {
	if age == 0 {
		return 0
	}
	return since(now, age)
}

func dataCounters(c forward.Counters) *pb.DataCounters {
	return &pb.DataCounters{
		Rx:      &pb.Volume{Packets: c.UpPackets, Bytes: c.UpBytes},
		Tx:      &pb.Volume{Packets: c.DownPackets, Bytes: c.DownBytes},
		Spoofed: c.Spoofed, TooBig: c.TooBig, Policed: c.Policed, Dropped: c.Dropped,
	}
}

func tunnelRow(r *lns.TunnelRow, now time.Time) *pb.Tunnel {
	return &pb.Tunnel{
		LocalId: uint32(r.LocalID), PeerId: uint32(r.PeerID), Peer: textPort(r.Peer), Local: textPort(r.Local),
		Sessions: count(r.Sessions), State: r.State, Name: r.Name, LocalName: r.LocalName, PeerName: clean(r.PeerName),
		Group: r.Group, RoutingInstance: r.Instance, MaximumSessions: count(r.SessionMax),
		ReceiveWindow: count(r.ReceiveWindow), PeerWindow: count(r.PeerWindow),
		HelloIntervalSeconds: seconds(r.HelloInterval), CreatedUnix: since(now, r.Created),
		UpSeconds: seconds(r.Up), IdleSeconds: seconds(r.Idle),
		ControlRx: volume(r.ControlRx), ControlTx: volume(r.ControlTx), Retransmissions: r.Retransmissions,
		ControlRxErrors: r.ControlRxErrors, ControlTxErrors: r.ControlTxErrors,
	}
}

func sessionRow(r *lns.SessionRow, now time.Time) *pb.Session {
	return &pb.Session{
		TunnelLocalId: uint32(r.TunnelLocalID), TunnelPeerId: uint32(r.TunnelPeerID),
		LocalId: uint32(r.LocalID), PeerId: uint32(r.PeerID), State: r.State,
		Interface: r.Interface, Unit: r.Unit, UserName: clean(r.User), Mode: r.Mode,
		Local: textPort(r.Local), Peer: textPort(r.Peer), LocalName: r.LocalName, PeerName: clean(r.PeerName),
		TxSpeed: r.TxSpeed, RxSpeed: r.RxSpeed, BearerType: r.BearerType, FramingType: r.FramingType,
		LcpRenegotiation: r.LCPRenegotiation, Authentication: r.Authentication, CallSerialNumber: r.CallSerial,
		CallingNumber: clean(r.CallingNumber), CalledNumber: clean(r.CalledNumber), Sequencing: r.Sequencing,
		CreatedUnix: since(now, r.Created), UpSeconds: seconds(r.Up), IdleSeconds: seconds(r.Idle),
		EchoTx: r.EchoTx, EchoRx: r.EchoRx, ControlRx: volume(r.ControlRx), ControlTx: volume(r.ControlTx),
		Cause: r.Cause, Shard: count(r.Shard),
	}
}

func subscriberRow(r *lns.SubscriberRow, now time.Time) *pb.Subscriber {
	return &pb.Subscriber{
		Id: r.ID, UserName: clean(r.User), State: stateName(r.State), ClientType: clientType,
		Interface: r.Interface, Unit: r.Unit, RoutingInstance: r.Instance, ProfileName: r.Profile, AccessProfile: r.AccessProfile,
		Ipv4Address: text(r.IPv4), Ipv6Prefix: textPrefix(r.IPv6), Ipv4Pool: r.Pool, Ipv6Pool: r.PoolIPv6,
		PrimaryDns: text(r.DNS[0]), SecondaryDns: text(r.DNS[1]), CallingNumber: clean(r.Calling), CalledNumber: clean(r.Called),
		AgentCircuitId: clean(r.CircuitID), AgentRemoteId: clean(r.RemoteID),
		TunnelLocalId: uint32(r.TunnelLocalID), SessionLocalId: uint32(r.SessionLocalID),
		PeerGateway: text(r.Peer), LocalGateway: text(r.Gateway), PeerName: clean(r.PeerName),
		Mtu: count(r.MTU), TxSpeed: r.TxSpeed, RxSpeed: r.RxSpeed,
		LoginUnix: login(now, r.Login), Cause: r.Cause, Shard: count(r.Shard), Grant: grantOf(r, now),
	}
}

// grantOf is what authorisation has said of a subscriber; nil: nothing.
func grantOf(r *lns.SubscriberRow, now time.Time) *pb.Grant {
	g := &pb.Grant{
		Domain: clean(r.Domain), Server: r.Server, Ingress: rateOf(r.Up), Egress: rateOf(r.Down), Classes: count(r.Classes),
		SessionSecondsLeft: seconds(r.SessionLeft), IdleTimeoutSeconds: seconds(r.IdleTimeout),
		InterimIntervalSeconds: seconds(r.InterimInterval), AccountedUnix: login(now, r.Accounted),
	}
	if r.UserGiven != r.User {
		g.UserGiven = clean(r.UserGiven)
	}
	if r.AccountedUser != r.User {
		g.AccountedUser = clean(r.AccountedUser)
	}
	for _, p := range r.Routes {
		g.Routes = append(g.Routes, p.String())
	}
	for _, f := range r.Filters {
		g.Filters = append(g.Filters, clean(f))
	}
	for _, a := range r.DNSIPv6 {
		g.DnsIpv6 = append(g.DnsIpv6, a.String())
	}
	if proto.Size(g) == 0 {
		return nil
	}
	return g
}

// rateOf is a policer; nil: there is none.
func rateOf(r policy.Rate) *pb.Rate {
	if r == (policy.Rate{}) {
		return nil
	}
	return &pb.Rate{BitsPerSecond: r.Bits, BurstBytes: r.Burst}
}

func groupRow(r *lns.GroupRow) *pb.Group {
	return &pb.Group{
		Name: r.Name, LocalGateway: r.Gateway, LocalGatewayName: r.GatewayName, L2TpAccessProfile: r.Clients,
		AaaAccessProfile: r.AAA, DynamicProfile: r.Profile, Interfaces: append([]string(nil), r.Interfaces...),
		Tunnels: count(r.Tunnels), Sessions: count(r.Sessions), MaximumSessions: count(r.SessionMax),
	}
}

func clientRow(r *lns.ClientRow) *pb.Client {
	return &pb.Client{
		Profile: r.Profile, Name: r.Name, Tunnels: count(r.Tunnels), Sessions: count(r.Sessions), MaximumSessions: count(r.SessionMax),
	}
}

func poolRow(r *lns.PoolRow) *pb.Pool {
	return &pb.Pool{
		Name: r.Name, RoutingInstance: r.Instance, Linked: r.Linked, Total: r.Total, Used: r.Used, OutOfAddresses: r.OutOfAddresses,
	}
}

func destinationRow(r *destination) *pb.Destination {
	d := &pb.Destination{
		LocalName: r.LocalName, PeerGateway: text(r.Peer), LocalGateway: text(r.gateways[0]), RoutingInstance: r.Instance,
		Tunnels: count(r.Tunnels), Sessions: count(r.Sessions), State: r.State,
		TunnelsTotal: r.TunnelsTotal, TunnelsFailed: r.TunnelsFailed, SessionsTotal: r.SessionsTotal, SessionsFailed: r.SessionsFailed,
		ControlRx: volume(r.ControlRx), ControlTx: volume(r.ControlTx), ControlRxErrors: r.ControlRxErrors, ControlTxErrors: r.ControlTxErrors,
	}
	for _, g := range r.gateways {
		d.LocalGateways = append(d.LocalGateways, text(g))
	}
	return d
}
