// SPDX-License-Identifier: Apache-2.0

package radiustest

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"net/netip"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
)

// Request is a request that came.
type Request struct {
	*radius.Packet
	From   netip.AddrPort
	Number int // 1 for the first this server was asked about
}

// User is its User-Name.
func (r *Request) User() string { return rfc2865.UserName_GetString(r.Packet) }

// Answer says what to do with a request. The zero value is silence.
type Answer struct {
	Code             radius.Code          // 0: silence, unless Raw is set
	Add              func(*radius.Packet) // adds attributes; nil: none
	After            time.Duration        // how long it takes
	Copies           int                  // sent so often; 0: once
	Unsigned         bool                 // no Message-Authenticator in the answer to an Access-Request
	BadAuthenticator bool                 // a Response Authenticator of another secret
	BadSignature     bool                 // a wrong Message-Authenticator
	FromWrongPort    bool                 // sent from a port nobody asked
	Raw              []byte               // these very octets
}

// Accept answers Access-Requests with Access-Accept and Accounting-Requests with
// Accounting-Response.
func Accept(r *Request) Answer {
	if r.Code == radius.CodeAccountingRequest {
		return Answer{Code: radius.CodeAccountingResponse}
	}
	return Answer{Code: radius.CodeAccessAccept}
}

// Silent answers nothing.
func Silent(*Request) Answer { return Answer{} }

// encode makes the octets of an answer.
func (a *Answer) encode(r *Request) ([]byte, error) {
	if a.Raw != nil {
		return a.Raw, nil
	}
	reply := &radius.Packet{Code: a.Code, Identifier: r.Identifier, Authenticator: r.Authenticator, Secret: r.Secret}
	signed := !a.Unsigned && r.Code == radius.CodeAccessRequest
	if signed {
		reply.Add(rfc2869.MessageAuthenticator_Type, make([]byte, md5.Size)) // first, so that no prefix can be chosen
	}
	if a.Add != nil {
		a.Add(reply)
	}
	b, err := reply.MarshalBinary()
	if err != nil {
		return nil, err
	}
	copy(b[4:20], r.Authenticator[:])
	if signed {
		mac := hmac.New(md5.New, r.Secret)
		mac.Write(b)
		copy(b[22:38], mac.Sum(nil))
		if a.BadSignature {
			b[22] ^= 1
		}
	}
	h := md5.New()
	h.Write(b)
	h.Write(r.Secret)
	copy(b[4:20], h.Sum(nil))
	if a.BadAuthenticator {
		b[4] ^= 1
	}
	return b, nil
}

// verified reports whether the authenticators of a request are right: that of an
// Accounting-Request, and the Message-Authenticator where there is one.
func verified(b []byte, secret []byte) bool {
	if len(b) < 20 {
		return false
	}
	b = append([]byte(nil), b[:min(int(binary.BigEndian.Uint16(b[2:])), len(b))]...)
	if radius.Code(b[0]) == radius.CodeAccountingRequest {
		return radius.IsAuthenticRequest(b, secret)
	}
	for at := 20; at+2 <= len(b) && b[at+1] >= 2 && at+int(b[at+1]) <= len(b); at += int(b[at+1]) {
		if radius.Type(b[at]) != rfc2869.MessageAuthenticator_Type || b[at+1] != 2+md5.Size {
			continue
		}
		sent := append([]byte(nil), b[at+2:at+2+md5.Size]...)
		clear(b[at+2 : at+2+md5.Size])
		mac := hmac.New(md5.New, secret)
		mac.Write(b)
		return hmac.Equal(sent, mac.Sum(nil))
	}
	return true
}
