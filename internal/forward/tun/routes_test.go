// SPDX-License-Identifier: Apache-2.0

package tun_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/tun"
	"holdfast/internal/kernel"
	"holdfast/internal/testenv"
)

// wantKernel waits until the kernel's routes to the device are these.
func wantKernel(t *testing.T, in interface{ Do(func() error) error }, why string, want ...string) {
	t.Helper()
	slices.Sort(want)
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		var have []string
		err := in.Do(func() error {
			list, err := kernel.DeviceRoutes("hf0")
			for _, r := range list {
				have = append(have, r.Prefix.String())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if slices.Sort(have); slices.Equal(have, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: routes %v, want %v", why, have, want)
		}
	}
}

// Routes of sessions live in the kernel as long as the sessions do. What an
// earlier run has left on the device goes when the instance is made; what
// somebody takes away comes back with the next commit.
func TestRootFramedRoutes(t *testing.T) {
	testenv.Commands(t, "ip")
	lab := newLab(t, "framed")
	ns := must(lab.Namespace("lns"))
	command := func(line string) {
		t.Helper()
		f := strings.Fields(line)
		if out, err := ns.Command(t.Context(), f[0], f[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	// A device that outlives its daemon.
	command("ip tuntap add dev hf0 mode tun multi_queue vnet_hdr")
	command("ip link set hf0 up")
	command("ip route add 10.99.0.0/24 dev hf0 proto 76")
	command("ip route add 10.98.0.0/24 dev hf0") // an operator's
	command("ip route add 10.97.0.0/24 dev lo")
	r := &forwardtest.Recorder{}
	p := must(tun.New(tun.Options{Shards: 1, ShardOf: func(uint16) int { return 0 }, Queues: 1, Punt: r.Punt, Sequenced: r.Sequenced}))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	i := forwardtest.Instance()
	ready := func() {
		t.Helper()
		if err := ns.Do(func() error { return p.Instance(i) }); err != nil {
			t.Fatal(err)
		}
	}
	ready()
	pools := []string{"100.64.0.0/16", "2001:db8:100::/40"}
	wantKernel(t, ns, "the stale route goes", pools...)

	s := forward.Session{
		Key: forward.Key{TunnelID: 5, SessionID: 6}, Local: netip.MustParseAddrPort("192.0.2.1:1701"), Peer: netip.MustParseAddrPort("192.0.2.2:1701"),
		IPv4: netip.MustParseAddr("100.64.0.1"), IPv6: netip.MustParsePrefix("2001:db8:100:7::/64"),
		Routes: prefixes("10.20.0.0/24", "10.97.0.0/24", "10.21.0.3/32", "2001:db8:200::/48", "2001:db8:100:700::/56"),
	}
	h := p.Handle(0)
	if err := h.Install([]forward.Session{s}); err != nil {
		t.Fatal(err)
	}
	framed := append(slices.Clone(pools), "10.20.0.0/24", "10.21.0.3/32", "2001:db8:200::/48")
	wantKernel(t, ns, "installed", framed...)
	for end := time.Now().Add(patience); p.Totals().RoutesAdded != 3; runtime.Gosched() { // noted after it is done
		if time.Now().After(end) {
			t.Fatalf("totals %+v", p.Totals())
		}
	}
	if got := p.Totals(); got.RoutesFailed != 1 || got.RoutesPending != 1 {
		t.Errorf("totals %+v, want one route refused, since there is such a one", got)
	}
	ready()
	wantKernel(t, ns, "made ready again", framed...)
	command("ip route del 10.20.0.0/24 dev hf0")
	command("ip -6 route del 2001:db8:200::/48 dev hf0")
	ready()
	wantKernel(t, ns, "taken away by hand", framed...)
	i.Pools = append(prefixes("10.20.0.0/16"), i.Pools...)
	ready()
	wantKernel(t, ns, "a pool covers some", append(slices.Clone(pools), "10.20.0.0/16", "10.21.0.3/32", "2001:db8:200::/48")...)
	i.Pools = i.Pools[1:]
	ready()
	wantKernel(t, ns, "the pool is gone", framed...)
	if err := h.Remove([]forward.Key{s.Key}); err != nil {
		t.Fatal(err)
	}
	wantKernel(t, ns, "removed", pools...)
	command("ip route get 10.98.0.1") // the operator's is still there
}

// What lies behind a subscriber is reached through a framed route, and may speak.
func TestRootFramedTraffic(t *testing.T) {
	testenv.Commands(t, "ping")
	w := newWorld(t, 1)
	if err := w.lac.Do(func() error {
		for _, a := range prefixes("10.20.0.5/32", "2001:db8:200::5/128") {
			if err := kernel.AddAddress("sub0", a); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s := w.session
	s.Routes = prefixes("10.20.0.0/24", "2001:db8:200::/48")
	if err := w.plane.Handle(0).Install([]forward.Session{s}); err != nil {
		t.Fatal(err)
	}
	wantKernel(t, w.lns, "installed", "100.64.0.0/16", "2001:db8:100::/40", "10.20.0.0/24", "2001:db8:200::/48")
	for _, a := range []string{"10.20.0.5", "2001:db8:200::5"} {
		wantPing(t, fmt.Sprint("from the core to ", a), ping(t, w.core, a), " 0% packet loss")
	}
	wantPing(t, "from behind", ping(t, w.lac, "-I", "10.20.0.5", "203.0.113.9"), " 0% packet loss")
}
