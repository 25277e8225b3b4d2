// SPDX-License-Identifier: Apache-2.0

// Package radius tests package aaa against FreeRADIUS, with the files of
// examples/freeradius as they are. Each test starts a server of its own on
// loopback ports, as the user that runs the test.
package radius
