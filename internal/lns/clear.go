// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"strconv"

	"holdfast/l2tp"
)

// clearTunnels says StopCCN to the tunnels that the filter selects, a page at a time.
func (e *Engine) clearTunnels(r *Request, fx *Effects) {
	var ids []l2tp.TunnelID
	e.eachTunnel(r, func(info *l2tp.TunnelInfo, t *tunnel) bool {
		if info.State != l2tp.TunnelClosed {
			ids = append(ids, info.LocalTunnelID)
		}
		return len(ids) < r.Limit
	})
	for _, id := range ids {
		done := Cleared{Tunnel: uint16(id)}
		if t := e.tunnels[id]; t != nil && t.dest != nil {
			done.Destination = strconv.Itoa(t.dest.number)
		}
		e.l2.CloseTunnel(e.now, id, stopClear, &fx.l2tp)
		e.settle(fx)
		r.Cleared = append(r.Cleared, done)
	}
}

// clearSessions closes the sessions that the filter selects, a page at a time.
func (e *Engine) clearSessions(r *Request, fx *Effects) {
	var refs []sessionRef
	e.eachSession(r, func(s *session) bool {
		if s.cause == causeNone {
			refs = append(refs, s.ref())
		}
		return len(refs) < r.Limit
	})
	for _, ref := range refs {
		s := e.find(ref)
		if s == nil {
			continue
		}
		r.Cleared = append(r.Cleared, Cleared{Tunnel: uint16(s.tunnel), Session: uint16(s.id)})
		e.closeSession(s, CauseAdministrative, fx)
		e.settle(fx)
	}
}
