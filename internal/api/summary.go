// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"maps"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"time"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
	"holdfast/internal/lns"
	"holdfast/l2tp"
)

// addressChangeNames are the words of tx-address-change.
var addressChangeNames = [...]string{
	l2tp.AddressChangeAccept: "accept", l2tp.AddressChangeIgnore: "ignore",
	l2tp.AddressChangeIgnoreIPAddress: "ignore-ip-address", l2tp.AddressChangeIgnoreUDPPort: "ignore-udp-port",
	l2tp.AddressChangeReject: "reject", l2tp.AddressChangeRejectIPAddress: "reject-ip-address",
	l2tp.AddressChangeRejectUDPPort: "reject-udp-port",
}

// GetProcess tells about the daemon itself.
func (s *Server) GetProcess(context.Context, *connect.Request[pb.GetProcessRequest]) (*connect.Response[pb.Process], error) {
	facts := s.backend.Facts()
	// Reading these does not stop the program, unlike runtime.ReadMemStats.
	m := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(m)
	return connect.NewResponse(&pb.Process{
		HostName: facts.HostName, Version: facts.Version, GoVersion: runtime.Version(), Pid: uint32(os.Getpid()),
		NowUnix: time.Now().Unix(), StartedUnix: facts.Started.Unix(), ConfiguredUnix: facts.Configured.Unix(),
		Shards: uint32(s.backend.Shards()), Plane: facts.Plane,
		HeapBytes: m[0].Value.Uint64(), SystemBytes: m[1].Value.Uint64(), Goroutines: uint32(runtime.NumGoroutine()),
	}), nil
}

// GetSummary counts everything and shows the chassis-wide settings.
func (s *Server) GetSummary(ctx context.Context, _ *connect.Request[pb.GetSummaryRequest]) (*connect.Response[pb.Summary], error) {
	sum, err := s.summary(ctx)
	if err != nil {
		return nil, err
	}
	destinations, err := s.destinations(ctx, lns.Filter{})
	if err != nil {
		return nil, err
	}
	set := sum.Settings
	return connect.NewResponse(&pb.Summary{
		Destinations: count(len(destinations)),
		Tunnels:      count(sum.Tunnels), TunnelsHalfOpen: count(sum.TunnelsHalfOpen), TunnelsClosing: count(sum.TunnelsClosing),
		Sessions:  count(sum.Sessions),
		ControlRx: volume(sum.ControlRx), ControlTx: volume(sum.ControlTx), Draining: sum.Draining,
		Settings: &pb.Settings{
			TunnelAuthentication:                sum.TunnelAuthentication,
			TxAddressChange:                     addressChangeName(set.AddressChange),
			MinimumRetransmissionTimeoutSeconds: seconds(set.RetransmitMin),
			RetransmissionCountEstablished:      count(set.RetransmitMaxEstablished),
			RetransmissionCountNotEstablished:   count(set.RetransmitMaxNotEstablished),
			TunnelIdleTimeoutSeconds:            seconds(set.TunnelIdleTimeout),
			DestructTimeoutSeconds:              seconds(set.DestructTimeout),
			RxWindowSize:                        count(set.ReceiveWindow),
		},
		Authentication: &pb.Authentication{
			Requests: sum.Counters.AuthAccepted + sum.Counters.AuthRejected,
			Accepts:  sum.Counters.AuthAccepted, Rejects: sum.Counters.AuthRejected, UnknownUsers: sum.Counters.AuthUnknownUser,
		},
		TerminateCauses: causes(&sum.Counters.Ended),
	}), nil
}

// causes lists the terminate reasons that have occurred, in the order in which
// they are declared.
func causes(counts *[lns.CauseCount]uint64) []*pb.NamedCount {
	var list []*pb.NamedCount
	for i, n := range counts {
		if n > 0 {
			list = append(list, &pb.NamedCount{Name: lns.Cause(i).String(), Count: uint32(min(n, math.MaxUint32))})
		}
	}
	return list
}

func addressChangeName(c l2tp.AddressChange) string {
	if int(c) < len(addressChangeNames) {
		return addressChangeNames[c]
	}
	return "unknown"
}

// summary adds up the shards' summaries; the settings are the same in all.
func (s *Server) summary(ctx context.Context) (sum lns.Summary, err error) {
	sum.Interfaces, sum.ByInstance = map[string]int{}, map[string]int{}
	for shard := range s.backend.Shards() {
		r := &lns.Request{Kind: lns.ShowSummary}
		if err := s.do(ctx, shard, r); err != nil {
			return sum, err
		}
		one := &r.Summary
		sum.Tunnels += one.Tunnels
		sum.TunnelsHalfOpen += one.TunnelsHalfOpen
		sum.TunnelsClosing += one.TunnelsClosing
		sum.Sessions += one.Sessions
		for i, n := range one.States {
			sum.States[i] += n
		}
		addCounts(sum.Interfaces, one.Interfaces)
		addCounts(sum.ByInstance, one.ByInstance)
		sum.ControlRx = addVolume(sum.ControlRx, one.ControlRx)
		sum.ControlTx = addVolume(sum.ControlTx, one.ControlTx)
		sum.Counters.AuthAccepted += one.Counters.AuthAccepted
		sum.Counters.AuthRejected += one.Counters.AuthRejected
		sum.Counters.AuthUnknownUser += one.Counters.AuthUnknownUser
		sum.Counters.AuthFellBack += one.Counters.AuthFellBack
		sum.Counters.GrantsRefused += one.Counters.GrantsRefused
		sum.Counters.AttributesIgnored += one.Counters.AttributesIgnored
		sum.Counters.AttributesUnused += one.Counters.AttributesUnused
		sum.Counters.FiltersIgnored += one.Counters.FiltersIgnored
		sum.Counters.RouteInUse += one.Counters.RouteInUse
		sum.Counters.UserLimitReached += one.Counters.UserLimitReached
		sum.Counters.AddressInUse += one.Counters.AddressInUse
		sum.Counters.PoolExhausted += one.Counters.PoolExhausted
		sum.Counters.RADIUSRequests += one.Counters.RADIUSRequests
		sum.Counters.RADIUSTimeouts += one.Counters.RADIUSTimeouts
		sum.Counters.RADIUSQueued += one.Counters.RADIUSQueued
		for i, n := range one.Counters.Ended {
			sum.Counters.Ended[i] += n
			sum.Counters.Failed[i] += one.Counters.Failed[i]
		}
		sum.Settings = one.Settings
		sum.TunnelAuthentication = sum.TunnelAuthentication || one.TunnelAuthentication
		sum.Draining = sum.Draining || one.Draining
	}
	return sum, nil
}

func addCounts(sum, one map[string]int) {
	for name, n := range one {
		sum[name] += n
	}
}

// CountSubscribers counts subscribers. Without a selector it adds up what the
// shards keep count of; with one it walks the rows.
func (s *Server) CountSubscribers(ctx context.Context, q *connect.Request[pb.CountSubscribersRequest]) (*connect.Response[pb.SubscriberCounts], error) {
	f, err := filter(q.Msg.Selector, selectsSubscribers)
	if err != nil {
		return nil, err
	}
	var sum lns.Summary
	if f == (lns.Filter{}) && q.Msg.Selector.GetId() == 0 && q.Msg.Selector.GetUnit() == 0 {
		sum, err = s.summary(ctx)
	} else {
		sum.Interfaces, sum.ByInstance = map[string]int{}, map[string]int{}
		err = s.subscribers(ctx, q.Msg.Selector, func(_ int, rows []lns.SubscriberRow) error {
			for i := range rows {
				r := &rows[i]
				if int(r.State) < len(sum.States) {
					sum.States[r.State]++
				}
				sum.Interfaces[r.Interface]++
				sum.ByInstance[r.Instance]++
			}
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(subscriberCounts(&sum)), nil
}

func subscriberCounts(sum *lns.Summary) *pb.SubscriberCounts {
	c := &pb.SubscriberCounts{
		Init: count(sum.States[lns.StateInit]), Configured: count(sum.States[lns.StateConfigured]),
		Active: count(sum.States[lns.StateActive]), Terminating: count(sum.States[lns.StateTerminating]),
		Terminated: count(sum.States[lns.StateTerminated]),
		Interfaces: named(sum.Interfaces), RoutingInstances: named(sum.ByInstance),
	}
	c.Total = c.Init + c.Configured + c.Active + c.Terminating + c.Terminated
	if c.Total > 0 {
		c.ClientTypes = []*pb.NamedCount{{Name: clientType, Count: c.Total}}
	}
	return c
}

// named lists counts in order of their names; what is not on an interface or in
// an instance (yet) has no name and is left out.
func named(counts map[string]int) []*pb.NamedCount {
	var list []*pb.NamedCount
	for _, name := range slices.SortedFunc(maps.Keys(counts), cmp.Compare[string]) {
		if name != "" && counts[name] > 0 {
			list = append(list, &pb.NamedCount{Name: name, Count: count(counts[name])})
		}
	}
	return list
}
