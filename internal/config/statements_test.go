// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/config/schema"
	"holdfast/internal/config/statements"
)

// A statement that is accepted and ignored is worse than one that is refused:
// for every leaf of the schema a case shows that changing it, and nothing else,
// changes what Build makes, or that its only value is enforced.
func TestEveryStatementHasAnEffect(t *testing.T) {
	proved := make(map[string]bool)
	for _, c := range statements.Cases() {
		proved[c.Statement] = true
		t.Run(strings.ReplaceAll(c.Statement, " ", "/"), func(t *testing.T) { effect(t, c) })
	}
	leaves := make(map[string]bool)
	schema.Root().Walk(func(path []string, n *schema.Node) {
		name := strings.Join(path, " ")
		if leaves[name] = true; !n.Braced() && !proved[name] {
			t.Errorf("%s has no case in config/statements", name)
		}
	})
	for name := range proved {
		if !leaves[name] {
			t.Errorf("%s has a case and is no statement", name)
		}
	}
}

func effect(t *testing.T, c statements.Case) {
	before, after := c.Texts()
	old, was := load(t, "before", []byte(before))
	new, is, errs := Load("after", []byte(after))
	if c.Refused != "" {
		if !strings.Contains(Errors(errs).Error(), c.Refused) {
			t.Errorf("want an error that says %q, got %v", c.Refused, Errors(errs))
		}
		return
	}
	if len(errs) > 0 {
		t.Fatal(Errors(errs))
	}
	if changed := differences(old.Root, new.Root); !slices.Equal(changed, []string{c.Statement}) {
		t.Errorf("the texts differ in %q", changed)
	}
	if reflect.DeepEqual(was, is) {
		t.Error("the result is the same")
	}
}

// differences are the schema paths of the statements in which two trees differ,
// a whole branch by its shortest one.
func differences(a, b *Statement) []string {
	found := make(map[string]bool)
	var walk func(path string, a, b *Statement)
	walk = func(path string, a, b *Statement) {
		if !slices.Equal(a.Values, b.Values) {
			found[path] = true
		}
		for _, pair := range [][2]*Statement{{a, b}, {b, a}} {
			for _, c := range pair[0].Children {
				p := strings.TrimSpace(path + " " + c.Schema.Label())
				if other := pair[1].byHead()[c.head()]; other != nil {
					walk(p, c, other)
				} else {
					found[deepest(p, c)] = true
				}
			}
		}
	}
	walk("", a, b)
	return slices.Sorted(maps.Keys(found))
}

// deepest goes down a branch that has no fork.
func deepest(path string, s *Statement) string {
	if len(s.Children) == 1 {
		return deepest(path+" "+s.Children[0].Schema.Label(), s.Children[0])
	}
	return path
}
