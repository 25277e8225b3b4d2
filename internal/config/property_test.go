// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdfast/internal/config/schema"
	"holdfast/internal/config/statements"
)

// shape is what a tree says, without positions and without the way a secret is
// written.
type shape struct {
	Head                          string
	Values                        []string
	Comments, Trailing, Remaining []string
	Inactive                      bool
	Children                      []shape
}

func shapeOf(s *Statement, comments bool) shape {
	out := shape{Head: s.head(), Values: s.plainValues(), Inactive: s.Inactive}
	if comments {
		out.Comments, out.Trailing, out.Remaining = s.Comments, s.Trailing, s.Remaining
	}
	for _, c := range s.Children {
		out.Children = append(out.Children, shapeOf(c, comments))
	}
	return out
}

// wantSame fails when reading text does not give the tree it was printed from.
func wantSame(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, tree *Tree, text string, comments bool) *Tree {
	t.Helper()
	again, errs := Parse(what, []byte(text))
	if len(errs) > 0 {
		t.Fatalf("%s is refused: %v\n%s", what, Errors(errs), text)
	}
	if want, got := shapeOf(tree.Root, comments), shapeOf(again.Root, comments); !reflect.DeepEqual(want, got) {
		t.Fatalf("%s reads back as something else: %s\n%s", what, cmp.Diff(want, got), text)
	}
	return again
}

// What is printed must read back as what it was: the canonical text of any tree,
// and its set lines.
func TestTextReadsBack(t *testing.T) {
	root := schema.Root()
	rapid.Check(t, func(t *rapid.T) {
		g := generator{t: t}
		g.children(root, 0)
		tree, errs := Parse("drawn", []byte(g.b.String()))
		if len(errs) > 0 {
			t.Fatalf("%v in\n%s", Errors(errs), g.b.String())
		}
		text := tree.Text()
		again := wantSame(t, "text", tree, text, true)
		if again.Text() != text {
			t.Fatalf("the text changes when it is printed again:\n%s\n%s", text, again.Text())
		}
		wantSame(t, "set", tree, tree.Set(), false)
		if all := Diff(tree, again); len(all) > 0 {
			t.Fatalf("Diff sees %v", all)
		}
		Build(tree) // most are refused; none may panic
	})
}

// generator writes a text that the schema allows, in every way that the parser
// allows.
type generator struct {
	t *rapid.T
	b strings.Builder
}

func (g *generator) chance(percent int, what string) bool {
	return rapid.IntRange(0, 99).Draw(g.t, what) < percent
}

// gap is white space, seldom with a comment in it.
func (g *generator) gap() {
	g.b.WriteString(rapid.SampledFrom([]string{" ", " ", " ", "\n", "\t", " /* c */ ", " # to the end\n", "\n/* two\nlines */\n"}).Draw(g.t, "gap"))
}

func (g *generator) children(n *schema.Node, depth int) {
	for _, c := range n.Children {
		if !g.chance(60-8*depth, c.Label()) {
			continue
		}
		times := 1
		if c.Kind == schema.List && !c.Single {
			times = rapid.IntRange(1, 2).Draw(g.t, "entries")
		}
		keys := make(map[string]bool)
		for range times {
			key := ""
			if c.Kind == schema.List {
				key = g.value(c.Type)
			}
			if keys[key] {
				continue // its statements would be there twice
			}
			keys[key] = true
			if g.chance(10, "inactive") {
				g.b.WriteString("inactive:")
				g.gap()
			}
			g.statement(c, key, depth)
			g.gap()
		}
	}
}

func (g *generator) statement(n *schema.Node, key string, depth int) {
	if n.Name != "" {
		g.b.WriteString(n.Name)
		g.gap()
	}
	switch {
	case n.Kind == schema.LeafList && g.chance(50, "brackets"):
		g.b.WriteString("[ ")
		for _, v := range slices.Compact([]string{g.value(n.Type), g.value(n.Type)}) {
			g.b.WriteString(quote(v))
			g.gap()
		}
		g.b.WriteString("]")
	case n.Kind == schema.Leaf || n.Kind == schema.LeafList:
		g.b.WriteString(quote(g.value(n.Type)))
		g.gap()
	case n.Kind == schema.List:
		g.b.WriteString(quote(key))
		g.gap()
	}
	if !n.Braced() || g.chance(10, "nothing") {
		g.b.WriteString(";")
		return
	}
	g.b.WriteString("{")
	g.gap()
	g.children(n, depth+1)
	g.b.WriteString("}")
}

// value is one that the type allows.
func (g *generator) value(t schema.Type) string {
	draw := func(values ...string) string { return rapid.SampledFrom(values).Draw(g.t, "value") }
	switch t.Form {
	case schema.Word:
		var supported []string
		for _, w := range t.Words {
			if !w.Unsupported {
				supported = append(supported, w.Name)
			}
		}
		return draw(supported...)
	case schema.Text, schema.Password:
		return rapid.StringMatching(`[ -~\n\t"\\#;{}é/*:]{1,8}`).Filter(func(v string) bool { return t.Check(v) == nil }).Draw(g.t, "text")
	case schema.Name, schema.Reference:
		return draw("a", "b", "si-1/0/0", "$x", "inactive:", "a/*b", "set", "#x", "lac.example")
	case schema.Integer:
		return fmt.Sprint(rapid.Int64Range(t.Min, t.Max).Draw(g.t, "number"))
	case schema.Address, schema.IPv4:
		return draw("192.0.2.1", "198.51.100.1")
	case schema.IPv6:
		return draw("2001:db8::1", "2001:db8::2")
	case schema.Network4:
		return draw("192.0.2.0/24", "100.64.0.0/16")
	case schema.Network6:
		return draw("2001:db8::/40", "2001:db8:0:1::/64")
	case schema.InterfaceAddress4:
		return draw("192.0.2.1/32", "198.51.100.1/24")
	case schema.InterfaceAddress6:
		return draw("2001:db8::1/128", "2001:db8::2/64")
	case schema.Endpoint:
		return draw("127.0.0.1:9117", "[::1]:9117")
	case schema.Interface:
		return draw("lo0", "si-1/0/0", "si-255/255/255")
	case schema.Loopback:
		return draw("lo0.0", "lo0.16385", "$junos-loopback-interface")
	}
	g.t.Fatalf("no value for %v", t)
	return ""
}

// Whatever bytes come in: no panic, positions inside the text, and a tree
// without errors reads back.
func FuzzParse(f *testing.F) {
	// Seeds are small: the fuzzer spends its time on making large inputs small.
	for _, line := range statements.Base() {
		f.Add([]byte("set " + line))
	}
	f.Add(read(f, "testdata/tunnel-group.around"))
	for _, seed := range []string{
		"", "}", "{", "system{", "set", "set\n", "set system", "deactivate services", "inactive:", "inactive: set system;",
		"a[b", "access profile p authentication-order [", "/*", "/**/", "#", "\"", "\"\\", "system host-name \"\\q\";", "\xff", "\ufeff;",
		"interfaces{lo0;lo0 unit 0;}//*", "system;/*a\nb*/system{/*c*/}#d", "set system /*x\n*/ host-name a",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tree, errs := Parse("fuzz", text)
		lines := strings.Count(string(text), "\n") + 1
		for _, err := range errs {
			if err.Pos.Line < 1 || err.Pos.Line > lines || err.Pos.Column < 1 {
				t.Fatalf("%v is outside of the text", err)
			}
		}
		canonical := tree.Text()
		tree.Redacted()
		if len(errs) > 0 {
			return
		}
		if again := wantSame(t, "text", tree, canonical, true); again.Text() != canonical {
			t.Fatalf("the text changes when it is printed again:\n%s\n%s", canonical, again.Text())
		}
		wantSame(t, "set", tree, tree.Set(), false)
		Build(tree)
	})
}
