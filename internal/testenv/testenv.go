// SPDX-License-Identifier: Apache-2.0

// Package testenv decides what happens to a test whose needs the machine does
// not meet. On a developer's machine the test is skipped and says why. Where CI
// is set in the environment a missing need is a failure: a suite that quietly
// shrinks is worth nothing.
//
// It is used by tests only, and every skip in the repository goes through it
// (package tidy sees to that).
package testenv

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Missing ends the test: skipped outside CI, failed in it. The reason says what
// is missing and, if there is a way, how to come by it.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	reason := fmt.Sprintf(format, args...)
	if CI() {
		t.Fatalf("CI may not skip this test: %s", reason)
	}
	t.Skipf("SKIP %s", reason)
}

// CI reports whether this is a run of continuous integration (CI=true or CI=1).
func CI() bool {
	v := os.Getenv("CI")
	return v == "true" || v == "1"
}

// Root asks for user id 0.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "needs root")
	}
}

// Namespaces asks for root and network namespaces.
func Namespaces(t testing.TB) {
	t.Helper()
	Root(t)
	Commands(t, "ip")
	name := fmt.Sprintf("hf-probe-%d-%d", os.Getpid(), rand.Uint32())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		Missing(t, "needs network namespaces: %s", strings.TrimSpace(string(out)))
	}
	if out, err := exec.Command("ip", "netns", "del", name).CombinedOutput(); err != nil {
		t.Fatalf("ip netns del %s: %s", name, out)
	}
}

// TUN asks for root, namespaces and /dev/net/tun.
func TUN(t testing.TB) {
	t.Helper()
	Namespaces(t)
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		Missing(t, "needs /dev/net/tun: %v", err)
	}
	f.Close()
}

// Commands asks for programs in PATH; Debian keeps some of them in sbin.
func Commands(t testing.TB, names ...string) {
	t.Helper()
	var missing []string
	for _, name := range names {
		if !have(name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		Missing(t, "needs %s; test/packages.sh installs them", strings.Join(missing, ", "))
	}
}

func have(name string) bool {
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err == nil && fi.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

// Long asks for a run without -short.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP long test under -short")
	}
}
