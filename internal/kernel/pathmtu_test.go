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
		second, err := kernel.OpenTUN("t1", 1, kernel.TUNOptions{})
		if err != nil {
			return err
		}
		defer second[0].Close()
		err = errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.DisableIPv6Autoconf("t1"),
			kernel.SetMTU("t0", 1400), kernel.SetMTU("t1", 1300), kernel.LinkUp("t0"), kernel.LinkUp("t1"))
		for _, a := range []struct{ device, prefix string }{
			{"t0", "192.0.2.1/25"}, {"t0", "2001:db8::1/64"}, {"t1", "192.0.2.129/25"}, {"t1", "2001:db8:1::1/64"},
		} {
			err = errors.Join(err, kernel.AddAddress(a.device, netip.MustParsePrefix(a.prefix)))
		}
		if err != nil {
			return err
		}
		probe(t, "192.0.2.1", "192.0.2.2", "192.0.2.130")
		probe(t, "2001:db8::1", "2001:db8::2", "2001:db8:1::2")
		if _, err := kernel.OpenPathProbe(netip.MustParseAddr("203.0.113.1")); err == nil {
			t.Error("a probe from an address that is not ours")
		}
		return nil
	})
}

func probe(t *testing.T, local, near, far string) {
	p, err := kernel.OpenPathProbe(netip.MustParseAddr(local))
	if err != nil {
		t.Error(err)
		return
	}
	port := func(s string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(s), 1701) }
	for _, c := range []struct {
		to   string
		want int
	}{{near, 1400}, {far, 1300}, {near, 1400}} {
		if got, err := p.MTU(port(c.to)); got != c.want || err != nil {
			t.Errorf("from %s to %s: %d, %v; want %d", local, c.to, got, err, c.want)
		}
	}
	for _, nowhere := range []string{"203.0.113.1", "2001:db8:ffff::1"} {
		if _, err := p.MTU(port(nowhere)); err == nil {
			t.Errorf("from %s: a path to %s, where there is no route", local, nowhere)
		}
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if _, err := p.MTU(port(near)); err == nil {
		t.Error("a closed probe answers")
	}
}
