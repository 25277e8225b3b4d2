// SPDX-License-Identifier: Apache-2.0

// Package schema is the configuration language as data: which statements there
// are, where they stand, what their values may be, what they default to and
// what they are for. The parser, the printer, the builder, the reference manual
// and completion all read this one tree; none of them knows a statement by heart.
//
// # Files, in reading order
//
//	node.go       Node: one statement; its kinds and how they are written
//	types.go      Type: what a value may be, and Check, which says what is wrong
//	rules.go      Rule: what must hold between statements of one container
//	secret.go     Secret: a value that never prints itself; the $9$ form
//	suggest.go    what was probably meant
//	root.go       Root: the whole tree, and its parts in
//	system.go, interfaces.go, access.go, services.go, profiles.go
//	radius.go, requests.go, accounting.go: the part of access that is about RADIUS
//	manual.go     the reference manual made from the tree
//
// # Statements, types and rules
//
// A statement is a container, a list (containers told apart by a key), a leaf
// (a value), a leaf list (values in order) or a flag (present or not):
//
//	services {                       container
//	    l2tp {                       container
//	        drain;                   flag
//	        tunnel-group LONDON {    list, key LONDON
//	            hello-interval 0;    leaf
//	        }
//	    }
//	}
//
// A reference is a leaf whose value is a key of a list elsewhere; the list must
// have it. What only functions can say (a pool's range lies inside its network)
// is in package config, next to the code that needs it.
//
// # Not supported
//
// A container also lists the Junos statements that are legal there and that
// this software does not have yet. They are refused by name: nothing is read
// and then ignored.
//
// The tree is made by Root and never changed; it has no state and no owner.
package schema
