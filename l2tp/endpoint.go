// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"net/netip"
	"time"
)

// Endpoint is one end of any number of tunnels, as LNS, as LAC, or both.
type Endpoint struct {
	cfg      Config
	counters Counters
}

// New makes an Endpoint without tunnels.
func New(cfg Config) *Endpoint { return &Endpoint{cfg: cfg} }

// Handle takes one datagram that came from peer to local, control or data.
func (e *Endpoint) Handle(now time.Time, peer, local netip.AddrPort, b []byte, fx *Effects) {}

// Flush ends a batch: it sends a ZLB for what nothing else has acknowledged.
func (e *Endpoint) Flush(now time.Time, fx *Effects) {}

// Next is when Advance has work; zero means never.
func (e *Endpoint) Next() time.Time { return time.Time{} }

// Advance does what is due at now.
func (e *Endpoint) Advance(now time.Time, fx *Effects) {}

// Alive notes that data of a tunnel came from its peer: no HELLO is needed.
func (e *Endpoint) Alive(now time.Time, id TunnelID) {}

// OpenTunnel sends an SCCRQ.
func (e *Endpoint) OpenTunnel(now time.Time, peer, local netip.AddrPort, cfg *TunnelConfig, fx *Effects) (TunnelID, error) {
	return 0, ErrLimit
}

// AcceptTunnel answers a TunnelRequested: the SCCRQ is read with the secret of
// cfg and answered with SCCRP, or with StopCCN when it is not acceptable.
func (e *Endpoint) AcceptTunnel(now time.Time, id TunnelID, cfg *TunnelConfig, fx *Effects) {}

// RefuseTunnel answers a TunnelRequested with StopCCN.
func (e *Endpoint) RefuseTunnel(now time.Time, id TunnelID, why Result, fx *Effects) {}

// CloseTunnel sends StopCCN and clears all sessions. It is legal in every state.
func (e *Endpoint) CloseTunnel(now time.Time, id TunnelID, why Result, fx *Effects) {}

// OpenCall sends an ICRQ, or an OCRQ when call.Outgoing is set.
func (e *Endpoint) OpenCall(now time.Time, id TunnelID, call *Call, fx *Effects) (Element, error) {
	return 0, ErrLimit
}

// AcceptCall answers a CallRequested with ICRP, or OCRP.
func (e *Endpoint) AcceptCall(now time.Time, el Element, fx *Effects) {}

// ConnectCall sends ICCN, or OCCN, with what call says about speeds, framing,
// sequencing, proxy LCP and proxy authentication.
func (e *Endpoint) ConnectCall(now time.Time, el Element, call *Call, fx *Effects) {}

// CloseCall sends CDN. It is legal in every state.
func (e *Endpoint) CloseCall(now time.Time, el Element, why Result, cause *DisconnectCause, fx *Effects) {
}

// SendSLI tells the LAC the ACCMs that PPP has negotiated.
func (e *Endpoint) SendSLI(now time.Time, el Element, sendACCM, receiveACCM uint32, fx *Effects) {}

// SendWEN tells the LNS about errors on the line.
func (e *Endpoint) SendWEN(now time.Time, el Element, errs CallErrors, fx *Effects) {}

// AppendData appends a data header, with Ns when the session is sequenced, and frame.
func (e *Endpoint) AppendData(dst []byte, el Element, frame []byte) []byte { return dst }

// DataHeader says how data of a session is addressed.
func (e *Endpoint) DataHeader(el Element) (peer, local netip.AddrPort, peerTunnel TunnelID, peerSession SessionID, sequenced, ok bool) {
	return
}

// Tunnel is a copy of a tunnel's state.
func (e *Endpoint) Tunnel(id TunnelID) (TunnelInfo, bool) { return TunnelInfo{}, false }

// TunnelAfter is the tunnel with the lowest id above after: the way to list them.
func (e *Endpoint) TunnelAfter(after TunnelID) (TunnelID, bool) { return 0, false }

// Session is a copy of a session's state.
func (e *Endpoint) Session(el Element) (SessionInfo, bool) { return SessionInfo{}, false }

// Sessions yields the sessions of a tunnel.
func (e *Endpoint) Sessions(id TunnelID) func(yield func(Element) bool) {
	return func(func(Element) bool) {}
}

// Lookup finds a session by its local ids.
func (e *Endpoint) Lookup(t TunnelID, s SessionID) (Element, bool) { return 0, false }

// TrimCall drops ProxyLCP and ProxyAuth of a session.
func (e *Endpoint) TrimCall(el Element) {}

// Counters is a copy of the counters.
func (e *Endpoint) Counters() Counters { return e.counters }

// Peek reads what steering needs: the T bit, the ids and, of a message with
// Tunnel ID 0, its Assigned Tunnel ID.
func Peek(b []byte) (Glance, bool) { return Glance{}, false }
