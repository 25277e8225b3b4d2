// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"encoding/binary"
	"math/bits"
)

const flagSYN = 0x02

// ClampMSS lowers the Maximum Segment Size option of a TCP SYN so that full
// segments fit a link of this MTU, and tells whether it did. The TCP checksum
// must be complete; it is updated, not computed anew, so that a packet that
// was corrupt on arrival stays corrupt.
func ClampMSS(ip []byte, mtu int) bool {
	protocol, first := upper(ip)
	if protocol != protocolTCP || !first {
		return false
	}
	header := headerLength(ip)
	tcp := ip[header:]
	if len(tcp) < 20 || tcp[13]&flagSYN == 0 {
		return false
	}
	end := int(tcp[12]>>4) * 4
	if end < 20 || end > len(tcp) {
		return false
	}
	at := findMSS(tcp[:end])
	most := min(mtu-20-ipHeader(ip), 0xffff)
	if at == 0 || most <= 0 {
		return false
	}
	old := binary.BigEndian.Uint16(tcp[at:])
	if int(old) <= most {
		return false
	}
	was, is := old, uint16(most)
	binary.BigEndian.PutUint16(tcp[at:], is)
	if at&1 == 1 { // the value lies across two words: each octet changes the other half
		was, is = bits.ReverseBytes16(was), bits.ReverseBytes16(is)
	}
	binary.BigEndian.PutUint16(tcp[tcpChecksum:], update(binary.BigEndian.Uint16(tcp[tcpChecksum:]), was, is))
	return true
}

// ipHeader is the header length that the MSS leaves out: options never count
// (RFC 9293 §3.7.1).
func ipHeader(ip []byte) int {
	if IsIPv6(ip) {
		return 40
	}
	return 20
}

// findMSS walks the options of a TCP header to the value of option 2; 0: none.
func findMSS(tcp []byte) int {
	for at := 20; at < len(tcp); {
		switch tcp[at] {
		case 0: // end of options
			return 0
		case 1: // no operation
			at++
			continue
		}
		if at+2 > len(tcp) || tcp[at+1] < 2 || at+int(tcp[at+1]) > len(tcp) {
			return 0
		}
		if tcp[at] == 2 {
			if tcp[at+1] != 4 {
				return 0
			}
			return at + 2
		}
		at += int(tcp[at+1])
	}
	return 0
}
