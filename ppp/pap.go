// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"time"

	"holdfast/ppp/wire"
)

// pap takes a PAP packet (RFC 1334 §2).
func (l *Link) pap(now time.Time, p wire.Packet, fx *Effects) {
	switch p.Code {
	case wire.AuthenticateRequest:
		l.papRequest(p, fx)
	case wire.AuthenticateAck, wire.AuthenticateNak:
		l.papReply(now, p, fx)
	default:
		l.count(Malformed)
	}
}

// papAhead keeps an Authenticate-Request that has overtaken the Configure-Ack before
// it: a peer that has our own asks at once, tunnels do not promise order, and a peer
// that is not heard asks again only after seconds. It is taken up when LCP is Opened,
// as if it had come then, and forgotten when the peer begins LCP anew.
func (l *Link) papAhead(p wire.Packet) {
	if p.Code != wire.AuthenticateRequest {
		l.count(OutOfPhase)
		return
	}
	name, password, err := wire.ParsePAPRequest(p.Data)
	if err != nil {
		l.count(Malformed)
		return
	}
	l.ahead = &AuthOffer{Method: PAP, Name: string(name), Password: string(password), ID: p.ID}
}

// papRequest is the Authenticator's side.
func (l *Link) papRequest(p wire.Packet, fx *Effects) {
	if l.local.auth != PAP || l.peerAuth == authNotAsked {
		l.count(OutOfPhase)
		return
	}
	if l.peerAuth != authPending {
		// "Because the Authenticate-Ack might be lost, the authenticator MUST allow
		// repeated Authenticate-Request packets after completing the Authentication
		// phase." RFC 1334 §2.2.1
		l.sendVerdict(p.ID, fx)
		return
	}
	if l.login.judging {
		l.login.replyID = p.ID // one verdict will do for all repetitions
		return
	}
	name, password, err := wire.ParsePAPRequest(p.Data)
	if err != nil {
		l.count(Malformed)
		return
	}
	l.offered(AuthOffer{Method: PAP, Name: string(name), Password: string(password), ID: p.ID}, fx)
}

// sendPAPReply sends an Authenticate-Ack or -Nak.
//
// "The Identifier field MUST be copied from the Identifier field of the
// Authenticate-Request which caused this reply." RFC 1334 §2.2.2
func (l *Link) sendPAPReply(id uint8, message string, fx *Effects) {
	code := wire.AuthenticateNak
	if l.peerAuth == authPassed {
		code = wire.AuthenticateAck
	}
	start := fx.begin(ProtoPAP, code, id)
	fx.arena = wire.AppendPAPReply(fx.arena, message)
	fx.send(ProtoPAP, fx.seal(start))
}

// sendPAPRequest is the Peer's side. "The Identifier field MUST be changed each
// time an Authenticate-Request packet is issued." RFC 1334 §2.2.1
func (l *Link) sendPAPRequest(now time.Time, fx *Effects) {
	g := l.login
	g.requestID = l.newID()
	g.requestCount++
	g.requestAt = now.Add(l.cfg.restartInterval())
	start := fx.begin(ProtoPAP, wire.AuthenticateRequest, g.requestID)
	fx.arena = wire.AppendPAPRequest(fx.arena, l.cred.Name, l.cred.Password)
	fx.send(ProtoPAP, fx.seal(start))
}

// repeatRequest sends again what the authenticator has not answered.
//
// "The Authenticate-Request packet MUST be repeated until a valid reply packet
// is received, or an optional retry counter expires." RFC 1334 §2.2.1
func (l *Link) repeatRequest(now time.Time, fx *Effects) {
	switch {
	case l.login.requestCount >= l.cfg.configureMax():
		l.shut(now, ErrAuthTimeout, fx)
	case l.peer.auth == PAP:
		l.sendPAPRequest(now, fx)
	default:
		l.sendResponse(now, fx)
	}
}

func (l *Link) papReply(now time.Time, p wire.Packet, fx *Effects) {
	switch {
	case l.peer.auth != PAP || l.selfAuth != authPending || p.ID != l.login.requestID:
		l.count(Unmatched)
	case p.Code == wire.AuthenticateAck:
		l.proved(now, fx)
	default:
		l.disproved()
	}
}
