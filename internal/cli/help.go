// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Completion is a word that may come next.
type Completion struct {
	Word  string // "<...>" when it stands for a value
	Help  string
	Value bool
}

// enter stands for the end of the command.
const enter = "<[Enter]>"

// Complete lists what may stand in place of the last word of a line, which may
// be empty: the candidates that begin with it. An error says where the words
// before it go wrong.
func Complete(words []string, last string) ([]Completion, error) {
	root := commands()
	at := len(words)
	for at > 0 && words[at-1] != "|" {
		at--
	}
	if at > 0 {
		root, words = pipeNodes(), words[at:]
	} else {
		words = withoutRun(words)
	}
	p, bad, err := walk(root, words)
	if err != nil {
		return nil, &syntaxError{words, bad, err.Error()}
	}
	var list []Completion
	for _, c := range p.next() {
		if c.value() || strings.HasPrefix(c.word, last) {
			list = append(list, Completion{Word: c.word, Help: c.help, Value: c.value()})
		}
	}
	slices.SortStableFunc(list, func(a, b Completion) int { return strings.Compare(a.Word, b.Word) })
	if last == "" && p.complete(at > 0) {
		list = append([]Completion{{Word: enter, Help: "Execute this command", Value: true}}, list...)
		list = append(list, Completion{Word: "|", Help: "Pipe through a command"})
	}
	return list, nil
}

// complete reports whether the command could end here.
func (p *position) complete(pipe bool) bool {
	if p.open != nil || p.node.need != "" && len(p.given) == 0 {
		return false
	}
	return p.node.run != nil || pipe && p.node.word != "" && len(p.node.sub) == 0
}

// question cuts off a "?" at the end of the words; partial is what stands before
// it in the same word.
func question(words []string) (before []string, partial string, asked bool) {
	if len(words) == 0 {
		return nil, "", false
	}
	last := len(words) - 1
	partial, asked = strings.CutSuffix(words[last], "?")
	return words[:last], partial, asked
}

// printHelp shows what may follow.
func printHelp(out io.Writer, words []string, partial string) error {
	list, err := Complete(words, partial)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return &syntaxError{append(slices.Clone(words), partial), len(words), "no valid completions"}
	}
	if _, err := fmt.Fprintln(out, "Possible completions:"); err != nil {
		return err
	}
	width := 20
	for _, c := range list {
		width = max(width, len(c.Word))
	}
	for _, c := range list {
		if _, err := fmt.Fprintf(out, "  %-*s %s\n", width, c.Word, c.Help); err != nil {
			return err
		}
	}
	return nil
}

// withoutRun drops the "run" that is typed in configuration mode: it means nothing here.
func withoutRun(words []string) []string {
	if len(words) > 0 && len(words[0]) > 1 && strings.HasPrefix("run", words[0]) {
		return words[1:]
	}
	return words
}
