// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	pb "holdfast/internal/api/holdfastv1"
)

// syntaxError is a command that cannot be understood, with the place where.
type syntaxError struct {
	words []string
	at    int // index of the word; len(words): after the last one
	text  string
}

// Error shows the command with a mark under the word.
func (e *syntaxError) Error() string {
	column := len(strings.Join(e.words[:e.at], " "))
	if e.at > 0 {
		column++
	}
	return fmt.Sprintf("%s\n%s^\n%s", strings.Join(e.words, " "), strings.Repeat(" ", column), e.text)
}

// position is how far a walk through the tree has come.
type position struct {
	node  *node
	query query
	given map[string]bool // args that were given, by word, and groups
	open  *arg            // an arg that still needs its value
	full  bool            // nothing more may come
}

func newPosition(root *node) position {
	return position{node: root, query: query{selector: &pb.Selector{}}, given: map[string]bool{}}
}

// parse walks all words and comes to a command that can be run.
func parse(root *node, words []string) (*node, query, error) {
	p, at, err := walk(root, words)
	if err != nil {
		return nil, query{}, &syntaxError{withoutPassword(words), at, err.Error()}
	}
	switch {
	case p.open != nil:
		err = expecting(p.open.choices())
	case p.node.run == nil:
		err = expecting(p.next())
	case p.node.need != "" && len(p.given) == 0:
		err = fmt.Errorf("syntax error, expecting %s", p.node.need)
	default:
		return p.node, p.query, nil
	}
	return nil, query{}, &syntaxError{withoutPassword(words), len(words), err.Error()}
}

// withoutPassword hides the password of a test: what is wrong with a command may
// end up in somebody's log.
func withoutPassword(words []string) []string {
	out := slices.Clone(words)
	for i := 1; i < len(out) && strings.HasPrefix("test", out[0]); i++ {
		if len(words[i-1]) > 1 && strings.HasPrefix("password", words[i-1]) {
			out[i] = "<password>"
		}
	}
	return out
}

// walk goes as far as the words lead. An error is about words[at].
func walk(root *node, words []string) (p position, at int, err error) {
	p = newPosition(root)
	for i, w := range words {
		if err := p.step(w); err != nil {
			return p, i, err
		}
	}
	return p, len(words), nil
}

// candidate is a word that may come next.
type candidate struct {
	word string // as typed, or "<what>" for a value
	help string
	sub  *node
	arg  *arg
}

// value reports whether any word can stand here.
func (c candidate) value() bool { return strings.HasPrefix(c.word, "<") }

// next lists what may come next.
func (p *position) next() []candidate {
	switch {
	case p.open != nil:
		return p.open.choices()
	case p.full:
		return nil
	}
	var list []candidate
	if len(p.given) == 0 {
		for i := range p.node.sub {
			n := &p.node.sub[i]
			list = append(list, candidate{word: n.word, help: n.help, sub: n})
		}
	}
	for i := range p.node.args {
		a := &p.node.args[i]
		if p.given[a.key()] || a.group != "" && p.given[a.group] || a.alone && len(p.given) > 0 {
			continue
		}
		word := a.word
		if word == "" {
			word = a.value
		}
		list = append(list, candidate{word: word, help: a.help, arg: a})
	}
	return list
}

// key names an arg among those given.
func (a *arg) key() string { return "arg " + a.word }

// choices lists the values of an arg.
func (a *arg) choices() []candidate {
	if a.values == nil {
		return []candidate{{word: a.value, help: a.help, arg: a}}
	}
	var list []candidate
	for _, v := range a.values {
		list = append(list, candidate{word: v, help: a.help, arg: a})
	}
	return list
}

// step takes one more word.
func (p *position) step(w string) error {
	c, err := pick(p.next(), w)
	if err != nil {
		return err
	}
	switch {
	case c.sub != nil:
		p.node = c.sub
		return nil
	case p.open == nil && c.arg.word != "" && c.arg.value != "":
		p.open = c.arg
		return nil
	case !c.value():
		w = c.word // written out
	}
	p.open, p.full = nil, c.arg.alone
	p.given[c.arg.key()] = true
	if c.arg.group != "" {
		p.given[c.arg.group] = true
	}
	return c.arg.set(&p.query, w)
}

// pick finds the candidate that w names: exactly, else as the only one that
// begins so, else as a value. Of words that go on with a hyphen the short one is
// meant: "tun" is tunnel, not tunnel-group.
func pick(list []candidate, w string) (candidate, error) {
	var found []candidate
	for _, c := range list {
		switch {
		case c.value():
		case c.word == w:
			return c, nil
		case w != "" && strings.HasPrefix(c.word, w):
			found = append(found, c)
		}
	}
	if len(found) > 0 {
		return meant(found, w)
	}
	for _, c := range list {
		if c.value() && w != "" {
			return c, nil
		}
	}
	return candidate{}, expecting(list)
}

// meant is the one of the found words that w is short for.
func meant(found []candidate, w string) (candidate, error) {
	least := slices.MinFunc(found, func(a, b candidate) int { return len(a.word) - len(b.word) })
	for _, c := range found {
		if c.word != least.word && !strings.HasPrefix(c.word, least.word+"-") {
			return candidate{}, fmt.Errorf("'%s' is ambiguous: could be %s", w, wordList(found, ", "))
		}
	}
	return least, nil
}

// expecting says what would have been right.
func expecting(list []candidate) error {
	if len(list) == 0 {
		return fmt.Errorf("syntax error, expecting <end of command>")
	}
	if len(list) == 1 && list[0].value() {
		return fmt.Errorf("syntax error, expecting %s", list[0].word)
	}
	return fmt.Errorf("syntax error, expecting <%s>", wordList(list, "|"))
}

func wordList(list []candidate, separator string) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = strings.Trim(c.word, "<>")
	}
	return strings.Join(words, separator)
}
