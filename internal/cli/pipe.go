// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// lastMax bounds how many lines "last" keeps.
const lastMax = 100_000

// pipeNodes are the commands after a pipe, in the shape of any other command.
func pipeNodes() *node {
	pattern := []arg{{value: "<regular-expression>", help: "Regular expression; capitals do not matter", set: setName}}
	lines := []arg{{value: "<lines>", help: "How many lines", set: setName}}
	return &node{sub: []node{
		{word: "count", help: "Count the lines"},
		{word: "display", help: "Show in another form", sub: []node{{word: "json", help: "As one JSON document"}}},
		{word: "except", help: "Leave out lines that match", args: pattern, need: "<regular-expression>"},
		{word: "find", help: "Begin at the first line that matches", args: pattern, need: "<regular-expression>"},
		{word: "last", help: "Show the last lines only", args: lines, need: "<lines>"},
		{word: "match", help: "Show lines that match", args: pattern, need: "<regular-expression>"},
		{word: "no-more", help: "Do not stop after each screen: never done here"},
	}}
}

func setName(q *query, v string) error { q.name = v; return nil }

// parsePipe reads one pipe command.
func parsePipe(words []string) (*node, string, error) {
	p, _, err := walk(pipeNodes(), words)
	switch {
	case err != nil:
		return nil, "", err
	case len(words) == 0, len(p.node.sub) > 0:
		return nil, "", expecting(p.next())
	case p.node.need != "" && len(p.given) == 0:
		return nil, "", fmt.Errorf("syntax error, expecting %s", p.node.need)
	}
	return p.node, p.query.name, nil
}

// output makes the writer that a command writes to: out behind the pipes. json
// says that rows are to be JSON.
func output(out io.Writer, pipes [][]string) (w io.WriteCloser, json bool, err error) {
	w = leaf{out}
	for i := len(pipes) - 1; i >= 0; i-- {
		n, value, err := parsePipe(pipes[i])
		if err != nil {
			return nil, false, err
		}
		f, err := newFilter(n.word, value)
		switch {
		case err != nil:
			return nil, false, err
		case n.word == "json":
			json = true
		case f != nil:
			w = &lineWriter{next: w, filter: f}
		}
	}
	return w, json, nil
}

// leaf is the end of the pipes: closing it leaves the writer open.
type leaf struct{ io.Writer }

func (leaf) Close() error { return nil }

// filter sees each line, with its newline, and at last the end.
type filter interface {
	line(w io.Writer, line []byte) error
	end(w io.Writer) error
}

// newFilter makes the filter of a pipe command; nil: lines pass as they are.
func newFilter(word, value string) (filter, error) {
	switch word {
	case "match", "except", "find":
		pattern, err := regexp.Compile("(?i)" + value)
		if err != nil {
			return nil, fmt.Errorf("'%s' is no regular expression", value)
		}
		return &matcher{pattern: pattern, except: word == "except", find: word == "find"}, nil
	case "last":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > lastMax {
			return nil, fmt.Errorf("'%s' is no number of lines: 1..%d", value, lastMax)
		}
		return &tail{keep: make([][]byte, 0, min(n, 1024)), max: n}, nil
	case "count":
		return new(counter), nil
	}
	return nil, nil
}

type matcher struct {
	pattern *regexp.Regexp
	except  bool
	find    bool // once found, all the rest
	found   bool
}

func (m *matcher) line(w io.Writer, line []byte) error {
	if !m.found && m.pattern.Match(bytes.TrimSuffix(line, []byte("\n"))) == m.except {
		return nil
	}
	m.found = m.find
	_, err := w.Write(line)
	return err
}

func (*matcher) end(io.Writer) error { return nil }

type counter struct{ n int }

func (c *counter) line(io.Writer, []byte) error { c.n++; return nil }

func (c *counter) end(w io.Writer) error {
	_, err := fmt.Fprintf(w, "Count: %d lines\n", c.n)
	return err
}

// tail keeps the last lines in a ring.
type tail struct {
	keep [][]byte
	max  int
	next int // where the oldest is, once the ring is full
}

func (t *tail) line(_ io.Writer, line []byte) error {
	if len(t.keep) < t.max {
		t.keep = append(t.keep, bytes.Clone(line))
		return nil
	}
	t.keep[t.next] = append(t.keep[t.next][:0], line...)
	t.next = (t.next + 1) % t.max
	return nil
}

func (t *tail) end(w io.Writer) error {
	for i := range t.keep {
		if _, err := w.Write(t.keep[(t.next+i)%len(t.keep)]); err != nil {
			return err
		}
	}
	return nil
}

// lineWriter cuts what is written into lines for its filter.
type lineWriter struct {
	next   io.WriteCloser
	filter filter
	rest   []byte
}

// Write passes on whole lines and keeps the beginning of the next.
func (l *lineWriter) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	begin := 0
	for {
		i := bytes.IndexByte(l.rest[begin:], '\n')
		if i < 0 {
			break
		}
		if err := l.filter.line(l.next, l.rest[begin:begin+i+1]); err != nil {
			return 0, err
		}
		begin += i + 1
	}
	l.rest = append(l.rest[:0], l.rest[begin:]...)
	return len(b), nil
}

// Close passes on the last line and the end.
func (l *lineWriter) Close() error {
	var err error
	if len(l.rest) > 0 {
		err = l.filter.line(l.next, append(l.rest, '\n'))
	}
	return errors.Join(err, l.filter.end(l.next), l.next.Close())
}
