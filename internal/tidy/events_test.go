// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"go/ast"
	"go/token"
)

// eventDir is where events are declared, as constants of type ID.
const eventDir = "internal/event"

// An event that is declared is in the manual, so something must write it.
func checkEventsWritten(m *module, r *report) {
	written := map[string]bool{}
	for _, f := range m.files {
		if f.test {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "event" {
					written[s.Sel.Name] = true
				}
			}
			return true
		})
	}
	for name, pos := range declaredEvents(m.dirs[eventDir]) {
		if !written[name] {
			r.at(pos, "event %s is written by nobody", name)
		}
	}
}

// declaredEvents finds the exported names of the group of constants whose first is an ID.
func declaredEvents(files []*file) map[string]token.Pos {
	found := map[string]token.Pos{}
	for _, f := range files {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			first := g.Specs[0].(*ast.ValueSpec)
			if of, ok := first.Type.(*ast.Ident); !ok || of.Name != "ID" {
				continue
			}
			for _, s := range g.Specs {
				for _, id := range s.(*ast.ValueSpec).Names {
					if id.IsExported() {
						found[id.Name] = id.Pos()
					}
				}
			}
		}
	}
	return found
}
