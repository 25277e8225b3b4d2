// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/internal/config/schema"
)

func (p *parser) errorf(pos Pos, format string, args ...any) {
	p.errs.add(p.file, pos, format, args...)
}

// value reads a value of node's type, the key of a list or of a leaf. A wrong
// value is reported and taken; ok is false when there is none at all.
func (p *parser) value(node *schema.Node) (v string, pos Pos, ok bool) {
	t := p.peek()
	if t.kind != wordToken && t.kind != stringToken {
		at := t.pos
		if t.kind == endToken {
			at = p.last.end
		}
		p.errorf(at, "expected %v after %s", node.Type, node.Label())
		return "", t.pos, false
	}
	p.take()
	if err := node.Type.Check(t.text); err != nil {
		if node.Name != "" {
			err = fmt.Errorf("%s: %w", node.Name, err)
		}
		p.errorf(t.pos, "%v", err)
	}
	return t.text, t.pos, true
}

// values reads [ VALUE VALUE ].
func (p *parser) values(s *Statement) *Statement {
	open := p.take()
	for {
		switch t := p.peek(); t.kind {
		case wordToken, stringToken:
			v, pos, _ := p.value(s.Schema)
			p.addValue(s, v, pos)
		case closeBracket:
			p.take()
			if len(s.Values) == 0 {
				p.errorf(open.pos, "expected %v between the brackets", s.Schema.Type)
			}
			return s
		default:
			p.errorf(p.last.end, "']' is missing: the list at %v is still open", open.pos)
			return nil
		}
	}
}

func (p *parser) addValue(s *Statement, v string, pos Pos) {
	if slices.Contains(s.Values, v) {
		p.errorf(pos, "%s has %s twice", s.Schema.Name, quote(v))
		return
	}
	s.Values = append(s.Values, v)
	s.ValuePos = append(s.ValuePos, pos)
}

// end reads the end of a statement without braces. When it is missing it is
// reported; false: what follows is not the next statement either.
func (p *parser) end(node *schema.Node) bool {
	t := p.peek()
	if t.kind == semicolonToken {
		p.take()
		return true
	}
	if p.setLine > 0 {
		if t.kind != endToken {
			p.errorf(t.pos, "expected the end of the line after %s, not %s", node.Label(), t.show())
			return false
		}
		return true
	}
	if t.kind == openBrace {
		p.errorf(t.pos, "%s has no statements in braces; expected ';'", node.Label())
		return false
	}
	p.errorf(p.last.end, "expected ';' after %s", node.Label())
	return t.kind == endToken || t.kind == closeBrace || t.pos.Line > p.last.end.Line
}

// skip goes on behind the statement that was wrong: its semicolon, its braces,
// or its line when it is a set line. The brace that closes its parent stays.
func (p *parser) skip() {
	for depth := 0; ; {
		t := p.peek()
		switch t.kind {
		case endToken:
			return
		case openBrace:
			depth++
		case closeBrace:
			if depth == 0 && p.setLine == 0 {
				return
			}
			depth--
		}
		p.take()
		p.pending = nil
		if p.setLine == 0 && (depth == 0 && (t.kind == semicolonToken || t.kind == closeBrace)) {
			return
		}
	}
}

// unknown says what is wrong with a word that is no statement of parent.
func (p *parser) unknown(parent *Statement, t token) {
	where := "at the top level"
	if parent != p.root {
		where = "in " + parent.head()
	}
	if a, found := parent.Schema.Refused(t.text); found {
		hint := ""
		if a.Hint != "" {
			hint = ": " + a.Hint
		}
		p.errorf(t.pos, "%s is not supported %s%s", t.text, where, hint)
		return
	}
	words := parent.Schema.Words()
	hint := ""
	if near := schema.Nearest(t.text, words); near != "" {
		hint = "; did you mean " + near + "?"
	} else if places := p.root.Schema.Places(t.text); len(places) > 0 {
		hint = "; it belongs in " + strings.Join(places, ", or in ")
	} else if len(words) > 0 && len(words) <= 12 {
		hint = "; expected " + strings.Join(words, ", ")
	}
	p.errorf(t.pos, "unknown statement %s %s%s", t.show(), where, hint)
}
