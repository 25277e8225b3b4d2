// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"go/ast"
	"go/token"
	"strings"
)

// A sentinel that nobody returns is a promise that nobody keeps.
func checkSentinelsUsed(m *module, r *report) {
	for dir, files := range m.dirs {
		for name, pos := range sentinels(files) {
			if !mentioned(files, name, pos) {
				r.at(pos, "%s of %s is never used", name, dir)
			}
		}
	}
}

// sentinels finds the package variables ErrX and errX.
func sentinels(files []*file) map[string]token.Pos {
	found := map[string]token.Pos{}
	for _, f := range files {
		if f.test || f.generated {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				for _, id := range s.(*ast.ValueSpec).Names {
					if rest, ok := strings.CutPrefix(strings.ToLower(id.Name[:1])+id.Name[1:], "err"); ok && rest != "" && ast.IsExported(rest) {
						found[id.Name] = id.Pos()
					}
				}
			}
		}
	}
	return found
}

// mentioned reports whether a package's own code, tests aside, names the
// sentinel anywhere but where it is declared.
func mentioned(files []*file, name string, declared token.Pos) bool {
	for _, f := range files {
		if f.test {
			continue
		}
		hit := false
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == name && id.Pos() != declared {
				hit = true
			}
			return !hit
		})
		if hit {
			return true
		}
	}
	return false
}
