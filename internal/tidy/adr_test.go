// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// adrIndex lists the decisions of its folder.
const adrIndex = "docs/adr/README.md"

var adrTitle = regexp.MustCompile(`^# ([0-9]+)\. (.+)\n`)

// checkDecisionsListed: each decision has its row in the index, with its title.
func checkDecisionsListed(m *module, r *report) {
	index := ""
	if i := slices.IndexFunc(m.texts, func(f text) bool { return f.path == adrIndex }); i >= 0 {
		index = string(m.texts[i].content)
	}
	for _, f := range m.texts {
		if path.Dir(f.path) != path.Dir(adrIndex) || f.path == adrIndex {
			continue
		}
		title := adrTitle.FindStringSubmatch(string(f.content))
		if title == nil {
			r.line(f.path, 1, "does not begin with # NUMBER. TITLE")
			continue
		}
		if row := "| [" + title[1] + "](" + path.Base(f.path) + ") | " + title[2] + " |"; !strings.Contains(index, row+"\n") {
			r.line(f.path, 1, "%s has no row %s", adrIndex, row)
		}
	}
}
