// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// Check judges an offer against the peer's secret, by its Method. An offer
// without a method fails.
func Check(o *AuthOffer, secret string) Verdict {
	switch o.Method {
	case PAP:
		return CheckPAP(o, secret)
	case CHAP:
		return CheckCHAP(o, secret)
	case MSCHAPv2:
		return CheckMSCHAPv2(o, secret)
	}
	return Verdict{}
}

// CheckPAP judges a password.
func CheckPAP(o *AuthOffer, secret string) Verdict {
	return verdictOf(subtle.ConstantTimeCompare([]byte(o.Password), []byte(secret)) == 1)
}

// CheckCHAP judges a Response of CHAP with MD5 (RFC 1994 §4.1).
//
// "The CHAP algorithm requires that the length of the secret MUST be at least 1
// octet." RFC 1994 §2.3
func CheckCHAP(o *AuthOffer, secret string) Verdict {
	want := md5Response(o.ID, secret, o.Challenge)
	return verdictOf(secret != "" && subtle.ConstantTimeCompare(o.Response, want[:]) == 1)
}

func verdictOf(ok bool) Verdict {
	if ok {
		return Verdict{OK: true, Message: "Welcome"}
	}
	return Verdict{Message: "Authentication failed"}
}

// md5Response is the one-way hash of RFC 1994 §4.1.
func md5Response(id uint8, secret string, challenge []byte) [md5.Size]byte {
	b := make([]byte, 0, 128)
	b = append(b, id)
	b = append(b, secret...)
	b = append(b, challenge...)
	return md5.Sum(b)
}

// CheckMSCHAPv2 judges a Response of MS-CHAPv2 and makes the Message of the
// Success or Failure (RFC 2759 §5, §6). A new attempt on the same link is not
// invited, so the challenge in the Failure is the one that was used.
func CheckMSCHAPv2(o *AuthOffer, secret string) Verdict {
	if len(o.Response) == mschapv2ResponseLen && len(o.Challenge) == mschapv2ChallengeLen {
		peerChallenge, nt := o.Response[:16], o.Response[24:48]
		want := generateNTResponse(o.Challenge, peerChallenge, o.Name, secret)
		if subtle.ConstantTimeCompare(nt, want[:]) == 1 {
			s := generateAuthenticatorResponse(secret, nt, peerChallenge, o.Challenge, o.Name)
			return Verdict{OK: true, Message: s + " M=Welcome"}
		}
	}
	return Refuse(o)
}

// Refuse is the verdict on an offer that nobody can judge: an unknown name gets
// the same answer as a wrong password.
func Refuse(o *AuthOffer) Verdict {
	if o.Method != MSCHAPv2 {
		return verdictOf(false)
	}
	// "This field MUST be exactly 32 octets long and MUST be present." RFC 2759 §6
	var challenge [mschapv2ChallengeLen]byte
	copy(challenge[:], o.Challenge)
	return Verdict{Message: "E=691 R=0 C=" + strings.ToUpper(hex.EncodeToString(challenge[:])) +
		" V=3 M=Authentication failed"}
}
