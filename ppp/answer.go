// SPDX-License-Identifier: Apache-2.0

package ppp

import "holdfast/ppp/wire"

// verdict is what we think of one option of the peer's.
type verdict uint8

const (
	accept verdict = iota
	nak            // the judge has appended the value that we would take
	reject
)

// proposal is what a Configure-Request asks for, as far as it is acceptable.
// It takes effect only when the whole request is.
type proposal struct {
	seen    [4]uint64 // a bit for each option type
	lcp     lcpOptions
	address [4]byte
	id      uint64
}

func (c *proposal) has(t wire.OptionType) bool { return c.seen[t>>6]&(1<<(t&63)) != 0 }

// answer judges the peer's Configure-Request and writes the reply. It is good
// when that is a Configure-Ack. No reply means that there is no point in going
// on.
//
// A Configure-Reject outranks a Configure-Nak, and either holds only the
// options that it is about, in their order (RFC 1661 §5.3, §5.4).
func (l *Link) answer(p layer, request wire.Packet, fx *Effects) (good bool, reply []byte) {
	a := &l.layers[p]
	start := fx.begin(p.protocol(), wire.ConfigureAck, request.ID)
	options := len(fx.arena)
	var c proposal
	worst := accept
	for rest := request.Data; len(rest) > 0; {
		var o wire.Option
		o, rest, _ = wire.ParseOption(rest)
		before := len(fx.arena)
		v := l.judge(p, o, &c, fx)
		if v == nak && int(a.nakCount) >= l.cfg.failureMax() {
			// "Any further Configure-Nak packets for peer requested options are
			// converted to Configure-Reject packets." RFC 1661 §4.6
			v = reject
		}
		if v == reject && worst != reject {
			before = options // the Naks so far are not sent
		}
		if v == reject || worst == reject {
			fx.arena = fx.arena[:before]
		}
		if v == reject {
			fx.arena = wire.AppendOption(fx.arena, o.Type, o.Data...)
		}
		worst = max(worst, v)
	}
	if worst != reject {
		var ok bool
		if worst, ok = l.demand(p, &c, worst, fx); !ok {
			return false, nil
		}
	}
	switch worst {
	case reject:
		fx.arena[start+frameHeaderLen] = byte(wire.ConfigureReject)
	case nak:
		fx.arena[start+frameHeaderLen] = byte(wire.ConfigureNak)
		a.nakCount++
	default:
		// "The acknowledged Configuration Options MUST NOT be reordered or
		// modified in any way." RFC 1661 §5.2
		fx.arena = append(fx.arena, request.Data...)
		a.nakCount = 0
		l.agree(p, &c)
	}
	return worst == accept, fx.seal(start)
}

// judge judges one option. "None of the Configuration Options in this
// specification can be listed more than once" (RFC 1661 §6), nor can those of
// the NCPs.
func (l *Link) judge(p layer, o wire.Option, c *proposal, fx *Effects) verdict {
	if c.has(o.Type) {
		return reject
	}
	c.seen[o.Type>>6] |= 1 << (o.Type & 63)
	switch p {
	case ipcp:
		return l.judgeIPCP(o, c, fx)
	case ipv6cp:
		return l.judgeIPV6CP(o, c, fx)
	default:
		return l.judgeLCP(o, c, fx)
	}
}

// demand appends the options that the peer should have sent. It is not ok when
// the peer has been asked often enough for one that we cannot do without.
//
// "If that option is not listed, then that option MAY be appended to the list of
// Nak'd Configuration Options, in order to prompt the peer to include that
// option in its next Configure-Request packet." RFC 1661 §5.3
func (l *Link) demand(p layer, c *proposal, worst verdict, fx *Effects) (v verdict, ok bool) {
	before := len(fx.arena)
	ok = true
	switch p {
	case ipcp:
		ok = l.demandIPCP(c, fx)
	case ipv6cp:
		l.demandIPV6CP(c, fx)
	}
	if len(fx.arena) > before {
		worst = nak
	}
	return worst, ok
}

// agree makes an acknowledged proposal hold.
func (l *Link) agree(p layer, c *proposal) {
	switch p {
	case lcp:
		l.peer = c.lcp
	case ipcp:
		l.agreeIPCP(c)
	case ipv6cp:
		l.net.peerID = c.id
	}
}

// appendRequest appends the options of our Configure-Request. It yields the same
// octets until learn or wish change what we ask for, so that an
// Ack can be compared without keeping what was sent.
func (l *Link) appendRequest(b []byte, p layer) []byte {
	switch p {
	case ipcp:
		return l.appendIPCPRequest(b)
	case ipv6cp:
		return l.appendIPV6CPRequest(b)
	default:
		return l.appendLCPRequest(b)
	}
}
