// SPDX-License-Identifier: Apache-2.0

package netlab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"

	"holdfast/internal/kernel"
)

// Lab is a set of namespaces that are deleted together.
type Lab struct {
	name       string
	namespaces []*Namespace
}

// Namespace is one of a lab's network namespaces.
type Namespace struct {
	*kernel.Namespace
}

// New begins a lab. Its namespaces' names begin with name, which must be
// unique on the machine.
func New(name string) (*Lab, error) {
	if name == "" || strings.ContainsAny(name, "/ ") {
		return nil, fmt.Errorf("netlab: %q cannot be the name of a lab", name)
	}
	return &Lab{name: name}, nil
}

// Namespace makes a namespace with its loopback up.
func (l *Lab) Namespace(name string) (*Namespace, error) {
	k, err := kernel.NewNamespace(l.name + "-" + name)
	if err != nil {
		return nil, err
	}
	n := &Namespace{k}
	l.namespaces = append(l.namespaces, n)
	// Setting "all" and "default" before any device exists makes every address
	// usable at once.
	return n, n.Do(func() error {
		return errors.Join(
			kernel.SetSysctl("net/ipv6/conf/default/accept_dad", "0"),
			kernel.SetSysctl("net/ipv6/conf/all/accept_dad", "0"),
			kernel.LinkUp("lo"))
	})
}

// End is one end of a link: a device in a namespace, and its addresses.
type End struct {
	In        *Namespace
	Device    string
	Addresses []netip.Prefix
}

// Veth joins two namespaces by a pair of virtual Ethernet devices of one queue
// a CPU, up and with addresses.
func (l *Lab) Veth(a, b End, queues int) error {
	if err := a.In.Do(func() error { return kernel.AddVeth(a.Device, b.Device, queues, b.In.Namespace) }); err != nil {
		return err
	}
	return errors.Join(a.setUp(), b.setUp())
}

func (e End) setUp() error {
	return e.In.Do(func() error {
		for _, p := range e.Addresses {
			if err := kernel.AddAddress(e.Device, p); err != nil {
				return err
			}
		}
		return kernel.LinkUp(e.Device)
	})
}

// Forward lets a namespace route packets of both families.
func (n *Namespace) Forward() error {
	return n.Do(func() error {
		return errors.Join(
			kernel.SetSysctl("net/ipv4/ip_forward", "1"),
			kernel.SetSysctl("net/ipv6/conf/all/forwarding", "1"))
	})
}

// Address puts an address on the namespace's loopback device.
func (n *Namespace) Address(p netip.Prefix) error {
	return n.Do(func() error { return kernel.AddAddress("lo", p) })
}

// Route sends a prefix through a device to a next hop.
func (n *Namespace) Route(p netip.Prefix, device string, via netip.Addr) error {
	return n.Do(func() error { return kernel.AddRoute(kernel.Route{Device: device, Prefix: p, Via: via}) })
}

// Command is exec.CommandContext, but the program runs in the namespace. It
// needs iproute2.
func (n *Namespace) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.Name(), name}, args...)...)
}

// Close deletes the namespaces.
func (l *Lab) Close() error {
	var err error
	for _, n := range l.namespaces {
		err = errors.Join(err, n.Delete())
	}
	l.namespaces = nil
	return err
}
