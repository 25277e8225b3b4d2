// SPDX-License-Identifier: Apache-2.0

package l2tp

// TunnelState is the state of a control connection, RFC 2661 §7.2.1.
type TunnelState uint8

// Tunnel states. Idle is only seen between an SCCRQ and the owner's answer to
// it; Closed is the time in which the tunnel still acknowledges (§5.7).
const (
	TunnelIdle TunnelState = iota
	TunnelWaitCtlReply
	TunnelWaitCtlConn
	TunnelEstablished
	TunnelClosed
)

var tunnelStateNames = [...]string{"idle", "wait-ctl-reply", "wait-ctl-conn", "established", "closed"}

// String is the RFC's name of the state.
func (s TunnelState) String() string { return tunnelStateNames[s] }

// SessionState is the state of a call, RFC 2661 §7.4 and §7.5.
type SessionState uint8

// Session states. Idle is only seen between an ICRQ or OCRQ and the owner's
// answer to it. WaitAnswer is ours: the LAC's call between the ICRP and the
// owner's ConnectCall, which the RFC takes as one step.
const (
	SessionFree         SessionState = iota // no session: the element belongs to no call
	SessionIdle                             // requested by the peer, not answered yet
	SessionWaitTunnel                       // opened by us, the tunnel is not established yet
	SessionWaitReply                        // ICRQ or OCRQ sent
	SessionWaitAnswer                       // LAC: ICRP received, ICCN is the owner's to send
	SessionWaitConnect                      // LNS: ICRP sent or OCRP received, ICCN or OCCN is awaited
	SessionWaitCSAnswer                     // LAC: OCRP sent, the bearer is being dialled
	SessionEstablished                      // data flows
)

var sessionStateNames = [...]string{
	"free", "idle", "wait-tunnel", "wait-reply", "wait-answer", "wait-connect", "wait-cs-answer", "established",
}

// String is the RFC's name of the state.
func (s SessionState) String() string { return sessionStateNames[s] }
