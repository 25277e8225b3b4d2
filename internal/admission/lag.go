// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// lag is how long messages wait at the LAC for their turn in a tunnel. All calls of
// a tunnel share one window, and nothing overtakes: where packets are lost, or the
// LAC has much to say, a message waits for seconds behind those of other calls. So
// the caller of an ICRQ that has just come may have little patience left, and the
// ICCN of a call that is begun now will be as late again. Calls of such a tunnel stay
// parked unless they can come up all the same; parked, they cost nothing until their
// CDN comes.
//
// The lag shows in how long an ICRP waits for its answer. While none comes it is at
// least as long as the first that was asked has waited.
type lag struct {
	last       int64 // ns: what the latest answer has taken
	answeredAt int64 // when it came
	heardOf    int64 // when the call was begun that it was for
	askedAt    int64 // when the first call was begun since an ICCN came; 0: none
	begunAt    int64 // when the last one was
	open       int   // calls begun, neither connected nor ended
}

// probeInterval is how often a call is begun in a tunnel whatever its lag: the answer
// tells whether it is still so long.
const probeInterval = int64(time.Second)

// at is the lag at a time, ns. What an answer says holds for as long as it has waited:
// then what stood behind it has come.
func (l *lag) at(now int64) (lag int64) {
	if now-l.answeredAt <= l.last {
		lag = l.last
	}
	if l.askedAt > 0 {
		lag = max(lag, now-l.askedAt)
	}
	return lag
}

// begin takes a call that is begun.
func (l *lag) begin(now int64) {
	if l.askedAt == 0 {
		l.askedAt = now
	}
	l.begunAt = now
	l.open++
}

// connected takes the ICCN of a call.
func (l *lag) connected(now, begun int64) {
	l.last, l.answeredAt, l.heardOf, l.askedAt = now-begun, now, begun, 0
	l.open--
}

// withdrawn takes the CDN of a call that was not connected: it stood in the LAC's
// queue before our ICRP came there. How long before is not known. If a call that was
// begun later has been answered, this one's caller has only kept us waiting.
func (l *lag) withdrawn(now, begun int64) {
	if begun > l.heardOf {
		l.last, l.answeredAt, l.heardOf = max(l.at(now), now-begun), now, begun
	}
	l.ended()
}

// ended takes a call that has ended before it was connected.
func (l *lag) ended() {
	if l.open--; l.open == 0 {
		l.askedAt = 0
	}
}

// lagOf is the lag of a tunnel. Tunnel ids have 16 bits, so there are not many; what
// a tunnel leaves to the next one of its id is over in seconds.
func (c *Controller) lagOf(tunnel uint16) *lag {
	l := c.lags[tunnel]
	if l == nil {
		l = &lag{}
		c.lags[tunnel] = l
	}
	return l
}

// Connected notes that the LAC has answered a call in set-up with ICCN.
func (c *Controller) Connected(now time.Time, element uint32) {
	b, ok := c.setup.calls[element]
	if !ok || b.connected {
		return
	}
	t := c.ns(now)
	c.lagOf(b.tunnel).connected(t, b.at)
	b.connected = true
	if b.probe {
		b.dialled = b.arrived - (t - b.at) // now it is known
	}
	c.setup.calls[element] = b
}

// An estimate of what happens elsewhere may be wrong. A parked call is begun if it
// comes up in time with an eighth of patience to spare; one that was begun is taken
// for late when three eighths more are over.
const (
	lagSpare = 8
	lagDoubt = 3
)

// inTime reports whether a parked call can come up while its caller waits, its ICCN
// being as late as others of its tunnel.
func (c *Controller) inTime(now int64, p *parked) bool {
	if c.cfg.Disabled || c.without(Deadlines) {
		return true
	}
	patience := c.patience(p.lac)
	return now+c.lagOf(c.queue.tunnels[p.tunnel].key.id).at(now) < p.dialled+patience-patience/lagSpare
}

// probe reports whether a call of a tunnel may be begun to see what its lag is now.
func (c *Controller) probe(now int64, p *parked) bool {
	return now-c.lagOf(c.queue.tunnels[p.tunnel].key.id).begunAt > probeInterval
}
