// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"time"

	"holdfast/ppp/wire"
)

// Link is one end of a PPP link: a plain struct, kept by value in its owner's
// slab. Its zero value is a dead link.
type Link struct {
	cfg  *Config
	cred *Credentials
	net  Network
}

// Proxy is what the LAC says of the LCP that it negotiated (RFC 2661 §4.4.5):
// the options of the last Configure-Requests in both directions.
type Proxy struct{ LastSent, LastReceived []byte }

// Init makes l a link that has not begun. cred is the peer's own and may be nil
// for the Authenticator.
func (l *Link) Init(cfg *Config, cred *Credentials) { *l = Link{cfg: cfg, cred: cred} }

// Open says that the layer below is up: LCP begins.
func (l *Link) Open(now time.Time, fx *Effects) {}

// OpenProxy takes the LCP that the LAC negotiated as Opened if it is acceptable,
// and reports true. Otherwise it does what Open does and reports false.
func (l *Link) OpenProxy(now time.Time, p Proxy, fx *Effects) bool { return false }

// ProxyAuth judges what the LAC collected instead of asking the peer. It is
// legal right after OpenProxy and does nothing otherwise.
func (l *Link) ProxyAuth(now time.Time, o AuthOffer, fx *Effects) {}

// Handle takes a frame from the peer.
func (l *Link) Handle(now time.Time, frame []byte, fx *Effects) {}

// Alive says that a data frame came from the peer.
func (l *Link) Alive(now time.Time) {}

// Authenticated answers AuthRequest.
func (l *Link) Authenticated(now time.Time, v Verdict, fx *Effects) {}

// Grant authorises the link: NCPs may open.
func (l *Link) Grant(now time.Time, n Network, fx *Effects) {}

// Close ends the link: Terminate-Request, then Down.
func (l *Link) Close(now time.Time, reason string, fx *Effects) {}

// Abort says that the layer below has gone: the link is dead at once, nothing
// is sent and no effect reported.
func (l *Link) Abort(now time.Time) {}

// Next is when Advance next has work; zero means never.
func (l *Link) Next() time.Time { return time.Time{} }

// Advance runs whatever is due at now.
func (l *Link) Advance(now time.Time, fx *Effects) {}

// Phase is where the link stands.
func (l *Link) Phase() Phase { return PhaseDead }

// Network is what the link ended up with.
func (l *Link) Network() Network { return l.net }

// PeerMRU is the largest Information field that the peer takes.
func (l *Link) PeerMRU() uint16 { return 1500 }

// PFC reports whether we may send one-octet Protocol fields.
func (l *Link) PFC() bool { return false }

// ACFC reports whether we may leave out Address and Control.
func (l *Link) ACFC() bool { return false }

// AuthUsed is the method by which the peer authenticates itself to us.
func (l *Link) AuthUsed() AuthMethod { return AuthNone }

// ParseFrame splits a frame; see wire.ParseFrame.
func ParseFrame(frame []byte) (p Protocol, payload []byte, ok bool) { return wire.ParseFrame(frame) }

// Check judges an offer against the peer's secret, by its Method.
func Check(o *AuthOffer, secret string) Verdict { return Verdict{} }

// CheckPAP judges a password.
func CheckPAP(o *AuthOffer, secret string) Verdict { return Verdict{} }

// CheckCHAP judges a CHAP response with MD5.
func CheckCHAP(o *AuthOffer, secret string) Verdict { return Verdict{} }

// CheckMSCHAPv2 judges an MS-CHAPv2 response.
func CheckMSCHAPv2(o *AuthOffer, secret string) Verdict { return Verdict{} }
