// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The texts of the RFCs are not part of the repository. Which of their lines
// hold a keyword of RFC 2119 is: docs/rfc/keywords/rfcNNNN.txt, written by
// make rfc-keywords RFC_DIR=folder-with-rfcNNNN.txt.
var rfcDir = flag.String("rfc", "", "folder of RFC texts: write docs/rfc/keywords from them")

var (
	keyword  = regexp.MustCompile(`\b(MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|REQUIRED|NOT RECOMMENDED|RECOMMENDED)\b`)
	rowStart = regexp.MustCompile(`^\| *L[0-9]`)
	lineSpan = regexp.MustCompile(`L([0-9]+)(?:-L?([0-9]+))?`)
	quoted   = regexp.MustCompile("`([^`]+)`")
	testName = regexp.MustCompile(`^((?:Test|Fuzz|Benchmark|Example)[A-Z_]\w*)(?:/.*)?$`)
	place    = regexp.MustCompile(`^([\w./-]+\.go)(?::([\w.]+))?$`)
	reason   = regexp.MustCompile(`(?i)\b(not done|not ours|no rule), because \S`)
)

// rfcRow is one row of a table in docs/rfc: | lines | § | sentence | where | test |.
type rfcRow struct {
	line  int // in the table's file
	cells []string
}

func TestRFCKeywords(t *testing.T) {
	if *rfcDir == "" {
		return // only make rfc-keywords has the texts
	}
	for name := range rfcTables(loadModule(t)) {
		text, err := os.ReadFile(filepath.Join(*rfcDir, name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		lines(text, func(n int, line string) {
			for _, w := range keyword.FindAllString(line, -1) {
				fmt.Fprintln(&out, n, w)
			}
		})
		if err := os.WriteFile(filepath.Join(root, "docs/rfc/keywords", name+".txt"), out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// checkRFCTables: what an RFC demands is done and tested, or the table says why not.
func checkRFCTables(m *module, r *report) {
	tests, funcs := functions(m)
	for name, table := range rfcTables(m) {
		covered := map[int]bool{}
		for _, row := range rfcRows(table.content) {
			if len(row.cells) != 5 {
				r.line(table.path, row.line, "%d columns, want lines, §, sentence, where, test", len(row.cells))
				continue
			}
			cover(covered, row.cells[0])
			checkRow(r, table.path, row, tests, funcs)
		}
		for _, n := range keywordLines(m, r, name) {
			if !covered[n] {
				r.line(table.path, 0, "no row for line %d", n)
			}
		}
	}
}

// checkRow looks for what a row names.
func checkRow(r *report, table string, row rfcRow, tests map[string]bool, funcs map[string]map[string]bool) {
	where, test := row.cells[3], row.cells[4]
	excused := reason.MatchString(where) || reason.MatchString(test)
	named := 0
	for _, q := range quoted.FindAllStringSubmatch(test, -1) {
		if n := testName.FindStringSubmatch(q[1]); n != nil {
			named++
			if !tests[n[1]] {
				r.line(table, row.line, "no test %s", n[1])
			}
		}
	}
	if named == 0 && !excused {
		r.line(table, row.line, "names no test and no reason")
	}
	places := 0
	for _, q := range quoted.FindAllStringSubmatch(where, -1) {
		p := place.FindStringSubmatch(q[1])
		if p == nil {
			continue
		}
		places++
		switch names, ok := funcs[p[1]]; {
		case !ok:
			r.line(table, row.line, "no file %s", p[1])
		case p[2] != "" && !names[p[2]]:
			r.line(table, row.line, "no %s in %s", p[2], p[1])
		}
	}
	if places == 0 && !excused {
		r.line(table, row.line, "names no file and no reason")
	}
}

// functions finds the tests of the module by name, and what each file declares:
// functions, methods (as Type.Method and as Method), types, constants and variables.
func functions(m *module) (tests map[string]bool, declared map[string]map[string]bool) {
	tests, declared = map[string]bool{}, map[string]map[string]bool{}
	for _, f := range m.files {
		names := map[string]bool{}
		declared[f.path] = names
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				names[d.Name.Name] = true
				if d.Recv != nil {
					names[receiver(d)+"."+d.Name.Name] = true
				} else if f.test {
					tests[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						names[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, id := range s.Names {
							names[id.Name] = true
						}
					}
				}
			}
		}
	}
	return tests, declared
}

func receiver(d *ast.FuncDecl) string {
	e := d.Recv.List[0].Type
	if s, ok := e.(*ast.StarExpr); ok {
		e = s.X
	}
	if x, ok := e.(*ast.IndexExpr); ok {
		e = x.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// rfcTables finds the tables by RFC: rfc1661, rfc2661, ...
func rfcTables(m *module) map[string]text {
	found := map[string]text{}
	for _, f := range m.texts {
		if name := path.Base(f.path); path.Dir(f.path) == "docs/rfc" && strings.HasPrefix(name, "rfc") && path.Ext(name) == ".md" {
			found[strings.TrimSuffix(name, ".md")] = f
		}
	}
	return found
}

// keywordLines reads docs/rfc/keywords: "LINE KEYWORD" each. Lines come once.
func keywordLines(m *module, r *report, name string) (found []int) {
	file := "docs/rfc/keywords/" + name + ".txt"
	i := slices.IndexFunc(m.texts, func(f text) bool { return f.path == file })
	if i < 0 {
		r.line(file, 0, "is missing: make rfc-keywords writes it")
		return nil
	}
	lines(m.texts[i].content, func(n int, line string) {
		number, _, _ := strings.Cut(line, " ")
		at, err := strconv.Atoi(number)
		if err != nil {
			if line != "" {
				r.line(file, n, "%q is not LINE KEYWORD", line)
			}
			return
		}
		if !slices.Contains(found, at) {
			found = append(found, at)
		}
	})
	return found
}

func rfcRows(table []byte) (rows []rfcRow) {
	lines(table, func(n int, line string) {
		if !rowStart.MatchString(line) {
			return
		}
		line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, "\x00")
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "|")
		}
		rows = append(rows, rfcRow{n, cells})
	})
	return rows
}

// cover marks the lines that a first column names: L735, L735-737, and several of these.
func cover(covered map[int]bool, cell string) {
	for _, span := range lineSpan.FindAllStringSubmatch(cell, -1) {
		first, _ := strconv.Atoi(span[1])
		last := first
		if span[2] != "" {
			last, _ = strconv.Atoi(span[2])
		}
		for n := first; n <= last; n++ {
			covered[n] = true
		}
	}
}
