// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/storm"
	"holdfast/internal/testenv"
	"holdfast/ppp"
)

// The other way round: our emulator is the LAC with its modems, and xl2tpd with
// a pppd for each call is the LNS.
func TestRootEmulator(t *testing.T) {
	t.Parallel()
	testenv.TUN(t)
	testenv.Commands(t, "linux.uml", "modprobe", "pppd", "xl2tpd", "unshare", "pkill")
	ns := newNamespace(t)
	g := bootGuest(t, ns)
	for _, c := range []struct {
		name    string
		auth    ppp.AuthMethod
		require string
		secret  string
	}{
		{"PAP", ppp.PAP, "require-pap", ""},
		{"CHAP in a tunnel with a secret", ppp.CHAP, "require-chap", "tunnelsecret"},
		{"MS-CHAPv2", ppp.MSCHAPv2, "require-mschap-v2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop := g.on(t).serveXl2tpd(c.require, c.secret)
			defer stop()
			testEmulator(t, ns, c.auth, c.secret)
		})
	}
}

// testEmulator dials xl2tpd: three sessions, which ping the LNS's end of their
// links. Each has a tunnel from a port of its own: xl2tpd gives the kernel a
// connected socket for each tunnel, and of two with the same addresses only one
// gets the packets.
func testEmulator(t *testing.T, ns string, auth ppp.AuthMethod, secret string) {
	n, err := kernel.OpenNamespace(ns)
	check(t, err)
	r, err := storm.Run(t.Context(), storm.Options{
		Plan: storm.Plan{
			LNS: []netip.AddrPort{netip.MustParseAddrPort(underlayGuest + ":1701")}, LACs: 3, Tunnels: 3, Sessions: 3,
			Secret: secret, Auth: []ppp.AuthMethod{auth}, User: "user%d@example", Password: "word%d",
			EchoInterval: time.Second, EchoMax: 10, Traffic: storm.Traffic{Rate: 100, Size: 200},
		},
		Sources: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(underlayGateway), 0)},
		Hold:    2 * time.Second,
		Listen: func(local netip.AddrPort, o kernel.UDPOptions) (socket *kernel.UDPSocket, err error) {
			err = n.Do(func() error {
				var err error
				socket, err = kernel.ListenUDP(local, o)
				return err
			})
			return socket, err
		},
	})
	check(t, err)
	if !r.Complete || r.TunnelsUp != 3 || r.Traffic.Sent == 0 || r.Traffic.Lost > 0 {
		var text strings.Builder
		r.WriteTable(&text)
		t.Errorf("%s\n%s", strings.Join(r.Faults(), "; "), text.String())
	}
}

// serveXl2tpd runs xl2tpd as LNS in the guest until stop is called.
func (g *guest) serveXl2tpd(require, secret string) (stop func()) {
	g.t.Helper()
	conf := "[global]\nport = 1701\naccess control = no\nauth file = /run/xl2tpd/lns.secrets\n" +
		"[lns default]\nip range = 100.64.1.1-100.64.1.20\nlocal ip = 100.64.1.254\nlength bit = yes\npppoptfile = /run/ppp/lns.options\n"
	secrets := ""
	if secret != "" {
		conf += "challenge = yes\n"
		secrets = "* * " + secret + "\n"
	}
	users := ""
	for i := range 3 {
		users += fmt.Sprintf("user%d@example * word%d *\n", i+1, i+1)
	}
	g.write("/run/xl2tpd/lns.conf", conf)
	g.write("/run/xl2tpd/lns.secrets", secrets)
	g.write("/run/ppp/lns.options", strings.Join([]string{
		"auth", require, "name lns", "noccp", "nodefaultroute", "mtu 1460", "mru 1460", "lcp-echo-interval 1", "lcp-echo-failure 10",
		"ipparam lns", "debug", "logfile /run/log/pppd-lns.log",
	}, "\n")+"\n")
	g.write("/etc/ppp/pap-secrets", users)
	g.write("/etc/ppp/chap-secrets", users)
	pid := g.start("xl2tpd-lns", "xl2tpd", "-D", "-c", "/run/xl2tpd/lns.conf", "-p", "/run/xl2tpd/lns.pid", "-C", "/run/xl2tpd/lns.control")
	if !g.wait(10, 1, "/run/log/xl2tpd-lns.log", "Listening on IP address") {
		g.t.Fatal("xl2tpd does not listen")
	}
	return func() {
		if g.t.Failed() {
			g.dump()
		}
		g.signal(pid, syscall.SIGTERM)
		if !g.waitGone(10, fmt.Sprintf("/proc/%d", pid)) {
			g.t.Error("xl2tpd does not end")
		}
		g.remove("/run/log/*-lns.log")
	}
}
