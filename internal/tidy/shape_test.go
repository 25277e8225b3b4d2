// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"bytes"
	"go/ast"
	"strings"
	"unicode/utf8"
)

// What fits on a screen or two can be read.
const (
	functionLines = 80 // outside tests: a test may be a long table
	fileLines     = 800
	lineLength    = 160
)

func checkLengths(m *module, r *report) {
	for _, f := range m.files {
		if f.generated {
			continue
		}
		if n := bytes.Count(f.text, []byte("\n")); n > fileLines {
			r.line(f.path, n, "file of %d lines, at most %d", n, fileLines)
		}
		lines(f.text, func(n int, line string) {
			if w := utf8.RuneCountInString(line); w > lineLength {
				r.line(f.path, n, "line of %d characters, at most %d", w, lineLength)
			}
		})
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && !f.test {
				first, last := m.fset.Position(fn.Pos()).Line, m.fset.Position(fn.End()).Line
				if n := last - first + 1; n > functionLines {
					r.at(fn.Pos(), "func %s of %d lines, at most %d", fn.Name.Name, n, functionLines)
				}
			}
		}
	}
}

const licence = "// SPDX-License-Identifier: Apache-2.0\n\n"

func checkLicence(m *module, r *report) {
	for _, f := range m.files {
		if !bytes.HasPrefix(f.text, []byte(licence)) && !f.generated {
			r.line(f.path, 1, "begins without %q and an empty line", strings.TrimSpace(licence))
		}
	}
}

// Each package tells its story once.
func checkPackageComments(m *module, r *report) {
	for dir, files := range m.dirs {
		var told []string
		sources := 0
		for _, f := range files {
			if f.test || f.generated {
				continue
			}
			sources++
			if f.ast.Doc != nil {
				told = append(told, f.path)
			}
		}
		switch {
		case sources > 0 && len(told) == 0:
			r.line(dir, 0, "package without a comment: write doc.go")
		case len(told) > 1:
			r.line(dir, 0, "package comments in %s: one is enough", strings.Join(told, ", "))
		}
	}
}

// Every exported name says what it means.
func checkExportedNamesDocumented(m *module, r *report) {
	for _, f := range m.files {
		if f.test || f.generated {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && receiverExported(d) && d.Doc == nil {
					r.at(d.Pos(), "func %s has no comment", d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					undocumented(r, d, s)
				}
			}
		}
	}
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// undocumented reports an exported type without a comment, or a constant or
// variable that has neither one of its own nor its group's.
func undocumented(r *report, d *ast.GenDecl, s ast.Spec) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
			r.at(s.Pos(), "type %s has no comment", s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, id := range s.Names {
			if id.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
				r.at(id.Pos(), "%s has no comment", id.Name)
			}
		}
	}
}

// Only what talks to a terminal prints to one.
func checkNoPrint(m *module, r *report) {
	for _, f := range m.files {
		if f.test || strings.HasPrefix(f.dir, "cmd/") || f.dir == "internal/cli" {
			continue
		}
		names := imports(f)
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if p, _ := isPackage(n.X, names); p == "fmt" && strings.HasPrefix(n.Sel.Name, "Print") {
					r.at(n.Pos(), "fmt.%s", n.Sel.Name)
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil && (id.Name == "print" || id.Name == "println") {
					r.at(n.Pos(), "%s", id.Name)
				}
			}
			return true
		})
	}
}
