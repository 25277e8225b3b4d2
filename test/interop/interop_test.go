// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"path/filepath"
	"testing"

	"holdfast/test/tshark"
)

// One client after the other, in one guest, against one LNS. What is listed here
// is what real clients do that an LNS must stand.
func TestRootClients(t *testing.T) {
	t.Parallel()
	n := startLNS(t)
	g := bootGuest(t, n.ns)
	packets := filepath.Join(t.TempDir(), "pcap")
	stop := background(t, n.ns, packets+".log", "tcpdump", "-Z", "root", "-U", "-i", tap, "-c", "20000", "-w", packets, "udp port 1701")
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
		{"spoofing", testSpoofing},
		{"quiet", testQuiet},
		{"echo", testEcho},
		{"hang-up by tunnel", testHangUpByTunnel},
		{"redial", testRedial},
		{"clear", testClear},
		{"vanish", testVanish},
		{"traffic", testTraffic}, // last: it fills the capture
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, n.on(t), g.on(t)) })
	}
	t.Run("tshark", func(t *testing.T) {
		stop()
		tshark.WantSound(t, packets)
		tshark.WantSeen(t, packets, "l2tp.avp.message_type", "1", "2", "3", "4", "6", "10", "11", "12", "14")
	})
}

// Links that go down and come back, in a guest of their own, since most of it is waiting.
func TestRootOutages(t *testing.T) {
	t.Parallel()
	n := startLNS(t)
	g := bootGuest(t, n.ns)
	t.Run("many sessions", func(t *testing.T) { testOutage(t, n.on(t), g.on(t)) })
	t.Run("xl2tpd", func(t *testing.T) { testXl2tpdOutage(t, n.on(t), g.on(t)) })
}
