// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"crypto/des"
	"crypto/sha1"
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 RFC 2759 §8.3 prescribes MD4
)

// ntResponse is GenerateNTResponse of RFC 2759 §8.1, written anew: the server is to
// agree with the RFC, not with our client.
func ntResponse(t *testing.T, challenge, peer []byte, user, password string) []byte {
	t.Helper()
	sum := sha1.Sum(append(append(append([]byte{}, peer...), challenge...), user...))
	var unicode []byte
	for _, u := range utf16.Encode([]rune(password)) {
		unicode = binary.LittleEndian.AppendUint16(unicode, u)
	}
	h := md4.New()
	h.Write(unicode)
	key := append(h.Sum(nil), make([]byte, 5)...)
	response := make([]byte, 24)
	for i := range 3 {
		bits := uint64(0)
		for _, b := range key[7*i : 7*i+7] {
			bits = bits<<8 | uint64(b)
		}
		spread := make([]byte, 8)
		for k := range spread {
			spread[k] = byte(bits >> (49 - 7*k) << 1)
		}
		c, err := des.NewCipher(spread)
		check(t, err)
		c.Encrypt(response[8*i:], sum[:8])
	}
	return response
}
