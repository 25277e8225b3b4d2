// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"holdfast/internal/admission"
	"holdfast/internal/config"
	"holdfast/internal/forward"
	"holdfast/internal/forward/tun"
	"holdfast/internal/kernel"
	"holdfast/internal/lns"
	"holdfast/internal/netio"
	"holdfast/internal/packet"
	"holdfast/internal/shard"
)

// shardCount is how many shards a configuration asks for.
func shardCount(r *config.Result) int {
	if r.Daemon.Shards > 0 {
		return r.Daemon.Shards
	}
	return min(runtime.GOMAXPROCS(0), 256)
}

// startPlane makes the data plane and its routing instances.
func (d *daemon) startPlane(r *config.Result) error {
	shards := shardCount(r)
	d.plane = noPlane{}
	if r.Daemon.Plane == config.PlaneTUN {
		options := tun.Options{
			Shards:    shards,
			ShardOf:   func(tunnelID uint16) int { return lns.Owner(tunnelID, shards) },
			Punt:      func(to int, b *packet.Batch) bool { return d.shards[to].Punt(b) },
			Sequenced: func(to int, element uint32, ip []byte) bool { return d.shards[to].Outbound(element, ip) },
			Device:    r.Daemon.Device,
			Police:    d.guard.police,
		}
		err := startPart(partPlane, func() (err error) {
			d.tun, err = tun.New(options)
			return err
		})
		if err != nil {
			return err
		}
		d.plane = d.tun
	}
	d.undo(d.plane.Close)
	for _, i := range r.Instances {
		if err := d.instance(i); err != nil {
			return fmt.Errorf("routing instance %s: %w", i.Name, err)
		}
	}
	return nil
}

// openSockets opens the gateways. Datagrams wait in their buffers until startCore.
func (d *daemon) openSockets(r *config.Result) error {
	n := shardCount(r)
	sockets, err := netio.Open(netio.Config{Gateways: gateways(r), Port: d.opt.Port, Shards: n, DataSockets: n})
	if err != nil {
		return err
	}
	d.sockets = sockets
	// The plane reads the data sockets, so it goes first.
	d.undo(func() error { return errors.Join(d.plane.Close(), sockets.Close()) })
	return nil
}

// startCore makes engines and shards and starts them, then what feeds them.
func (d *daemon) startCore(r *config.Result, began time.Time) error {
	readers := len(d.sockets.Groups)
	if d.tun == nil {
		readers *= 2 // the data sockets are read for the shards too
	}
	n := shardCount(r)
	for id := range n {
		engine, err := newEngine(r.LNS, id, n, began, d.epoch())
		if err != nil {
			return err
		}
		d.shards = append(d.shards, shard.New(shard.Options{
			ID: id, Engine: engine, Plane: d.plane.Handle(id), Sender: d.sockets.Sender(id), AAA: asked{d},
			Log: d.log, Police: d.guard.police, Packets: readers * netio.QueueLength, Burn: d.burn(),
			BeginEagerly: d.opt.Without.Has(admission.FinishFirst),
		}))
	}
	shard.Connect(d.shards)
	d.runAAA()
	d.core = newLayer(d.failed)
	d.undo(d.core.stop)
	for id, s := range d.shards {
		d.core.run(part(fmt.Sprintf("shard %d", id), s.Run))
	}
	d.core.run(part("police", d.guard.run))
	if d.opt.BurnLate {
		d.core.run(d.slowDown)
	}
	for _, g := range d.sockets.Groups {
		for id, s := range g.Control {
			d.read(d.newReader(s, id))
		}
		for id, s := range g.Data {
			if d.tun == nil {
				d.read(d.newReader(s, id))
			} else if err := startPart(partPlane, func() error { return d.tun.AddSocket(tun.UDP(s)) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// newReader makes the reader of a socket of a shard.
func (d *daemon) newReader(s *kernel.UDPSocket, id int) *netio.Reader {
	r := netio.NewReader(s, d.shards[id].Packets(), d.guard.police)
	r.Divert(d.shards[id].Strange)
	return r
}

// burn is what each shard begins with.
func (d *daemon) burn() time.Duration {
	if d.opt.BurnLate {
		return 0
	}
	return d.opt.Burn
}

// slowDown has the shards burn processor time once they are asked to.
func (d *daemon) slowDown(ctx context.Context) error {
	select {
	case <-d.opt.Slow:
		for _, s := range d.shards {
			s.Burn(d.opt.Burn)
		}
	case <-ctx.Done():
	}
	return nil
}

// newEngine makes the engine of one shard. Ids, challenges and magic numbers
// must not be guessable, so each gets a generator of its own with a seed of the
// system's.
func newEngine(cfg *lns.Config, id, shards int, began time.Time, epoch uint32) (*lns.Engine, error) {
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("random seed: %w", err)
	}
	return lns.New(lns.Options{
		Config: cfg, Shard: id, Shards: shards,
		Rand: rand.New(rand.NewChaCha8(seed)), Now: began, Epoch: epoch,
	}), nil
}

func (d *daemon) read(r *netio.Reader) {
	d.readers = append(d.readers, r)
	d.core.run(part("readers", r.Run))
}

// instance makes or changes a routing instance of the plane.
func (d *daemon) instance(i forward.Instance) error {
	return startPart(partPlane, func() error { return d.plane.Instance(i) })
}

// applyInstances brings the plane's instances to what the configuration says.
// When one fails those before it go back to what they were.
func (d *daemon) applyInstances(old, next []forward.Instance) error {
	for i := range next {
		if err := d.instance(next[i]); err != nil {
			for k := range old {
				err = errors.Join(err, d.instance(old[k]))
			}
			return fmt.Errorf("routing instance %s: %w", next[i].Name, err)
		}
	}
	return nil
}
