// SPDX-License-Identifier: Apache-2.0

package lns

import "time"

// spare keeps PPP's keepalive from tearing sessions down for what is not their
// fault. When a modem does not answer and its tunnel has been silent too, the
// tunnel is asked for a sign of life. If that stays away, the path is suspect and
// not the modem: the tunnel's own retransmissions decide for all its sessions at
// once. And while calls wait for us, an answer may be lost in our own queues.
func (e *Engine) spare(s *session, fx *Effects) {
	if !s.connected || s.link.Unanswered() == 0 {
		return
	}
	if e.now.Sub(e.l2.HeardAt(s.tunnel)) >= s.bind.echoInterval()/2 {
		e.l2.Probe(e.now, s.tunnel, &fx.l2tp)
	}
	if e.l2.Retransmitting(s.tunnel) || e.adm.Overloaded(e.now) {
		s.link.Alive(e.now)
		e.counters.KeepaliveSpared++
	}
}

// echoInterval is the time between two Echo-Requests of our links.
func (b *binding) echoInterval() time.Duration {
	if b.link.EchoInterval != 0 {
		return b.link.EchoInterval
	}
	return 30 * time.Second // ppp's default
}
