// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"net/netip"
	"testing"

	"holdfast/internal/kernel"
)

// A probe tells the MTU of the route, of each peer anew, in both families.
func TestRootPathProbe(t *testing.T) {
	n := newNamespace(t)
	openTUN(t, n, 1, kernel.TUNOptions{})
	within(t, n, func() error {
		err := errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.SetMTU("t0", 1400), kernel.LinkUp("t0"), kernel.LinkUp("lo"),
			kernel.AddAddress("t0", netip.MustParsePrefix("192.0.2.1/24")), kernel.AddAddress("t0", netip.MustParsePrefix("2001:db8::1/64")))
		if err != nil {
			return err
		}
		for _, local := range []string{"192.0.2.1", "2001:db8::1"} {
			p, err := kernel.OpenPathProbe(netip.MustParseAddr(local))
			if err != nil {
				return err
			}
			peer := map[string]string{"192.0.2.1": "192.0.2.2", "2001:db8::1": "2001:db8::2"}[local]
			for _, want := range []struct {
				to  string
				mtu int
			}{{peer, 1400}, {local, 65536}, {peer, 1400}} {
				got, err := p.MTU(netip.AddrPortFrom(netip.MustParseAddr(want.to), 1701))
				if err != nil || got != want.mtu && want.mtu != 65536 || want.mtu == 65536 && got < 65535 {
					t.Errorf("from %s to %s: %d, %v; want %d", local, want.to, got, err, want.mtu)
				}
			}
			if _, err := p.MTU(netip.MustParseAddrPort("203.0.113.1:1701")); err == nil {
				t.Errorf("from %s: a path where there is no route", local)
			}
			if err := errors.Join(p.Close(), p.Close()); err != nil {
				return err
			}
			if _, err := p.MTU(netip.AddrPortFrom(netip.MustParseAddr(peer), 1701)); err == nil {
				t.Error("a closed probe answers")
			}
		}
		if _, err := kernel.OpenPathProbe(netip.MustParseAddr("203.0.113.1")); err == nil {
			t.Error("a probe from an address that is not ours")
		}
		return nil
	})
}
