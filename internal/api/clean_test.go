// SPDX-License-Identifier: Apache-2.0

package api

import (
	"testing"
	"unicode/utf8"
)

// Names are whatever a modem sends.
func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"user1@example":     "user1@example",
		"jürgen@example":    "jürgen@example",
		"a\x1b[2Jb":         `a\x1b[2Jb`,
		"tab\tline\nend":    `tab\x09line\x0aend`,
		"\xff\xfeuser":      `\xff\xfeuser`,
		"del\x7f":           `del\x7f`,
		"\u202egnp.exe":     `\u202egnp.exe`,
		"half \xe2\x82":     `half \xe2\x82`,
		"\ufffd is allowed": "\ufffd is allowed",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("user\x00\x9b")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || !printable(got) {
			t.Errorf("%q is shown as %q", s, got)
		}
		if clean(got) != got {
			t.Errorf("%q changes when it is cleaned again", got)
		}
	})
}
