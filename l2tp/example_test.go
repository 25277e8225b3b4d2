// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"holdfast/l2tp"
)

// An LNS and a LAC in one process. Each owner has the same loop: hand datagrams
// in, carry out the effects in order, flush.
func Example() {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	lacAddr, lnsAddr := netip.MustParseAddrPort("192.0.2.1:1701"), netip.MustParseAddrPort("198.51.100.1:1701")
	// In production the source is a ChaCha8 seeded from crypto/rand: ids and
	// challenges must not be guessable.
	lac := l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(1, 0))})
	lns := l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(2, 0))})
	cfg := &l2tp.TunnelConfig{HostName: "example", Secret: "example", Authenticate: true}

	var toLNS, toLAC [][]byte
	var fx l2tp.Effects

	lacOwner := func() {
		for i := 0; i < len(fx.List); i++ { // verbs append more
			switch f := fx.List[i]; f.Kind {
			case l2tp.Send:
				toLNS = append(toLNS, append([]byte(nil), f.Packet...))
			case l2tp.CallAccepted:
				lac.ConnectCall(now, f.Element, &l2tp.Call{TxSpeed: 100_000_000}, &fx)
			}
		}
		fx.Reset()
	}
	lnsOwner := func() {
		for i := 0; i < len(fx.List); i++ {
			switch f := fx.List[i]; f.Kind {
			case l2tp.Send:
				toLAC = append(toLAC, append([]byte(nil), f.Packet...))
			case l2tp.TunnelRequested:
				fmt.Println("tunnel from", f.HostName)
				lns.AcceptTunnel(now, f.Tunnel, cfg, &fx)
			case l2tp.CallRequested:
				s, _ := lns.Session(f.Element)
				fmt.Println("call from", s.Call.CallingNumber)
				lns.AcceptCall(now, f.Element, &fx)
			case l2tp.CallUp:
				s, _ := lns.Session(f.Element)
				fmt.Println("up at", s.Call.TxSpeed, "bit/s")
			}
		}
		fx.Reset()
	}

	tunnel, err := lac.OpenTunnel(now, lnsAddr, lacAddr, cfg, &fx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := lac.OpenCall(now, tunnel, &l2tp.Call{CallingNumber: "5551234"}, &fx); err != nil {
		fmt.Println(err)
		return
	}
	lacOwner()
	for len(toLNS)+len(toLAC) > 0 {
		batch := toLNS
		toLNS = nil
		for _, b := range batch {
			lns.Handle(now, lacAddr, lnsAddr, b, &fx)
		}
		lnsOwner() // its answers carry the acknowledgements; Flush sends the rest
		lns.Flush(now, &fx)
		lnsOwner()
		batch = toLAC
		toLAC = nil
		for _, b := range batch {
			lac.Handle(now, lnsAddr, lacAddr, b, &fx)
		}
		lacOwner()
		lac.Flush(now, &fx)
		lacOwner()
	}
	// Output:
	// tunnel from example
	// call from 5551234
	// up at 100000000 bit/s
}
