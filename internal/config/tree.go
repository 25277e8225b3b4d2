// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"holdfast/internal/config/schema"
)

// Tree is a configuration as it was written: statements in order, comments
// kept. It is not changed once it is made.
type Tree struct {
	Name string // of the file, for errors
	Root *Statement
}

// Statement is one statement of a Tree.
type Statement struct {
	Schema   *schema.Node
	Key      string       // of a list's entry
	Values   []string     // of a leaf (one) or a leaf list
	Children []*Statement // of a container or a list's entry

	Pos       Pos      // of the word it begins with
	ValuePos  []Pos    // of Values, or of Key
	Comments  []string // written before it, with their delimiters
	Trailing  []string // written behind it on the same line
	Remaining []string // written before its closing brace, where no statement follows
	Inactive  bool     // marked inactive: kept, and of no effect
}

// first is the first child that says node; nil: none.
func (s *Statement) first(node *schema.Node) *Statement {
	for _, c := range s.Children {
		if c.Schema == node {
			return c
		}
	}
	return nil
}

// head is what a statement begins with: its name and key, as it is printed.
func (s *Statement) head() string {
	switch {
	case s.Schema.Name == "":
		return quote(s.Key)
	case s.Schema.Kind == schema.List:
		return s.Schema.Name + " " + quote(s.Key)
	}
	return s.Schema.Name
}

// keyPos is where the key or the first value stands; the statement itself when
// there is none.
func (s *Statement) keyPos() Pos {
	if len(s.ValuePos) > 0 {
		return s.ValuePos[0]
	}
	return s.Pos
}

// hasComments says whether anything but values hangs on the statement or below.
func (s *Statement) hasComments() bool {
	if len(s.Comments)+len(s.Trailing)+len(s.Remaining) > 0 || s.Inactive {
		return true
	}
	for _, c := range s.Children {
		if c.hasComments() {
			return true
		}
	}
	return false
}

// active is a copy without inactive statements.
func (s *Statement) active() *Statement {
	out := *s
	out.Children = nil
	for _, c := range s.Children {
		if !c.Inactive {
			out.Children = append(out.Children, c.active())
		}
	}
	return &out
}

// isSecret says whether the statement's value must not be shown.
func (s *Statement) isSecret() bool { return s.Schema.Type.Form == schema.Password }

// Set is the tree as set lines, comments left out: deactivate lines follow the
// statements they are about. Secrets are obscured.
func (t *Tree) Set() string {
	var b strings.Builder
	for _, c := range t.Root.Children {
		c.set(&b, "")
	}
	return b.String()
}

func (s *Statement) set(b *strings.Builder, path string) {
	path += " " + s.head()
	switch {
	case s.Schema.Kind == schema.Leaf || s.Schema.Kind == schema.LeafList:
		for _, v := range s.Values {
			b.WriteString("set" + path + " " + s.written(v, obscured) + "\n")
		}
	case len(s.Children) == 0:
		b.WriteString("set" + path + "\n")
	}
	for _, c := range s.Children {
		c.set(b, path)
	}
	if s.Inactive {
		b.WriteString("deactivate" + path + "\n")
	}
}
