// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"bytes"
	"regexp"
	"strings"
)

var (
	todo     = regexp.MustCompile(`\bTODO\b`)
	todoForm = regexp.MustCompile(`\bTODO\(#[0-9]+\): \S`)
)

// unwanted are words that do not belong in this project's text: marks of
// unfinished work, places on somebody's machine, and talk about who wrote it.
// They are written in two parts so that this file may hold them.
var unwanted = []string{
	"FIX" + "ME", "X" + "XX", "HA" + "CK", "lorem" + " ipsum", "not " + "implemented yet", "dummy " + "implementation",
	"/work/" + "main", "/work/" + "shared", "/tmp/" + "team", "language " + "model", "L" + "LM", "Chat" + "GPT", "Cla" + "ude", "Anth" + "ropic",
	"as an " + "AI", "the " + "reviewer", "the " + "grader",
}

// A note of something to do names the open issue that will do it.
func checkTODO(m *module, r *report) {
	for _, f := range m.files {
		if f.dir == "internal/tidy" {
			continue
		}
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if todo.MatchString(c.Text) && !todoForm.MatchString(c.Text) {
					r.at(c.Pos(), "write it as TODO(#123): what")
				}
			}
		}
	}
}

// The project speaks of itself only.
func checkWords(m *module, r *report) {
	pattern := regexp.MustCompile(`(?:^|\W)(` + strings.Join(unwanted, "|") + `)\b`)
	for _, f := range m.texts {
		if f.path == "LICENSE" || f.path == "go.sum" || bytes.IndexByte(f.content, 0) >= 0 {
			continue
		}
		lines(f.content, func(n int, line string) {
			if w := pattern.FindStringSubmatch(line); w != nil {
				r.line(f.path, n, "%q does not belong here", w[1])
			}
		})
	}
}
