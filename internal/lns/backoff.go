// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"holdfast/internal/police"
	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// failures makes addresses that answered our challenge wrongly wait before their
// next SCCRQ is heard: twice as long each time, until one of their tunnels is
// established. Each shard has its own. nil: none has failed yet.
type failures struct{ *police.Backoff }

// failed notes how a tunnel to peer ended.
func (e *Engine) failed(peer netip.AddrPort, why error) {
	if !errors.Is(why, l2tp.ErrWrongResponse) {
		return
	}
	if e.failures.Backoff == nil {
		e.failures.Backoff = police.NewBackoff(police.BackoffOptions{Key: [2]uint64{e.rand.Uint64(), e.rand.Uint64()}})
	}
	e.failures.Fail(e.now, peer.Addr())
}

// succeeded forgives an address whose tunnel is established.
func (e *Engine) succeeded(peer netip.AddrPort) {
	if e.failures.Backoff != nil {
		e.failures.Forget(peer.Addr())
	}
}

// unheard says whether a datagram is an SCCRQ of an address that has to wait, and
// counts it.
func (e *Engine) unheard(peer netip.AddrPort, datagram []byte) bool {
	if e.failures.Backoff == nil || !wire.IsControl(datagram) || len(datagram) < wire.ControlLength || binary.BigEndian.Uint16(datagram[4:]) != 0 {
		return false
	}
	if !e.failures.Blocked(e.now, peer.Addr()) || police.Classify(datagram) != police.SCCRQ {
		return false
	}
	e.counters.TunnelsUnheard++
	return true
}
