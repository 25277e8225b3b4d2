// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"
)

var errQuote = errors.New(`syntax error, expecting <closing ">`)

// split cuts a line into words. A word in double quotes may hold blanks and "|".
func split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted, begun = !quoted, true
		case quoted && c == '\\' && i+1 < len(line) && (line[i+1] == '"' || line[i+1] == '\\'):
			i++
			word.WriteByte(line[i])
		case quoted:
			word.WriteByte(c)
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			end()
		case c == '|':
			end()
			words = append(words, "|")
		default:
			begun = true
			word.WriteByte(c)
		}
	}
	if quoted {
		return nil, errQuote
	}
	end()
	return words, nil
}

// arguments turns what a shell has passed into words. A single argument is a
// whole line, and so is one that begins with a pipe ('| match "a b"'); any other
// is one word, whatever it holds.
func arguments(argv []string) ([]string, error) {
	if len(argv) == 1 {
		return split(argv[0])
	}
	var words []string
	for _, a := range argv {
		if !strings.HasPrefix(a, "|") {
			words = append(words, a)
			continue
		}
		more, err := split(a)
		if err != nil {
			return nil, err
		}
		words = append(words, more...)
	}
	return words, nil
}

// cutPipes parts the command from what follows the first pipe.
func cutPipes(words []string) (command []string, pipes [][]string) {
	var part []string
	first := true
	for _, w := range append(words, "|") {
		if w != "|" {
			part = append(part, w)
			continue
		}
		if first {
			command, first = part, false
		} else {
			pipes = append(pipes, part)
		}
		part = nil
	}
	return command, pipes
}
