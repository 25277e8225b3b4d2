// SPDX-License-Identifier: Apache-2.0

// Package policy says what a subscriber gets: what RADIUS grants in an Access-Accept
// or changes by a CoA-Request, as plain values.
//
// Octets become Attributes in package aaa; package lns applies them. attributes.go
// are the values; ignore.go takes out what a profile ignores (radius attributes
// ignore); change.go says what of them a living session can change, and what it
// has then. Nothing here keeps state.
package policy
