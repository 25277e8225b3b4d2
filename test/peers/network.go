// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"holdfast/internal/kernel"
	"holdfast/internal/netlab"
)

// Addresses of the drawing in doc.go.
var (
	gateway  = netip.MustParseAddrPort("192.0.2.1:1701")
	ipcpPeer = netip.MustParseAddr("192.0.2.2") // the LNS's end of the subscribers' links
)

// lacCount is how many LACs there are; cutCount of them lose their link in a flap.
const (
	lacCount = 3
	cutCount = 2
)

// network is an LNS's host and LACs, each on a link of its own.
type network struct {
	lab  *netlab.Lab
	lns  *netlab.Namespace
	lacs [lacCount]*netlab.Namespace
}

// uplink is the device of each LAC; in the LNS's namespace they are called downlink(i).
const uplink = "up0"

func downlink(i int) string { return fmt.Sprintf("lac%d", i) }

// Both ends of the link of LAC i, which is a /30.
func lacAddress(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(4*i + 1)}) }
func lnsAddress(i int) netip.Addr { return lacAddress(i).Next() }

// newNetwork makes the namespaces. The gateway's address is for the LNS to put
// on its host, or for us to do it in its stead.
func newNetwork(name string) (*network, error) {
	n := &network{}
	var err error
	if n.lab, err = netlab.New(name); err == nil {
		err = n.build()
	}
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *network) build() (err error) {
	if n.lns, err = n.lab.Namespace("lns"); err != nil {
		return err
	}
	if err = n.lns.Forward(); err != nil {
		return err
	}
	for i := range n.lacs {
		if n.lacs[i], err = n.lab.Namespace(downlink(i)); err != nil {
			return err
		}
		end := func(in *netlab.Namespace, device string, a netip.Addr) netlab.End {
			return netlab.End{In: in, Device: device, Addresses: []netip.Prefix{netip.PrefixFrom(a, 30)}}
		}
		err = n.lab.Veth(end(n.lns, downlink(i), lnsAddress(i)), end(n.lacs[i], uplink, lacAddress(i)), 1)
		if err = errors.Join(err, n.route(i)); err != nil {
			return err
		}
	}
	return nil
}

// route lets LAC i find the gateway. The kernel forgets the route when the link goes down.
func (n *network) route(i int) error {
	return n.lacs[i].Route(netip.PrefixFrom(gateway.Addr(), 32), uplink, lnsAddress(i))
}

// cut takes down the links of the last LACs at their end. The LNS's host keeps
// its addresses and routes, so an LNS notices nothing but silence.
func (n *network) cut() (err error) {
	for i := lacCount - cutCount; i < lacCount; i++ {
		err = errors.Join(err, n.lacs[i].Do(func() error { return kernel.LinkDown(uplink) }))
	}
	return err
}

// mend brings them up again.
func (n *network) mend() (err error) {
	for i := lacCount - cutCount; i < lacCount; i++ {
		err = errors.Join(err, n.lacs[i].Do(func() error { return kernel.LinkUp(uplink) }), n.route(i))
	}
	return err
}

// sources is where the LACs dial from.
func (n *network) sources() (list []netip.AddrPort) {
	for i := range n.lacs {
		list = append(list, netip.AddrPortFrom(lacAddress(i), gateway.Port()))
	}
	return list
}

// listen opens the socket of a LAC.
func (n *network) listen(local netip.AddrPort, o kernel.UDPOptions) (socket *kernel.UDPSocket, err error) {
	for i, lac := range n.lacs {
		if lacAddress(i) == local.Addr() {
			return listenIn(lac, local, o)
		}
	}
	return nil, fmt.Errorf("no LAC has the address %v", local)
}

// listenIn opens a socket in a namespace.
func listenIn(in *netlab.Namespace, local netip.AddrPort, o kernel.UDPOptions) (socket *kernel.UDPSocket, err error) {
	err = in.Do(func() error {
		var err error
		socket, err = kernel.ListenUDP(local, o)
		return err
	})
	return socket, err
}

func (n *network) close() error {
	if n.lab == nil {
		return nil
	}
	return n.lab.Close()
}

// networkName is unique on the machine: the process's id and a number.
func networkName(number int) string { return fmt.Sprintf("hf-peers-%d-%d", os.Getpid(), number) }
