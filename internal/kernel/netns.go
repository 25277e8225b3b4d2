// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// namespaceDir is where iproute2 looks for named namespaces.
const namespaceDir = "/run/netns"

// Namespace is a network namespace with a name that `ip netns` knows. For
// tests, the demo and benchmarks.
type Namespace struct {
	name string
	file *os.File
}

// NewNamespace makes a namespace; its loopback device is down.
func NewNamespace(name string) (*Namespace, error) {
	path := filepath.Join(namespaceDir, name)
	if err := os.MkdirAll(namespaceDir, 0o755); err != nil {
		return nil, fmt.Errorf("kernel: namespace %s: %w", name, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return nil, fmt.Errorf("kernel: namespace %s: %w", name, err)
	}
	f.Close()
	err = elsewhere(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		return unix.Mount("/proc/thread-self/ns/net", path, "none", unix.MS_BIND, "")
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: namespace %s: %w", name, err), os.Remove(path))
	}
	return OpenNamespace(name)
}

// OpenNamespace finds a namespace by its name.
func OpenNamespace(name string) (*Namespace, error) {
	f, err := os.Open(filepath.Join(namespaceDir, name))
	if err != nil {
		return nil, fmt.Errorf("kernel: namespace %s: %w", name, err)
	}
	return &Namespace{name: name, file: f}, nil
}

// Name is the namespace's name.
func (n *Namespace) Name() string { return n.name }

func (n *Namespace) fd() int { return int(n.file.Fd()) }

// Do calls f in the namespace, on a thread that is there and nowhere else. What
// f opens stays in the namespace; goroutines that f starts do not run there.
func (n *Namespace) Do(f func() error) error {
	return elsewhere(func() error {
		if err := unix.Setns(n.fd(), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("kernel: enter namespace %s: %w", n.name, err)
		}
		return f()
	})
}

// Delete removes the name; the namespace goes when nothing is open in it.
func (n *Namespace) Delete() error {
	path := filepath.Join(namespaceDir, n.name)
	err := errors.Join(n.file.Close(), unix.Unmount(path, unix.MNT_DETACH), os.Remove(path))
	if err != nil {
		return fmt.Errorf("kernel: delete namespace %s: %w", n.name, err)
	}
	return nil
}

// elsewhere runs f on a thread that ends with it: a thread whose namespace was
// changed must never carry another goroutine.
func elsewhere(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread with the goroutine
		var err error
		finished := false
		defer func() { // f may end the goroutine, as a failing test does
			if !finished {
				err = errors.New("kernel: the call in the namespace did not return")
			}
			done <- err
		}()
		err = f()
		finished = true
	}()
	return <-done
}
