// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"holdfast/ppp"
)

// l2tpnsTunnelMax is how many tunnels l2tpns 2.4 can hold: MAXTUNNEL is 500.
// Further SCCRQs it does not answer.
const l2tpnsTunnelMax = 498

// l2tpnsBuffer is the receive buffer of its L2TP socket. With the system's
// default of 208 kB it loses packets from some 256 calls in flight, which says
// nothing of l2tpns.
const l2tpnsBuffer = 8 << 20

// l2tpns is Debian's. Its subscribers are authenticated by RADIUS, since it
// knows nothing else; the responder is a goroutine of ours.
func l2tpns() server {
	return server{name: "l2tpns", start: startL2tpns}
}

// l2tpnsInstance is the process and its RADIUS server.
type l2tpnsInstance struct {
	*program
	radius *responder
}

func startL2tpns(ctx context.Context, n *network, dir string, auth ppp.AuthMethod) (instance, error) {
	if err := n.lns.Address(netip.PrefixFrom(gateway.Addr(), 32)); err != nil {
		return nil, err
	}
	etc := filepath.Join(dir, "l2tpns")
	log := filepath.Join(dir, "log")
	for name, text := range map[string]string{
		"startup-config": l2tpnsConfiguration(log, filepath.Join(dir, "pid"), auth),
		"ip_pool":        "100.64.0.0/16\n",
		"users":          "admin:x\n", // of its command line, on a port that nobody uses
	} {
		if err := errors.Join(os.MkdirAll(etc, 0o755), os.WriteFile(filepath.Join(etc, name), []byte(text), 0o644)); err != nil {
			return nil, err
		}
	}
	radius, err := startResponder(n.lns)
	if err != nil {
		return nil, err
	}
	// The mount is in the mount namespace that the shell has to itself.
	argv := []string{"/bin/sh", "-c", `mount --bind "$1" /etc/l2tpns && exec l2tpns`, "sh", etc}
	p, err := startProgram(n, dir, argv, []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin"})
	if err != nil {
		return nil, errors.Join(err, radius.close())
	}
	i := &l2tpnsInstance{p, radius}
	p.name = "l2tpns"
	err = p.await(ctx, func() bool {
		text, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(text), "declaring myself the master") && p.listens()
	})
	if err == nil {
		err = enlargeReceiveBuffers(p.pid(), l2tpnsBuffer)
	}
	if err != nil {
		return nil, errors.Join(err, i.close())
	}
	return i, nil
}

func (i *l2tpnsInstance) close() error {
	return errors.Join(i.program.close(), i.radius.close())
}

// l2tpnsConfiguration switches off what costs time and is not asked of the
// other LNS either: logging, accounting, gratuitous ARP.
func l2tpnsConfiguration(log, pid string, auth ppp.AuthMethod) string {
	set := [][2]string{
		{"debug", "0"}, {"log_file", quote(log)}, {"pid_file", quote(pid)},
		{"primary_dns", "198.51.100.253"},
		{"primary_radius", radiusAddress.Addr().String()}, {"primary_radius_port", fmt.Sprint(radiusAddress.Port())},
		{"radius_secret", quote(radiusSecret)}, {"radius_authtypes", quote(strings.ToLower(auth.String()))}, {"radius_accounting", "no"},
		{"bind_address", gateway.Addr().String()}, {"iftun_address", ipcpPeer.String()}, {"peer_address", ipcpPeer.String()},
		{"cli_bind_address", "127.0.0.1"}, {"send_garp", "no"}, {"allow_duplicate_users", "yes"},
		{"echo_timeout", fmt.Sprint(keepaliveSeconds)},
		// A cluster of one, which becomes its own master as soon as it can.
		{"cluster_interface", quote(downlink(0))}, {"cluster_hb_interval", "5"}, {"cluster_hb_timeout", "6"},
	}
	var b strings.Builder
	for _, s := range set {
		fmt.Fprintf(&b, "set %s %s\n", s[0], s[1])
	}
	return b.String()
}

func quote(s string) string { return `"` + s + `"` }

// enlargeReceiveBuffers gives a process's UDP sockets a larger receive buffer
// from outside: it borrows their descriptors.
func enlargeReceiveBuffers(pid, octets int) error {
	// The same numbers on all architectures.
	const pidfdOpen, pidfdGetfd, soReceiveBufferForce = 434, 438, 33
	process, _, errno := syscall.Syscall(pidfdOpen, uintptr(pid), 0, 0)
	if errno != 0 {
		return fmt.Errorf("pidfd_open: %w", errno)
	}
	defer syscall.Close(int(process))
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return err
	}
	changed := 0
	for _, e := range entries {
		var number int
		if _, err := fmt.Sscan(e.Name(), &number); err != nil {
			return err
		}
		fd, _, errno := syscall.Syscall(pidfdGetfd, process, uintptr(number), 0)
		if errno != 0 {
			return fmt.Errorf("pidfd_getfd: %w", errno)
		}
		kind, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE)
		if err == nil && kind == syscall.SOCK_DGRAM { // what is no socket has no such option
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReceiveBufferForce, octets)
			changed++
		} else {
			err = nil
		}
		syscall.Close(int(fd))
		if err != nil {
			return fmt.Errorf("receive buffer: %w", err)
		}
	}
	if changed == 0 {
		return errors.New("the process has no UDP socket")
	}
	return nil
}
