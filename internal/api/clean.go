// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text that a peer has chosen fit to be shown: what cannot be printed
// is written out (\x1b), so that a user name can neither break a listing, which
// must be UTF-8, nor drive the terminal of who reads it.
func clean(s string) string {
	if printable(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch _, n := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// printable reports whether s can be shown as it is.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= utf8.RuneSelf-1 {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
		}
	}
	return true
}
