// SPDX-License-Identifier: Apache-2.0

// Package statements is a table of experiments: for every statement of the
// configuration, two texts that differ in its value only. Package config's tests
// show that each changes what Build makes, so that no statement can be accepted
// and ignored; tests of the engine take the same texts and show what a LAC or a
// subscriber sees of it.
//
//	statements.go  Case and how its two texts are made
//	base.go        the configuration that the cases change
//	cases.go       the table
//
// The package is data: it imports nothing of the project and has no state.
package statements
