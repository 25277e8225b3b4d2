// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"holdfast/internal/netlab"
	"holdfast/internal/testenv"
)

// asDaemon in the environment makes the test binary a daemon: network
// namespaces are for processes, and a test has but one.
const asDaemon = "HOLDFAST_TEST_DAEMON"

// With a data plane the daemon puts its addresses, device and routes on the
// host, follows its configuration when that is loaded again, and leaves the
// host as it was.
func TestRootHostIsLeftAsItWas(t *testing.T) {
	testenv.Namespaces(t)
	testenv.TUN(t)
	lab, err := netlab.New(fmt.Sprintf("hf-daemon-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	ns, err := lab.Namespace("lns")
	if err != nil {
		t.Fatal(err)
	}
	host := func() string {
		t.Helper()
		var all strings.Builder
		for _, what := range []string{"address", "route", "-6 route", "rule", "link"} {
			// -brief and -oneline leave out what changes by itself.
			out, err := ns.Command(t.Context(), "ip", append([]string{"-oneline"}, append(strings.Fields(what), "show")...)...).CombinedOutput()
			if err != nil {
				t.Fatalf("ip %s: %v\n%s", what, err, out)
			}
			fmt.Fprintf(&all, "%s", out)
		}
		return all.String()
	}
	if err := ns.Address(netip.MustParsePrefix("192.0.2.3/32")); err != nil {
		t.Fatal(err)
	}
	before := host()

	tunnelled := func(replace ...string) string {
		s := strings.NewReplacer("forwarding-plane type none", "forwarding-plane type tun",
			"inet address 198.51.100.1/32;", "inet { address 192.0.2.1/32; address 192.0.2.3/32; address 198.51.100.1/32 primary; }")
		return s.Replace(text(append(replace, "GATEWAY", "192.0.2.1")...))
	}
	r := prepare(t, tunnelled())
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asDaemon+"="+r.opt.ConfigFile+" "+r.opt.Socket)
	cmd.Stderr = &r.log
	if err := ns.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { cmd.Process.Kill() }()
	r.wantNotice("READY=1")
	want(t, "host", host(), "192.0.2.1/32", "198.51.100.1", "hf0", "100.64.0.0/16 dev hf0")
	want(t, "facts", r.show("show", "services", "l2tp", "summary"), "Sessions: 0")

	load := func(config string) {
		t.Helper()
		r.write(config)
		cmd.Process.Signal(syscall.SIGHUP)
		r.wantNotice("RELOADING=1")
		r.wantNotice("READY=1")
	}
	load(strings.NewReplacer(
		"pool-v4 family inet network 100.64.0.0/16;",
		"pool-v4 family inet network 100.64.0.0/16; address-assignment pool more family inet network 100.65.0.0/16;",
		"address 192.0.2.3/32;", "address 192.0.2.3/32; address 192.0.2.9/32;").Replace(tunnelled()))
	want(t, "host with a pool and an address more", host(), "100.64.0.0/16 dev hf0", "100.65.0.0/16 dev hf0", "192.0.2.9/32")
	load(tunnelled())
	if back := host(); strings.Contains(back, "100.65.0.0") || strings.Contains(back, "192.0.2.9") {
		t.Errorf("the host keeps what the configuration has no more:\n%s\n%s", back, &r.log)
	}

	cmd.Process.Signal(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Errorf("the daemon ended with %v\n%s", err, &r.log)
	}
	if after := host(); after != before {
		t.Errorf("the host was\n%s\nand is\n%s", before, after)
	}
}
