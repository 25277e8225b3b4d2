// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// assault runs an attacker on a socket of its own.
type assault struct {
	*attacker
	socket *kernel.UDPSocket
	stop   chan struct{}
	done   chan error
}

// assaultBatch is how many datagrams leave together at most.
const assaultBatch = 64

// Attack begins an attack; one that goes on ends. Its goroutine paces it, or the
// LAC's whose subscriber attacks.
func (w *Swarm) Attack(a Attack) error {
	if err := w.EndAttack(); err != nil || a.Kind == AttackNone {
		return err
	}
	if a.Kind == AttackSpoof {
		w.inside = &a
		w.drivers[0].orders <- func(l *LAC, now time.Time, _ *Effects) { l.Spoof(now, a.Rate, a.From) }
		return nil
	}
	listen := w.Listen
	if a.Kind == AttackNobody && w.Behind != nil {
		listen = w.Behind
	}
	anywhere := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	if a.From.Addr().Is6() {
		anywhere = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	}
	socket, err := listen(anywhere, kernel.UDPOptions{ReceiveBuffer: socketBuffer, SendBuffer: socketBuffer, PacketInfo: true})
	if err != nil {
		return fmt.Errorf("storm: attack: %w", err)
	}
	s := &assault{newAttacker(a, &w.run.Plan, socket.LocalAddr().Port()), socket, make(chan struct{}), make(chan error, 1)}
	go func() { s.done <- s.run() }()
	w.assault = s
	return nil
}

// EndAttack ends the attack that goes on, if one does, and counts it among
// Attacks.
func (w *Swarm) EndAttack() error {
	if a := w.inside; a != nil {
		w.inside = nil
		count := make(chan AttackCount, 1)
		w.drivers[0].orders <- func(l *LAC, now time.Time, _ *Effects) { count <- l.Spoof(now, 0, a.From) }
		w.attacks = append(w.attacks, AttackResult{Kind: a.Kind.String(), Rate: a.Rate, AttackCount: <-count})
		return nil
	}
	s := w.assault
	if s == nil {
		return nil
	}
	w.assault = nil
	close(s.stop)
	err := errors.Join(<-s.done, s.socket.Close())
	w.attacks = append(w.attacks, AttackResult{Kind: s.Kind.String(), Rate: s.Rate, AttackCount: s.count})
	return err
}

// AttackResult is what came of an attack.
type AttackResult struct {
	Kind string  `json:"kind"`
	Rate float64 `json:"rate"`
	AttackCount
}

// Amplification is how many octets came back for each that was sent.
func (r *AttackResult) Amplification() float64 {
	return float64(r.BackBytes) / float64(max(r.SentBytes, 1))
}

// Attacks are those that have ended.
func (w *Swarm) Attacks() []AttackResult { return w.attacks }

// run sends and takes in until stop is closed.
func (s *assault) run() error {
	batch := packet.Batch{Datagrams: make([]packet.Datagram, readMax)}
	out := make([]packet.Datagram, 0, readMax)
	pace := newPace(s.Rate)
	var octets []byte
	for {
		select {
		case <-s.stop:
			return nil
		default:
		}
		now := time.Now()
		out, octets = out[:0], octets[:0]
		for len(out) < assaultBatch && pace.take(now) {
			var d packet.Datagram
			octets, d = s.next(octets)
			out = append(out, d)
		}
		if err := s.send(out); err != nil {
			return err
		}
		if err := s.socket.SetReadDeadline(latestOf(pace.at, now.Add(readMin))); err != nil {
			return err
		}
		n, err := s.socket.ReadBatch(&batch)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		out, octets = out[:0], octets[:0]
		for i := range batch.Datagrams[:max(n, 0)] {
			var answer []byte
			d := &batch.Datagrams[i]
			if octets, answer = s.handle(d, octets); answer != nil {
				out = append(out, packet.Datagram{Data: answer, Peer: d.Peer, Local: d.Local})
			}
		}
		if err := s.send(out); err != nil {
			return err
		}
	}
}

func (s *assault) send(d []packet.Datagram) error {
	if len(d) == 0 {
		return nil
	}
	_, err := s.socket.WriteBatch(d)
	return err
}

func latestOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
