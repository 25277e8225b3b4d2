// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"net/netip"

	"holdfast/internal/packet"
	"holdfast/internal/storm"
	"holdfast/ppp"
)

// lac is one of the emulator's LACs with its place in the world.
type lac struct {
	*storm.LAC
	number  int
	group   int
	batch   []packet.Datagram // of one instant
	slots   []uint32          // the datagrams of batch
	wakesAt instant           // what is planned; never: nothing
	excused instant           // until then its sessions and tunnels may be lost: its link was cut
	last    storm.Counters    // at the last check
}

// plan is what the modems of a group do. Each LAC has a plan of its own, so that
// LACs may differ; names tell LACs apart, for line numbers begin at 1 in each.
func (w *World) plan(g *Group, number, part int) *storm.Plan {
	p := storm.Plan{
		LNS:      []netip.AddrPort{gateway},
		Tunnels:  share(g.Tunnels, g.LACs, part),
		Sessions: share(g.Sessions, g.LACs, part),
		Rate:     max(g.Rate, 0) / float64(g.LACs),
		InFlight: g.InFlight,
		HostName: fmt.Sprintf("lac%d", number),
		User:     fmt.Sprintf("line%%d@lac%d", number),
		Calling:  fmt.Sprintf("%d-%%d", number),
		Password: password,
		Auth:     []ppp.AuthMethod{ppp.CHAP},
		Patience: g.Patience, RedialDelay: g.RedialDelay, RedialJitter: g.RedialJitter, EchoInterval: g.EchoInterval, HelloInterval: g.HelloInterval,
		RedialMax: g.RedialMax, EchoMax: g.EchoMax, RetransmitMax: g.RetransmitMax, RetransmitIntervalMax: g.RetransmitIntervalMax,
		Seed: w.scenario.Seed<<16 | uint64(number),
	}
	p = p.WithDefaults()
	return &p
}

// share is what part i of n gets of a total that is shared out evenly.
func share(total, n, i int) int {
	s := total / n
	if i < total%n {
		s++
	}
	return s
}

// addLACs makes the LACs of all groups.
func (w *World) addLACs() error {
	for g := range w.scenario.Groups {
		group := &w.scenario.Groups[g]
		for part := range group.LACs {
			number := len(w.lacs)
			plan := w.plan(group, number, part)
			if err := plan.Check(); err != nil {
				return fmt.Errorf("sim: group %q: %w", group.Name, err)
			}
			l := &lac{LAC: storm.NewLAC(plan, 0, lacAddress(number), w.now()), number: number, group: g, wakesAt: never}
			w.lacs = append(w.lacs, l)
			w.network.links = append(w.network.links, link{})
		}
	}
	return nil
}

// startLACs opens their tunnels.
func (w *World) startLACs() {
	for _, l := range w.lacs {
		if g := &w.scenario.Groups[l.group]; g.Idle || g.Rate < 0 {
			l.Offer(w.now(), -1)
		}
		l.Start(w.now(), &w.lacFx)
		w.carryOutLAC(l)
	}
}

// lacTakes has a LAC handle the datagram that has arrived, together with those
// that arrive next to it in the same instant.
func (w *World) lacTakes(i uint32) {
	l := w.lacs[w.network.all[i].lac]
	for {
		if d := &w.network.all[i]; !w.network.links[l.number].cut {
			l.batch = append(l.batch, packet.Datagram{Data: d.b, Peer: gateway, Local: lacAddress(l.number), At: w.now()})
		}
		l.slots = append(l.slots, i)
		if w.queue.next() != w.at {
			break
		}
		if h := w.queue.heap[0]; h.kind != arrivesAtLAC || int(w.network.all[h.arg].lac) != l.number {
			break
		}
		i = w.queue.pop().arg
	}
	if len(l.batch) > 0 {
		l.Handle(w.now(), l.batch, &w.lacFx)
		w.carryOutLAC(l)
	}
	for _, i := range l.slots {
		w.network.release(i)
	}
	clear(l.batch)
	l.batch, l.slots = l.batch[:0], l.slots[:0]
}

// lacAdvances has a LAC do what is due.
func (w *World) lacAdvances(l *lac) {
	if l.wakesAt != w.at {
		return // planned anew since
	}
	l.wakesAt = never
	l.Advance(w.now(), &w.lacFx)
	w.carryOutLAC(l)
}

// carryOutLAC sends what a LAC wants sent and plans when it goes on.
func (w *World) carryOutLAC(l *lac) {
	for i := range w.lacFx.Transmit {
		b := w.lacFx.Transmit[i].Data
		w.network.send(w.at, l.number, up, b)
	}
	w.lacFx.Reset()
	next := l.Next()
	if next.IsZero() {
		return
	}
	// A deadline that has been put off is looked at in vain once, and planned anew then.
	if at := max(w.instant(next), w.at+1); at < l.wakesAt {
		l.wakesAt = at
		w.queue.push(at, lacWakes, uint32(l.number))
	}
}
