// SPDX-License-Identifier: Apache-2.0

package lns

import "time"

// spare keeps PPP's keepalive from tearing a session down for what is not its
// fault. When a modem has left all its Echo-Requests unanswered, but nothing at
// all was heard in its tunnel since the first of them, the path is suspect and
// not the modem: the session gets another round, and meanwhile the tunnel's HELLO
// decides for all its sessions at once. And while calls wait for us, an answer may
// be lost in our own queues. Where HELLO is off nobody else decides: there the
// keepalive has the last word.
func (e *Engine) spare(s *session) {
	unanswered := s.link.Unanswered()
	if !s.connected || unanswered < s.bind.echoMax() {
		return
	}
	since := e.now.Add(-time.Duration(unanswered) * s.bind.echoInterval())
	silent := s.bind.Tunnel.HelloInterval >= 0 && e.l2.HeardAt(s.tunnel).Before(since)
	if silent || e.adm.Overloaded(e.now) {
		s.link.Alive(e.now)
		e.counters.KeepaliveSpared++
	}
}

// echoInterval is the time between two Echo-Requests of our links, and echoMax
// how many of them may stay unanswered: ppp's defaults unless configured.
func (b *binding) echoInterval() time.Duration {
	if b.link.EchoInterval != 0 {
		return b.link.EchoInterval
	}
	return 30 * time.Second
}

func (b *binding) echoMax() int {
	if b.link.EchoMax != 0 {
		return b.link.EchoMax
	}
	return 3
}
