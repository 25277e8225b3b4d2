// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/wheel"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// LAC is one access concentrator with its tunnels and the modems behind it.
type LAC struct {
	plan   *Plan
	number int            // 0 <= number < plan.LACs
	local  netip.AddrPort // where its datagrams come from
	rand   *rand.Rand
	epoch  time.Time // when it was made

	tunnelConfig l2tp.TunnelConfig
	pulseConfig  l2tp.TunnelConfig // of tunnels without modems, see Plan.Pulse
	linkConfig   ppp.Config
	connected    l2tp.Call // what each ICCN says
	proxy        proxyLink

	endpoint       *l2tp.Endpoint
	tunnels        []tunnel
	tunnelByID     []uint16 // local Tunnel ID to index into tunnels plus one; zero: none
	modems         []modem
	modemByElement []uint32     // index into modems plus one; zero: none
	timers         *wheel.Wheel // modems by index, then tunnels
	online         []uint32     // modems that are online, in no order

	crowded      []*tunnel // those with ICCNs that wait for the window
	tunnelQueue  []uint16  // tunnels to be opened
	tunnelsOpen  int       // in set-up
	tunnelWindow int
	dialQueue    queue // modems whose tunnel is up and whose delay has passed
	callsOpen    int   // in set-up
	callWindow   int
	pace         pace
	paused       bool // Offer: nothing is dialled

	draining   bool
	hungUp     int // modems below this index have been told to hang up
	hangingUp  int // of those, how many have not finished
	tunnelsEnd bool

	control  control
	probes   prober
	spoofer  spoofer
	pppCount ppp.Counters
	count    Snapshot
	arrived  time.Time // when what is being handled was received
	serial   uint32    // Call Serial Number of the last call
}

// NewLAC makes LAC number of a plan that has its defaults and has been checked.
// It dials nothing before Start.
func NewLAC(plan *Plan, number int, local netip.AddrPort, now time.Time) *LAC {
	r := rand.New(rand.NewPCG(plan.Seed, uint64(number)))
	tunnels := share(plan.Tunnels, plan.LACs, number) + plan.Pulse
	residents := share(plan.Sessions, plan.LACs, number)
	modems := residents + share(plan.Callers, plan.LACs, number)
	l := &LAC{
		plan:   plan,
		number: number,
		local:  local,
		rand:   r,
		epoch:  now,
		tunnelConfig: l2tp.TunnelConfig{
			HostName:      expand(plan.HostName, number+1),
			VendorName:    "holdfast storm",
			Secret:        plan.Secret,
			Authenticate:  plan.Secret != "",
			HideAVPs:      plan.HideAVPs,
			ReceiveWindow: plan.ReceiveWindow,
			HelloInterval: plan.HelloInterval,

			RetransmitMax:         plan.RetransmitMax,
			RetransmitIntervalMax: plan.RetransmitIntervalMax,
		},
		linkConfig: ppp.Config{
			Role:         ppp.Peer,
			Rand:         r,
			Auth:         plan.Auth,
			IPCP:         plan.IPv4,
			IPV6CP:       plan.IPv6,
			SuggestDNS:   true,
			EchoInterval: plan.EchoInterval,
			EchoMax:      plan.EchoMax,
		},
		connected:    l2tp.Call{TxSpeed: 100_000_000, RxSpeed: 40_000_000, FramingType: framingSync},
		endpoint:     l2tp.New(l2tp.Config{Rand: r}),
		tunnels:      make([]tunnel, tunnels),
		tunnelByID:   make([]uint16, tunnelMax+1),
		modems:       make([]modem, modems),
		timers:       wheel.New(time.Millisecond, now),
		tunnelWindow: share(plan.TunnelsInFlight, plan.LACs, number),
		callWindow:   share(plan.InFlight, plan.LACs, number),
		pace:         newPace(plan.Rate / float64(plan.LACs)),
		probes:       prober{pace: newPace(plan.Traffic.Rate / float64(plan.LACs))},
	}
	l.control.residents = residents
	l.proxy = newProxyLink(plan, &l.linkConfig)
	l.linkConfig.Counters = &l.pppCount
	l.pulseConfig = l.tunnelConfig
	l.pulseConfig.HelloInterval = pulseInterval
	for i := range l.tunnels {
		l.tunnels[i].lns = plan.LNS[i%len(plan.LNS)]
	}
	return l
}

// framingSync is the bit of synchronous framing in the Framing Type AVP, RFC 2661 §4.4.4.
const framingSync = 1

// Start opens the tunnels; modems dial as soon as theirs is up.
func (l *LAC) Start(now time.Time, fx *Effects) {
	l.arrived = now
	for i := range uint32(len(l.modems)) {
		if l.isCaller(i) {
			l.control.idle.push(l.modems, i)
		} else {
			l.tunnelOf(i).waiting.push(l.modems, i)
		}
	}
	for i := range l.tunnels {
		l.tunnelQueue = append(l.tunnelQueue, uint16(i))
	}
	l.pump(now, fx)
}

// HangUp ends everything in an orderly way: sessions, then tunnels. Nothing is
// dialled any more. The LAC is done when Done reports so.
func (l *LAC) HangUp(now time.Time, fx *Effects) {
	l.arrived = now
	l.draining = true
	l.probes.on = false
	l.pump(now, fx)
}

// Done reports whether everything has ended after HangUp and the LNS has
// acknowledged it. One that never answered need not.
func (l *LAC) Done() bool {
	if !l.tunnelsEnd || l.count.Ending > 0 {
		return false
	}
	for _, t := range l.tunnels {
		if info, ok := l.endpoint.Tunnel(t.id); ok && info.PeerTunnelID != 0 && info.Unacknowledged+info.Queued > 0 {
			return false
		}
	}
	return true
}

// Traffic begins or ends the sending of probes.
func (l *LAC) Traffic(now time.Time, on bool) {
	l.probes.on = on && l.plan.Traffic.Rate > 0
	l.probes.pace.start(now)
}

// TrafficAt has modems send so many packets a second from now on; 0: none.
func (l *LAC) TrafficAt(now time.Time, rate float64) {
	l.probes.on = rate > 0
	l.probes.pace = newPace(rate)
	l.probes.pace.start(now)
}

// Handle takes a batch of datagrams.
func (l *LAC) Handle(now time.Time, batch []packet.Datagram, fx *Effects) {
	batch = l.through(batch)
	for i := range batch {
		d := &batch[i]
		if l.arrived = d.At; d.At.IsZero() {
			l.arrived = now
		}
		l.noteAcknowledged(d)
		l.endpoint.Handle(now, d.Peer, d.Local, d.Data, &fx.l2tp)
		l.carryOut(now, fx)
	}
	l.arrived = now
	l.pump(now, fx)
	l.endpoint.Flush(now, &fx.l2tp)
	l.carryOut(now, fx)
}

// Next is when Advance has work; zero: never.
func (l *LAC) Next() time.Time {
	next := earlier(l.endpoint.Next(), l.timers.Next())
	if l.mayDial() {
		next = earlier(next, l.pace.at)
	}
	if l.mayCall() {
		next = earlier(next, l.control.callers.at)
	}
	if l.probes.on && len(l.online) > 0 {
		next = earlier(next, l.probes.pace.at)
	}
	if l.spoofs() {
		next = earlier(next, l.spoofer.pace.at)
	}
	return next
}

// Advance does what is due.
func (l *LAC) Advance(now time.Time, fx *Effects) {
	l.arrived = now
	l.endpoint.Advance(now, &fx.l2tp)
	l.carryOut(now, fx)
	l.timers.Advance(now, func(id uint32) {
		if int(id) < len(l.modems) {
			l.modemTimer(now, id, fx)
		} else {
			l.tunnelQueue = append(l.tunnelQueue, uint16(int(id)-len(l.modems)))
		}
		l.carryOut(now, fx)
	})
	l.pump(now, fx)
	l.sendProbes(now, fx)
	l.sendSpoofed(now, fx)
	l.endpoint.Flush(now, &fx.l2tp)
	l.carryOut(now, fx)
}

// Snapshot is a copy of what was counted.
func (l *LAC) Snapshot() Snapshot {
	s := l.count
	s.Refusals = slices.Clone(l.count.Refusals)
	s.InFlight = l.callsOpen
	s.Sessions = len(l.online)
	s.EchoesLost = l.pppCount[ppp.EchoUnanswered]
	s.Retransmissions = l.endpoint.Counters().Retransmissions
	return s
}

// pump starts what queues, windows and paces allow.
func (l *LAC) pump(now time.Time, fx *Effects) {
	if l.draining {
		l.pumpHangUp(now, fx)
		return
	}
	for len(l.tunnelQueue) > 0 && l.tunnelsOpen < l.tunnelWindow {
		i := l.tunnelQueue[0]
		l.tunnelQueue = l.tunnelQueue[1:]
		l.openTunnel(now, i, fx)
	}
	l.pumpPPP(now, fx)
	for l.mayDial() {
		if t := l.tunnelOf(l.dialQueue.first()); t.state != tunnelUp {
			t.waiting.push(l.modems, l.dialQueue.pop(l.modems))
		} else if l.pace.take(now) {
			l.dial(now, l.dialQueue.pop(l.modems), fx)
		} else {
			break
		}
	}
	l.pumpCallers(now, fx)
	l.carryOut(now, fx)
}

// mayDial reports whether only the pace keeps the next modem from dialling.
func (l *LAC) mayDial() bool {
	return !l.draining && !l.paused && !l.dialQueue.empty() && l.callsOpen < l.callWindow
}

// carryOut does what the endpoint asked for since it was last called. Doing so
// can make it ask for more.
func (l *LAC) carryOut(now time.Time, fx *Effects) {
	for ; fx.done < len(fx.l2tp.List); fx.done++ {
		e := fx.l2tp.List[fx.done] // a copy: the list may grow and move
		switch e.Kind {
		case l2tp.Send:
			if l.isCut(e.Tunnel) {
				continue
			}
			l.noteHello(now, &e)
			fx.Transmit = append(fx.Transmit, packet.Datagram{Data: e.Packet, Peer: e.Peer, Local: e.Local})
		case l2tp.TunnelUp, l2tp.TunnelDown:
			l.tunnelEffect(now, &e, fx)
		case l2tp.CallAccepted, l2tp.CallUp, l2tp.CallDown, l2tp.Data:
			l.callEffect(now, &e, fx)
		case l2tp.TunnelRequested:
			l.count.CallsFromLNS++
			l.endpoint.RefuseTunnel(now, e.Tunnel, l2tp.Result{Code: stopNotAuthorized}, &fx.l2tp)
		case l2tp.CallRequested:
			l.count.CallsFromLNS++
			l.endpoint.CloseCall(now, e.Element, l2tp.Result{Code: cdnNoFacilities}, nil, &fx.l2tp)
		}
	}
}

// earlier is the first of two deadlines, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
