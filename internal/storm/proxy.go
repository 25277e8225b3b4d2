// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	"time"

	"holdfast/l2tp"
	"holdfast/ppp"
)

// Proxy says how much of PPP a LAC does itself before it connects a call.
type Proxy uint8

// What a LAC does.
const (
	ProxyNone Proxy = iota // nothing: the modem's first frame goes to the LNS
	ProxyLCP               // LCP is open with the modem: the ICCN says with which options (RFC 2661 §4.4.5)
	ProxyAuth              // and the modem has said who it is
)

// proxyRounds is how often the two ends of a line exchange frames at most until
// the LAC knows all it wants to know.
const proxyRounds = 16

// proxyLink is the LAC's own end of the line of whichever modem it connects.
type proxyLink struct {
	config ppp.Config
	link   ppp.Link
	fx     ppp.Effects
	lcp    l2tp.ProxyLCP
	auth   *l2tp.ProxyAuth
	open   bool
}

// newProxyLink is what a LAC asks of its modems.
func newProxyLink(plan *Plan, modem *ppp.Config) proxyLink {
	c := ppp.Config{Role: ppp.Authenticator, Rand: modem.Rand, EchoInterval: -1, HostName: plan.HostName}
	for _, m := range plan.Auth {
		// RFC 2661 §4.4.5 has no Proxy Authen Type for MS-CHAPv2.
		if m != ppp.MSCHAPv2 || plan.Proxy != ProxyAuth {
			c.Auth = append(c.Auth, m)
		}
	}
	return proxyLink{config: c}
}

// proxied is what the ICCN of modem i says: that of all, with what the LAC has
// learned on the modem's line.
func (l *LAC) proxied(now time.Time, i uint32, fx *Effects) l2tp.Call {
	call := l.connected
	if l.plan.Proxy == ProxyNone {
		return call
	}
	p := &l.proxy
	l.initLink(i)
	p.converse(now, &l.modems[i].link, &fx.ppp, l.plan.Proxy)
	if p.open {
		lcp := p.lcp
		call.ProxyLCP, call.ProxyAuth = &lcp, p.auth
		return call
	}
	l.modems[i].link.Abort(now)
	return call
}

// converse plays the line between the modem's link and the LAC's until LCP is
// open and, where the LAC is to ask for it, the modem has said who it is.
func (p *proxyLink) converse(now time.Time, modem *ppp.Link, fx *ppp.Effects, want Proxy) {
	p.link.Init(&p.config, nil)
	p.lcp, p.auth, p.open = l2tp.ProxyLCP{}, nil, false
	modem.Open(now, fx)
	p.link.Open(now, &p.fx)
	for range proxyRounds {
		up, down := frames(fx), frames(&p.fx)
		for _, e := range p.fx.List {
			switch e.Kind {
			case ppp.LinkUp:
				p.open = true
			case ppp.AuthRequest:
				p.auth = proxyAuth(e.Auth)
			}
		}
		fx.Reset()
		p.fx.Reset()
		done := p.open && (want == ProxyLCP || p.auth != nil)
		for _, f := range down {
			if protocol, _, _ := ppp.ParseFrame(f); done && protocol != ppp.ProtoLCP {
				continue // who the modem is the LNS will ask
			}
			p.note(f, true)
			modem.Handle(now, f, fx)
		}
		if done || len(up)+len(down) == 0 {
			fx.Reset()
			return
		}
		for _, f := range up {
			p.note(f, false)
			p.link.Handle(now, f, &p.fx)
		}
	}
}

// frames are copies of the frames to be sent.
func frames(fx *ppp.Effects) (list [][]byte) {
	for _, e := range fx.List {
		if e.Kind == ppp.SendFrame {
			list = append(list, bytes.Clone(e.Frame))
		}
	}
	return list
}

// note keeps the options of Configure-Requests, ours and the modem's.
func (p *proxyLink) note(frame []byte, ours bool) {
	const configureRequest, header = 1, 4
	protocol, packet, ok := ppp.ParseFrame(frame)
	if !ok || protocol != ppp.ProtoLCP || len(packet) < header || packet[0] != configureRequest {
		return
	}
	options := packet[header:]
	switch {
	case ours:
		p.lcp.LastSent = options
	case p.lcp.InitialReceived == nil:
		p.lcp.InitialReceived, p.lcp.LastReceived = options, options
	default:
		p.lcp.LastReceived = options
	}
}

// Proxy Authen Types, RFC 2661 §4.4.5.
const (
	proxyAuthCHAP = 2
	proxyAuthPAP  = 3
)

// proxyAuth is what the modem has said, for the ICCN.
func proxyAuth(o *ppp.AuthOffer) *l2tp.ProxyAuth {
	a := &l2tp.ProxyAuth{Type: proxyAuthPAP, Name: o.Name, ID: o.ID, Response: []byte(o.Password)}
	if o.Method == ppp.CHAP {
		a.Type, a.Challenge, a.Response = proxyAuthCHAP, bytes.Clone(o.Challenge), bytes.Clone(o.Response)
	}
	return a
}
