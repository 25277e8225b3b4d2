// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// "UDP checksums MUST be enabled for both control and data messages", RFC 2661
// §8.1: that is the kernel's default, and we leave it alone.
func TestRFC2661ChecksumsAreOn(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		s, err := ListenUDP(netip.MustParseAddrPort(address), UDPOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for name, option := range map[string][2]int{
			"SO_NO_CHECK":      {unix.SOL_SOCKET, unix.SO_NO_CHECK},
			"UDP_NO_CHECK6_TX": {unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_TX},
			"UDP_NO_CHECK6_RX": {unix.IPPROTO_UDP, unix.UDP_NO_CHECK6_RX},
		} {
			var value int
			var optErr error
			if err := s.raw.Control(func(fd uintptr) { value, optErr = unix.GetsockoptInt(int(fd), option[0], option[1]) }); err != nil {
				t.Fatal(err)
			}
			if optErr != nil || value != 0 {
				t.Errorf("%s: %s is %d (%v)", address, name, value, optErr)
			}
		}
	}
}
