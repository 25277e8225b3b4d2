// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/md5"
	"crypto/subtle"
)

// ChallengeResponseLength is the size of a Challenge Response.
const ChallengeResponseLength = md5.Size

// ComputeChallengeResponse answers a challenge as CHAP does (RFC 1994 §4.1), where "the
// value of the Message Type AVP for this message is used" as the Identifier,
// RFC 2661 §4.4.3: in is SCCRP or SCCCN.
func ComputeChallengeResponse(in MessageType, secret string, challenge []byte) [ChallengeResponseLength]byte {
	var scratch [256]byte
	b := append(scratch[:0], byte(in))
	b = append(append(b, secret...), challenge...)
	return md5.Sum(b)
}

// CheckChallengeResponse compares a response in constant time.
func CheckChallengeResponse(in MessageType, secret string, challenge, response []byte) bool {
	want := ComputeChallengeResponse(in, secret, challenge)
	return subtle.ConstantTimeCompare(want[:], response) == 1
}
