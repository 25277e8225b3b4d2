// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"holdfast/internal/kernel"
	"holdfast/internal/netlab"
	"holdfast/internal/storm"
)

// Mode is how much of the world a stage has.
type Mode uint8

// Modes.
const (
	Namespaces Mode = iota // network namespaces, TUN plane
	Loopback               // the loopback device, no plane
)

var (
	gateways = []string{"192.0.2.1", "192.0.2.2"}
	sources  = []string{"192.0.2.11", "192.0.2.12", "192.0.2.13"}
)

// portL2TP is the UDP port of L2TP, RFC 2661 §8.1.
const portL2TP = 1701

// Stage is a network with room for one LNS process.
type Stage struct {
	Mode     Mode
	Gateways []netip.AddrPort // of the LNS
	Sources  []netip.AddrPort // for LACs
	Targets  []netip.AddrPort // UDP echo services behind the LNS; none on loopback
	Attacker netip.Prefix     // addresses in front of the LNS that nobody else uses, all of them ready to be sent from

	dir    string // files of this stage
	lab    *netlab.Lab
	lns    *netlab.Namespace
	lac    *netlab.Namespace
	core   *netlab.Namespace
	echoes []*storm.Echo
	server *server
}

// Open makes the network. Name must be unique on the machine.
func Open(mode Mode, name string) (*Stage, error) {
	dir, err := os.MkdirTemp("", "holdfast-")
	if err != nil {
		return nil, err
	}
	s := &Stage{Mode: mode, dir: dir, Attacker: netip.MustParsePrefix("127.0.128.0/17")}
	for _, a := range gateways {
		s.Gateways = append(s.Gateways, s.at(a))
	}
	for _, a := range sources {
		s.Sources = append(s.Sources, s.at(a))
	}
	if mode == Namespaces {
		s.Attacker = netip.MustParsePrefix("198.18.0.0/15")
		if err := s.build(name); err != nil {
			return nil, errors.Join(fmt.Errorf("stage: %w", err), s.Close())
		}
	}
	return s, nil
}

// at is the address a, or what stands for it on loopback, with the L2TP port.
func (s *Stage) at(a string) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(s.localised(a)), portL2TP)
}

// localised is text with what it says of the network as the stage has it: on the
// loopback device, other gateways, no forwarding, and metrics at an address that
// no other stage has.
func (s *Stage) localised(text string) string {
	if s.Mode == Namespaces {
		return text
	}
	network := loopbackNetwork(os.Getpid())
	return strings.NewReplacer(
		"192.0.2.", network,
		"127.0.0.1:9117", network+"1:9117",
		"holdfast {", "holdfast { forwarding-plane { type none; }",
	).Replace(text)
}

// loopbackNetwork is a /24 of 127.0.0.0/8, without its last octet, for the
// process: two stages at a time must not share addresses.
func loopbackNetwork(pid int) string {
	return fmt.Sprintf("127.%d.%d.", 1+pid>>8%254, pid%256)
}

// build makes the namespaces, the links between them and the echo services.
func (s *Stage) build(name string) (err error) {
	if s.lab, err = netlab.New(name); err != nil {
		return err
	}
	for _, n := range []struct {
		to   **netlab.Namespace
		name string
	}{{&s.lns, "lns"}, {&s.lac, "lac"}, {&s.core, "core"}} {
		if *n.to, err = s.lab.Namespace(n.name); err != nil {
			return err
		}
	}
	err = errors.Join(
		s.lab.Veth(
			netlab.End{In: s.lns, Device: "lac0", Addresses: prefixes([]string{"192.0.2.254"}, "/24")},
			netlab.End{In: s.lac, Device: "lns0", Addresses: prefixes(sources, "/24")}, 2),
		s.lab.Veth(
			netlab.End{In: s.lns, Device: "core0", Addresses: prefixes([]string{"203.0.113.1", "2001:db8:2::1"}, "/24", "/64")},
			netlab.End{In: s.core, Device: "lns0", Addresses: prefixes([]string{"203.0.113.2", "2001:db8:2::2"}, "/24", "/64")}, 2),
		s.lns.Forward(),
		s.lac.Address(s.Attacker), // on a loopback device: all of them
		s.lns.Route(s.Attacker, "lac0", netip.MustParseAddr(sources[0])),
		s.lac.Route(netip.MustParsePrefix("0.0.0.0/0"), "lns0", netip.MustParseAddr("192.0.2.254")),
		s.core.Route(netip.MustParsePrefix("0.0.0.0/0"), "lns0", netip.MustParseAddr("203.0.113.1")),
		s.core.Route(netip.MustParsePrefix("::/0"), "lns0", netip.MustParseAddr("2001:db8:2::1")))
	if err != nil {
		return err
	}
	for _, a := range []string{"203.0.113.2:7", "[2001:db8:2::2]:7"} {
		at := netip.MustParseAddrPort(a)
		echo, err := storm.StartEcho(at, listenIn(s.core))
		if err != nil {
			return err
		}
		s.echoes = append(s.echoes, echo)
		s.Targets = append(s.Targets, at)
	}
	return nil
}

// prefixes puts addresses and lengths together; the last length serves the rest.
func prefixes(addresses []string, lengths ...string) (list []netip.Prefix) {
	for i, a := range addresses {
		list = append(list, netip.MustParsePrefix(a+lengths[min(i, len(lengths)-1)]))
	}
	return list
}

// Listen opens a socket where the LACs are.
func (s *Stage) Listen(local netip.AddrPort, o kernel.UDPOptions) (*kernel.UDPSocket, error) {
	if s.lac == nil {
		return kernel.ListenUDP(local, o)
	}
	return listenIn(s.lac)(local, o)
}

// ListenBehind opens a socket behind the LNS; on the loopback device that is where
// all others are.
func (s *Stage) ListenBehind(local netip.AddrPort, o kernel.UDPOptions) (*kernel.UDPSocket, error) {
	if s.core == nil {
		return kernel.ListenUDP(local, o)
	}
	return listenIn(s.core)(local, o)
}

// listenIn opens sockets in a namespace.
func listenIn(n *netlab.Namespace) storm.Listener {
	return func(local netip.AddrPort, o kernel.UDPOptions) (socket *kernel.UDPSocket, err error) {
		err = n.Do(func() error {
			var err error
			socket, err = kernel.ListenUDP(local, o)
			return err
		})
		return socket, err
	}
}

// File is the path of a file of this stage.
func (s *Stage) File(name string) string { return filepath.Join(s.dir, name) }

// Close takes everything down.
func (s *Stage) Close() error {
	_, err := s.Stop()
	for _, e := range s.echoes {
		err = errors.Join(err, e.Close())
	}
	if s.lab != nil {
		err = errors.Join(err, s.lab.Close())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
