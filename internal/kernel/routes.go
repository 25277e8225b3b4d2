// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// RouteBatchMax is how many changes DeviceRouter.Apply takes at once.
const RouteBatchMax = 128

// RouteChange is one route to be added or removed.
type RouteChange struct {
	Prefix netip.Prefix
	Delete bool
	Err    error // what the kernel said; nil: it is as it was wanted
}

// DeviceRouter adds and removes routes to one device in one table, many in one
// system call. Unlike AddRoute it takes nobody's place: where there is a route
// for the prefix already, of whomever, adding fails with ErrRouteTaken. It
// belongs to one goroutine, and acts in the network namespace in which it was
// opened, whichever thread calls it.
type DeviceRouter struct {
	fd       int
	device   string
	index    uint32
	table    uint32
	sequence uint32
	request  []byte
	reply    []byte
}

// ErrRouteTaken says that there is a route for the prefix already.
var ErrRouteTaken = errors.New("kernel: there is such a route already")

// routeTimeout bounds the wait for an answer, which the kernel gives before the
// call that asks returns.
const routeTimeout = 5 // seconds

// OpenDeviceRouter is for routes to a device in a table; 0: main.
func OpenDeviceRouter(device string, table int) (*DeviceRouter, error) {
	index, err := LinkIndex(device)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("kernel: netlink: %w", err)
	}
	if table == 0 {
		table = unix.RT_TABLE_MAIN
	}
	r := &DeviceRouter{fd: fd, device: device, index: uint32(index), table: uint32(table), reply: make([]byte, 1<<13)}
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: routeTimeout}),
		unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1), // an error does not come with the request
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("kernel: netlink: %w", err), r.Close())
	}
	return r, nil
}

// Close ends the router; routes stay.
func (r *DeviceRouter) Close() error { return unix.Close(r.fd) }

// Apply makes up to RouteBatchMax changes, in order. Each gets its own Err;
// removing what is not there is none. An error of Apply itself says that
// nothing is known of any.
func (r *DeviceRouter) Apply(changes []RouteChange) error {
	if len(changes) == 0 {
		return nil
	}
	if len(changes) > RouteBatchMax {
		return fmt.Errorf("kernel: %d routes at once, at most %d", len(changes), RouteBatchMax)
	}
	first := r.sequence + 1
	r.request = r.request[:0]
	for i := range changes {
		changes[i].Err = nil
		r.sequence++
		r.append(&changes[i], i == len(changes)-1)
	}
	if err := unix.Sendto(r.fd, r.request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("kernel: routes to %s: %w", r.device, err)
	}
	return r.answers(changes, first)
}

// append adds a message. Only the last is acknowledged; the others are heard of
// when they fail.
func (r *DeviceRouter) append(c *RouteChange, last bool) {
	start := len(r.request)
	kind, flags := uint16(unix.RTM_NEWROUTE), uint16(unix.NLM_F_REQUEST|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	if c.Delete {
		kind, flags = unix.RTM_DELROUTE, unix.NLM_F_REQUEST
	}
	if last {
		flags |= unix.NLM_F_ACK
	}
	family := uint8(unix.AF_INET)
	if c.Prefix.Addr().Is6() {
		family = unix.AF_INET6
	}
	e := binary.NativeEndian
	b := e.AppendUint32(r.request, 0) // the length, below
	b = e.AppendUint16(b, kind)
	b = e.AppendUint16(b, flags)
	b = e.AppendUint32(b, r.sequence)
	b = e.AppendUint32(b, 0)
	// struct rtmsg. The table goes into an attribute, since here it has an octet.
	b = append(b, family, uint8(c.Prefix.Bits()), 0, 0, unix.RT_TABLE_UNSPEC, RouteProtocol, unix.RT_SCOPE_LINK, unix.RTN_UNICAST)
	b = e.AppendUint32(b, 0)
	b = attribute(b, unix.RTA_DST, c.Prefix.Masked().Addr().AsSlice())
	b = attribute(b, unix.RTA_OIF, e.AppendUint32(nil, r.index))
	b = attribute(b, unix.RTA_TABLE, e.AppendUint32(nil, r.table))
	e.PutUint32(b[start:], uint32(len(b)-start))
	r.request = b
}

// attribute appends a value whose length is a multiple of four.
func attribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(b, value...)
}

// answers reads until the last change is answered.
func (r *DeviceRouter) answers(changes []RouteChange, first uint32) error {
	for {
		n, _, err := unix.Recvfrom(r.fd, r.reply, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("kernel: routes to %s: %w", r.device, err)
		}
		for b := r.reply[:n]; len(b) >= unix.SizeofNlMsghdr+4; {
			e := binary.NativeEndian // struct nlmsghdr
			length, kind, sequence := int(e.Uint32(b)), e.Uint16(b[4:]), e.Uint32(b[8:])
			if length < unix.SizeofNlMsghdr+4 || length > len(b) {
				return fmt.Errorf("kernel: routes to %s: an answer of %d octets in %d", r.device, length, len(b))
			}
			// Answers to a batch before that was given up have lower numbers.
			if i := sequence - first; kind == unix.NLMSG_ERROR && i < uint32(len(changes)) {
				c := &changes[i]
				c.Err = r.verdict(c, int32(e.Uint32(b[unix.SizeofNlMsghdr:])))
				if int(i) == len(changes)-1 {
					return nil
				}
			}
			b = b[min(len(b), (length+3)&^3):]
		}
	}
}

// verdict is what a negative error number means for a change.
func (r *DeviceRouter) verdict(c *RouteChange, number int32) error {
	switch errno := unix.Errno(-number); {
	case errno == 0, c.Delete && errno == unix.ESRCH:
		return nil
	case errno == unix.EEXIST:
		return fmt.Errorf("kernel: route %s to %s: %w", c.Prefix, r.device, ErrRouteTaken)
	default:
		return fmt.Errorf("kernel: route %s to %s: %w", c.Prefix, r.device, errno)
	}
}
