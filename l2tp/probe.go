// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"time"

	"holdfast/l2tp/wire"
)

// HeardAt is when the peer of a tunnel was heard last, by anything: control, a
// ZLB, data. Zero for a tunnel that does not exist.
func (e *Endpoint) HeardAt(id TunnelID) time.Time {
	if t := e.tunnel(id); t != nil {
		return t.heardAt
	}
	return time.Time{}
}

// Retransmitting reports whether the peer leaves unanswered what was sent to it:
// something has been sent again at least once.
func (e *Endpoint) Retransmitting(id TunnelID) bool {
	t := e.tunnel(id)
	return t != nil && !t.xmit.idle() && t.xmit.retries > 0
}

// Probe asks the peer of an established tunnel for a sign of life with a HELLO,
// whatever the HelloInterval, unless it owes us an acknowledgement anyway: "The
// sending of HELLO messages and the policy for sending them are left up to the
// implementation", RFC 2661 §6.5.
func (e *Endpoint) Probe(now time.Time, id TunnelID, fx *Effects) {
	t := e.tunnel(id)
	if t == nil || t.state != TunnelEstablished || !t.xmit.idle() {
		return
	}
	e.out.Reset(wire.HELLO)
	e.send(now, t, 0, fx)
	e.arm(t)
}
