// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"errors"

	"layeh.com/radius/rfc2865"

	"holdfast/internal/lns"
	"holdfast/ppp"
)

// Requests that are never sent.
var (
	errUserName = errors.New("aaa: user name longer than RADIUS allows")
	errPassword = errors.New("aaa: password longer than RADIUS allows")
	errMethod   = errors.New("aaa: not an authentication method that RADIUS knows")
)

// messageAccess is what "attributes exclude" calls an Access-Request.
const messageAccess = "access-request"

// encodeAccess appends an Access-Request. random is its authenticator, unless the
// CHAP challenge is.
//
// "The Request Authenticator value MUST be changed each time a new Identifier is
// used." RFC 2865 §3
func encodeAccess(b []byte, s *signer, host string, id uint8, random [16]byte, q *lns.AuthQuery) ([]byte, error) {
	f := &q.Profile.Requests
	w := writer{b: b, exclude: f.Exclude[messageAccess]}
	w.begin(codeAccessRequest, id)
	start := len(b)
	authenticator := w.b[start+4 : start+headerLen]
	copy(authenticator, random[:])
	if q.Offer.Method == ppp.CHAP && f.CHAPInAuthenticator && len(q.Offer.Challenge) == len(authenticator) {
		copy(authenticator, q.Offer.Challenge)
	}
	w.b = reserveSignature(w.b)
	if err := w.credentials(s, f, authenticator, &q.Offer, q.User); err != nil {
		return b, err
	}
	w.nas(f, host, q.Subscriber)
	w.identity(f, host, q.Subscriber)
	w.address("framed-ip-address", rfc2865.FramedIPAddress_Type, 0, only4(q.Address))
	packet := writer{b: w.b[start:]}
	if err := packet.finish(); err != nil {
		return b, err
	}
	s.sign(packet.b)
	return w.b, nil
}

// credentials writes who the subscriber says it is and how it proves it.
func (w *writer) credentials(s *signer, f *lns.RequestFormat, authenticator []byte, o *ppp.AuthOffer, user string) error {
	if len(user) > attributeMax {
		return errUserName // cut it would be another's
	}
	if user != "" {
		w.octets(rfc2865.UserName_Type, []byte(user))
	}
	switch o.Method {
	case ppp.PAP:
		return w.pap(s, authenticator, o.Password)
	case ppp.CHAP:
		w.chap(f, o)
	case ppp.MSCHAPv2:
		return w.mschapv2(o)
	default:
		return errMethod
	}
	return nil
}

func (w *writer) pap(s *signer, authenticator []byte, password string) error {
	if len(password) > passwordMax {
		return errPassword
	}
	at := len(w.b)
	w.b = s.hidePassword(append(w.b, byte(rfc2865.UserPassword_Type), 0), authenticator, password)
	w.b[at+1] = byte(len(w.b) - at)
	return nil
}

// chap writes CHAP-Password and CHAP-Challenge.
//
// "The CHAP challenge value is found in the CHAP-Challenge Attribute (60) if
// present in the packet, otherwise in the Request Authenticator field."
// RFC 2865 §5.3
func (w *writer) chap(f *lns.RequestFormat, o *ppp.AuthOffer) {
	w.b = append(w.b, byte(rfc2865.CHAPPassword_Type), byte(3+len(o.Response)), o.ID)
	w.b = append(w.b, o.Response...)
	if !f.CHAPInAuthenticator || len(o.Challenge) != 16 {
		w.octets(rfc2865.CHAPChallenge_Type, o.Challenge)
	}
}

// mschapv2 writes MS-CHAP-Challenge and MS-CHAP2-Response (RFC 2548 §2.3.2). The
// Response of PPP is peer challenge, reserved, NT response and flags; of RADIUS
// it is identifier, flags, peer challenge, reserved, NT response.
func (w *writer) mschapv2(o *ppp.AuthOffer) error {
	const nt = 48 // octets before the flags
	if len(o.Response) != nt+1 {
		return errMethod
	}
	w.vendorOctets(vendorMicrosoft, msCHAPChallenge, o.Challenge)
	w.vendor(vendorMicrosoft, msCHAP2Response, msCHAP2ResponseSize)
	w.b = append(w.b, o.ID, o.Response[nt])
	w.b = append(w.b, o.Response[:nt]...)
	return nil
}
