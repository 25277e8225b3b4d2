// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"bytes"
	"strings"
	"time"

	"holdfast/ppp/wire"
)

// Lengths of CHAP values.
const (
	md5ResponseLen       = 16 // RFC 1994 §4.1
	mschapv2ResponseLen  = 49 // RFC 2759 §4
	mschapv2ChallengeLen = 16 // RFC 2759 §3
)

// chap takes a CHAP packet (RFC 1994 §4).
func (l *Link) chap(now time.Time, p wire.Packet, fx *Effects) {
	switch p.Code {
	case wire.Challenge:
		l.chapChallenge(now, p, fx)
	case wire.Response:
		l.chapResponse(p, fx)
	case wire.Success, wire.Failure:
		l.chapReply(now, p, fx)
	default:
		l.count(Malformed)
	}
}

// sendChallenge begins CHAP, and begins it again when no Response has come.
//
// "The Identifier field MUST be changed each time a Challenge is sent. [...] The
// Challenge Value MUST be changed each time a Challenge is sent." RFC 1994 §4.1
func (l *Link) sendChallenge(now time.Time, fx *Effects) {
	g := l.login
	n := mschapv2ChallengeLen
	if l.local.auth == CHAP {
		n = l.cfg.challengeLen()
	}
	g.challenge = l.random(make([]byte, n))
	l.challengeID = l.newID()
	g.challengeCount++
	g.challengeAt = now.Add(l.cfg.restartInterval())
	start := fx.begin(ProtoCHAP, wire.Challenge, l.challengeID)
	fx.arena = wire.AppendCHAPValue(fx.arena, g.challenge, l.cfg.HostName)
	fx.send(ProtoCHAP, fx.seal(start))
}

// random fills b: "Each challenge value SHOULD be unique [...] Each challenge
// value SHOULD also be unpredictable." RFC 1994 §2.3
func (l *Link) random(b []byte) []byte {
	for i := range b {
		b[i] = byte(l.cfg.Rand.Uint32())
	}
	return b
}

// "Additional Challenge packets MUST be sent until a valid Response packet is
// received, or an optional retry counter expires." RFC 1994 §4.1
func (l *Link) repeatChallenge(now time.Time, fx *Effects) {
	if l.login.challengeCount >= l.cfg.configureMax() {
		l.shut(now, ErrAuthTimeout, fx)
		return
	}
	l.sendChallenge(now, fx)
}

// chapResponse is the Authenticator's side.
func (l *Link) chapResponse(p wire.Packet, fx *Effects) {
	if l.local.auth != CHAP && l.local.auth != MSCHAPv2 || l.peerAuth == authNotAsked {
		l.count(OutOfPhase)
		return
	}
	if p.ID != l.challengeID {
		l.count(Unmatched)
		return
	}
	if l.peerAuth != authPending {
		// "any Response packets received having the current Challenge Identifier
		// MUST return the same reply Code previously returned for that specific
		// Challenge." RFC 1994 §4.1
		l.sendVerdict(p.ID, fx)
		return
	}
	if l.login.judging {
		return // a repetition; the verdict will answer it
	}
	value, name, err := wire.ParseCHAPValue(p.Data)
	if err != nil || len(value) != responseLen(l.local.auth) {
		l.count(Malformed)
		return
	}
	l.offered(AuthOffer{
		Method: l.local.auth, Name: string(name), ID: p.ID,
		Challenge: l.login.challenge, Response: bytes.Clone(value),
	}, fx)
}

// responseLen is the only length that a method's Response may have.
func responseLen(m AuthMethod) int {
	if m == MSCHAPv2 {
		return mschapv2ResponseLen
	}
	return md5ResponseLen
}

// sendCHAPReply sends a Success or Failure.
//
// "The Identifier field MUST be copied from the Identifier field of the Response
// which caused this reply." RFC 1994 §4.2
func (l *Link) sendCHAPReply(id uint8, message string, fx *Effects) {
	code := wire.Failure
	if l.peerAuth == authPassed {
		code = wire.Success
	}
	start := fx.begin(ProtoCHAP, code, id)
	fx.arena = append(fx.arena, message[:min(len(message), 255)]...)
	fx.send(ProtoCHAP, fx.seal(start))
}

// chapChallenge is the Peer's side.
//
// "Whenever a Challenge packet is received, the peer MUST transmit a CHAP packet
// with the Code field set to 2 (Response)." RFC 1994 §4.1
func (l *Link) chapChallenge(now time.Time, p wire.Packet, fx *Effects) {
	if l.peer.auth != CHAP && l.peer.auth != MSCHAPv2 {
		l.count(OutOfPhase)
		return
	}
	challenge, _, err := wire.ParseCHAPValue(p.Data)
	if err != nil || l.peer.auth == MSCHAPv2 && len(challenge) != mschapv2ChallengeLen {
		l.count(Malformed)
		return
	}
	if l.login == nil {
		l.login = &login{} // challenged again in the network phase
	}
	g := l.login
	g.requestID = p.ID
	var response []byte
	if l.peer.auth == CHAP {
		sum := md5Response(p.ID, l.cred.Password, challenge)
		response = sum[:]
	} else {
		response, g.expect = mschapv2Response(challenge, l.random(make([]byte, 16)), l.cred)
	}
	// "The Response Identifier MUST be copied from the Identifier field of the
	// Challenge which caused the Response." RFC 1994 §4.1
	start := fx.begin(ProtoCHAP, wire.Response, p.ID)
	fx.arena = wire.AppendCHAPValue(fx.arena, response, l.cred.Name)
	g.response = append(g.response[:0], fx.seal(start)...)
	g.requestCount = 0
	l.sendResponse(now, fx)
}

// sendResponse sends the Response to the last Challenge. It is repeated while
// there is no verdict, since the Success may be lost: "the authenticator MUST
// allow repeated Response packets during the Network-Layer Protocol phase after
// completing the Authentication phase." RFC 1994 §4.1
func (l *Link) sendResponse(now time.Time, fx *Effects) {
	g := l.login
	g.requestCount++
	if l.selfAuth == authPending {
		g.requestAt = now.Add(l.cfg.restartInterval())
	}
	start := len(fx.arena)
	fx.arena = append(fx.arena, g.response...)
	fx.send(ProtoCHAP, fx.arena[start:len(fx.arena):len(fx.arena)])
}

func (l *Link) chapReply(now time.Time, p wire.Packet, fx *Effects) {
	g := l.login
	switch {
	case g == nil || l.selfAuth == authNotAsked || l.peer.auth == PAP || p.ID != g.requestID:
		l.count(Unmatched)
	case p.Code == wire.Failure:
		l.disproved()
	case !strings.HasPrefix(string(p.Data), g.expect):
		// "If the authenticator response is either missing or incorrect, the peer
		// MUST end the session." RFC 2759 §5
		l.shut(now, ErrAuthFailed, fx)
	case l.selfAuth == authPending:
		l.proved(now, fx)
	}
}
