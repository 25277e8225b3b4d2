// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/binary"

	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/l2tp/wire"
)

// front is what stands before the engines: the policers, asked where netio and
// shard ask them. Datagrams that they drop cost the server nothing. Without
// policers everything may come in.
type front struct {
	police            *police.Police // nil: there are none
	received, dropped uint64         // L2TP control messages that the ingress level saw, and dropped
}

// newFront makes the policers if some phase sets them. Until then they are those
// of an operator who has written nothing.
func (w *World) newFront() (err error) {
	for i := range w.scenario.Phases {
		if w.scenario.Phases[i].Police != nil {
			w.front.police, err = police.New(police.Options{Slots: 1, Epoch: w.epoch}, police.Defaults())
			return err
		}
	}
	return nil
}

// configure takes a configuration of the policers into force.
func (w *World) configure(c *police.Config) {
	if c == nil {
		return
	}
	if err := w.front.police.Configure(w.now(), *c); err != nil {
		w.fault("policers: %v", err)
	}
}

// admits is the ingress level, where datagrams are read.
func (w *World) admits(d *datagram, isControl bool) bool {
	f := &w.front
	if f.police == nil {
		return true
	}
	p := packet.Datagram{Data: d.b, Peer: lacAddress(int(d.lac)), Local: gateway}
	passed := !f.police.Screen(w.now(), &p).Dropped()
	d.mark = p.Mark
	if isControl {
		f.received++
		if !passed {
			f.dropped++
		}
	}
	return passed
}

// admits is the host level, before the engine.
func (s *server) admits(d *packet.Datagram) bool {
	p := s.w.front.police
	return p == nil || !p.ScreenHost(s.w.now(), d).Dropped()
}

// stand tells the ingress level which tunnels are established.
func (s *server) stand() {
	p := s.w.front.police
	if p == nil {
		return
	}
	for _, id := range s.fx.Tunnels {
		if peer, nr, window, ok := s.engine.Standing(id); ok {
			p.Stand(id, peer, nr, window)
		} else {
			p.Fall(id)
		}
	}
}

// expect has the ingress level follow the windows of the tunnels whose control
// messages the engine has just been given.
func (s *server) expect() {
	p := s.w.front.police
	if p == nil {
		return
	}
	for i := range s.batch {
		b := s.batch[i].Data
		if !wire.IsControl(b) || len(b) < wire.ControlLength {
			continue
		}
		id := binary.BigEndian.Uint16(b[4:])
		if _, nr, _, ok := s.engine.Standing(id); ok {
			p.Expect(id, nr)
		}
	}
}
