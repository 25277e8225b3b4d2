// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"strings"

	"holdfast/internal/config/schema"
)

// validator checks what the schema demands of a tree as a whole. It sees active
// statements only.
type validator struct {
	file string
	root *Statement
	errs Errors
}

func (c *validator) errorf(pos Pos, format string, args ...any) {
	c.errs.add(c.file, pos, format, args...)
}

// statement checks s and everything in it.
func (c *validator) statement(s *Statement) {
	c.mandatory(s)
	v := view{node: s.Schema, at: s}
	for _, r := range s.Schema.Rules {
		c.rule(v, r)
	}
	if s.Schema.Type.Form == schema.Reference {
		c.reference(s)
	}
	for _, child := range s.Children {
		c.statement(child)
	}
}

func (c *validator) mandatory(s *Statement) {
	for _, node := range s.Schema.Children {
		if node.Mandatory && !(view{node: s.Schema, at: s}).has(node.Label()) {
			c.errorf(s.Pos, "%s is missing in %s", node.Label(), s.head())
		}
	}
}

// reference checks that the list a leaf names has the entries it names.
func (c *validator) reference(s *Statement) {
	entries := c.list(s.Schema.Type.Target)
	for i, name := range s.Values {
		if _, found := entries[name]; found {
			continue
		}
		var names []string
		for entry := range entries {
			names = append(names, entry)
		}
		hint := ""
		if near := nearest(name, names); near != "" {
			hint = "; did you mean " + near + "?"
		}
		c.errorf(s.ValuePos[i], "%s: %s is not configured in %s%s", s.Schema.Name, quote(name), s.Schema.Type.Target, hint)
	}
}

// list finds the entries of the list at a path: the named list, or the one
// without a name in the container that the path leads to.
func (c *validator) list(target string) map[string]*Statement {
	v := view{node: c.root.Schema, at: c.root}
	for _, name := range strings.Fields(target) {
		if v.node.At(name).Kind == schema.List {
			return keyed(v.entries(name))
		}
		v = v.sub(name)
	}
	return keyed(v.entries(v.node.Child("").Label()))
}

func keyed(entries []view) map[string]*Statement {
	out := make(map[string]*Statement, len(entries))
	for _, e := range entries {
		out[e.key()] = e.at
	}
	return out
}

// nearest is schema.Nearest in an order that does not depend on a map's.
func nearest(word string, words []string) string {
	best := ""
	for _, w := range words {
		if near := schema.Nearest(word, []string{w}); near != "" && (best == "" || near < best) {
			best = near
		}
	}
	return best
}

func (c *validator) rule(v view, r schema.Rule) {
	var there []string
	if r.Kind != schema.Unique {
		for _, name := range r.Names {
			if v.has(name) {
				there = append(there, name)
			}
		}
	}
	all := strings.Join(r.Names, ", ")
	switch r.Kind {
	case schema.ExactlyOne:
		if len(there) == 0 {
			c.errorf(v.pos(), "one of %s is missing in %s", all, v.at.head())
		}
		c.atMostOne(v, there)
	case schema.AtMostOne:
		c.atMostOne(v, there)
	case schema.AtLeastOne:
		if len(there) == 0 {
			c.errorf(v.pos(), "%s needs one of %s", v.at.head(), all)
		}
	case schema.Together:
		if len(there) > 0 && len(there) < len(r.Names) {
			c.errorf(v.pos(), "%s: %s are given together or not at all", v.at.head(), all)
		}
	case schema.Ordered:
		c.ordered(v, r.Names[0], r.Names[1])
	case schema.Unique:
		c.unique(v, r.Names)
	}
}

func (c *validator) atMostOne(v view, there []string) {
	if len(there) > 1 {
		c.errorf(v.given(there[1]).Pos, "%s and %s exclude each other", there[0], there[1])
	}
}

func (c *validator) ordered(v view, low, high string) {
	a, b := v.text(low), v.text(high)
	if a == "" || b == "" {
		return
	}
	greater := number(a) > number(b)
	if x, y := address(a), address(b); x.IsValid() && y.IsValid() {
		greater = x.Compare(y) > 0
	}
	if greater {
		c.errorf(v.posOf(low), "%s %s is greater than %s %s", low, a, high, b)
	}
}

// address is the address in an address or prefix.
func address(text string) netip.Addr {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Addr()
	}
	return parseAddr(text)
}

// unique checks that no two entries of the list path[0] have the same value at
// the rest of the path.
func (c *validator) unique(v view, path []string) {
	seen := make(map[string]view)
	for _, e := range v.entries(path[0]) {
		leaf := e.sub(path[1 : len(path)-1]...)
		value := leaf.text(path[len(path)-1])
		if value == "" {
			continue
		}
		if a := parseAddr(value); a.IsValid() {
			value = a.String() // the same address may be written in many ways
		}
		if first, found := seen[value]; found {
			c.errorf(leaf.posOf(path[len(path)-1]), "%s %s is that of %s already", strings.Join(path[1:], " "), value, first.at.head())
			continue
		}
		seen[value] = e
	}
}
