// SPDX-License-Identifier: Apache-2.0

package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
	"holdfast/internal/police"
)

const (
	batchesPerReader = 6         // what may wait for the shard; more waits in the kernel's buffer
	datagramsPerRead = 256       // enough for trains of answers to form
	arenaBytes       = 64 << 10  // of a batch at first: 256 control messages fit
	arenaBytesMax    = 256 << 10 // a batch that a burst of huge datagrams has grown beyond this starts anew
)

// Reader reads one control socket for its shard.
type Reader struct {
	socket *kernel.UDPSocket
	police *police.Police // nil: all may come in
	aside  func([]packet.Datagram)
	odd    []packet.Datagram // of this read, for aside
	out    chan<- *packet.Batch
	free   chan *batch // those that nobody uses
	waits  atomic.Uint64
}

// batch is a packet.Batch with room for its datagrams' octets.
type batch struct {
	packet.Batch
	arena []byte
}

// NewReader makes a reader that hands batches to out. At most QueueLength
// batches of one reader are under way at a time: a channel of that capacity
// never blocks it. What p does not let in goes no further; nil lets all in.
func NewReader(socket *kernel.UDPSocket, out chan<- *packet.Batch, p *police.Police) *Reader {
	r := &Reader{socket: socket, police: p, out: out, free: make(chan *batch, batchesPerReader)}
	for range batchesPerReader {
		b := &batch{arena: make([]byte, 0, arenaBytes)}
		b.Datagrams = make([]packet.Datagram, 0, datagramsPerRead)
		b.Free = func(*packet.Batch) { r.free <- b } // never blocks: free has room for all
		r.free <- b
	}
	return r
}

// Divert has what belongs to no tunnel that stands go to aside, which copies it and
// returns at once: a flood of that can neither stop the reader nor come before what
// tunnels at work say. Before Run; it needs the policers, which know these tunnels.
func (r *Reader) Divert(aside func([]packet.Datagram)) {
	r.aside, r.odd = aside, make([]packet.Datagram, 0, datagramsPerRead)
}

// QueueLength is how many batches of one Reader can wait for its shard.
const QueueLength = batchesPerReader

// Waits is how often the reader had to wait because the shard was behind.
func (r *Reader) Waits() uint64 { return r.waits.Load() }

// Run reads until ctx is done or the socket is closed.
func (r *Reader) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { r.socket.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	into := packet.Batch{Datagrams: make([]packet.Datagram, datagramsPerRead)}
	for {
		n, err := r.socket.ReadBatch(&into)
		switch {
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("netio: reading %v: %w", r.socket.LocalAddr(), err)
		}
		admitted := r.divert(r.screen(into.Datagrams[:n]))
		if len(admitted) == 0 {
			continue
		}
		b := r.take(ctx)
		if b == nil {
			return nil
		}
		b.fill(admitted)
		select {
		case r.out <- &b.Batch:
		case <-ctx.Done():
			return nil
		}
	}
}

// screen keeps those that may come in, in their order. Nothing has been spent on
// the others yet but the read.
func (r *Reader) screen(d []packet.Datagram) []packet.Datagram {
	if r.police == nil {
		return d
	}
	now, kept := time.Now(), d[:0]
	for i := range d {
		if r.police.Screen(now, &d[i]).Dropped() {
			continue
		}
		if kept = kept[:len(kept)+1]; len(kept) <= i { // nothing is moved before the first drop
			kept[len(kept)-1] = d[i]
		}
	}
	return kept
}

// divert keeps what belongs to tunnels that stand, in its order.
func (r *Reader) divert(d []packet.Datagram) []packet.Datagram {
	if r.aside == nil {
		return d
	}
	kept := d[:0]
	r.odd = r.odd[:0]
	for i := range d {
		if police.Stranger(&d[i]) {
			r.odd = append(r.odd, d[i])
		} else {
			kept = append(kept, d[i])
		}
	}
	if len(r.odd) > 0 {
		r.aside(r.odd)
	}
	return kept
}

// take waits for a batch that the shard has finished with; nil: ctx is done.
func (r *Reader) take(ctx context.Context) *batch {
	select {
	case b := <-r.free:
		return b
	default:
	}
	r.waits.Add(1)
	select {
	case b := <-r.free:
		return b
	case <-ctx.Done():
		return nil
	}
}

// fill copies d and its octets, so that the socket can read on.
func (b *batch) fill(d []packet.Datagram) {
	if cap(b.arena) > arenaBytesMax {
		b.arena = make([]byte, 0, arenaBytes)
	}
	b.arena, b.Datagrams = b.arena[:0], b.Datagrams[:0]
	for i := range d {
		// An arena that has to grow leaves what it held before to the garbage
		// collector; the slices cut from it stay valid.
		at := len(b.arena)
		b.arena = append(b.arena, d[i].Data...)
		own := d[i]
		own.Data = b.arena[at:len(b.arena):len(b.arena)]
		b.Datagrams = append(b.Datagrams, own)
	}
}
