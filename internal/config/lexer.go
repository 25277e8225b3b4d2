// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	endToken       tokenKind = iota // of the text, or of a set line
	wordToken                       // without quotes
	stringToken                     // "quoted"; text is what it means
	openBrace                       // {
	closeBrace                      // }
	openBracket                     // [
	closeBracket                    // ]
	semicolonToken                  // ;
	commentToken                    // /* ... */ or # ...; text is what is written
)

// punctuation are the one-character tokens in the order of their kinds.
const punctuation = "{}[];"

// token is one unit of the text. end is just behind its last character.
type token struct {
	kind     tokenKind
	text     string
	pos, end Pos
}

// show names a token in an error text.
func (t token) show() string {
	switch t.kind {
	case endToken:
		return "the end"
	case stringToken:
		return quote(t.text)
	}
	return "'" + t.text + "'"
}

// lexer cuts a text into tokens.
type lexer struct {
	file string
	text []byte
	next int // offset of what is still to be read
	line int
	col  int // of next
	errs Errors
}

// lex cuts text into tokens, of which the last is an endToken.
func lex(file string, text []byte) ([]token, Errors) {
	l := lexer{file: file, text: text, line: 1, col: 1}
	if !utf8.Valid(text) {
		l.toInvalid()
		l.errs.add(file, l.pos(), "the text is not UTF-8 from here on")
		return []token{{kind: endToken, pos: l.pos(), end: l.pos()}}, l.errs
	}
	if bytes.HasPrefix(text, []byte("\uFEFF")) {
		l.next = len("\uFEFF") // a byte order mark, as some editors leave it
	}
	var out []token
	for {
		t, ok := l.token()
		if !ok {
			continue
		}
		out = append(out, t)
		if t.kind == endToken {
			return out, l.errs
		}
	}
}

func (l *lexer) pos() Pos { return Pos{l.line, l.col} }

func (l *lexer) toInvalid() {
	for l.next < len(l.text) {
		if r, size := utf8.DecodeRune(l.text[l.next:]); r == utf8.RuneError && size == 1 {
			return
		}
		l.advance()
	}
}

// advance goes over one character.
func (l *lexer) advance() {
	_, size := utf8.DecodeRune(l.text[l.next:])
	if l.text[l.next] == '\n' {
		l.line++
		l.col = 0
	}
	l.next += size
	l.col++
}

// peek is the octet i places on; 0 at the end.
func (l *lexer) peek(i int) byte {
	if l.next+i < len(l.text) {
		return l.text[l.next+i]
	}
	return 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// token reads the next token; ok is false when what it read was an error.
func (l *lexer) token() (t token, ok bool) {
	for l.next < len(l.text) && isBlank(l.peek(0)) {
		l.advance()
	}
	t.pos = l.pos()
	start := l.next
	if l.next == len(l.text) {
		t.end = t.pos
		return t, true
	}
	ok = true
	switch c := l.peek(0); {
	case c == '"':
		t.kind = stringToken
		t.text, ok = l.quoted()
		t.end = l.pos()
		return t, ok
	case c == '#':
		t.kind = commentToken
		for l.next < len(l.text) && l.peek(0) != '\n' {
			l.advance()
		}
		t.text = strings.TrimRight(string(l.text[start:l.next]), " \t\r")
		t.end = l.pos()
		return t, true
	case c == '/' && l.peek(1) == '*':
		t.kind = commentToken
		ok = l.comment(t.pos)
	case strings.IndexByte(punctuation, c) >= 0:
		t.kind = openBrace + tokenKind(strings.IndexByte(punctuation, c))
		l.advance()
	default:
		t.kind = wordToken
		l.word()
	}
	t.text, t.end = string(l.text[start:l.next]), l.pos()
	return t, ok
}

// word goes over everything up to a blank, a bracket, a quote, a semicolon or a
// block comment.
func (l *lexer) word() {
	for l.next < len(l.text) {
		c := l.peek(0)
		if isBlank(c) || c == '"' || strings.IndexByte(punctuation, c) >= 0 || c == '/' && l.peek(1) == '*' {
			return
		}
		l.advance()
	}
}

func (l *lexer) comment(start Pos) bool {
	l.advance()
	l.advance()
	for l.next < len(l.text) {
		if l.peek(0) == '*' && l.peek(1) == '/' {
			l.advance()
			l.advance()
			return true
		}
		l.advance()
	}
	l.errs.add(l.file, start, "the comment is not closed: expected */")
	return false
}

// quoted reads a string; what it returns has no quotes and no escapes.
func (l *lexer) quoted() (string, bool) {
	start := l.pos()
	var out []byte
	l.advance()
	for l.next < len(l.text) && l.peek(0) != '\n' {
		from := l.next
		switch l.peek(0) {
		case '"':
			l.advance()
			return string(out), true
		case '\\':
			c, known := unescape(l.peek(1))
			if !known {
				l.errs.add(l.file, l.pos(), `unknown escape in a string; known are \" \\ \n \r \t`)
				c = l.peek(1)
			}
			l.advance()
			if l.next < len(l.text) && l.peek(0) != '\n' {
				l.advance()
			}
			if known {
				out = append(out, c)
			}
		default:
			l.advance()
			out = append(out, l.text[from:l.next]...)
		}
	}
	l.errs.add(l.file, start, `the string is not closed on its line: expected "`)
	return string(out), false
}

func unescape(c byte) (byte, bool) {
	switch c {
	case '"', '\\':
		return c, true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// quote writes a value so that the lexer reads it back: bare when it can be,
// else as a string.
func quote(v string) string {
	if bare(v) {
		return v
	}
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	return `"` + r.Replace(v) + `"`
}

// bare says whether a value can be written without quotes. Fewer values are
// than could be: what looks odd is quoted, as Junos does.
func bare(v string) bool {
	if v == "" || strings.HasSuffix(v, ":") || strings.Contains(v, "/*") {
		return false
	}
	for i := range len(v) {
		c := v[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._:/@+*,%=~", c) >= 0 {
			continue
		}
		return false
	}
	return true
}
