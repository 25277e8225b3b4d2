// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"math"
	"net/netip"
	"strings"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
)

// stateNames are the subscriber states as operators read them.
var stateNames = [...]string{
	lns.StateInit: "Init", lns.StateConfigured: "Configured", lns.StateActive: "Active",
	lns.StateTerminating: "Terminating", lns.StateTerminated: "Terminated",
}

func stateName(s lns.SubscriberState) string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", s)
}

// filter translates a selector. What cannot be right is refused, not ignored: a
// clear must never hit more than was meant.
func filter(s *pb.Selector) (lns.Filter, error) {
	f := lns.Filter{
		Group: s.GetTunnelGroup(), GatewayName: s.GetLocalGatewayName(), PeerName: s.GetPeerGatewayName(),
		Interface: s.GetInterface(), User: s.GetUserName(), Calling: s.GetCallingNumber(),
		CircuitID: s.GetAgentCircuitId(), RemoteID: s.GetAgentRemoteId(),
		Instance: s.GetRoutingInstance(), Profile: s.GetProfileName(),
	}
	for _, id := range []struct {
		name string
		from uint32
		to   *uint16
	}{
		{"local_tunnel_id", s.GetLocalTunnelId(), &f.LocalTunnel},
		{"local_session_id", s.GetLocalSessionId(), &f.LocalSession},
	} {
		if id.from > math.MaxUint16 {
			return f, invalid("%s %d: ids are at most %d", id.name, id.from, math.MaxUint16)
		}
		*id.to = uint16(id.from)
	}
	for _, a := range []struct {
		name, from string
		to         *netip.Addr
	}{
		{"local_gateway", s.GetLocalGateway(), &f.Gateway},
		{"peer_gateway", s.GetPeerGateway(), &f.Peer},
		{"address", s.GetAddress(), &f.Address},
	} {
		if a.from == "" {
			continue
		}
		addr, err := netip.ParseAddr(a.from)
		if err != nil {
			return f, invalid("%s %q is no IP address", a.name, a.from)
		}
		*a.to = addr.Unmap()
	}
	if s.GetState() == "" {
		return f, nil
	}
	for i, name := range stateNames {
		if strings.EqualFold(name, s.GetState()) {
			f.State, f.HasState = lns.SubscriberState(i), true
			return f, nil
		}
	}
	return f, invalid("state %q: the states are %s", s.GetState(), strings.Join(stateNames[:], ", "))
}

func invalid(format string, args ...any) error {
	return connect.NewError(connect.CodeInvalidArgument, fmt.Errorf(format, args...))
}
