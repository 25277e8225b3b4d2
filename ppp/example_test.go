// SPDX-License-Identifier: Apache-2.0

package ppp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"holdfast/ppp"
)

// A modem logs in to an LNS. Whoever owns a link hands it frames and carries its
// effects out, in order; here the two owners are one loop and the wire is a call.
func Example() {
	lns := &ppp.Config{
		Rand: rand.New(rand.NewPCG(1, 0)), Auth: []ppp.AuthMethod{ppp.CHAP}, HostName: "lns.example.net", IPCP: true,
	}
	modem := &ppp.Config{
		Role: ppp.Peer, Rand: rand.New(rand.NewPCG(2, 0)), Auth: []ppp.AuthMethod{ppp.CHAP, ppp.PAP}, IPCP: true,
	}
	network := ppp.Network{LocalIPv4: netip.MustParseAddr("192.0.2.1"), PeerIPv4: netip.MustParseAddr("198.51.100.7")}

	var ends [2]ppp.Link
	var fx [2]ppp.Effects
	ends[0].Init(lns, nil)
	ends[1].Init(modem, &ppp.Credentials{Name: "user", Password: "secret"})
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i := range ends {
		ends[i].Open(now, &fx[i])
	}
	for i := 0; len(fx[0].List)+len(fx[1].List) > 0; i = 1 - i {
		for k := 0; k < len(fx[i].List); k++ {
			switch e := fx[i].List[k]; e.Kind {
			case ppp.SendFrame:
				ends[1-i].Handle(now, e.Frame, &fx[1-i])
			case ppp.AuthRequest:
				ends[i].Authenticated(now, ppp.Check(e.Auth, "secret"), &fx[i])
				ends[i].Grant(now, network, &fx[i])
			case ppp.NetworkUp:
				n := ends[i].Network()
				fmt.Println(e.Protocol, "is up:", n.LocalIPv4, "to", n.PeerIPv4)
			}
		}
		fx[i].Reset()
	}
	fmt.Println(ends[0].Phase(), ends[0].AuthUsed())
	// Output:
	// IPCP is up: 192.0.2.1 to 198.51.100.7
	// IPCP is up: 198.51.100.7 to 192.0.2.1
	// network CHAP
}
