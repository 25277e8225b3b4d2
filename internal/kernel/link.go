// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// RouteProtocol marks our routes in the kernel's tables (`ip route show proto 76`).
const RouteProtocol = 76

// All functions here act in the calling thread's network namespace, and doing
// what is done already is no error.

func link(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("kernel: device %s: %w", name, err)
	}
	return l, nil
}

// LinkIndex is the device's interface index.
func LinkIndex(name string) (int, error) {
	l, err := link(name)
	if err != nil {
		return 0, err
	}
	return l.Attrs().Index, nil
}

// LinkExists tells whether there is a device of this name.
func LinkExists(name string) bool {
	_, err := netlink.LinkByName(name)
	return err == nil
}

// LinkUp brings a device up.
func LinkUp(name string) error {
	l, err := link(name)
	if err != nil {
		return err
	}
	return wrap(netlink.LinkSetUp(l), "bring up %s", name)
}

// LinkDown takes a device down.
func LinkDown(name string) error {
	l, err := link(name)
	if err != nil {
		return err
	}
	return wrap(netlink.LinkSetDown(l), "take down %s", name)
}

// SetMTU sets a device's MTU.
func SetMTU(name string, mtu int) error {
	l, err := link(name)
	if err != nil {
		return err
	}
	return wrap(netlink.LinkSetMTU(l, mtu), "set MTU %d on %s", mtu, name)
}

// SetQueueLength sets how many packets wait in front of a device before the
// kernel drops them.
func SetQueueLength(name string, packets int) error {
	l, err := link(name)
	if err != nil {
		return err
	}
	return wrap(netlink.LinkSetTxQLen(l, packets), "set queue length %d on %s", packets, name)
}

// AddAddress gives a device an address. IPv6 addresses are usable at once: no
// other station on a point-to-point device could hold them.
func AddAddress(name string, p netip.Prefix) error {
	l, err := link(name)
	if err != nil {
		return err
	}
	return wrap(unless(netlink.AddrAdd(l, address(p)), unix.EEXIST), "add address %s to %s", p, name)
}

// DelAddress takes an address from a device.
func DelAddress(name string, p netip.Prefix) error {
	l, err := link(name)
	if err != nil {
		return err
	}
	return wrap(unless(netlink.AddrDel(l, address(p)), unix.EADDRNOTAVAIL), "delete address %s from %s", p, name)
}

func address(p netip.Prefix) *netlink.Addr {
	a := &netlink.Addr{IPNet: ipNet(p)}
	if p.Addr().Is6() {
		a.Flags = unix.IFA_F_NODAD
	}
	return a
}

// Route is a route to a device.
type Route struct {
	Device string
	Prefix netip.Prefix
	Via    netip.Addr // next hop; invalid: the prefix is on the device itself
	Table  int        // 0: main
}

// AddRoute adds a route.
func AddRoute(r Route) error {
	k, err := r.kernel()
	if err != nil {
		return err
	}
	return wrap(netlink.RouteReplace(k), "route %s to %s", r.Prefix, r.Device)
}

// DelRoute removes a route.
func DelRoute(r Route) error {
	k, err := r.kernel()
	if err != nil {
		return err
	}
	return wrap(unless(netlink.RouteDel(k), unix.ESRCH), "delete route %s to %s", r.Prefix, r.Device)
}

func (r Route) kernel() (*netlink.Route, error) {
	l, err := link(r.Device)
	if err != nil {
		return nil, err
	}
	k := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: ipNet(r.Prefix.Masked()), Table: r.Table, Protocol: RouteProtocol}
	if r.Via.IsValid() {
		k.Gw = r.Via.AsSlice()
	} else {
		k.Scope = netlink.SCOPE_LINK
	}
	return k, nil
}

// DeviceRoutes lists the routes of ours that lead to a device, in all tables.
func DeviceRoutes(name string) ([]Route, error) {
	l, err := link(name)
	if err != nil {
		return nil, err
	}
	filter := &netlink.Route{LinkIndex: l.Attrs().Index, Protocol: RouteProtocol, Table: unix.RT_TABLE_UNSPEC}
	found, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, filter,
		netlink.RT_FILTER_OIF|netlink.RT_FILTER_PROTOCOL|netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("kernel: routes of %s: %w", name, err)
	}
	var routes []Route
	for _, k := range found {
		if k.Dst == nil {
			continue
		}
		addr, _ := netip.AddrFromSlice(k.Dst.IP)
		ones, _ := k.Dst.Mask.Size()
		if k.Dst.IP.To4() != nil && len(k.Dst.Mask) == net.IPv4len {
			addr = addr.Unmap()
		}
		r := Route{Device: name, Prefix: netip.PrefixFrom(addr, ones), Table: k.Table}
		if r.Table == unix.RT_TABLE_MAIN {
			r.Table = 0
		}
		if via, ok := netip.AddrFromSlice(k.Gw); ok {
			r.Via = via.Unmap()
		}
		routes = append(routes, r)
	}
	return routes, nil
}

// AddDeviceRule makes packets that come in through a device look their route
// up in a table, for both families.
func AddDeviceRule(device string, table int) error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		have, err := deviceRules(device, table, family)
		if err != nil {
			return err
		}
		if len(have) > 0 { // the kernel would add another of another preference
			continue
		}
		r := netlink.NewRule()
		r.IifName, r.Table, r.Family = device, table, family
		if err := netlink.RuleAdd(r); err != nil {
			return fmt.Errorf("kernel: rule of table %d for %s: %w", table, device, err)
		}
	}
	return nil
}

// DelDeviceRule removes what AddDeviceRule added.
func DelDeviceRule(device string, table int) error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		have, err := deviceRules(device, table, family)
		if err != nil {
			return err
		}
		for i := range have {
			have[i].Family = family
			if err := netlink.RuleDel(&have[i]); err != nil {
				return fmt.Errorf("kernel: delete rule of table %d for %s: %w", table, device, err)
			}
		}
	}
	return nil
}

func deviceRules(device string, table, family int) ([]netlink.Rule, error) {
	filter := &netlink.Rule{IifName: device, Table: table}
	have, err := netlink.RuleListFiltered(family, filter, netlink.RT_FILTER_IIF|netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("kernel: rules of table %d for %s: %w", table, device, err)
	}
	return have, nil
}

// DisableIPv6Autoconf makes a device keep to the IPv6 addresses it is given:
// no link-local address of its own, no Router Solicitations, nothing learned
// from advertisements. A kernel without IPv6 has nothing to disable.
func DisableIPv6Autoconf(name string) error {
	dir := filepath.Join("net/ipv6/conf", name)
	if _, err := os.Stat(filepath.Join(sysctlRoot, dir)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, s := range []struct{ key, value string }{
		{"addr_gen_mode", "1"}, {"autoconf", "0"}, {"accept_ra", "0"}, {"router_solicitations", "0"}, {"accept_dad", "0"},
	} {
		if err := SetSysctl(filepath.Join(dir, s.key), s.value); err != nil {
			return err
		}
	}
	return nil
}

// AddVeth makes a pair of virtual Ethernet devices with so many queues each
// and moves the far one into another namespace.
func AddVeth(near, far string, queues int, farNamespace *Namespace) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.NumTxQueues, attrs.NumRxQueues = near, queues, queues
	v := &netlink.Veth{LinkAttrs: attrs, PeerName: far, PeerNumTxQueues: uint32(queues), PeerNumRxQueues: uint32(queues)}
	if farNamespace != nil {
		v.PeerNamespace = netlink.NsFd(farNamespace.fd())
	}
	return wrap(netlink.LinkAdd(v), "add veth pair %s and %s", near, far)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// unless forgives one error.
func unless(err error, forgiven unix.Errno) error {
	if errors.Is(err, forgiven) {
		return nil
	}
	return err
}

// wrap says what was being tried.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("kernel: "+format+": %w", append(args, err)...)
}
