// SPDX-License-Identifier: Apache-2.0

package statements

import (
	"slices"
	"strings"
)

// Case changes one statement. Lines are of the set form without the word set.
type Case struct {
	Statement string // its path in the schema, keys left out
	Before    string // the line at first; empty: none
	After     string // the line that replaces it; empty: none

	With    []string // further lines of both texts
	Without []string // lines of the base that neither text has

	Refused string // not empty: the text after is refused, and the error says this
}

// Texts are the two configurations, which differ in the statement only.
func (c Case) Texts() (before, after string) {
	var common []string
	for _, line := range Base() {
		if line != c.Before && !slices.Contains(c.Without, line) {
			common = append(common, line)
		}
	}
	common = append(common, c.With...)
	return text(common, c.Before), text(common, c.After)
}

func text(lines []string, last string) string {
	var b strings.Builder
	for _, line := range append(lines[:len(lines):len(lines)], last) {
		if line != "" {
			b.WriteString("set " + line + "\n")
		}
	}
	return b.String()
}

// BaseText is the configuration that the cases change, as set lines.
func BaseText() string { return text(Base(), "") }
