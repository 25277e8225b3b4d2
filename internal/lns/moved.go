// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"errors"

	"holdfast/internal/event"
	"holdfast/l2tp"
)

// tunnelMoved has the plane send to a LAC where it is now, and take its data from
// there: a translator of addresses on the way has chosen another port, say.
func (e *Engine) tunnelMoved(ef *l2tp.Effect, fx *Effects) {
	t := e.tunnels[ef.Tunnel]
	if t == nil {
		return
	}
	fx.Tunnels = append(fx.Tunnels, uint16(ef.Tunnel))
	for el := range e.l2.Sessions(ef.Tunnel) {
		if s := e.sessions.at(el); s != nil && s.installed {
			e.install(s, fx)
		}
	}
	fx.Log = append(fx.Log, event.Record{
		ID: event.PeerAddressChanged, Shard: e.shard, Tunnel: uint16(ef.Tunnel), Peer: ef.Peer,
		Group: t.bind.group.Name, LAC: ef.HostName,
	})
}

// downEvent is the event of a tunnel's end.
func downEvent(ef *l2tp.Effect, established bool) event.ID {
	switch {
	case errors.Is(ef.Err, l2tp.ErrAddressChanged):
		return event.PeerAddressChangeRejected
	case errors.Is(ef.Err, l2tp.ErrEvicted):
		return event.HalfOpenEvicted
	case errors.Is(ef.Err, l2tp.ErrUnauthorized) && !established:
		return event.TunnelAuthenticationFailed
	}
	return event.TunnelDown
}
