// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Bounds of data held until the ICCN comes: calls at once, octets of each.
const (
	earlyCalls = 4096
	earlyBytes = 1024
)

// early holds data messages that have overtaken the ICCN. A LAC sends the first
// LCP frame right behind it, and data takes another path through sockets and
// queues than control; a modem whose first Configure-Request is lost waits for
// its Restart timer, three seconds.
type early map[Element][]byte

// hold keeps a copy of a data message; false: it does not fit and is dropped.
func (y early) hold(el Element, b []byte) bool {
	held, known := y[el]
	if !known && len(y) >= earlyCalls || len(held)+2+len(b) > earlyBytes {
		return false
	}
	held = binary.BigEndian.AppendUint16(held, uint16(len(b)))
	y[el] = append(held, b...)
	return true
}

// releaseEarly hands on what was held for a call that is established now.
func (e *Endpoint) releaseEarly(now time.Time, el Element, peer netip.AddrPort, fx *Effects) {
	held := e.early[el]
	delete(e.early, el)
	for len(held) > 0 {
		n := 2 + int(binary.BigEndian.Uint16(held))
		e.handleData(now, peer, held[2:n], fx)
		held = held[n:]
	}
}
