// SPDX-License-Identifier: Apache-2.0

// Package policy says what a subscriber gets: from what RADIUS grants and what is
// configured.
package policy
