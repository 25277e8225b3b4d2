// SPDX-License-Identifier: Apache-2.0

package config

import (
	"holdfast/internal/config/schema"
)

// Parse reads a configuration, in braces or as set lines or both. It reports
// every error that it finds; the tree holds what could be understood.
func Parse(name string, text []byte) (*Tree, []*Error) {
	tokens, errs := lex(name, text)
	p := parser{file: name, tokens: tokens, errs: errs, root: &Statement{Schema: schema.Root(), Pos: Pos{1, 1}}, entries: make(map[entryKey]*Statement)}
	p.body(p.root, nil)
	p.errs.sort()
	return &Tree{Name: name, Root: p.root}, p.errs
}

// parser is a recursive descent over the schema. Its depth is the schema's, so
// that no text can exhaust the stack.
type parser struct {
	file    string
	root    *Statement
	tokens  []token
	next    int                     // index of the next token
	last    token                   // the one taken before
	pending []string                // comments that no statement has taken yet
	setLine int                     // a set line ends with this line of the text; 0: braces and semicolons
	entries map[entryKey]*Statement // entries of lists, of which there may be very many
	errs    Errors
}

type entryKey struct {
	parent *Statement
	node   *schema.Node
	key    string
}

// peek is the next token that is no comment; comments on the way are pending.
func (p *parser) peek() token {
	for {
		t := p.tokens[p.next]
		if p.setLine > 0 && t.pos.Line != p.setLine {
			return token{kind: endToken, pos: p.last.end, end: p.last.end}
		}
		if t.kind != commentToken {
			return t
		}
		p.pending = append(p.pending, t.text)
		p.next++
	}
}

func (p *parser) take() token {
	t := p.peek()
	if t.kind != endToken {
		p.next++
	}
	p.last = t
	return t
}

func (p *parser) comments() []string {
	c := p.pending
	p.pending = nil
	return c
}

// body reads the statements of parent up to its closing brace; open is the
// token behind which they stand, nil for the whole text.
func (p *parser) body(parent *Statement, open *token) {
	for {
		t := p.peek()
		switch t.kind {
		case wordToken, stringToken:
			p.statement(parent)
			continue
		case endToken:
			if open != nil {
				p.errorf(p.last.end, "'}' is missing: %s at %v is still open", parent.head(), open.pos)
			}
			parent.Remaining = append(parent.Remaining, p.comments()...)
			return
		case closeBrace:
			p.take()
			if open != nil {
				parent.Remaining = append(parent.Remaining, p.comments()...)
				return
			}
			p.errorf(t.pos, "'}' closes nothing")
		case semicolonToken:
			p.take()
			p.errorf(t.pos, "expected a statement before ';'")
		default:
			p.errorf(t.pos, "expected a statement, not %s", t.show())
			p.skip()
		}
	}
}

// statement reads one statement of parent with all that belongs to it: comments
// before and behind it, a tag, or set and deactivate.
func (p *parser) statement(parent *Statement) {
	lead := p.comments()
	t := p.peek()
	inactive := false
	if parent == p.root && t.kind == wordToken && (t.text == "set" || t.text == "deactivate" || t.text == "delete") {
		p.command(lead)
		return
	}
	if t.kind == wordToken {
		switch t.text {
		case "inactive:":
			p.take()
			inactive = true
		case "replace:", "delete:", "protect:", "unprotect:", "merge:", "active:", "rename:", "insert:":
			p.errorf(t.pos, "%s is a tag for changing a configuration that is loaded already; a configuration file has only inactive:", t.text)
			p.skip()
			return
		}
	}
	if t := p.peek(); t.kind != wordToken && t.kind != stringToken {
		p.errorf(t.pos, "expected a statement after inactive:, not %s", t.show())
		return
	}
	p.finish(p.clause(parent), lead, inactive)
}

// finish hangs comments and the tag on a statement that has been read; s is nil
// when it was wrong.
func (p *parser) finish(s *Statement, lead []string, inactive bool) {
	inside := p.comments()
	if s == nil {
		return
	}
	s.Comments = append(append(s.Comments, lead...), inside...)
	s.Inactive = s.Inactive || inactive
	behind := &s.Trailing
	if len(s.Trailing) > 0 {
		behind = &s.Comments // the statement is continued here and has its trailing comment already
	}
	for t := p.tokens[p.next]; t.kind == commentToken && t.pos.Line == p.last.end.Line; t = p.tokens[p.next] {
		*behind = append(*behind, t.text)
		p.next++
	}
}

// command reads a line of the set form.
func (p *parser) command(lead []string) {
	t := p.take()
	p.setLine = t.pos.Line
	var s *Statement
	switch next := p.peek(); {
	case t.text == "delete":
		p.errorf(t.pos, "delete changes a configuration that is loaded already; a configuration file has set and deactivate")
		p.skip()
	case next.kind != wordToken && next.kind != stringToken:
		p.errorf(next.pos, "expected a statement after %s", t.text)
		p.skip()
	case t.text == "set":
		s = p.clause(p.root)
	default:
		s = p.deactivate(p.root)
	}
	p.setLine = 0
	p.finish(s, lead, t.text == "deactivate")
}

// deactivate finds the statement that a deactivate line names.
func (p *parser) deactivate(s *Statement) *Statement {
	for {
		t := p.peek()
		if t.kind == endToken {
			return s
		}
		if t.kind != wordToken && t.kind != stringToken {
			p.errorf(t.pos, "expected a statement, not %s", t.show())
			p.skip()
			return nil
		}
		node, key := s.Schema.Child(t.text), ""
		if node == nil {
			p.unknown(s, p.take())
			p.skip()
			return nil
		}
		if node.Name != "" {
			p.take()
		}
		if node.Kind == schema.List {
			key = p.take().text
		}
		child := s.first(node)
		if node.Kind == schema.List {
			child = p.entries[entryKey{s, node, key}]
		}
		if child == nil {
			p.errorf(t.pos, "nothing to deactivate: there is no such statement before this line")
			p.skip()
			return nil
		}
		s = child
	}
}

// clause reads a statement of parent from its name to its end. What it returns
// is the innermost statement that it names: services l2tp drain; is about drain.
// nil: it was wrong, has been reported and skipped.
func (p *parser) clause(parent *Statement) *Statement {
	t := p.peek()
	node := parent.Schema.Child(t.text)
	if node == nil {
		p.unknown(parent, p.take())
		p.skip()
		return nil
	}
	if node.Name != "" {
		p.take()
	}
	switch node.Kind {
	case schema.List:
		return p.entry(parent, node, t)
	case schema.Container:
		s := parent.first(node)
		if s == nil {
			s = parent.append(node, "", t.pos)
		}
		return p.inside(s)
	}
	s := p.leaf(parent, node, t)
	if s == nil || !p.end(node) {
		p.skip()
	}
	return s
}

// entry reads an entry of a list, from its key on.
func (p *parser) entry(parent *Statement, node *schema.Node, t token) *Statement {
	key, pos, ok := p.value(node)
	if !ok {
		p.skip()
		return nil
	}
	id := entryKey{parent, node, key}
	s := p.entries[id]
	if s == nil {
		if first := parent.first(node); node.Single && first != nil {
			p.errorf(pos, "only one %s can be given; the first is at %v", node.Label(), first.Pos)
		}
		s = parent.append(node, key, t.pos)
		s.ValuePos = []Pos{pos}
		p.entries[id] = s
	}
	return p.inside(s)
}

// inside reads what follows the name of a container or the key of a list: its
// statements in braces, one of them on the same line, or nothing.
func (p *parser) inside(s *Statement) *Statement {
	switch t := p.peek(); t.kind {
	case openBrace:
		p.take()
		if p.setLine > 0 {
			p.errorf(t.pos, "a set line has no braces")
			p.skip()
			return nil
		}
		s.Comments = append(s.Comments, p.comments()...)
		p.body(s, &t)
		return s
	case semicolonToken, endToken:
		p.end(s.Schema)
		return s
	case wordToken, stringToken:
		if s.Schema.OneLine {
			return p.sameLine(s)
		}
		return p.clause(s)
	default:
		p.errorf(t.pos, "expected '{' or ';' after %s, not %s", s.head(), t.show())
		p.skip()
		return nil
	}
}

// sameLine reads leaves one behind the other up to the end of the statement.
func (p *parser) sameLine(s *Statement) *Statement {
	for {
		t := p.peek()
		if t.kind != wordToken && t.kind != stringToken {
			if !p.end(s.Schema) {
				p.skip()
			}
			return s
		}
		p.take()
		node := s.Schema.Child(t.text)
		if node == nil {
			p.unknown(s, t)
			p.skip()
			return nil
		}
		if p.leaf(s, node, t) == nil {
			p.skip()
			return nil
		}
	}
}

// leaf reads the value of a leaf or leaf list, or nothing of a flag.
func (p *parser) leaf(parent *Statement, node *schema.Node, t token) *Statement {
	s := parent.first(node)
	if s != nil && node.Kind != schema.LeafList {
		p.errorf(t.pos, "%s is given twice; the first is at %v", node.Name, s.Pos)
		s = nil
	}
	if s == nil {
		s = &Statement{Schema: node, Pos: t.pos}
		if parent.first(node) == nil {
			parent.Children = append(parent.Children, s)
		}
	}
	if node.Kind == schema.Flag {
		return s
	}
	if node.Kind == schema.LeafList && p.peek().kind == openBracket {
		return p.values(s)
	}
	v, pos, ok := p.value(node)
	if !ok {
		return nil
	}
	p.addValue(s, v, pos)
	return s
}

// append adds a statement that has just begun.
func (s *Statement) append(node *schema.Node, key string, pos Pos) *Statement {
	c := &Statement{Schema: node, Key: key, Pos: pos}
	s.Children = append(s.Children, c)
	return c
}
