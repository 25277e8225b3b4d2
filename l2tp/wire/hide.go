// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/md5"
	"encoding/binary"
)

// AppendHidden appends the hidden form of value: its length and itself, masked as
// RFC 2661 §4.3 describes, without padding.
func AppendHidden(b []byte, t AVPType, secret string, vector, value []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	mask(b[at:], t, secret, vector, true)
	return b
}

// AppendUnhidden appends the value that is hidden in a value of type t; false
// when what comes out has an impossible length, as it has with a wrong secret.
func AppendUnhidden(b []byte, t AVPType, secret string, vector, hidden []byte) ([]byte, bool) {
	if len(hidden) < 2 {
		return b, false
	}
	at := len(b)
	b = append(b, hidden...)
	plain := b[at:]
	mask(plain, t, secret, vector, false)
	n := int(binary.BigEndian.Uint16(plain))
	if n > len(plain)-2 {
		return b[:at], false
	}
	copy(plain, plain[2:2+n])
	return b[:at+n], true
}

// mask works in place:
//
//	b1 = MD5(AV + S + RV)   c(1) = p1 xor b1
//	b2 = MD5(S  + c(1))     c(2) = p2 xor b2
//
// where AV is the Attribute Type, S the secret and RV the Random Vector.
func mask(p []byte, t AVPType, secret string, vector []byte, hide bool) {
	var scratch [256]byte
	in := binary.BigEndian.AppendUint16(scratch[:0], uint16(t))
	in = append(append(in, secret...), vector...)
	for len(p) > 0 {
		pad := md5.Sum(in)
		n := min(len(p), md5.Size)
		in = append(in[:0], secret...)
		if !hide {
			in = append(in, p[:n]...)
		}
		for i := range n {
			p[i] ^= pad[i]
		}
		if hide {
			in = append(in, p[:n]...)
		}
		p = p[n:]
	}
}
