// SPDX-License-Identifier: Apache-2.0

package policetest

import (
	"holdfast/internal/police"
	"holdfast/l2tp/wire"
	ppp "holdfast/ppp/wire"
)

var messages = map[police.Type]wire.MessageType{
	police.SCCRQ: wire.SCCRQ, police.SCCRP: wire.SCCRP, police.SCCCN: wire.SCCCN, police.StopCCN: wire.StopCCN, police.Hello: wire.HELLO,
	police.ICRQ: wire.ICRQ, police.ICRP: wire.ICRP, police.ICCN: wire.ICCN, police.CDN: wire.CDN, police.WEN: wire.WEN, police.SLI: wire.SLI,
	police.FSQ: wire.FSQ, police.FSR: wire.FSR, police.L2TPUnclassified: wire.OCRQ,
}

var frames = map[police.Type][]byte{
	police.LCP:             {0xc0, 0x21, byte(ppp.ConfigureRequest), 1, 0, 4},
	police.EchoRequest:     {0xc0, 0x21, byte(ppp.EchoRequest), 1, 0, 8, 0, 0, 0, 0},
	police.EchoReply:       {0xc0, 0x21, byte(ppp.EchoReply), 1, 0, 8, 0, 0, 0, 0},
	police.Authentication:  {0xc0, 0x23, byte(ppp.AuthenticateRequest), 1, 0, 6, 0, 0},
	police.IPCP:            {0x80, 0x21, byte(ppp.ConfigureRequest), 1, 0, 4},
	police.IPV6CP:          {0x80, 0x57, byte(ppp.ConfigureRequest), 1, 0, 4},
	police.PPPUnclassified: {0x80, 0xfd, byte(ppp.ConfigureRequest), 1, 0, 4},
	police.None:            {0x00, 0x21, 0x45, 0},
}

// Octets is a short datagram of the given type; nil for types that are no L2TP.
func Octets(t police.Type, tunnelID, sessionID uint16) []byte {
	if frame, ok := frames[t]; ok {
		b := wire.AppendDataHeader(nil, wire.DataHeader{TunnelID: tunnelID, SessionID: sessionID}, len(frame)+2)
		return append(append(b, ppp.Address, ppp.Control), frame...)
	}
	if t == police.BadPacket {
		return []byte{0xc8, 3}
	}
	m, ok := messages[t]
	if !ok && t != police.ZLB {
		return nil
	}
	b := wire.AppendControlHeader(nil, wire.ControlHeader{TunnelID: tunnelID, SessionID: sessionID})
	if ok {
		b = wire.AppendAVP(b, wire.AVP{Mandatory: true, Value: []byte{0, byte(m)}})
		wire.SetLength(b)
	}
	return b
}
