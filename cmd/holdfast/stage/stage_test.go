// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/config"
	"holdfast/internal/kernel"
	"holdfast/internal/packet"
	"holdfast/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The demo's configuration must stay one that the loopback stage can use: no
// plane, no gateway that is not on the loopback device.
func TestDemoConfigurationFitsLoopback(t *testing.T) {
	text, err := os.ReadFile("../../../examples/demo.conf")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(Loopback, "unused")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tree, errs := config.Parse("demo.conf", []byte(s.localised(string(text))))
	if errs != nil {
		t.Fatal(errs)
	}
	built, errs := config.Build(tree)
	if errs != nil {
		t.Fatal(errs)
	}
	if built.Daemon.Plane != config.PlaneNone {
		t.Error("it forwards")
	}
	if len(built.LNS.Groups) != len(s.Gateways) {
		t.Fatalf("%d groups, %d gateways", len(built.LNS.Groups), len(s.Gateways))
	}
	for i, g := range built.LNS.Groups {
		if g.Gateway != s.Gateways[i].Addr() || !g.Gateway.IsLoopback() {
			t.Errorf("gateway %v, the stage says %v", g.Gateway, s.Gateways[i])
		}
	}
}

// A stage has its far ends working, and goes without a trace.
func TestRootStageComesAndGoes(t *testing.T) {
	testenv.Namespaces(t)
	name := fmt.Sprintf("hf-stage-%d", os.Getpid())
	s, err := Open(Namespaces, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range s.Targets {
		local := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		if to.Addr().Is6() {
			local = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
		}
		socket, err := listenIn(s.lns)(local, kernel.UDPOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := socket.WriteBatch([]packet.Datagram{{Data: []byte("hello"), Peer: to}}); err != nil {
			t.Fatal(err)
		}
		socket.SetReadDeadline(time.Now().Add(5 * time.Second))
		b := packet.Batch{Datagrams: make([]packet.Datagram, 1)}
		if _, err := socket.ReadBatch(&b); err != nil || string(b.Datagrams[0].Data) != "hello" {
			t.Errorf("no echo from %v: %v", to, err)
		}
		socket.Close()
	}
	dir := s.File("")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob("/run/netns/" + name + "*")
	if _, err := os.Stat(dir); err == nil || left != nil {
		t.Errorf("left behind: %v %v", dir, left)
	}
}
