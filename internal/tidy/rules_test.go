// SPDX-License-Identifier: Apache-2.0

package tidy

import (
	"slices"
	"strings"
	"testing"
)

var rules = []rule{
	{"layers", "dependencies point down: that keeps the machines free of I/O and the whole free of cycles", checkLayers},
	{"kernel", "system calls have one home", checkSystemCallsInKernelOnly},
	{"pure", "the core follows from its seed and its inputs: a run can be repeated, a day tested in milliseconds", checkPure},
	{"sleep", "a test that sleeps is slow on a good day and wrong on a bad one", checkNoSleepInTests},
	{"init", "nothing happens behind main's back", checkNoInit},
	{"variables", "state has an owner; a package is none", checkPackageVariablesNeverChange},
	{"length", "what fits on a screen or two can be read", checkLengths},
	{"licence", "each file says under which terms it may be used", checkLicence},
	{"package", "each package tells its story once", checkPackageComments},
	{"comment", "every exported name says what it means", checkExportedNamesDocumented},
	{"print", "only what talks to a terminal prints to one", checkNoPrint},
	{"todo", "a note of something to do names who will do it", checkTODO},
	{"words", "the project speaks of itself only", checkWords},
	{"sentinels", "an error that nobody returns is a promise that nobody keeps", checkSentinelsUsed},
	{"events", "an event that nobody writes is one that an operator waits for in vain", checkEventsWritten},
	{"skip", "a skip that does not go through testenv would be a skip in CI too", checkSkipsGoThroughTestenv},
	{"rfc", "nothing that an RFC demands is passed over in silence", checkRFCTables},
	{"adr", "a decision that nobody finds is made again, otherwise", checkDecisionsListed},
}

func TestRules(t *testing.T) {
	m := loadModule(t)
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			r := &report{fset: m.fset}
			rule.check(m, r)
			used := map[int]bool{}
			for _, f := range r.found {
				if i := excuse(rule.name, f); i >= 0 {
					used[i] = true
					continue
				}
				t.Error(f)
			}
			for i, e := range exceptions {
				if e.rule == rule.name && !used[i] {
					t.Errorf("the exception for %s %q excuses nothing any more: remove it", e.where, e.what)
				}
			}
			if t.Failed() {
				t.Logf("the rule: %s", rule.why)
			}
		})
	}
}

// excuse finds the exception for a finding; -1: none.
func excuse(rule string, f finding) int {
	for i, e := range exceptions {
		if e.rule == rule && strings.HasPrefix(f.file, e.where) && strings.Contains(f.text, e.what) {
			return i
		}
	}
	return -1
}

// A rule that catches nothing is worse than none. Each of these sources breaks
// one rule, and the report must say so.
func TestRulesCatch(t *testing.T) {
	const head = licence + "// Package p is.\npackage p\n\n"
	for _, test := range []struct {
		rule, path, source, want string
	}{
		{"layers", "l2tp/x.go", head + `import _ "holdfast/internal/lns"`, "l2tp (layer 1) imports internal/lns (layer 2)"},
		{"layers", "l2tp/x.go", head + `import _ "holdfast/ppp"`, "l2tp (layer 1) imports ppp (layer 1)"},
		{"layers", "internal/lns/x.go", head + `import _ "holdfast/internal/testenv"`, "for tests only"},
		{"layers", "internal/new/x.go", head, "has no layer"},
		{"layers", "l2tp/x.go", head + `import _ "holdfast/l2tp/wire"`, ""},
		{"layers", "internal/config/x.go", head + `import _ "holdfast/internal/config/schema"`, ""},
		{"events", "internal/event/x.go", head + "const (\n\tUp ID = iota\n\teventCount\n)", "event Up is written by nobody"},
		{"kernel", "internal/shard/x.go", head + `import _ "golang.org/x/sys/unix"`, "belongs in internal/kernel"},
		{"pure", "ppp/x.go", head + `import _ "net"`, "imports net"},
		{"pure", "ppp/x.go", head + `import _ "sync/atomic"`, "imports sync/atomic"},
		{"pure", "internal/police/x.go", head + `import _ "sync/atomic"`, ""},
		{"pure", "ppp/x.go", head + "import \"time\"\n\nvar x = time.Now()", "reads a clock: time.Now"},
		{"pure", "ppp/x.go", head + "import \"time\"\n\nvar x = time.Second", ""},
		{"pure", "ppp/x.go", head + "import \"math/rand/v2\"\n\nvar x = rand.IntN(3)", "unseeded dice: rand.IntN"},
		{"pure", "ppp/x.go", head + "import \"math/rand/v2\"\n\nvar x = rand.New(nil)", ""},
		{"pure", "ppp/x.go", head + "func f() { go f() }", "starts a goroutine"},
		{"pure", "ppp/x.go", head + "func f(c chan int) {}", "uses a channel"},
		{"pure", "internal/shard/x.go", head + "func f(c chan int) { go f(c) }", ""},
		{"sleep", "ppp/x_test.go", head + "import \"time\"\n\nfunc f() { time.Sleep(1) }", "time.Sleep in a test"},
		{"init", "cmd/holdfast/x.go", head + "func init() {}", "func init"},
		{"variables", "ppp/x.go", head + "var n int\n\nfunc f() { n++ }", "variable n is changed"},
		{"variables", "ppp/x.go", head + "var m = map[int]int{}\n\nfunc f() { m[1] = 2 }", "variable m is changed"},
		{"variables", "ppp/x.go", head + "var m = map[int]int{}\n\nfunc f() { delete(m, 1) }", "variable m is changed"},
		{"variables", "ppp/x.go", head + "import \"sync\"\n\nvar mu sync.Mutex", "variable mu is a sync.Mutex"},
		{"variables", "ppp/x.go", head + "var n int\n\nfunc f() { n := 0; n++ }", ""},
		{"length", "ppp/x.go", head + "func f() {\n" + strings.Repeat("\tf()\n", functionLines) + "}", "func f of 82 lines"},
		{"length", "ppp/x.go", head + strings.Repeat("\n", fileLines), "at most 800"},
		{"length", "ppp/x.go", head + "// " + strings.Repeat("x", lineLength), "line of 163 characters"},
		{"licence", "ppp/x.go", "// Package p is.\npackage p\n", "begins without"},
		{"package", "ppp/x.go", licence + "package p\n", "without a comment"},
		{"comment", "ppp/x.go", head + "func F() {}", "func F has no comment"},
		{"comment", "ppp/x.go", head + "type T int", "type T has no comment"},
		{"comment", "ppp/x.go", head + "const C = 1", "C has no comment"},
		{"comment", "ppp/x.go", head + "type t int\n\nfunc (t) F() {}", ""},
		{"print", "ppp/x.go", head + "import \"fmt\"\n\nfunc f() { fmt.Println() }", "fmt.Println"},
		{"todo", "ppp/x.go", head + "// TO" + "DO: later", "write it as"},
		{"todo", "ppp/x.go", head + "// TO" + "DO(#12): later", ""},
		{"words", "docs/x.md", "This is a dummy " + "implementation.", "does not belong here"},
		{"sentinels", "ppp/x.go", head + "// ErrX is.\nvar ErrX error", "ErrX of ppp is never used"},
		{"sentinels", "ppp/x.go", head + "// ErrX is.\nvar ErrX error\n\nfunc f() error { return ErrX }", ""},
		{"skip", "ppp/x_test.go", head + "import \"testing\"\n\nfunc f(t *testing.T) { t.Skip() }", "use testenv"},
		{"rfc", "docs/rfc/rfc1.md", "| L7 | 1 | \"MUST\" | `ppp/x.go` | `TestNone` |", "no test TestNone"},
		{"rfc", "docs/rfc/rfc1.md", "| L7 | 1 | \"MUST\" | `ppp/none.go` | not done, because it is not |", "no file ppp/none.go"},
		{"rfc", "docs/rfc/rfc1.md", "| L7 | 1 | \"MUST\" | later | later |", "names no test and no reason"},
		{"rfc", "docs/rfc/keywords/rfc1.txt", "7 MUST\n", "no row for line 7"},
		{"adr", "docs/adr/0001-x.md", "# 1. X", "no row | [1](0001-x.md) | X |"},
		{"adr", "docs/adr/0001-x.md", "X", "does not begin with"},
	} {
		m := newModule()
		if err := m.add(test.path, []byte(test.source+"\n")); err != nil {
			t.Fatalf("%s: %v", test.source, err)
		}
		if strings.HasSuffix(test.path, ".txt") {
			if err := m.add("docs/rfc/rfc1.md", nil); err != nil {
				t.Fatal(err)
			}
		}
		r := &report{fset: m.fset}
		rules[slices.IndexFunc(rules, func(x rule) bool { return x.name == test.rule })].check(m, r)
		switch {
		case test.want == "" && len(r.found) > 0:
			t.Errorf("%s: %q is right, but: %v", test.rule, test.source, r.found)
		case test.want != "" && !slices.ContainsFunc(r.found, func(f finding) bool { return strings.Contains(f.text, test.want) }):
			t.Errorf("%s: %q: want %q, found %v", test.rule, test.source, test.want, r.found)
		}
	}
}
