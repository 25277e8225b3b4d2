// SPDX-License-Identifier: Apache-2.0

package interop

import "testing"

// One client after the other, in one guest, against one LNS. What is listed here
// is what real clients do that an LNS must stand.
func TestRootClients(t *testing.T) {
	t.Parallel()
	n := startLNS(t)
	g := bootGuest(t, n.ns)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *lns, *guest)
	}{
		{"logins", testLogins},
		{"fixed address", testFixedAddress},
		{"wrong password", testWrongPassword},
		{"unknown user", testUnknownUser},
		{"wrong secret", testWrongSecret},
		{"unknown LAC", testUnknownLAC},
		{"traffic", testTraffic},
		{"spoofing", testSpoofing},
		{"quiet", testQuiet},
		{"echo", testEcho},
		{"hang-up by tunnel", testHangUpByTunnel},
		{"redial", testRedial},
		{"clear", testClear},
		{"vanish", testVanish},
		{"outage of xl2tpd", testXl2tpdOutage},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, n.on(t), g.on(t)) })
	}
}
