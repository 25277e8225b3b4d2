// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"time"

	"holdfast/ppp/wire"
)

// Proxy is what the LAC says of the LCP that it negotiated with the peer (RFC
// 2661 §4.4.5): the options of the last Configure-Requests, the LAC's own and
// the peer's.
type Proxy struct{ LastSent, LastReceived []byte }

// OpenProxy takes the LCP that the LAC negotiated as Opened if it is acceptable,
// and reports true. Otherwise it does what Open does and reports false. Our
// first Challenge is due at once but leaves with Advance, so that ProxyAuth can
// take its place.
func (l *Link) OpenProxy(now time.Time, p Proxy, fx *Effects) bool {
	if l.cfg == nil || l.alive {
		return false
	}
	local, ok := l.proxied(p.LastSent)
	if !ok || !l.adopt(p.LastReceived, fx) {
		l.Open(now, fx)
		return false
	}
	l.local = local
	l.alive = true
	l.layers[lcp] = automaton{state: opened, answered: true, peerSpoke: true}
	fx.List = append(fx.List, Effect{Kind: LinkUp, Protocol: ProtoLCP})
	l.startEcho(now)
	if l.expectLogin(now) && (l.local.auth == CHAP || l.local.auth == MSCHAPv2) {
		l.login.challengeAt = now
	}
	return true
}

// proxied reads what the LAC asked for in our name and reports whether it is
// what we need: an authentication method of ours, and an MRU no larger than ours.
func (l *Link) proxied(options []byte) (local lcpOptions, ok bool) {
	if len(options) == 0 || !wire.ValidOptions(options) {
		return local, false
	}
	for len(options) > 0 {
		var o wire.Option
		o, options, _ = wire.ParseOption(options)
		valid := true
		switch o.Type {
		case wire.OptionMRU:
			local.mru, valid = o.Uint16()
		case wire.OptionAuth:
			local.auth = authMethod(o)
			valid = local.auth != AuthNone
		case wire.OptionMagic:
			local.magic, valid = o.Uint32()
		case wire.OptionPFC:
			local.pfc = true
		case wire.OptionACFC:
			local.acfc = true
		case wire.OptionACCM: // no control characters on L2TP
		default:
			valid = false
		}
		if !valid {
			return local, false
		}
	}
	needed := local.auth == AuthNone && len(l.cfg.Auth) == 0 || l.cfg.allows(local.auth)
	return local, needed && or(local.mru, defaultMRU) <= l.cfg.mru()
}

// adopt takes what the peer asked the LAC for if we would have acknowledged it.
func (l *Link) adopt(options []byte, fx *Effects) bool {
	if !wire.ValidOptions(options) {
		return false
	}
	scratch := len(fx.arena)
	good, _ := l.answer(lcp, wire.Packet{Code: wire.ConfigureRequest, Data: options}, fx)
	fx.arena = fx.arena[:scratch]
	l.layers[lcp].nakCount = 0
	return good
}

// ProxyAuth judges what the LAC collected instead of asking the peer: it emits
// AuthRequest. It does nothing when the link does not wait for the peer's
// authentication or the method is not the one that LCP agreed upon; then the
// peer is asked as usual.
func (l *Link) ProxyAuth(_ time.Time, o AuthOffer, fx *Effects) {
	if l.layers[lcp].state != opened || l.peerAuth != authPending || l.login.judging || o.Method != l.local.auth {
		return
	}
	if o.Method != PAP && (len(o.Response) != responseLen(o.Method) || len(o.Challenge) == 0) {
		l.count(Malformed)
		return
	}
	l.challengeID = o.ID // the peer may repeat its Response to the LAC's Challenge
	o.Challenge, o.Response = bytes.Clone(o.Challenge), bytes.Clone(o.Response)
	l.offered(o, fx)
}
