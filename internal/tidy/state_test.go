// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"go/ast"
	"go/token"
	"strings"
)

// Nothing happens behind main's back.
func checkNoInit(m *module, r *report) {
	for _, f := range m.files {
		if f.generated {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				r.at(fn.Pos(), "func init")
			}
		}
	}
}

// State has an owner; a package is none. Tables, sentinel errors and compiled
// patterns are package variables that nobody changes.
func checkPackageVariablesNeverChange(m *module, r *report) {
	vars := packageVariables(m, r)
	for _, f := range m.files {
		if f.test || f.generated {
			continue
		}
		names := imports(f)
		changed := func(e ast.Expr) {
			if name := variable(e, f, names, vars); name != "" {
				r.at(e.Pos(), "package variable %s is changed", name)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					if n.Tok != token.DEFINE {
						changed(e)
					}
				}
			case *ast.IncDecStmt:
				changed(n.X)
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					changed(n.Key)
					changed(n.Value)
				}
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && id.Obj == nil && (id.Name == "delete" || id.Name == "clear") && len(n.Args) > 0 {
					changed(n.Args[0])
				}
			}
			return true
		})
	}
}

// packageVariables maps "dir.name" of each package variable outside tests to true,
// and reports those that can only be meant to change.
func packageVariables(m *module, r *report) map[string]bool {
	vars := map[string]bool{}
	for _, f := range m.files {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.ValueSpec)
				for _, id := range spec.Names {
					vars[f.dir+"."+id.Name] = id.Name != "_" // which holds nothing: it is how a type shows that it fits an interface
				}
				if what := mutableType(spec.Type, imports(f)); what != "" && !f.generated {
					r.at(spec.Pos(), "package variable %s is a %s", spec.Names[0].Name, what)
				}
			}
		}
	}
	return vars
}

// mutableType names a declared type that exists to be changed.
func mutableType(e ast.Expr, names map[string]string) string {
	switch e := e.(type) {
	case *ast.ChanType:
		return "channel"
	case *ast.SelectorExpr:
		if p, _ := isPackage(e.X, names); p == "sync" || p == "sync/atomic" {
			return p + "." + e.Sel.Name
		}
	}
	return ""
}

// variable names the package variable that an assignment to e changes, if any:
// x, x.f, x[i], *x and pkg.X count, what a function declares does not.
func variable(e ast.Expr, f *file, names map[string]string, vars map[string]bool) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			declaredHere := x.Obj != nil && f.ast.Scope.Lookup(x.Name) != x.Obj
			if !declaredHere && vars[f.dir+"."+x.Name] {
				return x.Name
			}
			return ""
		case *ast.SelectorExpr:
			if p, ok := isPackage(x.X, names); ok {
				dir := strings.TrimPrefix(p, modulePath+"/")
				if vars[dir+"."+x.Sel.Name] {
					return p + "." + x.Sel.Name
				}
				return ""
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return ""
		}
	}
}
