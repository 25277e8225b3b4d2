// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"encoding/binary"
	"time"

	"holdfast/ppp/wire"
)

// lcpOptions are the LCP options of one direction of a link (RFC 1661 §6).
type lcpOptions struct {
	magic uint32     // 0: none
	mru   uint16     // 0: the default
	auth  AuthMethod // asked of the other end
	pfc   bool       // the asker takes compressed Protocol fields
	acfc  bool       // the asker takes frames without Address and Control
}

// Limits on options.
const (
	mruMin     = 128 // what we ask a peer to take at least; a smaller MRU cannot carry our own packets
	requestMax = 32  // octets of options in the largest Configure-Request of ours
)

// wishLCP sets what our Configure-Requests ask for at the start of a negotiation.
//
// "Configuration Options SHOULD NOT be included with default values." RFC 1661 §5.1
func (l *Link) wishLCP() {
	l.local = lcpOptions{magic: l.newMagic(), pfc: l.cfg.PFC, acfc: l.cfg.ACFC}
	l.setMRU(l.cfg.mru())
	l.refusedMethods = 0
	if l.cfg.Role == Authenticator && len(l.cfg.Auth) > 0 {
		// "Instead, it SHOULD attempt to configure the most desirable protocol
		// first." RFC 1661 §6.2
		l.local.auth = l.cfg.Auth[0]
	}
}

// newMagic draws a Magic-Number: "A Magic-Number of zero is illegal." RFC 1661 §6.4
func (l *Link) newMagic() uint32 {
	for {
		if m := l.cfg.Rand.Uint32(); m != 0 && m != l.local.magic {
			return m
		}
	}
}

func (l *Link) setMRU(mru uint16) {
	l.local.mru = mru
	if mru == defaultMRU {
		l.local.mru = 0
	}
}

// appendLCPRequest appends the options of our Configure-Request.
func (l *Link) appendLCPRequest(b []byte) []byte {
	if l.local.mru != 0 {
		b = wire.AppendOption16(b, wire.OptionMRU, l.local.mru)
	}
	if l.local.auth != AuthNone {
		b = appendAuthOption(b, l.local.auth)
	}
	if l.local.magic != 0 {
		b = wire.AppendOption32(b, wire.OptionMagic, l.local.magic)
	}
	if l.local.pfc {
		b = wire.AppendOption(b, wire.OptionPFC)
	}
	if l.local.acfc {
		b = wire.AppendOption(b, wire.OptionACFC)
	}
	return b
}

// appendAuthOption appends an Authentication-Protocol option (RFC 1661 §6.2).
func appendAuthOption(b []byte, m AuthMethod) []byte {
	switch m {
	case PAP:
		return wire.AppendOption16(b, wire.OptionAuth, uint16(ProtoPAP))
	case CHAP:
		return wire.AppendOption(b, wire.OptionAuth, 0xc2, 0x23, wire.AlgorithmMD5)
	case MSCHAPv2:
		return wire.AppendOption(b, wire.OptionAuth, 0xc2, 0x23, wire.AlgorithmMSCHAPv2)
	}
	return b
}

// authMethod is the method that an Authentication-Protocol option names;
// AuthNone for one that we do not know.
func authMethod(o wire.Option) AuthMethod {
	if p, ok := o.Uint16(); ok && Protocol(p) == ProtoPAP {
		return PAP
	}
	if len(o.Data) != 3 || Protocol(binary.BigEndian.Uint16(o.Data)) != ProtoCHAP {
		return AuthNone
	}
	switch o.Data[2] {
	case wire.AlgorithmMD5:
		return CHAP
	case wire.AlgorithmMSCHAPv2:
		return MSCHAPv2
	}
	return AuthNone
}

// judgeLCP judges one option of the peer's Configure-Request.
func (l *Link) judgeLCP(o wire.Option, c *proposal, fx *Effects) verdict {
	switch o.Type {
	case wire.OptionMRU:
		mru, ok := o.Uint16()
		if !ok || mru < mruMin {
			// "If a negotiable Configuration Option is received in a
			// Configure-Request, but with an invalid or unrecognized Length, a
			// Configure-Nak SHOULD be transmitted." RFC 1661 §6
			fx.arena = wire.AppendOption16(fx.arena, wire.OptionMRU, defaultMRU)
			return nak
		}
		c.lcp.mru = mru
	case wire.OptionACCM:
		// There are no control characters on an L2TP link; any map will do.
		if _, ok := o.Uint32(); !ok {
			fx.arena = wire.AppendOption32(fx.arena, wire.OptionACCM, 0)
			return nak
		}
	case wire.OptionAuth:
		return l.judgeAuth(o, c, fx)
	case wire.OptionMagic:
		return l.judgeMagic(o, c, fx)
	case wire.OptionPFC:
		// "Options which have no value fields (boolean options) MUST use the
		// Configure-Reject reply instead." RFC 1661 §5.3
		if l.cfg.NoPFC || len(o.Data) != 0 {
			return reject
		}
		c.lcp.pfc = true
	case wire.OptionACFC:
		if l.cfg.NoACFC || len(o.Data) != 0 {
			return reject
		}
		c.lcp.acfc = true
	default:
		return reject
	}
	return accept
}

// judgeAuth judges the peer's wish that we authenticate ourselves.
func (l *Link) judgeAuth(o wire.Option, c *proposal, fx *Effects) verdict {
	if l.cfg.Role == Authenticator || l.cred == nil || len(l.cfg.Auth) == 0 {
		return reject
	}
	m := authMethod(o)
	if m == AuthNone || !l.cfg.allows(m) {
		fx.arena = appendAuthOption(fx.arena, l.cfg.Auth[0])
		return nak
	}
	c.lcp.auth = m
	return accept
}

// judgeMagic judges the peer's Magic-Number.
//
// "If the two Magic-Numbers are equal, then it is possible, but not certain,
// that the link is looped-back [...] a Configure-Nak MUST be sent specifying a
// different Magic-Number value." RFC 1661 §6.4
func (l *Link) judgeMagic(o wire.Option, c *proposal, fx *Effects) verdict {
	magic, ok := o.Uint32()
	if !ok || magic == 0 || magic == l.local.magic {
		fx.arena = wire.AppendOption32(fx.arena, wire.OptionMagic, l.newMagic())
		return nak
	}
	c.lcp.magic = magic
	return accept
}

// loopedBack looks for our own Magic-Number in a Configure-Request and reports
// whether it has come back too often for a coincidence.
func (l *Link) loopedBack(options []byte) bool {
	for len(options) > 0 {
		var o wire.Option
		o, options, _ = wire.ParseOption(options)
		magic, ok := o.Uint32()
		if o.Type == wire.OptionMagic && ok && magic != 0 && magic == l.local.magic {
			l.count(LoopDetected)
			l.loopCount++
		}
	}
	return int(l.loopCount) > l.cfg.failureMax()
}

// nakLCP takes the peer's other value for an option of ours.
func (l *Link) nakLCP(o wire.Option) error {
	switch o.Type {
	case wire.OptionMRU:
		// What we ask for is no more than a wish: 1500 octets are always taken.
		if mru, ok := o.Uint16(); ok && mru >= mruMin && mru <= max(l.cfg.mru(), defaultMRU) {
			l.setMRU(mru)
		}
	case wire.OptionAuth:
		return l.nextMethod(authMethod(o))
	case wire.OptionMagic:
		// "In either case, a new Configure-Request SHOULD be sent with the new
		// Magic-Number." RFC 1661 §6.4
		l.local.magic = l.newMagic()
	}
	return nil
}

// rejectLCP drops an option that the peer will not have.
//
// "it MUST NOT include any of the Configuration Options listed in the
// Configure-Reject." RFC 1661 §5.4
func (l *Link) rejectLCP(o wire.Option) error {
	switch o.Type {
	case wire.OptionMRU:
		l.local.mru = 0
	case wire.OptionAuth:
		return l.nextMethod(AuthNone)
	case wire.OptionMagic:
		l.local.magic = 0
	case wire.OptionPFC:
		l.local.pfc = false
	case wire.OptionACFC:
		l.local.acfc = false
	}
	return nil
}

// nextMethod chooses another authentication method after the peer has refused
// the last: the one it suggests when we have not tried it yet, else the next in
// our order.
//
// "If that protocol is Configure-Nak'd, then the implementation SHOULD attempt
// the next most desirable protocol in the next Configure-Request." RFC 1661 §6.2
func (l *Link) nextMethod(suggested AuthMethod) error {
	if l.local.auth == AuthNone {
		return nil // we have not asked
	}
	l.refusedMethods |= 1 << l.local.auth
	if suggested != AuthNone && l.cfg.allows(suggested) && l.refusedMethods&(1<<suggested) == 0 {
		l.local.auth = suggested
		return nil
	}
	for _, m := range l.cfg.Auth {
		if l.refusedMethods&(1<<m) == 0 {
			l.local.auth = m
			return nil
		}
	}
	return ErrAuthRefused
}

// linkUp is what This-Layer-Up of LCP means.
func (l *Link) linkUp(now time.Time, fx *Effects) {
	l.why = nil
	l.loopCount = 0
	l.networkWasUp = false
	fx.List = append(fx.List, Effect{Kind: LinkUp, Protocol: ProtoLCP})
	l.startEcho(now)
	l.authenticate(now, fx)
}

// linkDown is what This-Layer-Down of LCP means: everything above it begins
// again, authentication too.
func (l *Link) linkDown(now time.Time, fx *Effects) {
	if l.layers[lcp].state.negotiating() {
		l.count(Renegotiation)
	}
	for p := ipcp; p < layerCount; p++ {
		l.closeNetwork(now, p, fx)
	}
	l.echoAt = time.Time{}
	l.login = nil
	l.peerAuth, l.selfAuth = authNotAsked, authNotAsked
	l.granted = false
}

// maintenance takes the packets that only LCP has.
func (l *Link) maintenance(now time.Time, in input, fx *Effects) {
	switch in.Code {
	case wire.ProtocolReject:
		l.protocolReject(now, in, fx)
	case wire.EchoRequest, wire.EchoReply, wire.DiscardRequest:
		l.exercise(now, in, fx)
	default:
		// Identification and Time-Remaining are for people to read (RFC 1570
		// §2.1, §2.2); rejecting them would only confuse.
		l.heard = true
	}
}

// protocolReject is the event RXJ+ or RXJ-.
//
// "Protocol-Reject packets received in any state other than the LCP Opened
// state SHOULD be silently discarded." RFC 1661 §5.7
func (l *Link) protocolReject(now time.Time, in input, fx *Effects) {
	if l.layers[lcp].state != opened {
		l.count(OutOfPhase)
		return
	}
	if len(in.Data) < 2 {
		l.count(Malformed)
		return
	}
	l.heard = true
	switch Protocol(binary.BigEndian.Uint16(in.Data)) {
	case ProtoIPCP, ProtoIPv4:
		l.refuseNetwork(now, ipcp, in, fx)
	case ProtoIPV6CP, ProtoIPv6:
		l.refuseNetwork(now, ipv6cp, in, fx)
	case ProtoLCP:
		l.catastrophe(now, ErrRejected, in, fx)
	case ProtoPAP, ProtoCHAP:
		l.catastrophe(now, ErrAuthRefused, in, fx)
	default:
		l.fire(now, lcp, evRXJPlus, in, fx)
	}
}

// catastrophe is the event RXJ- of LCP.
func (l *Link) catastrophe(now time.Time, why error, in input, fx *Effects) {
	l.why = why
	l.fire(now, lcp, evRXJMinus, in, fx)
}
