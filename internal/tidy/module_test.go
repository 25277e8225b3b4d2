// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	root       = "../.."
	modulePath = "holdfast"
)

// file is one Go file of the module.
type file struct {
	path      string // from the root, with slashes
	dir       string // its package's folder; "." for the root
	text      []byte
	ast       *ast.File
	test      bool // name ends in _test.go
	generated bool // says "Code generated ... DO NOT EDIT."
}

// text is a file of any kind.
type text struct {
	path    string
	content []byte
}

// module is all files, the Go ones parsed, once for all tests.
type module struct {
	fset  *token.FileSet
	files []*file
	dirs  map[string][]*file
	texts []text
}

var load = sync.OnceValues(func() (*module, error) {
	m := newModule()
	err := eachFile(func(name string, text []byte) error {
		return m.add(name, text)
	})
	return m, err
})

// add takes a file into the module: its octets, and what they mean if they are Go.
func (m *module) add(name string, content []byte) error {
	m.texts = append(m.texts, text{name, content})
	if !strings.HasSuffix(name, ".go") || strings.Contains(name, "/testdata/") {
		return nil
	}
	f := &file{path: name, dir: path.Dir(name), text: content, test: strings.HasSuffix(name, "_test.go")}
	var err error
	if f.ast, err = parser.ParseFile(m.fset, name, content, parser.ParseComments); err != nil {
		return err
	}
	f.generated = ast.IsGenerated(f.ast)
	m.files = append(m.files, f)
	m.dirs[f.dir] = append(m.dirs[f.dir], f)
	return nil
}

func newModule() *module { return &module{fset: token.NewFileSet(), dirs: map[string][]*file{}} }

func loadModule(t *testing.T) *module {
	t.Helper()
	m, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// eachFile visits every regular file of the tree but what git ignores by rule.
func eachFile(visit func(name string, text []byte) error) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, p)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if name == ".git" || name == "bin" || name == "tmp" || d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || strings.HasSuffix(name, ".test") || strings.HasSuffix(name, ".prof") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return visit(name, text)
	})
}

// rule is one of the repository's rules.
type rule struct {
	name  string
	why   string
	check func(m *module, r *report)
}

// report collects what breaks one rule.
type report struct {
	fset  *token.FileSet
	found []finding
}

type finding struct {
	file string
	line int // 0: the file as a whole
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

// at reports a node of a file.
func (r *report) at(pos token.Pos, format string, args ...any) {
	p := r.fset.Position(pos)
	r.line(p.Filename, p.Line, format, args...)
}

// line reports a line of a file, or the whole file if line is 0.
func (r *report) line(name string, line int, format string, args ...any) {
	r.found = append(r.found, finding{name, line, fmt.Sprintf(format, args...)})
}

// lines calls visit with each line of text, numbered from 1.
func lines(text []byte, visit func(n int, line string)) {
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, 1<<24)
	for n := 1; s.Scan(); n++ {
		visit(n, s.Text())
	}
}

// imports maps the names under which a file knows its imports to their paths.
func imports(f *file) map[string]string {
	m := map[string]string{}
	for _, spec := range f.ast.Imports {
		p := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(p)
		if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(p))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		m[name] = p
	}
	return m
}

// isPackage reports whether e names the import n of a file: an identifier that
// nothing in the file declares.
func isPackage(e ast.Expr, n map[string]string) (string, bool) {
	id, ok := e.(*ast.Ident)
	if !ok || id.Obj != nil {
		return "", false
	}
	p, ok := n[id.Name]
	return p, ok
}
