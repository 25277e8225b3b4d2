// SPDX-License-Identifier: Apache-2.0

// Package ppp is one end of a PPP link, without I/O.
package ppp
