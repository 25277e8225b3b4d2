// SPDX-License-Identifier: Apache-2.0

package schema

import "strings"

// Kind is how a statement is written.
type Kind uint8

// Kinds of statement.
const (
	Container Kind = iota // name { ... }
	List                  // name KEY { ... }: any number, told apart by KEY
	Leaf                  // name VALUE;
	LeafList              // name VALUE; or name [ VALUE VALUE ];
	Flag                  // name;
)

// Node is one statement of the language.
type Node struct {
	Name    string // the word it begins with; empty: a list whose entries begin with their key
	Kind    Kind
	Type    Type   // of the value, or of a list's key
	Default string // what an absent leaf means, as it would be written; empty: nothing
	Help    string // one sentence for the manual and for completion

	Mandatory bool // a container that is present must have it; a list: at least one entry
	Inline    bool // its name stands before each child: family inet { ... }
	OneLine   bool // leaves and flags follow on the same line: challenge-length minimum 16 maximum 32;
	Single    bool // a list of at most one entry

	Children    []*Node
	Unsupported []Absent // Junos statements that are refused here by name
	Rules       []Rule
}

// Absent is a Junos statement that is legal at its place and not supported.
type Absent struct {
	Name string
	Hint string // what to write instead; empty: nothing does the same
}

// absent makes Absents without hints.
func absent(names ...string) []Absent {
	out := make([]Absent, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

// Child is the statement that word begins, inside n; nil: there is none. A
// named statement comes before a list that takes any key.
func (n *Node) Child(word string) *Node {
	var anonymous *Node
	for _, c := range n.Children {
		switch c.Name {
		case word:
			return c
		case "":
			anonymous = c
		}
	}
	return anonymous
}

// At is the statement at a path of names below n. Anonymous lists are named by
// their placeholder. It panics when there is none, which only a mistake in this
// program can cause.
func (n *Node) At(names ...string) *Node {
	for _, name := range names {
		var next *Node
		for _, c := range n.Children {
			if c.Label() == name {
				next = c
			}
		}
		if next == nil {
			panic("schema: no statement " + name + " in " + n.Label())
		}
		n = next
	}
	return n
}

// Refused is the Absent entry for word, when there is one.
func (n *Node) Refused(word string) (Absent, bool) {
	for _, a := range n.Unsupported {
		if a.Name == word {
			return a, true
		}
	}
	return Absent{}, false
}

// Label names the statement in paths and in the manual: its name, or its
// placeholder when it has no name.
func (n *Node) Label() string {
	if n.Name == "" {
		return n.Type.Placeholder()
	}
	return n.Name
}

// Braced says whether the statement holds other statements.
func (n *Node) Braced() bool { return n.Kind == Container || n.Kind == List }

// Words are the names that may begin a statement inside n.
func (n *Node) Words() []string {
	var out []string
	for _, c := range n.Children {
		if c.Name != "" {
			out = append(out, c.Name)
		}
	}
	return out
}

// Walk calls visit for every statement below n, parents first, with its path of
// labels. The path is borrowed.
func (n *Node) Walk(visit func(path []string, n *Node)) { n.walk(nil, visit) }

func (n *Node) walk(path []string, visit func([]string, *Node)) {
	for _, c := range n.Children {
		p := append(path[:len(path):len(path)], c.Label())
		visit(p, c)
		c.walk(p, visit)
	}
}

// Places are the paths at which a statement called name stands, at most three.
func (n *Node) Places(name string) []string {
	var out []string
	n.Walk(func(path []string, c *Node) {
		if c.Name == name && len(out) < 3 && len(path) > 1 {
			out = append(out, strings.Join(path[:len(path)-1], " "))
		}
	})
	return out
}
