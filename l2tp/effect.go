// SPDX-License-Identifier: Apache-2.0

package l2tp

import "net/netip"

// EffectKind says which fields of an Effect mean something.
type EffectKind uint8

// What an Endpoint asks for or reports.
const (
	Send            EffectKind = iota // Packet goes from Local to Peer
	TunnelRequested                   // an SCCRQ came: answer with AcceptTunnel or RefuseTunnel; HostName, Peer, Local say who
	TunnelUp                          // control connection established
	TunnelDown                        // gone for the owner; Err says why, Result what was sent or received; its sessions were reported before
	CallRequested                     // an ICRQ (LNS) or OCRQ (LAC) came: answer with AcceptCall or CloseCall
	CallAccepted                      // the peer sent ICRP (we are LAC: ConnectCall is next) or OCRP (we are LNS: wait)
	CallUp                            // established: ICCN or OCCN sent or received
	CallDown                          // gone; Err why, Result what was sent or received, Cause when the peer gave one
	Data                              // Packet is a PPP frame from the peer; none twice when sequenced
	LinkInfo                          // SLI: Value is the send ACCM, Value2 the receive ACCM
	LineErrors                        // WEN came: see SessionInfo.LineErrors
	TunnelMoved                       // the peer sends from another address, Peer, and answers go there from now on
	SpeedUpdate                       // CSUN (RFC 5515): Value is the new Tx, Value2 the new Rx Connect Speed, which Call has too
)

var effectNames = [...]string{
	"Send", "TunnelRequested", "TunnelUp", "TunnelDown", "CallRequested", "CallAccepted", "CallUp", "CallDown", "Data", "LinkInfo",
	"LineErrors", "TunnelMoved", "SpeedUpdate",
}

// String is the name of the kind.
func (k EffectKind) String() string { return effectNames[k] }

// Effect is one thing an Endpoint wants done or known. Effects are handled in
// order. Packet is valid until the Effects are reset.
type Effect struct {
	Kind     EffectKind
	Tunnel   TunnelID // local id
	Session  SessionID
	Element  Element
	Peer     netip.AddrPort
	Local    netip.AddrPort
	HostName string
	Packet   []byte
	Result   Result
	Cause    *DisconnectCause
	Err      error // wraps one of the Err… sentinels
	Value    uint32
	Value2   uint32
}

// Effects is the caller's buffer: reset and reused, so that nothing is allocated per packet.
type Effects struct {
	List  []Effect
	arena []byte
}

// Reset forgets all effects and the octets they pointed to.
func (fx *Effects) Reset() { clear(fx.List); fx.List = fx.List[:0]; fx.arena = fx.arena[:0] }

// copy keeps b until Reset. When the arena has to grow, what was handed out
// before stays where it is.
func (fx *Effects) copy(b []byte) []byte {
	if len(fx.arena)+len(b) > cap(fx.arena) {
		fx.arena = make([]byte, 0, max(2*cap(fx.arena), len(b), 4096))
	}
	at := len(fx.arena)
	fx.arena = append(fx.arena, b...)
	return fx.arena[at:len(fx.arena):len(fx.arena)]
}
