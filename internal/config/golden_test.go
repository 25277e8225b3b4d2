// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"holdfast/internal/config/statements"
)

// The scripts in testdata/scripts say what an operator reads:
//
//	parse   the errors of Parse, or "ok"
//	build   the base of config/statements with lines added (+) and removed (-):
//	        each error under the line it is about, or "ok"
//	text    the canonical text
//	set     the set lines
//	redact  the text without secrets
//	diff    two texts with ==== between them: the changes
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/scripts", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "parse":
				_, errs := Parse("lns.conf", []byte(d.Input))
				return report(errs)
			case "build":
				return built(t, d.Input)
			case "diff":
				a, b, _ := strings.Cut(d.Input, "\n====\n")
				return changes(Diff(parsed(t, a), parsed(t, b)))
			case "text":
				return parsed(t, d.Input).Text()
			case "set":
				return parsed(t, d.Input).Set()
			case "redact":
				return parsed(t, d.Input).Redacted()
			}
			d.Fatalf(t, "unknown command %s", d.Cmd)
			return ""
		})
	})
}

func parsed(t *testing.T, text string) *Tree {
	t.Helper()
	tree, errs := Parse("lns.conf", []byte(text))
	if len(errs) > 0 {
		t.Fatal(Errors(errs))
	}
	return tree
}

func report(errs []*Error) string {
	if len(errs) == 0 {
		return "ok\n"
	}
	return Errors(errs).Error() + "\n"
}

func changes(all []Change) string {
	var b strings.Builder
	for _, c := range all {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

// built changes the base by the lines of a script and builds it.
func built(t *testing.T, script string) string {
	t.Helper()
	lines := statements.Base()
	for _, edit := range strings.Split(script, "\n") {
		sign, line, _ := strings.Cut(edit, " ")
		at := slices.Index(lines, line)
		switch {
		case sign == "-" && at >= 0:
			lines = slices.Delete(lines, at, at+1)
		case sign == "+":
			lines = append(lines, line)
		default:
			t.Fatalf("not in the base: %s", edit)
		}
	}
	_, errs := Build(parsed(t, "set "+strings.Join(lines, "\nset ")+"\n"))
	if len(errs) == 0 {
		return "ok\n"
	}
	var b strings.Builder
	for _, err := range errs {
		fmt.Fprintf(&b, "%s\n%s^ %s\n", lines[err.Pos.Line-1], strings.Repeat(" ", max(0, err.Pos.Column-1-len("set "))), err.Text)
	}
	return b.String()
}
