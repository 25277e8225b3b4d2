// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// ErrNoNamespaces says that neither root nor a user namespace is to be had.
var ErrNoNamespaces = errors.New("stage: no network namespaces")

// insideVariable tells a process that Reexec has started it.
const insideVariable = "HOLDFAST_IN_USER_NAMESPACE"

// Inside reports whether this process was started by Reexec.
func Inside() bool { return os.Getenv(insideVariable) != "" }

// Reexec runs this program again, with the same arguments, as root of a user
// namespace with network and mount namespaces of its own. The error wraps
// ErrNoNamespaces when the kernel does not allow that.
func Reexec(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * stopTimeout
	a := ownGroup()
	a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	cmd.SysProcAttr = a
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoNamespaces, err)
	}
	return cmd.Wait()
}

// Probe reports, by its error, why this process cannot make namespaces and TUN
// devices. Inside a user namespace it first makes a /run to name them in.
func Probe() error {
	if Inside() {
		err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
		if err == nil {
			err = syscall.Mount("tmpfs", "/run", "tmpfs", 0, "")
		}
		if err != nil {
			return fmt.Errorf("%w: mount /run: %w", ErrNoNamespaces, err)
		}
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: not root", ErrNoNamespaces)
	}
	tun, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoNamespaces, err)
	}
	return tun.Close()
}
