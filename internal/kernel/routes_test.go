// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"holdfast/internal/kernel"
)

// Many routes come and go in one call, in both families and any table, and are
// as if they had come one by one.
func TestRootRouteBatch(t *testing.T) {
	n := newNamespace(t)
	openTUN(t, n, 1, kernel.TUNOptions{})
	var main, other *kernel.DeviceRouter
	within(t, n, func() (err error) {
		if err = errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.LinkUp("t0")); err != nil {
			return err
		}
		if main, err = kernel.OpenDeviceRouter("t0", 0); err != nil {
			return err
		}
		other, err = kernel.OpenDeviceRouter("t0", 7700)
		return err
	})
	defer main.Close()
	defer other.Close()

	var changes []kernel.RouteChange
	for i := range kernel.RouteBatchMax / 2 {
		changes = append(changes,
			kernel.RouteChange{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i), 5}), 24)},
			kernel.RouteChange{Prefix: netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 9, byte(i)}), 48)})
	}
	// Not in the namespace: the socket is.
	for _, r := range []*kernel.DeviceRouter{main, other} {
		if err := r.Apply(changes); err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			if c.Err != nil {
				t.Fatal(c.Err)
			}
		}
	}
	routes := func() (list map[kernel.Route]bool) {
		list = map[kernel.Route]bool{}
		within(t, n, func() error {
			found, err := kernel.DeviceRoutes("t0")
			for _, r := range found {
				list[r] = true
			}
			return err
		})
		return list
	}
	have := routes()
	for _, c := range changes {
		for _, table := range []int{0, 7700} {
			if r := (kernel.Route{Device: "t0", Prefix: c.Prefix.Masked(), Table: table}); !have[r] {
				t.Errorf("no %v", r)
			}
		}
	}
	if len(have) != 2*len(changes) {
		t.Errorf("%d routes, want %d", len(have), 2*len(changes))
	}

	// Again, and removed twice: each answer belongs to its change.
	if err := main.Apply(changes); err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if !errors.Is(c.Err, kernel.ErrRouteTaken) {
			t.Fatalf("a second time: %v", c.Err)
		}
	}
	mixed := []kernel.RouteChange{
		{Prefix: changes[0].Prefix, Delete: true}, {Prefix: changes[2].Prefix}, {Prefix: changes[0].Prefix, Delete: true}, {Prefix: changes[0].Prefix},
	}
	if err := main.Apply(mixed); err != nil {
		t.Fatal(err)
	}
	if mixed[0].Err != nil || !errors.Is(mixed[1].Err, kernel.ErrRouteTaken) || mixed[2].Err != nil || mixed[3].Err != nil {
		t.Errorf("mixed: %v", mixed)
	}
	for i := range changes {
		changes[i].Delete = true
	}
	for _, r := range []*kernel.DeviceRouter{main, main, other} {
		if err := r.Apply(changes); err != nil {
			t.Fatal(err)
		}
	}
	if have := routes(); len(have) != 0 {
		t.Errorf("%d routes are left", len(have))
	}
	if main.Apply(make([]kernel.RouteChange, kernel.RouteBatchMax+1)) == nil {
		t.Error("a batch that is too large was taken")
	}
}

// Default routes are routes: they are listed as such, and go.
func TestRootDefaultRoutes(t *testing.T) {
	n := newNamespace(t)
	openTUN(t, n, 1, kernel.TUNOptions{})
	var r *kernel.DeviceRouter
	within(t, n, func() (err error) {
		if err = errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.LinkUp("t0")); err != nil {
			return err
		}
		r, err = kernel.OpenDeviceRouter("t0", 7700)
		return err
	})
	defer r.Close()
	for _, gone := range []bool{false, true} {
		c := []kernel.RouteChange{{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Delete: gone}, {Prefix: netip.MustParsePrefix("::/0"), Delete: gone}}
		if err := r.Apply(c); err != nil || c[0].Err != nil || c[1].Err != nil {
			t.Fatal(err, c)
		}
		within(t, n, func() error {
			have, err := kernel.DeviceRoutes("t0")
			for _, c := range c {
				if slices.Contains(have, kernel.Route{Device: "t0", Prefix: c.Prefix, Table: 7700}) == gone {
					t.Errorf("%v, gone %v: %v", c.Prefix, gone, have)
				}
			}
			return err
		})
	}
}

// A route of somebody else's is neither replaced nor removed.
func TestRootRouteTaken(t *testing.T) {
	n := newNamespace(t)
	openTUN(t, n, 1, kernel.TUNOptions{})
	taken := netip.MustParsePrefix("192.0.2.0/24")
	var r *kernel.DeviceRouter
	within(t, n, func() (err error) {
		if err = errors.Join(kernel.LinkUp("t0"), kernel.LinkUp("lo"), kernel.AddRoute(kernel.Route{Device: "lo", Prefix: taken})); err != nil {
			return err
		}
		r, err = kernel.OpenDeviceRouter("t0", 0)
		return err
	})
	defer r.Close()
	c := []kernel.RouteChange{{Prefix: taken}, {Prefix: taken, Delete: true}}
	if err := r.Apply(c); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(c[0].Err, kernel.ErrRouteTaken) || c[1].Err != nil {
		t.Errorf("%v", c)
	}
	within(t, n, func() error {
		list, err := kernel.DeviceRoutes("lo")
		if len(list) != 1 {
			t.Errorf("the other's route is gone: %v", list)
		}
		return err
	})
	within(t, n, func() error {
		if _, err := kernel.OpenDeviceRouter("nothing", 0); err == nil {
			t.Error("opened for a device that is not there")
		}
		return nil
	})
}
