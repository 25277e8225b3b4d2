// SPDX-License-Identifier: Apache-2.0

package schema

// RuleKind is what a Rule asks.
type RuleKind uint8

// Rules between the statements of one container, or between the entries of one
// list.
const (
	ExactlyOne RuleKind = iota // one of Names, not several
	AtMostOne                  // not several of Names
	AtLeastOne                 // one of Names or several
	Ordered                    // the number or address at Names[0] is not greater than that at Names[1]
	Together                   // all of Names or none
	Unique                     // no two entries of the list have the same value at the path Names
)

// Rule is one condition, with names or, for Unique, a path relative to the
// container that carries it.
type Rule struct {
	Kind  RuleKind
	Names []string
}
