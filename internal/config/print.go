// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"holdfast/internal/config/schema"
)

// secrecy says how secrets are printed.
type secrecy uint8

const (
	obscured secrecy = iota // in $9$ form, to be read back
	hidden                  // not at all
)

const indentation = "    "

// Text is the configuration in canonical form: what Parse reads back as the
// same tree. Secrets are in $9$ form.
func (t *Tree) Text() string { return t.print(obscured) }

// Redacted is Text for people: where a secret stands, it says that one is there.
// Parse refuses it.
func (t *Tree) Redacted() string { return t.print(hidden) }

func (t *Tree) print(how secrecy) string {
	p := printer{secrecy: how}
	p.children(t.Root)
	return p.b.String()
}

type printer struct {
	b       strings.Builder
	indent  int
	secrecy secrecy
}

func (p *printer) line(text string) {
	p.b.WriteString(strings.Repeat(indentation, p.indent))
	p.b.WriteString(text)
	p.b.WriteByte('\n')
}

func (p *printer) children(s *Statement) {
	for _, c := range s.Children {
		p.statement(c, "")
	}
	for _, c := range s.Remaining {
		p.line(c)
	}
}

// statement prints s and what is in it; before are the names of parents that
// stand on its line.
func (p *printer) statement(s *Statement, before string) {
	if s.Schema.Inline && s.joins() {
		for _, c := range s.Children {
			p.statement(c, before+s.head()+" ")
		}
		return
	}
	for _, c := range s.Comments {
		p.line(c)
	}
	if s.Inactive {
		before = "inactive: " + before
	}
	trailing := ""
	for _, c := range s.Trailing {
		trailing += " " + c
	}
	head := before + s.head()
	switch {
	case !s.Schema.Braced():
		p.line(head + s.valueText(p.secrecy) + ";" + trailing)
	case len(s.Children) == 0 && len(s.Remaining) == 0:
		p.line(head + ";" + trailing)
	case s.Schema.OneLine && s.fits():
		for _, c := range s.Children {
			head += " " + c.head() + c.valueText(p.secrecy)
		}
		p.line(head + ";" + trailing)
	default:
		p.line(head + " {")
		p.indent++
		p.children(s)
		p.indent--
		p.line("}" + trailing)
	}
}

// joins says whether the statement's name may be printed before each child.
func (s *Statement) joins() bool {
	return len(s.Children) > 0 && !s.Inactive && len(s.Comments)+len(s.Trailing)+len(s.Remaining) == 0
}

// fits says whether all that is in the statement can stand on one line.
func (s *Statement) fits() bool {
	for _, c := range s.Children {
		if c.hasComments() {
			return false
		}
	}
	return len(s.Remaining) == 0
}

// valueText is what follows the name of a leaf, with the blank before it.
func (s *Statement) valueText(how secrecy) string {
	switch len(s.Values) {
	case 0:
		return ""
	case 1:
		return " " + s.written(s.Values[0], how)
	}
	words := make([]string, len(s.Values))
	for i, v := range s.Values {
		words[i] = s.written(v, how)
	}
	return " [ " + strings.Join(words, " ") + " ]"
}

// written is one value as it is printed.
func (s *Statement) written(v string, how secrecy) string {
	if !s.isSecret() {
		return quote(v)
	}
	secret, err := schema.ParseSecret(v)
	if how == hidden || err != nil {
		return secret.String()
	}
	return quote(secret.Obscure())
}
