// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"
)

// ChangeKind says what happened to a statement.
type ChangeKind uint8

// Kinds of change.
const (
	Added ChangeKind = iota
	Removed
	Modified
)

// Change is one statement that differs between two configurations. A container
// that comes or goes is one change; what is in it is not listed.
type Change struct {
	Kind     ChangeKind
	Path     []string // names and keys from the top, as on a set line
	Old, New string   // values of a leaf that was there before, is there now; secrets are not shown
}

// String is the change as on a set line with a sign before it.
func (c Change) String() string {
	path := strings.Join(c.Path, " ")
	switch c.Kind {
	case Added:
		return strings.TrimRight("+ "+path+" "+c.New, " ")
	case Removed:
		return strings.TrimRight("- "+path+" "+c.Old, " ")
	}
	return "! " + path + " " + c.Old + " -> " + c.New
}

// Diff lists what is different in the new configuration, in its order, what is
// gone behind it. Comments and the order of entries make no difference; inactive
// statements count as absent.
func Diff(old, new *Tree) []Change {
	return diff(nil, nil, old.Root.active(), new.Root.active())
}

func diff(out []Change, path []string, old, new *Statement) []Change {
	was, is := old.byHead(), new.byHead()
	for _, n := range new.Children {
		p := append(path[:len(path):len(path)], n.words()...)
		o := was[n.head()]
		switch {
		case o == nil:
			out = append(out, Change{Kind: Added, Path: p, New: n.shown()})
		case !slices.Equal(o.plainValues(), n.plainValues()):
			out = append(out, Change{Kind: Modified, Path: p, Old: o.shown(), New: n.shown()})
		default:
			out = diff(out, p, o, n)
		}
	}
	for _, o := range old.Children {
		if is[o.head()] == nil {
			out = append(out, Change{Kind: Removed, Path: append(path[:len(path):len(path)], o.words()...), Old: o.shown()})
		}
	}
	return out
}

// byHead finds children by what they begin with, which no two have in common.
func (s *Statement) byHead() map[string]*Statement {
	out := make(map[string]*Statement, len(s.Children))
	for _, c := range s.Children {
		out[c.head()] = c
	}
	return out
}

// words are the statement's name and key.
func (s *Statement) words() []string {
	var out []string
	if s.Schema.Name != "" {
		out = append(out, s.Schema.Name)
	}
	if s.Key != "" {
		out = append(out, quote(s.Key))
	}
	return out
}

// shown is the value as people may see it.
func (s *Statement) shown() string { return strings.TrimPrefix(s.valueText(hidden), " ") }

// plainValues are the values with secrets revealed: the same secret may be
// written in many ways.
func (s *Statement) plainValues() []string {
	if !s.isSecret() || len(s.Values) == 0 {
		return s.Values
	}
	return []string{reveal(s.Values[0])}
}
