// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Modules of the kernel's PPP and L2TP. Not every kernel has each as a module.
const modules = "ipv6 slhc ppp_generic pppox udp_tunnel ip6_udp_tunnel l2tp_core l2tp_ppp ppp_mppe sch_netem"

// boot is the life of process 1. It never returns: when the agent ends, the
// machine is switched off.
func boot() {
	os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	os.Setenv("HOME", "/root")
	os.Setenv("LANG", "C")
	for _, m := range [][3]string{
		{"proc", "/proc", "proc"},
		{"sys", "/sys", "sysfs"},
		{"run", "/run", "tmpfs"},
		{"ppp", "/etc/ppp", "tmpfs"},
	} {
		say(syscall.Mount(m[0], m[1], m[2], 0, ""), "mount "+m[1])
	}
	for _, d := range []string{"/run/log", "/run/ppp", "/run/xl2tpd", "/run/state", "/dev/pts", "/run/modules/lib/modules"} {
		say(os.MkdirAll(d, 0o755), "mkdir")
	}
	say(syscall.Mount("devpts", "/dev/pts", "devpts", 0, ""), "mount /dev/pts")
	loadModules()
	hooks()
	network()

	// /tmp holds this very program, so it is hidden only after the agent has been started.
	agent := exec.Command("/proc/self/exe", "agent")
	agent.Stderr = os.Stderr
	agent.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	say(agent.Start(), "agent")
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == nil && agent.Process != nil && pid != agent.Process.Pid || err == syscall.EINTR {
			continue
		}
		syscall.Sync()
		say(syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF), "power off")
	}
}

// say puts an error on the console; the test shows the console when it fails.
func say(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "guest: %s: %v\n", what, err)
	}
}

// loadModules loads what is needed now, and lets the kernel load the rest from
// where the distribution keeps the modules of its UML kernel.
func loadModules() {
	var uts syscall.Utsname
	say(syscall.Uname(&uts), "uname")
	var release strings.Builder
	for _, c := range uts.Release {
		if c == 0 {
			break
		}
		release.WriteByte(byte(c))
	}
	say(os.Symlink(filepath.Join("/usr/lib/uml/modules", release.String()), "/run/modules/lib/modules/"+release.String()), "modules")
	say(os.WriteFile("/run/modprobe", []byte("#!/bin/sh\nexec modprobe -d /run/modules \"$@\"\n"), 0o755), "modprobe")
	say(os.WriteFile("/proc/sys/kernel/modprobe", []byte("/run/modprobe"), 0o644), "modprobe")
	for _, m := range strings.Fields(modules) {
		run("/run/modprobe", m)
	}
}

// hooks makes pppd leave its environment in /run/state/IPPARAM.{up,up6} while a
// link is up, and a line in IPPARAM.history for each time it came up (IPv6: up6).
func hooks() {
	up := func(suffix string) string {
		return strings.ReplaceAll("#!/bin/sh\nf=/run/state/$6\n{ env; date +AT=%s%3N; } >$f.new-UP\necho UP >>$f.history\nmv $f.new-UP $f.UP\n", "UP", suffix)
	}
	for name, text := range map[string]string{
		"/etc/ppp/options": "",
		"/etc/ppp/ip-up":   up("up"),
		"/etc/ppp/ipv6-up": up("up6"),
		"/etc/ppp/ip-down": "#!/bin/sh\nrm -f /run/state/$6.up /run/state/$6.up6\n",
	} {
		say(os.WriteFile(name, []byte(text), 0o755), name)
	}
}

// network sets up vec0 from the kernel command line: GUEST_IP=192.0.2.2/24 GUEST_GATEWAY=192.0.2.1.
func network() {
	run("ip", "link", "set", "lo", "up")
	run("ip", "addr", "add", os.Getenv("GUEST_IP"), "dev", "vec0")
	run("ip", "link", "set", "vec0", "up")
	run("ip", "route", "add", "default", "via", os.Getenv("GUEST_GATEWAY"), "metric", "1000")
}

func run(name string, args ...string) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "guest: %s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}
