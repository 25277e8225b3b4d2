// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/storm"
)

// crowd is many modems that dial again and again until they are up.
type crowd struct {
	t     *testing.T
	swarm *storm.Swarm
	n     int
}

func (w *world) crowd(n int) *crowd {
	w.t.Helper()
	swarm, err := storm.Open(storm.Options{
		Plan: storm.Plan{
			LNS: []netip.AddrPort{gateway}, Tunnels: 4, Sessions: n, User: "user%d", Password: "password", HelloInterval: time.Minute,
			RedialDelay: 500 * time.Millisecond, RedialJitter: 500 * time.Millisecond, EchoInterval: -1, Patience: 20 * time.Second,
		},
		Sources: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.11:1701")},
		Listen: func(local netip.AddrPort, o kernel.UDPOptions) (s *kernel.UDPSocket, err error) {
			err = w.lac.Do(func() error {
				s, err = kernel.ListenUDP(local, o)
				return err
			})
			return s, err
		},
	})
	check(w.t, err)
	w.t.Cleanup(swarm.Close)
	return &crowd{w.t, swarm, n}
}

// up is how many modems are on line.
func (c *crowd) up() (n int) {
	c.t.Helper()
	parts, err := c.swarm.Snapshots()
	check(c.t, err)
	for i := range parts {
		n += parts[i].Sessions
	}
	return n
}

// wantUp waits until so many are on line.
func (c *crowd) wantUp(n int, limit time.Duration) {
	c.t.Helper()
	within(c.t, limit, func() string {
		if up := c.up(); up < n {
			return fmt.Sprintf("%d of %d are up", up, n)
		}
		return ""
	})
}

// hangUp has all hang up, and waits for it.
func (c *crowd) hangUp() {
	c.t.Helper()
	c.swarm.HangUp()
	within(c.t, 20*time.Second, func() string {
		if !c.swarm.Done() {
			return "not all have hung up"
		}
		return ""
	})
}
