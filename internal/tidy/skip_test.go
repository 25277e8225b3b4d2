// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"go/ast"
	"strings"
)

// A skip that does not go through testenv would be a skip in CI too.
func checkSkipsGoThroughTestenv(m *module, r *report) {
	for _, f := range m.files {
		if f.dir == "internal/testenv" || f.dir == "internal/tidy" {
			continue
		}
		names := imports(f)
		if _, ok := names["testing"]; !ok {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if ok && strings.HasPrefix(s.Sel.Name, "Skip") && !fuzzSkip(s) && s.Sel.Name != "Skipped" {
				r.at(s.Pos(), "skips by itself: use testenv")
			}
			return true
		})
	}
}

// fuzzSkip: in a fuzz function and a rapid check t.Skip() throws an input away
// and has no argument to give a reason with.
func fuzzSkip(s *ast.SelectorExpr) bool { return s.Sel.Name == "SkipNow" }
