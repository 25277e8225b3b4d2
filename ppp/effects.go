// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"encoding/binary"

	"holdfast/ppp/wire"
)

// frameHeaderLen is the length of FF 03 and the protocol.
const frameHeaderLen = 4

// begin starts a frame with a packet at the end of the arena and returns where
// it starts. What is appended to the arena until seal is the packet's data.
//
// Every frame has its Address, Control and two octets of Protocol, whatever was
// negotiated: "The Address and Control fields MUST NOT be compressed when
// sending any LCP packet." RFC 1661 §6.6
func (fx *Effects) begin(p Protocol, c wire.Code, id uint8) (start int) {
	start = len(fx.arena)
	fx.arena = wire.AppendHeader(fx.arena, p)
	fx.arena = wire.AppendPacketHeader(fx.arena, c, id, 0)
	return start
}

// seal fills in the Length of the packet that began at start and returns its frame.
func (fx *Effects) seal(start int) []byte {
	frame := fx.arena[start:len(fx.arena):len(fx.arena)]
	binary.BigEndian.PutUint16(frame[frameHeaderLen+2:], uint16(len(frame)-frameHeaderLen))
	return frame
}

// send asks for a sealed frame to be sent.
func (fx *Effects) send(p Protocol, frame []byte) {
	fx.List = append(fx.List, Effect{Kind: SendFrame, Protocol: p, Frame: frame})
}

// sendPacket asks for a packet to be sent.
func (fx *Effects) sendPacket(p Protocol, packet wire.Packet) {
	start := fx.begin(p, packet.Code, packet.ID)
	fx.arena = append(fx.arena, packet.Data...)
	fx.send(p, fx.seal(start))
}
