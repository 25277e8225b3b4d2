// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"time"

	"holdfast/ppp/wire"
)

// authState is how far one end has come with proving itself to the other.
type authState uint8

const (
	authNotAsked authState = iota // nobody has asked for it
	authPending
	authPassed
	authFailed
)

// over reports whether the network phase need not wait any more.
func (s authState) over() bool { return s == authNotAsked || s == authPassed }

// login is what a link knows only while somebody authenticates. It is dropped
// when the peer's first NCP packet shows that it has had its verdict.
type login struct {
	timeoutAt   time.Time // when we lose patience; zero: authentication is over
	challengeAt time.Time // when the next Challenge is due; zero: none is
	requestAt   time.Time // when our Authenticate-Request or Response is due again; zero: it is not

	challengeCount int // Challenges sent
	requestCount   int // Authenticate-Requests, or Responses to one Challenge, sent

	judging   bool      // AuthRequest is out and unanswered
	replyID   uint8     // Identifier that the verdict on the peer is sent with
	offer     AuthOffer // what the peer offered, own copies
	challenge []byte    // of our last Challenge
	message   string    // of the verdict, for repeated requests

	requestID uint8  // Identifier of our last Authenticate-Request or Response
	response  []byte // CHAP: our last Response frame, repeated until there is a verdict
	expect    string // MS-CHAPv2: what the Success must begin with
}

// authenticate begins the authentication phase, or passes it over.
//
// "Advancement from the Authentication phase to the Network-Layer Protocol phase
// MUST NOT occur until authentication has completed." RFC 1661 §3.5
func (l *Link) authenticate(now time.Time, fx *Effects) {
	if !l.expectLogin(now) {
		l.networkPhase(now, fx)
		return
	}
	// "Authentication SHOULD take place as soon as possible after link
	// establishment." RFC 1661 §3.5
	if l.local.auth == CHAP || l.local.auth == MSCHAPv2 {
		l.sendChallenge(now, fx)
	}
	if l.peer.auth == PAP {
		l.sendPAPRequest(now, fx)
	}
	if o := l.ahead; o != nil && l.local.auth == PAP {
		l.offered(*o, fx)
	}
	l.ahead = nil
}

// expectLogin sets up what LCP has agreed upon and reports whether there is
// anything to authenticate.
func (l *Link) expectLogin(now time.Time) bool {
	if l.local.auth != AuthNone {
		l.peerAuth = authPending
	}
	if l.peer.auth != AuthNone {
		l.selfAuth = authPending
	}
	if l.peerAuth.over() && l.selfAuth.over() {
		return false
	}
	l.login = &login{timeoutAt: now.Add(l.cfg.authTimeout())}
	return true
}

// authentication takes a packet of PAP or CHAP.
//
// "Any Authenticate-Request packets received during any other phase MUST be
// silently discarded." RFC 1334 §2.2.1
func (l *Link) authentication(now time.Time, protocol Protocol, info []byte, fx *Effects) {
	ahead := protocol == ProtoPAP && l.layers[lcp].state == ackSent && l.local.auth == PAP
	if l.layers[lcp].state != opened && !ahead {
		l.count(OutOfPhase)
		return
	}
	packet, err := wire.ParsePacket(info)
	if err != nil {
		l.count(Malformed)
		return
	}
	if ahead {
		l.papAhead(packet)
		return
	}
	if protocol == ProtoPAP {
		l.pap(now, packet, fx)
	} else {
		l.chap(now, packet, fx)
	}
}

// offered hands what the peer offered to the owner, once.
func (l *Link) offered(o AuthOffer, fx *Effects) {
	g := l.login
	g.judging = true
	g.replyID = o.ID
	g.challengeAt = time.Time{}
	g.offer = o
	fx.List = append(fx.List, Effect{Kind: AuthRequest, Auth: &g.offer})
}

// Authenticated answers AuthRequest. It does nothing when none is out: the link
// may have gone down or begun again in the meantime. It cannot tell one request
// from the next, so the owner drops a verdict that is still on its way when
// LinkUp comes.
func (l *Link) Authenticated(now time.Time, v Verdict, fx *Effects) {
	g := l.login
	if g == nil || !g.judging {
		return
	}
	g.judging = false
	g.message = v.Message
	l.peerAuth = authFailed
	if v.OK {
		l.peerAuth = authPassed
	}
	l.sendVerdict(g.replyID, fx)
	if !v.OK {
		// "If authentication fails, the authenticator SHOULD proceed instead to
		// the Link Termination phase." RFC 1661 §3.5
		l.shut(now, ErrAuthFailed, fx)
		return
	}
	l.passed(now, fx)
}

// sendVerdict tells the peer, again when it asks again.
func (l *Link) sendVerdict(id uint8, fx *Effects) {
	message := ""
	if l.login != nil {
		message = l.login.message
	}
	if l.local.auth == PAP {
		l.sendPAPReply(id, message, fx)
	} else {
		l.sendCHAPReply(id, message, fx)
	}
}

// proved is the peer's word that it takes us for who we are.
func (l *Link) proved(now time.Time, fx *Effects) {
	l.selfAuth = authPassed
	l.login.requestAt = time.Time{}
	l.passed(now, fx)
}

// disproved is the peer's word that it does not. "The implementation responsible
// for commencing Link Termination phase is the implementation which has refused
// authentication to its peer." RFC 1661 §3.5
func (l *Link) disproved() {
	l.selfAuth = authFailed
	l.login.requestAt = time.Time{}
	l.why = ErrAuthFailed
}

// passed goes on to the network phase when both ends are done.
func (l *Link) passed(now time.Time, fx *Effects) {
	if l.peerAuth.over() && l.selfAuth.over() {
		l.login.timeoutAt = time.Time{}
		l.networkPhase(now, fx)
	}
}

// advanceLogin runs the timers of the authentication phase.
func (l *Link) advanceLogin(now time.Time, fx *Effects) {
	if g := l.login; g != nil && due(g.timeoutAt, now) {
		l.shut(now, or(l.why, ErrAuthTimeout), fx)
	}
	if g := l.login; g != nil && due(g.challengeAt, now) {
		l.repeatChallenge(now, fx)
	}
	if g := l.login; g != nil && due(g.requestAt, now) {
		l.repeatRequest(now, fx)
	}
}
