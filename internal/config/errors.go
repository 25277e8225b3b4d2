// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a text. Line and Column count from 1; a column is a
// character, whatever its width.
type Pos struct{ Line, Column int }

// String is LINE:COLUMN.
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

func (p Pos) before(q Pos) bool {
	return p.Line < q.Line || p.Line == q.Line && p.Column < q.Column
}

// Error is one thing wrong with a configuration.
type Error struct {
	File string
	Pos  Pos
	Text string // what is wrong and what was expected
}

// Error is FILE:LINE:COLUMN: text.
func (e *Error) Error() string { return fmt.Sprintf("%s:%v: %s", e.File, e.Pos, e.Text) }

// Errors are all that is wrong with a configuration, in the order of the text.
type Errors []*Error

// Error is one line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// errorsMax bounds what one run reports: what follows is mostly the consequence
// of what came before.
const errorsMax = 100

// add notes an error unless there are enough.
func (e *Errors) add(file string, pos Pos, format string, args ...any) {
	if len(*e) < errorsMax {
		*e = append(*e, &Error{File: file, Pos: pos, Text: fmt.Sprintf(format, args...)})
	}
}

// sort puts errors in the order of the text.
func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b *Error) int {
		switch {
		case a.Pos.before(b.Pos):
			return -1
		case b.Pos.before(a.Pos):
			return 1
		}
		return 0
	})
}
