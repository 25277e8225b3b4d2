// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/testenv"
)

// newNamespace is a namespace that goes with the test.
func newNamespace(t *testing.T) *kernel.Namespace {
	t.Helper()
	testenv.TUN(t)
	n, err := kernel.NewNamespace(fmt.Sprintf("hf-kernel-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Delete(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func within(t *testing.T, n *kernel.Namespace, f func() error) {
	t.Helper()
	if err := n.Do(f); err != nil {
		t.Fatal(err)
	}
}

func openTUN(t *testing.T, n *kernel.Namespace, queues int, o kernel.TUNOptions) []*kernel.TUN {
	t.Helper()
	var opened []*kernel.TUN
	within(t, n, func() (err error) { opened, err = kernel.OpenTUN("t0", queues, o); return err })
	t.Cleanup(func() {
		for _, q := range opened {
			_ = q.Close() // a second time in some tests
		}
	})
	return opened
}

// Addresses and routes come, are listed, and go; to say it again is no error.
func TestRootDeviceSettings(t *testing.T) {
	n := newNamespace(t)
	openTUN(t, n, 2, kernel.TUNOptions{})
	a := netip.MustParsePrefix("192.0.2.1/32")
	routes := []kernel.Route{
		{Device: "t0", Prefix: netip.MustParsePrefix("100.64.0.0/16")},
		{Device: "t0", Prefix: netip.MustParsePrefix("100.65.0.0/16"), Table: 7700},
		{Device: "t0", Prefix: netip.MustParsePrefix("2001:db8:1::/48")},
	}
	within(t, n, func() error {
		for range 2 {
			err := errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.SetMTU("t0", 1400), kernel.LinkUp("t0"),
				kernel.AddAddress("t0", a), kernel.AddAddress("t0", netip.MustParsePrefix("2001:db8::1/128")),
				kernel.AddDeviceRule("t0", 7700))
			for _, r := range routes {
				err = errors.Join(err, kernel.AddRoute(r))
			}
			if err != nil {
				return err
			}
		}
		got, err := kernel.DeviceRoutes("t0")
		if err != nil {
			return err
		}
		for _, r := range routes {
			if !slices.Contains(got, r) {
				t.Errorf("no %v in %v", r, got)
			}
		}
		if len(got) != len(routes) {
			t.Errorf("%d routes, want %d: %v", len(got), len(routes), got)
		}
		itf, err := net.InterfaceByName("t0")
		if err != nil {
			return err
		}
		addresses, err := itf.Addrs()
		if err != nil {
			return err
		}
		if s := fmt.Sprint(addresses); itf.MTU != 1400 || !strings.Contains(s, "192.0.2.1/32") || strings.Contains(s, "fe80") {
			t.Errorf("MTU %d, addresses %s", itf.MTU, s)
		}
		for range 2 {
			err := errors.Join(kernel.DelAddress("t0", a), kernel.DelDeviceRule("t0", 7700))
			for _, r := range routes {
				err = errors.Join(err, kernel.DelRoute(r))
			}
			if err != nil {
				return err
			}
		}
		if got, err = kernel.DeviceRoutes("t0"); err != nil || len(got) != 0 {
			t.Errorf("left: %v, %v", got, err)
		}
		if kernel.LinkUp("nothing") == nil || kernel.AddRoute(kernel.Route{Device: "nothing", Prefix: a}) == nil {
			t.Error("a device that is not there takes settings")
		}
		return nil
	})
}

// A device goes with its last queue; its name is free for the next.
func TestRootTUNGoes(t *testing.T) {
	n := newNamespace(t)
	for range 2 {
		queues := openTUN(t, n, 3, kernel.TUNOptions{VNetHeader: true, Offload: true})
		for i, q := range queues {
			within(t, n, func() error {
				if !kernel.LinkExists(q.Name()) {
					t.Errorf("the device is gone before queue %d was closed", i)
				}
				return q.Close()
			})
		}
		within(t, n, func() error {
			if kernel.LinkExists("t0") {
				t.Error("the device is still there")
			}
			return nil
		})
	}
}

// A packet that the host sends to the device is read, and one that is written
// reaches the host; Close wakes a reader.
func TestRootTUNCarries(t *testing.T) {
	n := newNamespace(t)
	q := openTUN(t, n, 1, kernel.TUNOptions{})[0]
	var conn net.PacketConn
	within(t, n, func() (err error) {
		err = errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.LinkUp("t0"), kernel.AddAddress("t0", netip.MustParsePrefix("192.0.2.1/24")))
		if err != nil {
			return err
		}
		conn, err = net.ListenPacket("udp4", "192.0.2.1:7000")
		return err
	})
	defer conn.Close()
	b := make([]byte, 2048)
	if n, err := q.TryRead(b); n != 0 || err != nil {
		t.Fatalf("%d octets before anything was sent: %v", n, err)
	}
	if _, err := conn.WriteTo([]byte("there"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.2:7001"))); err != nil {
		t.Fatal(err)
	}
	size, err := q.Read(b)
	if err != nil || size != 33 || string(b[28:size]) != "there" {
		t.Fatalf("read %x: %v", b[:size], err)
	}
	// Back to where it came from: addresses and ports change places, which no checksum minds.
	answer := slices.Concat(b[:12], b[16:20], b[12:16], b[22:24], b[20:22], b[24:size])
	if err := q.NewWriter().Write([][]byte{answer[:20], answer[20:]}); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if size, _, err = conn.ReadFrom(b); err != nil || string(b[:size]) != "there" {
		t.Fatalf("got %q: %v", b[:size], err)
	}
	closed := make(chan error)
	go func() { _, err := q.Read(b); closed <- err }()
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed queue reads %v", err)
	}
	if err := q.NewWriter().Write([][]byte{answer}); err == nil {
		t.Error("a closed queue takes packets")
	}
}

// A packet to the device, and back from the core of the host, costs no allocation.
func TestRootTUNNoAllocation(t *testing.T) {
	n := newNamespace(t)
	q := openTUN(t, n, 1, kernel.TUNOptions{})[0]
	within(t, n, func() error { return errors.Join(kernel.DisableIPv6Autoconf("t0"), kernel.LinkUp("t0")) })
	w, b := q.NewWriter(), make([]byte, 2048)
	parts := [][]byte{append([]byte{0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17}, make([]byte, 10)...)}
	if n := testing.AllocsPerRun(100, func() {
		if err := w.Write(parts); err != nil {
			t.Fatal(err)
		}
		if _, err := q.TryRead(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What is done in a namespace stays there, whether it ends well or not.
func TestRootNamespaces(t *testing.T) {
	n := newNamespace(t)
	within(t, n, func() error {
		if _, err := net.InterfaceByName("lo"); err != nil {
			return err
		}
		all, err := net.Interfaces()
		if len(all) != 1 {
			t.Errorf("%d devices in a new namespace, want 1", len(all))
		}
		return errors.Join(err, kernel.SetSysctl("net/ipv4/ip_forward", "1"))
	})
	if v, err := kernel.Sysctl("net/ipv4/conf/t0/forwarding"); err == nil {
		t.Errorf("a device of the namespace is here: %s", v)
	}
	within(t, n, func() error {
		if v, err := kernel.Sysctl("net/ipv4/ip_forward"); v != "1" || err != nil {
			t.Errorf("ip_forward is %q: %v", v, err)
		}
		return nil
	})
	failed := errors.New("on purpose")
	if err := n.Do(func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("Do gives %v", err)
	}
	if _, err := kernel.NewNamespace(n.Name()); err == nil {
		t.Error("made twice")
	}
	same, err := kernel.OpenNamespace(n.Name())
	if err != nil {
		t.Fatal(err)
	}
	within(t, same, func() error {
		if v, _ := kernel.Sysctl("net/ipv4/ip_forward"); v != "1" {
			t.Error("another namespace of the same name")
		}
		return nil
	})
	if err := kernel.SetSysctl("net/ipv4/conf/nothing/forwarding", "1"); err == nil {
		t.Error("a setting that is not there was made")
	}
}
