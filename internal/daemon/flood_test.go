// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/packet"
)

// rubbish makes datagrams that no peer should send, in all shades between noise
// and a message that is almost right.
func rubbish(r *rand.Rand) []byte {
	b := make([]byte, r.IntN(120))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	if len(b) < 20 {
		return b
	}
	switch r.IntN(6) {
	case 0: // a control header, AVPs of noise
		control(b, uint16(r.Uint32()), uint16(r.Uint32()))
	case 1: // an SCCRQ as far as its first AVP goes
		control(b, 0, 0)
		copy(b[12:], []byte{0x80, 8, 0, 0, 0, 0, 0, 1})
	case 2: // some message with some tunnel's id, Length beyond the end
		control(b, uint16(r.Uint32()), 1)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)+r.IntN(100)))
	case 3: // data for nobody
		b[0], b[1] = byte(r.Uint32())&0x4b, 2
	case 4: // an LCP frame for nobody
		copy(b, []byte{0, 2, b[2], b[3], b[4], b[5], 0xff, 3, 0xc0, 0x21})
	}
	return b
}

func control(b []byte, tunnel, session uint16) {
	copy(b, []byte{0xc8, 2})
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[4:], tunnel)
	binary.BigEndian.PutUint16(b[6:], session)
}

// floodMin is how much rubbish must have come while the sessions were up.
const floodMin = 30000

// flood sends rubbish, some 50,000 datagrams a second, until stop is closed,
// and returns how many. It closes enough after floodMin.
func flood(t *testing.T, to netip.AddrPort, stop <-chan struct{}, enough chan<- struct{}) int {
	random := rand.New(rand.NewPCG(1, 0))
	s, err := kernel.ListenUDP(netip.AddrPortFrom(to.Addr(), 0), kernel.UDPOptions{})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer s.Close()
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	d := make([]packet.Datagram, 256)
	for sent := 0; ; {
		for i := range d {
			d[i] = packet.Datagram{Data: rubbish(random), Peer: to}
		}
		n, err := s.WriteBatch(d)
		if err != nil {
			t.Error(err)
			return sent
		}
		if sent < floodMin && sent+n >= floodMin {
			close(enough)
		}
		sent += n
		select {
		case <-stop:
			return sent
		case <-pace.C:
		}
	}
}

// Subscribers log in, stay and hang up while a flood of rubbish comes in on
// the same port; nothing panics and nothing is left of it.
func TestServeUnderFlood(t *testing.T) {
	r := prepare(t, text()).start()
	stop, enough, sent := make(chan struct{}), make(chan struct{}), make(chan int)
	go func() { sent <- flood(t, netip.AddrPortFrom(r.gateway, r.opt.Port), stop, enough) }()
	var metrics string
	result := r.storm(10, 200, func() {
		<-enough
		metrics = r.scrape()
	})
	close(stop)
	n := <-sent
	if !result.Complete {
		t.Errorf("not every session came up and ended in order under %d datagrams of rubbish: %+v", n, result)
	}
	want(t, "metrics", metrics, `holdfast_shard_recovered_total{shard="0"} 0`, `holdfast_shard_recovered_total{shard="1"} 0`)
	if log := r.log.String(); strings.Contains(log, "SHARD_RECOVERED") {
		t.Errorf("the engine panicked:\n%s", log)
	}
	want(t, "summary", r.show("show", "services", "l2tp", "summary"), "Tunnels: 0, Sessions: 0")
	t.Logf("%d datagrams of rubbish", n)
	r.stop()
}
