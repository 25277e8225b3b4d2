// SPDX-License-Identifier: Apache-2.0

package tidy

// exceptions lists what may break a rule. where is the beginning of a path,
// what a part of the report; both empty would excuse everything and is no
// exception but the end of a rule.
var exceptions = []struct{ rule, where, what, reason string }{
	{"layers", "internal/forward/forward.go", "internal/packet", "forward.Punt hands datagrams over in the one shape that everybody uses"},
	{"length", "internal/config/schema/", "characters", "a statement is one row of a table, with its help: broken up it would no longer be seen as one"},
	{"length", "internal/event/table.go", "characters", "an event is one row of a table, with what it means"},
}
