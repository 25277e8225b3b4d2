// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/directory"
	"holdfast/internal/event"
	"holdfast/l2tp"
)

// tunnel is what the engine knows of a tunnel beyond the endpoint.
type tunnel struct {
	bind     *binding
	dest     *destination // nil until established
	sessions int          // in any state
	limited  bool         // holds a token of the chassis' tunnel limit
	up       bool
	cutUntil time.Time // its link was cut: until then its calls stand aside for a moment
}

// StopCCN results that the engine sends (RFC 2661 §4.4.2).
var (
	stopNotAuthorized = l2tp.Result{Code: 4, Message: "not authorized"}
	stopDraining      = l2tp.Result{Code: 2, Error: 7, Message: "draining"}
	stopLimit         = l2tp.Result{Code: 2, Error: 4, Message: "tunnel limit reached"}
	stopShutdown      = l2tp.Result{Code: 6, Message: "shutting down"}
	stopClear         = l2tp.Result{Code: 1, Message: "administrative close"}
)

// tunnelRequested answers an SCCRQ: which group, which LAC, is there room.
func (e *Engine) tunnelRequested(ef *l2tp.Effect, fx *Effects) {
	g, terms := e.authorize(ef)
	switch {
	case terms == nil:
		e.counters.TunnelsNotAuthorized++
		e.refuseTunnel(ef.Tunnel, stopNotAuthorized, fx)
	case e.cfg.Drain || e.stopping:
		e.counters.TunnelsRefusedDrain++
		e.refuseTunnel(ef.Tunnel, stopDraining, fx)
	default:
		e.tunnels[ef.Tunnel] = &tunnel{bind: e.bind(g, terms)}
		e.admitTunnel(ef.Tunnel, fx)
	}
}

// authorize finds the tunnel group by the address that was dialled, and in it
// the LAC by its host name.
func (e *Engine) authorize(ef *l2tp.Effect) (*TunnelGroup, *Terms) {
	for _, g := range e.cfg.Groups {
		if g.Gateway == ef.Local.Addr() {
			return g, g.Terms(ef.HostName)
		}
	}
	return nil, nil
}

// admitTunnel takes a token of the chassis' tunnel limit, now or when the
// limit's home has answered.
func (e *Engine) admitTunnel(id l2tp.TunnelID, fx *Effects) {
	t := e.tunnels[id]
	if t == nil || t.limited {
		return
	}
	if e.cfg.TunnelMax == 0 {
		e.l2.AcceptTunnel(e.now, id, t.bind.Tunnel, &fx.l2tp)
		return
	}
	l := e.lease(directory.Key{Kind: directory.ChassisTunnels}, e.cfg.TunnelMax)
	ok, ask := l.Take()
	if ok {
		t.limited = true
		e.l2.AcceptTunnel(e.now, id, t.bind.Tunnel, &fx.l2tp)
		return
	}
	l.tunnels = append(l.tunnels, id)
	if ask {
		e.ask(l, fx)
	}
}

func (e *Engine) refuseTunnel(id l2tp.TunnelID, why l2tp.Result, fx *Effects) {
	r := event.Record{ID: event.TunnelRefused, Shard: e.shard, Tunnel: uint16(id), Name: why.Message}
	if info, ok := e.l2.Tunnel(id); ok {
		r.Peer, r.LAC = info.Peer, info.HostName
	}
	fx.Log = append(fx.Log, r)
	e.l2.RefuseTunnel(e.now, id, why, &fx.l2tp)
}

func (e *Engine) tunnelUp(ef *l2tp.Effect, fx *Effects) {
	t := e.tunnels[ef.Tunnel]
	if t == nil {
		return
	}
	t.up = true
	e.tunnelsUp++
	e.succeeded(ef.Peer)
	fx.Tunnels = append(fx.Tunnels, uint16(ef.Tunnel))
	t.bind.groupUsage.tunnels++
	t.bind.clientUsage.tunnels++
	t.dest = e.destination(ef.Peer.Addr(), ef.Local.Addr(), fx)
	t.dest.tunnels++
	t.dest.tunnelsTotal++
	fx.Log = append(fx.Log, event.Record{
		ID: event.TunnelUp, Shard: e.shard, Tunnel: uint16(ef.Tunnel), Peer: ef.Peer, Group: t.bind.group.Name, LAC: ef.HostName,
	})
}

func (e *Engine) tunnelDown(ef *l2tp.Effect, fx *Effects) {
	t := e.tunnels[ef.Tunnel]
	if t == nil {
		return // refused before it was ours
	}
	e.tunnels[ef.Tunnel] = nil
	e.failed(ef.Peer, ef.Err)
	if t.limited {
		e.release(e.lease(directory.Key{Kind: directory.ChassisTunnels}, e.cfg.TunnelMax), fx)
	}
	if t.up {
		e.tunnelsUp--
		fx.Tunnels = append(fx.Tunnels, uint16(ef.Tunnel))
		t.bind.groupUsage.tunnels--
		t.bind.clientUsage.tunnels--
		info, _ := e.l2.Tunnel(ef.Tunnel)
		e.closeDestination(t.dest, &info.Counters)
	} else if d := e.dests[destinationKey{ef.Peer.Addr(), ef.Local.Addr()}]; d != nil {
		d.tunnelsFailed++
	}
	fx.Log = append(fx.Log, event.Record{
		ID: downEvent(ef, t.up), Shard: e.shard, Tunnel: uint16(ef.Tunnel), Peer: ef.Peer, Group: t.bind.group.Name,
		LAC: ef.HostName, Err: ef.Err, Name: ef.Result.Message,
	})
}

// stopBatch is how many tunnels are told at once that the LNS stops, so that
// other work still gets its turn.
const stopBatch = 256

// stopSome tells the next tunnels that the LNS stops.
func (e *Engine) stopSome(fx *Effects) {
	for n := 0; e.stopAt < len(e.tunnels) && n < stopBatch; e.stopAt++ {
		if e.tunnels[e.stopAt] != nil {
			e.l2.CloseTunnel(e.now, l2tp.TunnelID(e.stopAt), stopShutdown, &fx.l2tp)
			e.settle(fx)
			n++
		}
	}
	if e.stopAt < len(e.tunnels) {
		return
	}
	// Stopped when every StopCCN is acknowledged or given up: those before
	// stopAcked are.
	for id, ok := e.l2.TunnelAfter(e.stopAcked); ok; id, ok = e.l2.TunnelAfter(id) {
		if info, _ := e.l2.Tunnel(id); info.Unacknowledged+info.Queued > 0 {
			return
		}
		e.stopAcked = id
	}
	fx.Stopped = true
}
