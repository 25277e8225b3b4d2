// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// Effects is what a LAC wants done. It belongs to the driver, which passes it to
// every call, sends what is in it, in order, and resets it.
type Effects struct {
	Transmit []packet.Datagram // Data is valid until Reset

	l2tp  l2tp.Effects
	done  int // effects of l2tp that have been carried out
	ppp   ppp.Effects
	arena []byte // octets of Transmit that are not the endpoint's
	frame []byte // one PPP frame with a probe in it
}

// Reset forgets all effects and the octets they pointed to.
func (fx *Effects) Reset() {
	clear(fx.Transmit)
	fx.Transmit, fx.arena = fx.Transmit[:0], fx.arena[:0]
	fx.l2tp.Reset()
	fx.done = 0
}
