// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// Echo is the far end of the traffic: a UDP echo service (RFC 862) on one
// address, behind the LNS. The checksums of what it sends back are the kernel's.
type Echo struct {
	socket  *kernel.UDPSocket
	running sync.WaitGroup
}

// StartEcho opens the service and starts its goroutine; Close ends it.
func StartEcho(at netip.AddrPort, listen Listener) (*Echo, error) {
	socket, err := listen(at, kernel.UDPOptions{ReceiveBuffer: socketBuffer, SendBuffer: socketBuffer, GRO: true})
	if err != nil {
		return nil, err
	}
	e := &Echo{socket: socket}
	e.running.Go(e.run)
	return e, nil
}

func (e *Echo) run() {
	batch := packet.Batch{Datagrams: make([]packet.Datagram, readMax)}
	for {
		n, err := e.socket.ReadBatch(&batch)
		if err != nil {
			return
		}
		if _, err := e.socket.WriteBatch(batch.Datagrams[:n]); errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

// Close ends the service.
func (e *Echo) Close() error {
	err := e.socket.Close()
	e.running.Wait()
	return err
}
