// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	pb "holdfast/internal/api/holdfastv1"
)

// node is one word of a command and what may follow it.
type node struct {
	word string
	help string
	sub  []node // words that go on; none may come after an arg
	args []arg  // what may follow in any order, each once
	need string // an arg must be given: what is expected when none is
	// alike is how the manual writes the words below, which are many and all take
	// the same args; empty: each is written out.
	alike string
	run   func(context.Context, *call) error // nil: the command goes on
}

// arg is something that qualifies a command: a flag ("detail"), a selector with
// a value ("peer-gateway 192.0.2.7"), or a value that stands alone (no word).
type arg struct {
	word   string
	value  string   // what the value is, "<address>"; empty: a flag
	values []string // the values there are; nil: any that set takes
	help   string
	group  string // of args with one group only one may be given
	alone  bool   // no other arg may be given with it
	set    func(q *query, value string) error
}

// level is how much a listing shows.
type level uint8

const (
	brief level = iota
	detail
	extensive
	statistics
	countOnly
	allRows  // a line each, where the default is at length
	busyRows // likewise, without those that have nothing to show
)

// query is what the args of a command have said.
type query struct {
	level    level
	selector *pb.Selector
	name     string // of a tunnel group, client, pool or access profile
	password string // of a test
	all      bool
	by       breakdown
	aspect   aspect         // of the control plane's protection
	history  pb.DDoSHistory // of it, to be cleared
	slots    []uint32
}

// breakdown is what a count is divided by.
type breakdown uint8

const (
	byState breakdown = iota
	byPort
	byAll
)
