// SPDX-License-Identifier: Apache-2.0

// Package soak kills the daemon at random moments of its life, again and again,
// and then looks at what its RADIUS server was told: every session that was up has
// its Start and its Stop.
//
//	go test ./test/soak                    a few times
//	go test ./test/soak -args -kills 100   as make soak does
//
// large_test.go plays make bench-large with few sessions.
package soak
