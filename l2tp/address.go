// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"net/netip"
	"time"

	"holdfast/l2tp/wire"
)

// moveInterval is how soon a tunnel may follow its peer once more. Two who both
// send under its ids must not have its owner move all its sessions with every
// datagram.
const moveInterval = time.Second

// moved decides about a datagram for t that comes from another address than
// before; true lets it in. fresh says that only somebody who knows the tunnel can
// have sent it: a control message with the Ns that is due, data of a session.
//
// "Once the source and destination ports and addresses are established, they MUST
// remain static for the life of the tunnel", RFC 2661 §8.1. Address translators
// on the way do not know that; what is done then is the policy of Junos:
//
//	accept   follow the peer, at most once in moveInterval
//	ignore   let the datagram in, but go on sending where we sent
//	reject   close the tunnel
func (e *Endpoint) moved(now time.Time, t *tunnel, peer netip.AddrPort, fresh bool, fx *Effects) bool {
	if t.state == TunnelWaitCtlReply && peer.Addr() == t.remote.Addr() {
		// "The recipient picks a free port on its own system (which may or may not be
		// 1701), and sends its reply to the initiator's UDP port", RFC 2661 §8.1.
		t.remote = peer
		return true
	}
	if !fresh || t.state != TunnelEstablished {
		e.counters.WrongAddress++
		t.counters.Errors++
		return false
	}
	policy := t.cfg.AddressChange
	addr, port := peer.Addr() != t.remote.Addr(), peer.Port() != t.remote.Port()
	if policy == AddressChangeReject || addr && policy == AddressChangeRejectIPAddress || port && policy == AddressChangeRejectUDPPort {
		e.counters.WrongAddress++
		e.close(now, t, ErrAddressChanged, Result{Code: wire.StopGeneral, Message: "address changed"}, true, fx)
		return false
	}
	to := peer
	if policy == AddressChangeIgnore || policy == AddressChangeIgnoreIPAddress {
		to = netip.AddrPortFrom(t.remote.Addr(), to.Port())
	}
	if policy == AddressChangeIgnore || policy == AddressChangeIgnoreUDPPort {
		to = netip.AddrPortFrom(to.Addr(), t.remote.Port())
	}
	if since := e.since(now); to != t.remote && since >= t.staysTill {
		e.counters.AddressChanges++
		t.remote, t.staysTill = to, since+int64(moveInterval)
		fx.List = append(fx.List, Effect{Kind: TunnelMoved, Tunnel: t.local, Peer: to, Local: t.near, HostName: t.hostName})
	}
	return true
}
