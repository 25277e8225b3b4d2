// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"net/netip"
	"time"

	"holdfast/l2tp"
)

// tunnelState is where a tunnel is in its life.
type tunnelState uint8

const (
	tunnelIdle    tunnelState = iota // not there: queued, or waiting to be tried again
	tunnelOpening                    // SCCRQ sent
	tunnelUp
	tunnelClosing // StopCCN sent
)

// tunnel is one control connection of a LAC.
type tunnel struct {
	lns     netip.AddrPort // where it goes
	id      l2tp.TunnelID  // local; of the last one when idle
	state   tunnelState
	helloAt time.Time // when the HELLO left that is not acknowledged yet; zero: none
	helloNs uint16
	waiting queue    // modems that want to dial once it is up
	behind  []behind // modems whose ICCN waits for the window, in order
}

// Result codes of StopCCN and CDN that we send, RFC 2661 §4.4.2.
const (
	stopClear         = 1 // general request to clear control connection
	stopNotAuthorized = 4
	cdnCarrierLost    = 1
	cdnNoFacilities   = 5  // "lack of appropriate facilities (permanent condition)"
	cdnTooSlow        = 10 // "Call was not established within time allotted by LAC"
)

// openTunnel sends an SCCRQ for tunnel i.
func (l *LAC) openTunnel(now time.Time, i uint16, fx *Effects) {
	t := &l.tunnels[i]
	l.count.TunnelsOffered++
	cfg := &l.tunnelConfig
	if int(i) >= l.Tunnels() {
		cfg = &l.pulseConfig
	}
	t.helloAt = time.Time{}
	id, err := l.endpoint.OpenTunnel(now, t.lns, l.local, cfg, &fx.l2tp)
	if err != nil {
		l.count.TunnelsFailed++
		l.retryTunnel(now, i)
		return
	}
	t.id, t.state = id, tunnelOpening
	l.tunnelByID[id] = i + 1
	l.tunnelsOpen++
	l.count.Ending++
}

// tunnelEffect takes note that a tunnel came up or is gone.
func (l *LAC) tunnelEffect(now time.Time, e *l2tp.Effect, fx *Effects) {
	i := l.tunnelByID[e.Tunnel]
	if i == 0 {
		return // one that the LNS asked for, and that was refused
	}
	i--
	t := &l.tunnels[i]
	if e.Kind == l2tp.TunnelUp {
		t.state = tunnelUp
		l.tunnelsOpen--
		l.count.TunnelsUp++
		l.count.Tunnels++
		for !t.waiting.empty() {
			l.dialQueue.push(l.modems, t.waiting.pop(l.modems))
		}
		return
	}
	if t.state != tunnelClosing {
		l.count.TunnelErr, l.count.TunnelResult = e.Err, e.Result
	}
	switch t.state {
	case tunnelOpening:
		l.tunnelsOpen--
		l.count.TunnelsFailed++
	case tunnelUp:
		l.count.Tunnels--
		l.count.TunnelsLost++
	}
	l.count.Ending--
	l.tunnelByID[t.id] = 0
	t.behind = t.behind[:0]
	t.state = tunnelIdle
	l.retryTunnel(now, i)
}

// retryTunnel has tunnel i opened again after the redial delay.
func (l *LAC) retryTunnel(now time.Time, i uint16) {
	if !l.draining {
		l.timers.Set(uint32(len(l.modems)+int(i)), l.redialAt(now, 0))
	}
}

// failuresMax is where counting a modem's failures stops: long before that its
// wait has reached any RedialMax.
const failuresMax = 30

// redialAt is when what has failed now, after so many failures that count, is tried
// again; zero: never. PPPoE clients are to double their wait each time (RFC 2516
// §8); the jitter doubles along, or they would keep in step.
func (l *LAC) redialAt(now time.Time, failures uint8) time.Time {
	if l.plan.RedialDelay < 0 {
		return time.Time{}
	}
	delay, jitter := l.plan.RedialDelay, l.plan.RedialJitter
	for ; failures > 0 && 2*(delay+jitter) <= l.plan.RedialMax; failures-- {
		delay, jitter = 2*delay, 2*jitter
	}
	if jitter > 0 {
		jitter = time.Duration(l.rand.Int64N(int64(jitter)))
	}
	return now.Add(delay + jitter)
}

// closeTunnels sends a StopCCN into each tunnel.
func (l *LAC) closeTunnels(now time.Time, fx *Effects) {
	for i := range l.tunnels {
		t := &l.tunnels[i]
		switch t.state {
		case tunnelUp:
			l.count.Tunnels--
		case tunnelOpening:
			l.tunnelsOpen--
		default:
			continue
		}
		t.state = tunnelClosing
		l.endpoint.CloseTunnel(now, t.id, l2tp.Result{Code: stopClear}, &fx.l2tp)
	}
}
