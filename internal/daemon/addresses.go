// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"holdfast/internal/config"
	"holdfast/internal/kernel"
)

// loopback is the device that carries the addresses of lo0.
const loopback = "lo"

// ensureAddresses puts the addresses of lo0 on the host unless some device has
// them already, and returns those it has put there: they are ours to remove.
// Without a data plane only gateways need an address on the host.
func ensureAddresses(r *config.Result) (added []netip.Prefix, err error) {
	wanted := r.Daemon.LoopbackAddresses
	if r.Daemon.Plane == config.PlaneNone {
		wanted = nil
		for _, p := range r.Daemon.LoopbackAddresses {
			for _, gateway := range gateways(r) {
				if p.Addr() == gateway {
					wanted = append(wanted, p)
				}
			}
		}
	}
	present, err := hostAddresses()
	if err != nil {
		return nil, err
	}
	for _, p := range wanted {
		// All of 127.0.0.0/8 is the host's by its one address 127.0.0.1/8.
		if present[p.Addr()] || p.Addr().IsLoopback() {
			continue
		}
		if err := kernel.AddAddress(loopback, p); err != nil {
			return nil, errors.Join(fmt.Errorf("address of lo0: %w", err), removeAddresses(added))
		}
		added = append(added, p)
	}
	return added, nil
}

// hostAddresses are the addresses of all devices of this network namespace.
func hostAddresses() (map[netip.Addr]bool, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("addresses of this host: %w", err)
	}
	present := make(map[netip.Addr]bool, len(list))
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			present[p.Addr().Unmap()] = true
		}
	}
	return present, nil
}

func removeAddresses(added []netip.Prefix) error {
	var errs []error
	for _, p := range added {
		errs = append(errs, kernel.DelAddress(loopback, p))
	}
	return errors.Join(errs...)
}

// gateways are the local gateway addresses of all tunnel groups, each once, in
// the order of the configuration.
func gateways(r *config.Result) (list []netip.Addr) {
	seen := make(map[netip.Addr]bool)
	for _, g := range r.LNS.Groups {
		if !seen[g.Gateway] {
			seen[g.Gateway] = true
			list = append(list, g.Gateway)
		}
	}
	return list
}
