// SPDX-License-Identifier: Apache-2.0

package netio

import "encoding/binary"

// flow tells the sockets which datagrams to one peer must stay in order: the
// control messages of a tunnel, and the data messages of a session. All others
// may overtake each other, and in a storm they do: thousands of answers to one
// LAC have a handful of lengths, and those of one length leave in one send.
func flow(b []byte) uint32 {
	if len(b) < shortest {
		return 0
	}
	at := dataTunnelID
	if b[0]&lengthBit != 0 {
		at += 2
	}
	if b[0]&typeBit != 0 {
		at = controlTunnelID
	}
	if len(b) < at+4 {
		return 0
	}
	ids := binary.BigEndian.Uint32(b[at:]) // Tunnel ID and Session ID
	if b[0]&typeBit != 0 {
		return ids &^ 0xffff // session 0 stands for all: control is in order over the whole tunnel
	}
	return ids
}
