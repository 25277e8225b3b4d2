// SPDX-License-Identifier: Apache-2.0

// Package config reads configurations in Junos syntax and makes of them what
// the engine and the daemon run with. It does no I/O of its own: text comes in
// as bytes, or from an fs.FS.
//
//	text ──lexer──► tokens ──parser, over schema──► Tree ──Build──► Result
//	                                                 │ ▲
//	                                           Text()▼ │Parse
//	                                                text
//
// # Files, in reading order
//
//	errors.go    Error: where, and what was expected; several in one run
//	lexer.go     words, strings, brackets, comments, with their positions
//	tree.go      Tree and Statement: what was written, comments included
//	parser.go    recursive descent over the schema, for braces and set lines
//	values.go    values, the ends of statements, and what to say when they are wrong
//	print.go     the canonical text; secrets obscured or left out
//	diff.go      what changed between two trees, path by path
//	validate.go  what the schema demands of a whole tree: mandatory, references, rules
//	view.go      reading a tree with the schema's defaults filled in
//	build.go     Result: lns.Config, the daemon's settings, the plane's instances
//	access.go, radius.go, requests.go, domain.go, l2tp.go, ppp.go, profiles.go, pools.go
//	             each part of the tree to each part of lns.Config
//	terms.go     the settings of a group, a client and its profiles merged
//	load.go      Parse and Build at one go
//
// # Properties
//
// Parse of the Text of a tree gives the same tree, and its Text the same text.
// A tree without comments says the same in braces and as set lines. Statements
// marked inactive are kept and printed, and Build does not see them. Errors do
// not stop the parser: it goes on with the next statement. Build is asked only
// for trees that parsed without error, and reports everything it finds.
//
// Nothing is read and ignored: every leaf of the schema has a case in package
// config/statements that shows a change in Build's result.
//
// # State
//
// A Tree is not changed once Parse has returned; it may be shared between
// goroutines. There is no other state.
package config
