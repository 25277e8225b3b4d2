// SPDX-License-Identifier: Apache-2.0

// Package netlab makes small networks of namespaces for tests, the demo and
// benchmarks. They need root and touch nothing outside of themselves.
//
//	lab, err := netlab.New("hf-demo")
//	defer lab.Close()
//	lns, err := lab.Namespace("lns")                       // hf-demo-lns for `ip netns`
//	lac, err := lab.Namespace("lac")
//	err = lab.Veth(netlab.End{In: lns, Device: "lac0"}, netlab.End{In: lac, Device: "lns0"}, 1)
//	err = lns.Do(func() error { socket, err = kernel.ListenUDP(...); return err })
//
// A namespace's loopback is up and its addresses are usable at once. Close
// deletes all namespaces, and with them their devices and routes.
package netlab
