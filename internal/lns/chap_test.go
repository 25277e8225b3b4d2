// SPDX-License-Identifier: Apache-2.0

package lns

import "crypto/md5"

// chapResponse is RFC 1994 §4.1.
func chapResponse(id byte, secret string, challenge []byte) []byte {
	sum := md5.Sum(append(append([]byte{id}, secret...), challenge...))
	return sum[:]
}
