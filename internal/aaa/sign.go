// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"

	"layeh.com/radius/rfc2869"
)

// Reasons to drop a packet.
var (
	errMalformed        = errors.New("aaa: malformed packet")
	errAuthenticator    = errors.New("aaa: wrong authenticator")
	errUnsigned         = errors.New("aaa: no Message-Authenticator")
	errMessageSignature = errors.New("aaa: wrong Message-Authenticator")
)

// signer makes and checks what proves that a packet is of one who knows the
// secret. It keeps its hashes, so that nothing is allocated a packet; it belongs
// to one goroutine.
type signer struct {
	secret []byte
	md5    hash.Hash
	hmac   hash.Hash
	sum    [md5.Size]byte
	zero   [md5.Size]byte
}

func newSigner(secret string) *signer {
	return &signer{secret: []byte(secret), md5: md5.New(), hmac: hmac.New(md5.New, []byte(secret))}
}

// reserve appends an empty Message-Authenticator, which must be the first
// attribute: then a forged reply cannot be built by appending to a prefix chosen
// by whoever sits between (CVE-2024-3596).
func reserveSignature(b []byte) []byte {
	b = append(b, byte(rfc2869.MessageAuthenticator_Type), 2+md5.Size)
	return append(b, make([]byte, md5.Size)...)
}

// sign fills the Message-Authenticator in that reserveSignature has put first into
// b, whose authenticator is set already.
//
// "Message-Authenticator = HMAC-MD5 (Type, Identifier, Length, Request
// Authenticator, Attributes)" RFC 2869 §5.14
func (s *signer) sign(b []byte) {
	at := b[headerLen+2 : headerLen+2+md5.Size]
	clear(at)
	s.hmac.Reset()
	s.hmac.Write(b)
	copy(at, s.hmac.Sum(s.sum[:0]))
}

// sealRequest sets the Request Authenticator of an Accounting-Request, and of a
// CoA- or Disconnect-Request (RFC 2866 §3).
func (s *signer) sealRequest(b []byte) {
	copy(b[4:headerLen], s.digest(b, s.zero[:]))
}

// sealReply sets the Response Authenticator (RFC 2865 §3) of b, the reply to a
// request with that authenticator.
func (s *signer) sealReply(b, request []byte) {
	copy(b[4:headerLen], s.digest(b, request))
}

// digest is MD5 over a packet in which authenticator stands, and the secret.
func (s *signer) digest(b, authenticator []byte) []byte {
	s.md5.Reset()
	s.md5.Write(b[:4])
	s.md5.Write(authenticator)
	s.md5.Write(b[headerLen:])
	s.md5.Write(s.secret)
	return s.md5.Sum(s.sum[:0])
}

// parse checks the frame of a received packet: "Octets outside the range of the
// Length field MUST be treated as padding and ignored on reception. If the packet
// is shorter than the Length field indicates, it MUST be silently discarded."
// RFC 2865 §3
func parse(b []byte) ([]byte, error) {
	if len(b) < headerLen {
		return nil, errMalformed
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerLen || n > packetMax || n > len(b) {
		return nil, errMalformed
	}
	for rest := b[headerLen:n]; len(rest) > 0; rest = rest[rest[1]:] {
		if len(rest) < 2 || rest[1] < 2 || int(rest[1]) > len(rest) {
			return nil, errMalformed
		}
	}
	return b[:n], nil
}

// verifyReply checks a reply, parsed, to the request with that authenticator.
// needSignature: one without Message-Authenticator is not believed.
func (s *signer) verifyReply(b, request []byte, needSignature bool) error {
	if subtle.ConstantTimeCompare(s.digest(b, request), b[4:headerLen]) != 1 {
		return errAuthenticator
	}
	return s.verifySignature(b, request, needSignature)
}

// verifyRequest checks a CoA- or Disconnect-Request, parsed. Its
// Message-Authenticator, if there is one, is made with an authenticator of zero
// (RFC 5176 §3.4).
func (s *signer) verifyRequest(b []byte) error {
	if subtle.ConstantTimeCompare(s.digest(b, s.zero[:]), b[4:headerLen]) != 1 {
		return errAuthenticator
	}
	return s.verifySignature(b, s.zero[:], false)
}

// verifySignature checks the Message-Authenticator of b, made when authenticator
// stood in its header. A second one would be a sign of tampering.
func (s *signer) verifySignature(b, authenticator []byte, need bool) error {
	at := 0
	for i := headerLen; i < len(b); i += int(b[i+1]) {
		if b[i] != byte(rfc2869.MessageAuthenticator_Type) {
			continue
		}
		if at != 0 || b[i+1] != 2+md5.Size {
			return errMessageSignature
		}
		at = i + 2
	}
	if at == 0 {
		if need {
			return errUnsigned
		}
		return nil
	}
	s.hmac.Reset()
	s.hmac.Write(b[:4])
	s.hmac.Write(authenticator)
	s.hmac.Write(b[headerLen:at])
	s.hmac.Write(s.zero[:])
	s.hmac.Write(b[at+md5.Size:])
	if subtle.ConstantTimeCompare(s.hmac.Sum(s.sum[:0]), b[at:at+md5.Size]) != 1 {
		return errMessageSignature
	}
	return nil
}

// hidePassword appends User-Password, hidden as RFC 2865 §5.2 says.
func (s *signer) hidePassword(b []byte, authenticator []byte, password string) []byte {
	previous := authenticator
	for first := true; first || len(password) > 0; first = false {
		s.md5.Reset()
		s.md5.Write(s.secret)
		s.md5.Write(previous)
		key := s.md5.Sum(s.sum[:0])
		at := len(b)
		b = append(b, key...)
		n := min(len(password), md5.Size)
		for i := range n {
			b[at+i] ^= password[i]
		}
		password = password[n:]
		previous = b[at:]
	}
	return b
}
