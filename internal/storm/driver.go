// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"net"
	"os"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

const (
	readMax = 256 // datagrams handled together

	// A driver looks for orders at least this often.
	orderInterval = 50 * time.Millisecond

	// A read waits at least this long even when a timer is late: the runtime
	// does not look at a socket whose deadline has passed.
	readMin = 100 * time.Microsecond
)

// order is something to be done to a LAC by the goroutine that owns it.
type order func(l *LAC, now time.Time, fx *Effects)

// driver runs one LAC on one socket. Its goroutine is the only one that touches
// the LAC; others send it orders.
type driver struct {
	lac    *LAC
	socket *kernel.UDPSocket
	orders chan order

	fx       Effects
	batch    packet.Batch
	deadline time.Time // what the socket's read deadline is set to

	out, in     *path // nil: the way to the LNS and back has never been impaired
	outgo, came []packet.Datagram
}

// newDriver makes a driver; run starts it.
func newDriver(lac *LAC, socket *kernel.UDPSocket) *driver {
	return &driver{
		lac:    lac,
		socket: socket,
		orders: make(chan order, 4),
		batch:  packet.Batch{Datagrams: make([]packet.Datagram, readMax)},
	}
}

// run drives the LAC until its orders are closed or its socket fails. There is
// no timer but the socket's read deadline.
func (d *driver) run() error {
	for {
		now := time.Now()
		if !d.takeOrders(now) {
			return nil
		}
		d.arrive(now)
		d.lac.Advance(now, &d.fx)
		if err := d.flush(); err != nil {
			return err
		}
		if err := d.receive(now); err != nil {
			return err
		}
	}
}

// takeOrders carries out what others have asked for; false means there will be
// no more.
func (d *driver) takeOrders(now time.Time) bool {
	for {
		select {
		case o, ok := <-d.orders:
			if !ok {
				return false
			}
			o(d.lac, now, &d.fx)
		default:
			return true
		}
	}
}

// answer goes on carrying out orders after the socket has failed, so that nobody
// waits for ever.
func (d *driver) answer() {
	for o := range d.orders {
		o(d.lac, time.Now(), &d.fx)
		d.fx.Reset()
	}
}

// receive waits for datagrams until the LAC's next deadline and hands them to it.
func (d *driver) receive(now time.Time) error {
	until := earlier(d.lac.Next(), now.Add(orderInterval))
	if d.in != nil {
		until = earlier(until, earlier(d.in.next(), d.out.next()))
	}
	if lowest := now.Add(readMin); until.Before(lowest) {
		until = lowest
	}
	// A deadline that is too early only wakes the loop; one in the past blinds it.
	if until.Before(d.deadline) || d.deadline.Sub(now) < readMin {
		d.deadline = until
		if err := d.socket.SetReadDeadline(until); err != nil {
			return err
		}
	}
	n, err := d.socket.ReadBatch(&d.batch)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		d.deadline = time.Time{}
		return nil
	case err != nil:
		return err
	}
	now = time.Now()
	datagrams := d.batch.Datagrams[:n]
	if d.in != nil && d.in.busy() {
		d.came = d.in.pass(now, datagrams, d.came[:0])
		datagrams = d.came
	}
	d.lac.Handle(now, datagrams, &d.fx)
	return d.flush()
}

// impair changes the way between this LAC and the LNS, both directions alike.
func (d *driver) impair(i Impairment) {
	if d.in == nil {
		n := uint64(d.lac.number)
		d.out, d.in = newPath(d.lac.plan.Seed, 2*n+1000), newPath(d.lac.plan.Seed, 2*n+1001)
	}
	d.out.Impairment, d.in.Impairment = i, i
}

// arrive hands the LAC what was held on its way and is due.
func (d *driver) arrive(now time.Time) {
	if d.in == nil || len(d.in.held) == 0 {
		return
	}
	if d.came = d.in.pass(now, nil, d.came[:0]); len(d.came) > 0 {
		d.lac.Handle(now, d.came, &d.fx)
	}
}

// flush sends what the LAC wants sent. What the kernel does not take is counted
// by the socket and lost, as on a real line.
func (d *driver) flush() error {
	defer d.fx.Reset()
	datagrams := d.fx.Transmit
	if d.out != nil && d.out.busy() {
		d.outgo = d.out.pass(time.Now(), datagrams, d.outgo[:0])
		datagrams = d.outgo
	}
	if len(datagrams) == 0 {
		return nil
	}
	_, err := d.socket.WriteBatch(datagrams)
	if errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
