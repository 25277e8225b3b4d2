// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// PlainUDP is what loopback carries between one sender and one receiver, a
// datagram a system call: the yardstick for everything else.
type PlainUDP struct {
	Bytes     int     `json:"bytes"`
	PerSecond float64 `json:"datagrams_per_second"` // received
	CPU       float64 `json:"cpu_us_per_datagram"`  // both ends
}

const (
	plainBytes  = 100 // as most L2TP control and PPP negotiation messages are
	plainSecond = time.Second
)

func plainUDP() (x PlainUDP, err error) {
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	receiver, err := kernel.ListenUDP(loopback, kernel.UDPOptions{ReceiveBuffer: 8 << 20, Messages: 1})
	if err != nil {
		return x, err
	}
	defer receiver.Close()
	sender, err := kernel.ListenUDP(loopback, kernel.UDPOptions{})
	if err != nil {
		return x, err
	}
	defer sender.Close()

	began := time.Now()
	over := began.Add(plainSecond)
	if err := receiver.SetReadDeadline(over); err != nil {
		return x, err
	}
	cpu, err := kernel.Process()
	if err != nil {
		return x, err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- sendUntil(sender, receiver.LocalAddr(), over) }()
	n, b := 0, packet.Batch{Datagrams: make([]packet.Datagram, 1)}
	for err == nil {
		var got int
		got, err = receiver.ReadBatch(&b)
		n += got
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return x, err
	}
	if err := <-stopped; err != nil {
		return x, err
	}
	took := time.Since(began)
	after, err := kernel.Process()
	spent := after.User + after.System - cpu.User - cpu.System
	return PlainUDP{Bytes: plainBytes, PerSecond: float64(n) / took.Seconds(), CPU: float64(spent.Nanoseconds()) / 1e3 / float64(max(n, 1))}, err
}

// sendUntil sends single datagrams until the time is over.
func sendUntil(s *kernel.UDPSocket, to netip.AddrPort, over time.Time) error {
	d := []packet.Datagram{{Data: make([]byte, plainBytes), Peer: to}}
	for time.Now().Before(over) {
		if _, err := s.WriteBatch(d); errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}
