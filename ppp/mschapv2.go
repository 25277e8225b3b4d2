// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"crypto/des"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 RFC 2759 §8.3 prescribes MD4
)

// The functions of RFC 2759 §8, under their names there.

// generateNTResponse is RFC 2759 §8.1.
func generateNTResponse(authenticatorChallenge, peerChallenge []byte, userName, password string) [24]byte {
	challenge := challengeHash(peerChallenge, authenticatorChallenge, userName)
	return challengeResponse(challenge, ntPasswordHash(password))
}

// challengeHash is RFC 2759 §8.2.
func challengeHash(peerChallenge, authenticatorChallenge []byte, userName string) (challenge [8]byte) {
	h := sha1.New()
	h.Write(peerChallenge)
	h.Write(authenticatorChallenge)
	h.Write([]byte(accountName(userName)))
	copy(challenge[:], h.Sum(nil))
	return challenge
}

// accountName drops the Windows domain: "Only the user name (as presented by the
// peer and excluding any prepended domain name) is used." RFC 2759 §8.2
func accountName(userName string) string {
	return userName[strings.LastIndexByte(userName, '\\')+1:]
}

// ntPasswordHash is RFC 2759 §8.3. The password is hashed as UTF-16, little end
// first.
func ntPasswordHash(password string) (hash [16]byte) {
	var b []byte
	for _, u := range utf16.Encode([]rune(password)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return md4Sum(b)
}

func md4Sum(b []byte) (sum [16]byte) {
	h := md4.New()
	h.Write(b)
	h.Sum(sum[:0])
	return sum
}

// challengeResponse is RFC 2759 §8.5.
func challengeResponse(challenge [8]byte, passwordHash [16]byte) (response [24]byte) {
	var zPasswordHash [21]byte
	copy(zPasswordHash[:], passwordHash[:])
	for i := range 3 {
		desEncrypt(response[8*i:8*i+8], challenge[:], [7]byte(zPasswordHash[7*i:]))
	}
	return response
}

// desEncrypt is RFC 2759 §8.6: the 56 bits of the key are spread over eight
// octets whose lowest bits, the parity, do not matter.
func desEncrypt(cypher, clear []byte, key [7]byte) {
	var k [8]byte
	bits := uint64(0)
	for _, b := range key {
		bits = bits<<8 | uint64(b)
	}
	for i := range k {
		k[i] = byte(bits >> (49 - 7*i) << 1)
	}
	c, err := des.NewCipher(k[:])
	if err != nil {
		panic(err) // the key has the only legal length
	}
	c.Encrypt(cypher, clear)
}

// generateAuthenticatorResponse is RFC 2759 §8.7.
func generateAuthenticatorResponse(password string, ntResponse, peerChallenge, authenticatorChallenge []byte, userName string) string {
	const (
		magic1 = "Magic server to client signing constant"
		magic2 = "Pad to make it do more than one iteration"
	)
	passwordHash := ntPasswordHash(password)
	passwordHashHash := md4Sum(passwordHash[:])
	h := sha1.New()
	h.Write(passwordHashHash[:])
	h.Write(ntResponse)
	h.Write([]byte(magic1))
	digest := h.Sum(nil)

	challenge := challengeHash(peerChallenge, authenticatorChallenge, userName)
	h.Reset()
	h.Write(digest)
	h.Write(challenge[:])
	h.Write([]byte(magic2))
	return "S=" + strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// mschapv2Response makes the Value of a Response (RFC 2759 §4), and what the
// Success to it must begin with.
func mschapv2Response(challenge, peerChallenge []byte, cred *Credentials) (value []byte, expect string) {
	nt := generateNTResponse(challenge, peerChallenge, cred.Name, cred.Password)
	value = make([]byte, 0, mschapv2ResponseLen)
	value = append(value, peerChallenge...)
	value = append(value, make([]byte, 8)...) // reserved
	value = append(value, nt[:]...)
	value = append(value, 0) // flags
	return value, generateAuthenticatorResponse(cred.Password, nt[:], peerChallenge, challenge, cred.Name)
}
