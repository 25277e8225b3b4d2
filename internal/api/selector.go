// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

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

// What selects which objects, by the names of the selector's fields.
var (
	selectsDestinations = []protoreflect.Name{"local_gateway", "peer_gateway"}
	selectsTunnels      = []protoreflect.Name{
		"tunnel_group", "local_tunnel_id", "local_gateway", "local_gateway_name", "peer_gateway", "peer_gateway_name",
	}
	// An interface has no tunnels of its own: this shows those whose sessions may
	// be on it, and is not enough to close them.
	showsTunnels    = append(slices.Clip(selectsTunnels), "interface")
	selectsSessions = append(slices.Clip(selectsTunnels), "interface", "local_session_id", "user_name", "calling_number",
		"agent_circuit_id", "agent_remote_id", "address", "routing_instance", "profile_name", "state")
	selectsSubscribers = []protoreflect.Name{
		"local_tunnel_id", "local_session_id", "local_gateway", "peer_gateway", "peer_gateway_name", "interface", "unit", "id",
		"user_name", "calling_number", "agent_circuit_id", "agent_remote_id", "address", "routing_instance", "profile_name", "state",
	}
	selectsGroups  = []protoreflect.Name{"tunnel_group"}
	selectsClients = []protoreflect.Name{"peer_gateway_name"}
	selectsCalls   = []protoreflect.Name{
		"tunnel_group", "local_tunnel_id", "local_session_id", "peer_gateway", "peer_gateway_name",
		"user_name", "calling_number", "agent_circuit_id",
	}
)

// filter translates a selector, of which only the allowed fields may be used.
// What cannot be right is refused, not ignored: a clear must never hit more than
// was meant.
func filter(s *pb.Selector, allowed []protoreflect.Name) (lns.Filter, error) {
	var err error
	s.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !slices.Contains(allowed, f.Name()) {
			err = invalid("%s does not select here", f.Name())
		}
		return err == nil
	})
	if err != nil {
		return lns.Filter{}, err
	}
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
